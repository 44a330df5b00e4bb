/** The open chat: header, messages, composer. */
import type { JSX, RefObject } from "preact";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { fill, type Key, type Texts } from "../texts";
import type { Message, Rating } from "../types";
import { CardView, Linked, Out } from "./cards";
import { DeskContext, useDesk } from "./context";
import type { Conversation, Notice, Waiting } from "./conversation";
import { Icon } from "./icons";
import { download, print, transcript } from "./transcript";
import { besideCard, blocks, onShow, plain, turns, type Turn } from "./words";

const LIMIT_CHARACTERS = 2000;
const WARN_BELOW = 200;
const STARTERS: [Key, string][] = [
  ["start_find", "Can you help me find a programme?"],
  ["start_why", "Why should I do a medical internship?"],
  ["start_rules", "Do I need an internship before I can register as a doctor?"],
  ["start_people", "How do I deal with difficult patients?"],
];

export interface PanelProps {
  conversation: Conversation;
  texts: Texts;
  lang: string;
  direction: "ltr" | "rtl";
  title: string;
  /** The server's origin: images of others are shown as links. */
  server: string;
  shown: boolean;
  input: RefObject<HTMLTextAreaElement | null>;
  onClose(): void;
  /** Give the focus to where one goes on. */
  onSettle(): void;
}

export function Panel(props: PanelProps): JSX.Element {
  const { conversation, texts, lang, title } = props;
  const [, redraw] = useState(0);
  useEffect(() => conversation.onChange(() => redraw((n) => n + 1)), [conversation]);
  const [menu, setMenu] = useState(false);
  const [asking, setAsking] = useState(false);
  const [wide, setWide] = useState(false);
  const [picked, setPicked] = useState(new Map<string, string>());
  const [spoken, setSpoken] = useState("");
  const panel = useRef<HTMLDivElement>(null);
  const menuButton = useRef<HTMLButtonElement>(null);

  const { messages } = conversation;
  const say = useCallback(
    (text: string, label?: string) => conversation.say(text, label ?? null),
    [conversation],
  );
  const numbered = useMemo(() => onShow(messages), [messages]);
  const pick = useCallback((id: string, name: string) => {
    setPicked((before) => {
      const after = new Map(before);
      if (!after.delete(id)) after.set(id, name);
      return after;
    });
  }, []);
  const desk = useMemo(
    () => ({ texts, lang, numbered, picked, pick, say }),
    [texts, lang, numbered, picked, pick, say],
  );

  // Screen readers hear the words of what is new; cards can be read in place.
  useEffect(
    () =>
      conversation.onMessage((message) => {
        if (message.from !== "advisor" || !message.text) return;
        setSpoken((before) => `${before}\n${besideCard(message.text, message.card)}`.slice(-2000));
      }),
    [conversation],
  );
  useEffect(() => {
    if (!spoken) return undefined;
    const timer = setTimeout(() => setSpoken(""), 15_000);
    return () => clearTimeout(timer);
  }, [spoken]);

  // A quick reply that had the focus goes when it is used: the focus must not go with it. Some
  // browsers tell of it while the button is being removed, others not at all.
  const focused = useRef(false);
  const settle = (): void => {
    const root = panel.current?.getRootNode();
    const lost = root instanceof ShadowRoot && !root.activeElement;
    if (focused.current && lost && !panel.current?.hidden) props.onSettle();
  };
  const onFocusOut = ({ target, relatedTarget }: FocusEvent): void => {
    if (panel.current?.contains(relatedTarget as Node | null)) return;
    queueMicrotask(() => {
      if (target instanceof Node && !target.isConnected) settle();
      else focused.current = false;
    });
  };
  useLayoutEffect(settle);

  const closeMenu = (): void => {
    setMenu(false);
    menuButton.current?.focus();
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      if (asking) {
        setAsking(false);
        menuButton.current?.focus();
      } else if (menu) closeMenu();
      else props.onClose();
    }
    if (event.key === "Tab") keepInside(event, panel.current);
  };
  const save = (): string => transcript(messages, title, texts, lang);
  const compare = (): void => {
    const ids = [...picked.keys()];
    const places = ids.map((id) => numbered.get(id));
    const names = [...picked.values()];
    say(
      places.every((place) => place !== undefined)
        ? `Compare ${places.slice(0, -1).join(", ")} and ${places.at(-1)}`
        : `Compare these side by side: ${names.join("; ")}`,
      fill(texts.compare_now, { n: ids.length }),
    );
    setPicked(new Map());
  };

  return (
    <DeskContext.Provider value={desk}>
      <div
        ref={panel}
        class={wide ? "panel wide" : "panel"}
        role="dialog"
        aria-label={title}
        lang={lang}
        dir={props.direction}
        tabIndex={-1}
        hidden={!props.shown}
        onKeyDown={onKey}
        onFocusIn={() => void (focused.current = true)}
        onFocusOut={onFocusOut}
      >
        <div class="header" inert={asking}>
          <span class="mark" aria-hidden="true">
            <Icon name="cross" />
          </span>
          <div class="names">
            <h2>{title}</h2>
            <p>{texts.subtitle}</p>
          </div>
          <button
            type="button"
            class="quiet widen"
            aria-label={wide ? texts.narrow : texts.widen}
            aria-pressed={wide}
            onClick={() => setWide(!wide)}
          >
            <Icon name="wide" mirrored />
          </button>
          <button
            ref={menuButton}
            type="button"
            class="quiet"
            aria-label={texts.menu}
            aria-expanded={menu}
            aria-controls="menu"
            onClick={() => setMenu(!menu)}
          >
            <Icon name="more" />
          </button>
          <button type="button" class="quiet" aria-label={texts.close} onClick={props.onClose}>
            <Icon name="close" />
          </button>
          <Menu
            shown={menu}
            onLeave={() => setMenu(false)}
            entries={[
              ["save", texts.shortlist, () => say("Show my shortlist", texts.shortlist)],
              ["file", texts.download, () => download(save())],
              ["print", texts.print, () => print(save(), lang, props.direction)],
              ["restart", texts.restart, () => setAsking(true)],
            ]}
            onDone={(name) => (name === "restart" ? setMenu(false) : closeMenu())}
          />
        </div>
        <LinkState link={conversation.link} begun={conversation.hasBegun} />
        <Log {...props} asking={asking} />
        {asking ? (
          <Question
            onYes={() => {
              setAsking(false);
              setPicked(new Map());
              void conversation.restart();
              props.input.current?.focus();
            }}
            onNo={() => {
              setAsking(false);
              menuButton.current?.focus();
            }}
          />
        ) : null}
        <div class="footer" inert={asking}>
          {conversation.notice ? (
            <NoticeBar notice={conversation.notice} onDismiss={() => conversation.dismiss()} />
          ) : null}
          {picked.size ? (
            <div class="compare">
              {picked.size > 1 ? (
                <button type="button" class="primary" onClick={compare}>
                  {fill(texts.compare_now, { n: picked.size })}
                </button>
              ) : (
                <p>{texts.compare_pick}</p>
              )}
              <button type="button" onClick={() => setPicked(new Map())}>
                {texts.compare_clear}
              </button>
            </div>
          ) : null}
          <Composer input={props.input} onSay={say} />
          <p class="fine">{texts.fine_print}</p>
        </div>
        <div class="unseen" role="status" aria-live="polite">
          {spoken || (conversation.typing ? texts.searching : "")}
        </div>
      </div>
    </DeskContext.Provider>
  );
}

/** On a phone the chat covers the page: Tab goes round within it. */
function keepInside(event: KeyboardEvent, panel: HTMLElement | null): void {
  if (!panel || getComputedStyle(panel).getPropertyValue("--covers").trim() !== "1") return;
  const all = [...panel.querySelectorAll<HTMLElement>("button, a[href], textarea, [tabindex='0']")];
  const able = all.filter((one) => !one.closest("[inert], [hidden]") && one.offsetParent !== null);
  const [first] = able;
  const last = able.at(-1);
  const at = (panel.getRootNode() as ShadowRoot).activeElement;
  if (event.shiftKey && (at === first || at === panel)) {
    event.preventDefault();
    last?.focus();
  } else if (!event.shiftKey && at === last) {
    event.preventDefault();
    first?.focus();
  }
}

type Entry = ["save" | "file" | "print" | "restart", string, () => void];

function Menu(props: { shown: boolean; entries: Entry[]; onLeave(): void; onDone(name: string): void }) {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    if (props.shown) list.current?.querySelector("button")?.focus();
  }, [props.shown]);
  const onKey = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...(list.current?.querySelectorAll("button") ?? [])];
    const at = all.findIndex((one) => one === event.target);
    all[(at + step + all.length) % all.length]?.focus();
  };
  const onBlur = (event: FocusEvent): void => {
    if (event.relatedTarget && !list.current?.contains(event.relatedTarget as Node)) props.onLeave();
  };
  return (
    <ul id="menu" ref={list} class="menu" hidden={!props.shown} onKeyDown={onKey} onFocusOut={onBlur}>
      {props.entries.map(([icon, label, action]) => (
        <li>
          <button
            type="button"
            onClick={() => {
              action();
              props.onDone(icon);
            }}
          >
            <Icon name={icon} />
            {label}
          </button>
        </li>
      ))}
    </ul>
  );
}

function Question(props: { onYes(): void; onNo(): void }): JSX.Element {
  const { t } = useDesk();
  const stay = useRef<HTMLButtonElement>(null);
  useEffect(() => stay.current?.focus(), []);
  return (
    <div class="veil">
      <div class="question" role="alertdialog" aria-modal="true" aria-labelledby="question">
        <p id="question">{t("restart_sure")}</p>
        <div>
          <button ref={stay} type="button" onClick={props.onNo}>
            {t("restart_no")}
          </button>
          <button type="button" class="primary" onClick={props.onYes}>
            {t("restart_yes")}
          </button>
        </div>
      </div>
    </div>
  );
}

function LinkState({ link, begun }: { link: string; begun: boolean }): JSX.Element {
  const { t } = useDesk();
  const [offline, setOffline] = useState(!navigator.onLine);
  useEffect(() => {
    const look = (): void => setOffline(!navigator.onLine);
    addEventListener("online", look);
    addEventListener("offline", look);
    return () => {
      removeEventListener("online", look);
      removeEventListener("offline", look);
    };
  }, []);
  const key: Key | null =
    link === "reconnecting" && offline
      ? "offline"
      : link === "reconnecting"
        ? "reconnecting"
        : link === "connecting" && begun
          ? "connecting"
          : null;
  return (
    <div class="link" role="status">
      {key ? <p class={key}>{t(key)}</p> : null}
    </div>
  );
}

function NoticeBar({ notice, onDismiss }: { notice: Notice; onDismiss(): void }): JSX.Element {
  const { t } = useDesk();
  const own: Record<string, Key> = {
    rate_limited: "rate_limited",
    origin: "refused",
    identity: "refused",
    expired: "expired",
  };
  const key = own[notice.code];
  const text =
    key === "rate_limited"
      ? t(key, { n: Math.max(1, Math.ceil(notice.seconds)) })
      : key
        ? t(key)
        : (notice.sentence ?? t("busy"));
  return (
    <div class="notice" role="alert">
      <p>{text}</p>
      <button type="button" class="quiet" aria-label={t("dismiss")} onClick={onDismiss}>
        <Icon name="close" />
      </button>
    </div>
  );
}

function Log(props: PanelProps & { asking: boolean }): JSX.Element {
  const { conversation, texts } = props;
  const { messages, waiting, typing } = conversation;
  const log = useRef<HTMLDivElement>(null);
  const follow = useRef(true);
  /** While we scroll ourselves, it says nothing about what the person wants to see. */
  const moving = useRef(false);
  const [below, setBelow] = useState(false);
  const grouped = useMemo(() => turns(messages), [messages]);

  const toNewest = useCallback((smooth: boolean) => {
    const box = log.current;
    if (!box) return;
    // A long answer is read from its beginning: the question stays in view above it.
    const asked = [...box.querySelectorAll<HTMLElement>(".turn.person")].at(-1);
    const top = Math.min(box.scrollHeight - box.clientHeight, asked ? asked.offsetTop - 12 : Infinity);
    const still = !smooth || matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (Math.abs(top - box.scrollTop) < 1) return;
    moving.current = true;
    box.scrollTo({ top, behavior: still ? "instant" : "smooth" });
  }, []);
  const seen = useRef(0);
  useLayoutEffect(() => {
    if (!props.shown) return;
    const first = seen.current === 0;
    seen.current = messages.length + waiting.length;
    if (waiting.length) follow.current = true;
    if (follow.current) toNewest(!first);
    else setBelow(true);
  }, [messages, waiting.length, typing, props.shown]);
  const onScroll = (): void => {
    const box = log.current;
    if (!box || moving.current) return;
    const asked = [...box.querySelectorAll<HTMLElement>(".turn.person")].at(-1);
    const away = box.scrollHeight - box.clientHeight - box.scrollTop;
    follow.current = away < 80 || Boolean(asked && box.scrollTop >= asked.offsetTop - 60);
    if (follow.current) setBelow(false);
  };
  const onHand = (): void => void (moving.current = false);
  const onArrival = (): void => {
    moving.current = false;
    onScroll();
  };

  return (
    <div class="middle" inert={props.asking}>
      <div ref={log} class="log" role="log" aria-live="off" aria-label={texts.log} tabIndex={0} onScroll={onScroll} onScrollEnd={onArrival} onWheel={onHand} onTouchStart={onHand} onKeyDown={onHand}>
        <div class="turn advisor">
          <Bubble text={texts.greeting} />
        </div>
        {messages.length + waiting.length === 0 && conversation.link !== "connecting" ? (
          <div class="turn advisor">
            <Replies
              buttons={STARTERS.map(([key, text]) => ({ title: texts[key] as string, text }))}
            />
          </div>
        ) : null}
        {grouped.map((turn, at) => (
          <TurnView
            key={turn.messages[0]?.seq}
            turn={turn}
            server={props.server}
            newest={at === grouped.length - 1 && waiting.length === 0}
            done={at < grouped.length - 1 || !typing}
            onRate={(seq, rating) => conversation.rate(seq, rating)}
          />
        ))}
        {waiting.map((one) => (
          <WaitingView key={one.id} one={one} conversation={conversation} />
        ))}
        {typing ? (
          <div class="turn advisor typing">
            <p class="bubble">
              <span class="dots" aria-hidden="true">
                <i />
                <i />
                <i />
              </span>
              {texts.searching}
            </p>
          </div>
        ) : null}
      </div>
      {below ? (
        <button
          type="button"
          class="jump"
          aria-label={texts.jump}
          onClick={() => {
            follow.current = true;
            setBelow(false);
            toNewest(true);
            log.current?.focus({ preventScroll: true });
          }}
        >
          <Icon name="down" />
          {texts.new_messages}
        </button>
      ) : null}
    </div>
  );
}

function Bubble({ text }: { text: string }): JSX.Element {
  return (
    <div class="bubble" dir="auto">
      {blocks(text).map((block) =>
        block.kind === "p" ? (
          <p dir="auto">
            <Linked line={block.line} />
          </p>
        ) : (
          <ul dir="auto">
            {block.lines.map((line) => (
              <li dir="auto">
                <Linked line={line} />
              </li>
            ))}
          </ul>
        ),
      )}
    </div>
  );
}

function TurnView(props: {
  turn: Turn;
  server: string;
  newest: boolean;
  done: boolean;
  onRate(seq: number, rating: Rating): Promise<boolean>;
}): JSX.Element {
  const { turn, newest } = props;
  const { t } = useDesk();
  const person = turn.from === "person";
  const buttons = turn.messages.flatMap((message) => message.buttons);
  const last = turn.messages.at(-1);
  return (
    <div class={`turn ${turn.from}`} role="group" aria-label={t(person ? "you" : "advisor")}>
      {turn.messages.map((message) => (
        <MessageView key={message.seq} message={message} server={props.server} />
      ))}
      {!person && last && props.done ? (
        <Thumbs key={last.seq} message={last} onRate={props.onRate} />
      ) : null}
      <Replies buttons={buttons.filter((button) => button.url || newest)} />
    </div>
  );
}

function MessageView({ message, server }: { message: Message; server: string }): JSX.Element {
  const { t } = useDesk();
  const words =
    message.from === "person"
      ? (message.label ?? message.text)
      : besideCard(message.text, message.card);
  const { image } = message;
  return (
    <>
      {words.trim() ? message.from === "person" ? <Said text={words} /> : <Bubble text={words} /> : null}
      {image ? (
        <p class="bubble picture">
          {URL.canParse(image.url) && new URL(image.url).origin === server ? (
            <img src={image.url} alt={image.alt ?? ""} loading="lazy" referrerpolicy="no-referrer" />
          ) : (
            // A picture from elsewhere would tell its owner who reads here.
            <Out url={image.url}>{image.alt || t("picture")}</Out>
          )}
        </p>
      ) : null}
      {message.card ? <CardView card={message.card} text={message.text} /> : null}
    </>
  );
}

/** What a person says is shown as it was typed: no lists, no links. */
function Said({ text }: { text: string }): JSX.Element {
  return (
    <p class="bubble said" dir="auto">
      {plain(text)}
    </p>
  );
}

function WaitingView({ one, conversation }: { one: Waiting; conversation: Conversation }) {
  const { t } = useDesk();
  return (
    <div class="turn person waiting" role="group" aria-label={t("you")}>
      <Said text={one.label ?? one.text} />
      {one.refused === null ? (
        <p class="state">{t(conversation.link === "online" ? "sending" : "waiting")}</p>
      ) : (
        <div class="state refused" role="alert">
          <p>
            {t("not_sent")} {one.refused}
          </p>
          <button type="button" onClick={() => conversation.tryAgain(one.id)}>
            {t("try_again")}
          </button>
          <button type="button" onClick={() => conversation.drop(one.id)}>
            {t("remove")}
          </button>
        </div>
      )}
    </div>
  );
}

function Replies({ buttons }: { buttons: Message["buttons"] }): JSX.Element | null {
  const { t, say } = useDesk();
  if (!buttons.length) return null;
  return (
    <ul class="replies" aria-label={t("replies")}>
      {buttons.map(({ title, text, url }) => (
        <li>
          {url ? (
            <Out url={url}>{plain(title)}</Out>
          ) : (
            <button type="button" dir="auto" onClick={() => say(text ?? title, title)}>
              {plain(title)}
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}

function Thumbs(props: { message: Message; onRate(seq: number, rating: Rating): Promise<boolean> }) {
  const { t } = useDesk();
  const { seq, rating } = props.message;
  const [thanked, setThanked] = useState(false);
  const thumb = (which: "up" | "down"): JSX.Element => (
    <button
      type="button"
      class={`thumb ${which}`}
      aria-pressed={rating === which}
      aria-label={t(which === "up" ? "good" : "bad")}
      title={t(which === "up" ? "good" : "bad")}
      onClick={async () => {
        const next = rating === which ? null : which;
        setThanked((await props.onRate(seq, next)) && next !== null);
      }}
    >
      <Icon name="up" />
    </button>
  );
  return (
    <div class={rating ? "thumbs rated" : "thumbs"}>
      {thumb("up")}
      {thumb("down")}
      <span role="status">{thanked ? t("thanks") : ""}</span>
    </div>
  );
}

function Composer(props: { input: RefObject<HTMLTextAreaElement | null>; onSay(text: string): void }) {
  const { t } = useDesk();
  const [text, setText] = useState("");
  // Counted as the server counts: an emoji is one.
  const left = LIMIT_CHARACTERS - [...text.trim()].length;
  const fit = (): void => {
    const box = props.input.current;
    if (!box) return;
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, 140)}px`;
  };
  useLayoutEffect(fit, [text]);
  const send = (): void => {
    if (!text.trim() || left < 0) return;
    props.onSay(text.trim());
    setText("");
    props.input.current?.focus();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={props.input}
        rows={1}
        value={text}
        // An empty field has the placeholder's direction, the interface's.
        {...(text ? { dir: "auto" as const } : {})}
        aria-label={t("input")}
        placeholder={t("placeholder")}
        aria-invalid={left < 0}
        aria-describedby="left"
        enterkeyhint="send"
        autocomplete="off"
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          // While letters are being composed, Enter picks one.
          if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          send();
        }}
      />
      <button type="submit" class="send" aria-label={t("send")} aria-disabled={!text.trim() || left < 0}>
        <Icon name="send" mirrored />
      </button>
      <p id="left" class="left" role="status">
        {left < 0
          ? t("too_long", { n: LIMIT_CHARACTERS, over: -left })
          : left < WARN_BELOW
            ? t("left", { n: left })
            : ""}
      </p>
    </form>
  );
}
