/** The open chat: header, messages, composer. */
import type { JSX, RefObject } from "preact";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Key, type Texts } from "../texts";
import { Composer } from "./composer";
import { DeskContext, useDesk } from "./context";
import type { Conversation, Notice } from "./conversation";
import { Header, Question, type Entry } from "./header";
import { Icon } from "./icons";
import { Log } from "./log";
import { download, print, transcript } from "./transcript";
import { spoken } from "./words";

export interface PanelProps {
  conversation: Conversation;
  texts: Texts;
  lang: string;
  direction: "ltr" | "rtl";
  title: string;
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
  const panel = useRef<HTMLDivElement>(null);
  const menuButton = useRef<HTMLButtonElement>(null);
  const { picked, pick, clear } = usePicked();
  const announced = useAnnounced(conversation);
  const focus = useFocusKept(panel, props.onSettle);
  const say = useCallback<Conversation["say"]>((...said) => conversation.say(...said), [conversation]);
  const desk = useMemo(() => ({ texts, lang, picked, pick, say }), [texts, lang, picked, pick, say]);

  const closeMenu = (): void => {
    setMenu(false);
    menuButton.current?.focus();
  };
  const stay = (): void => {
    setAsking(false);
    menuButton.current?.focus();
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      if (asking) stay();
      else if (menu) closeMenu();
      else props.onClose();
    }
    if (event.key === "Tab") keepInside(event, panel.current);
  };
  const written = (): string => transcript(conversation.messages, title, texts, lang);
  const entries: Entry[] = [
    ["save", texts.shortlist, () => say(texts.shortlist, conversation.shortlist)],
    ["file", texts.download, () => download(written())],
    ["print", texts.print, () => print(written(), lang, props.direction)],
    ["restart", texts.restart, () => setAsking(true)],
  ];
  const restart = (): void => {
    setAsking(false);
    clear();
    void conversation.restart();
    props.input.current?.focus();
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
        {...focus}
      >
        <Header
          title={title}
          wide={wide}
          onWiden={() => setWide(!wide)}
          menuButton={menuButton}
          menu={menu}
          onMenu={setMenu}
          entries={entries}
          onUsed={(name) => (name === "restart" ? setMenu(false) : closeMenu())}
          inert={asking}
          onClose={props.onClose}
        />
        <LinkState link={conversation.link} begun={conversation.hasBegun} />
        <Log conversation={conversation} server={props.server} shown={props.shown} inert={asking} />
        {asking ? <Question onYes={restart} onNo={stay} /> : null}
        <div class="footer" inert={asking}>
          {conversation.notice ? (
            <NoticeBar notice={conversation.notice} onDismiss={() => conversation.dismiss()} />
          ) : null}
          {picked.size ? <CompareBar onDone={clear} /> : null}
          <Composer input={props.input} onSay={say} />
          <p class="fine">{texts.fine_print}</p>
        </div>
        <div class="unseen" role="status" aria-live="polite">
          {announced || (conversation.typing ? texts.searching : "")}
        </div>
      </div>
    </DeskContext.Provider>
  );
}

/** The programmes that are picked for a comparison. */
function usePicked() {
  const [picked, setPicked] = useState(new Map<string, string>());
  const pick = useCallback((id: string, show: string) => {
    setPicked((before) => {
      const after = new Map(before);
      if (!after.delete(id)) after.set(id, show);
      return after;
    });
  }, []);
  return { picked, pick, clear: () => setPicked(new Map()) };
}

/** What screen readers are told: the words of what is new; cards can be read in place. */
function useAnnounced(conversation: Conversation): string {
  const [announced, setAnnounced] = useState("");
  useEffect(
    () =>
      conversation.onMessage((message) => {
        if (message.from !== "advisor") return;
        setAnnounced((before) => `${before}\n${spoken(message)}`.slice(-2000));
      }),
    [conversation],
  );
  useEffect(() => {
    if (!announced) return undefined;
    const timer = setTimeout(() => setAnnounced(""), 15_000);
    return () => clearTimeout(timer);
  }, [announced]);
  return announced;
}

/**
 * A button that had the focus goes when it is used: the focus must not go with it. Some browsers
 * tell of it while the button is being removed, others not at all.
 */
function useFocusKept(panel: RefObject<HTMLDivElement | null>, onSettle: () => void) {
  const focused = useRef(false);
  const settle = (): void => {
    const root = panel.current?.getRootNode();
    const lost = root instanceof ShadowRoot && !root.activeElement;
    if (focused.current && lost && !panel.current?.hidden) onSettle();
  };
  useLayoutEffect(settle);
  return {
    onFocusIn: (): void => void (focused.current = true),
    onFocusOut: ({ target, relatedTarget }: FocusEvent): void => {
      if (panel.current?.contains(relatedTarget as Node | null)) return;
      queueMicrotask(() => {
        if (target instanceof Node && !target.isConnected) settle();
        else focused.current = false;
      });
    },
  };
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

function CompareBar({ onDone }: { onDone(): void }): JSX.Element {
  const { t, picked, say } = useDesk();
  const compare = (): void => {
    say(t("compare_now", { n: picked.size }), [...picked.values()]);
    onDone();
  };
  return (
    <div class="compare">
      {picked.size > 1 ? (
        <button type="button" class="primary" onClick={compare}>
          {t("compare_now", { n: picked.size })}
        </button>
      ) : (
        <p>{t("compare_pick")}</p>
      )}
      <button type="button" onClick={onDone}>
        {t("compare_clear")}
      </button>
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
