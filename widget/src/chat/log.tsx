/** The messages, and what of them is in view. */
import type { JSX, RefObject } from "preact";
import { useCallback, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Texts } from "../texts";
import { useDesk } from "./context";
import type { Conversation } from "./conversation";
import { Icon } from "./icons";
import { Bubble, Replies, TurnView, WaitingView } from "./messages";
import { turns } from "./words";

export function Log(props: {
  conversation: Conversation;
  /** The server's origin: images of others are shown as links. */
  server: string;
  shown: boolean;
  inert: boolean;
}): JSX.Element {
  const { conversation, server } = props;
  const { messages, waiting, typing } = conversation;
  const { t, texts } = useDesk();
  const log = useRef<HTMLDivElement>(null);
  const view = useView(log, props);
  const grouped = useMemo(() => turns(messages), [messages]);
  return (
    <div class="middle" inert={props.inert}>
      <div
        ref={log}
        class="log"
        role="log"
        aria-live="off"
        aria-label={t("log")}
        tabIndex={0}
        onScroll={view.onScroll}
        onScrollEnd={view.onArrival}
        onWheel={view.onHand}
        onTouchStart={view.onHand}
        onKeyDown={view.onHand}
      >
        <div class="turn advisor">
          <Bubble lines={[t("greeting")]} />
        </div>
        {messages.length + waiting.length === 0 && conversation.link !== "connecting" ? (
          <div class="turn advisor">
            <Replies buttons={starters(texts)} />
          </div>
        ) : null}
        {grouped.map((turn, at) => (
          <TurnView
            key={turn.messages[0]?.seq}
            turn={turn}
            server={server}
            newest={at === grouped.length - 1 && waiting.length === 0}
            done={at < grouped.length - 1 || !typing}
            onRate={(seq, rating) => conversation.rate(seq, rating)}
          />
        ))}
        {waiting.map((one) => (
          <WaitingView key={one.id} one={one} conversation={conversation} />
        ))}
        {typing ? <Typing /> : null}
      </div>
      {view.below ? (
        <button type="button" class="jump" aria-label={t("jump")} onClick={view.jump}>
          <Icon name="down" />
          {t("new_messages")}
        </button>
      ) : null}
    </div>
  );
}

/** What one can begin with: questions of declared intents, whose names need no seal. */
function starters(texts: Texts): { title: string; payload: string }[] {
  return Object.entries(texts.starters).map(([intent, title]) => ({
    title,
    payload: `starter:${intent}`,
  }));
}

function Typing(): JSX.Element {
  const { t } = useDesk();
  return (
    <div class="turn advisor typing">
      <p class="bubble">
        <span class="dots" aria-hidden="true">
          <i />
          <i />
          <i />
        </span>
        {t("searching")}
      </p>
    </div>
  );
}

/** Follow what is new, unless the person is reading further up. */
function useView(
  log: RefObject<HTMLDivElement | null>,
  { conversation, shown }: { conversation: Conversation; shown: boolean },
) {
  const { messages, waiting, typing } = conversation;
  const follow = useRef(true);
  /** Where we scroll to: meanwhile it says nothing about what the person wants to see. */
  const goal = useRef<number | null>(null);
  const seen = useRef(0);
  const [below, setBelow] = useState(false);

  const toNewest = useCallback((smooth: boolean) => {
    const box = log.current;
    if (!box) return;
    // A long answer is read from its beginning: the question stays in view above it.
    const asked = lastAsked(box);
    const top = Math.min(box.scrollHeight - box.clientHeight, asked ? asked.offsetTop - 12 : Infinity);
    const still = !smooth || matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (Math.abs(top - box.scrollTop) < 1) return;
    goal.current = top;
    box.scrollTo({ top, behavior: still ? "instant" : "smooth" });
  }, []);
  useLayoutEffect(() => {
    if (!shown) return;
    const first = seen.current === 0;
    seen.current = messages.length + waiting.length;
    if (waiting.length) follow.current = true;
    if (follow.current) toNewest(!first);
    else setBelow(true);
  }, [messages, waiting.length, typing, shown]);

  const onScroll = (): void => {
    const box = log.current;
    if (!box || goal.current !== null) return;
    const asked = lastAsked(box);
    const away = box.scrollHeight - box.clientHeight - box.scrollTop;
    follow.current = away < 80 || Boolean(asked && box.scrollTop >= asked.offsetTop - 60);
    if (follow.current) setBelow(false);
  };
  return {
    below,
    onScroll,
    onHand: (): void => void (goal.current = null),
    onArrival: (): void => {
      const box = log.current;
      if (!box) return;
      // An earlier scroll may end when the next has begun.
      const end = Math.min(goal.current ?? 0, box.scrollHeight - box.clientHeight);
      if (goal.current !== null && Math.abs(box.scrollTop - end) > 2) return;
      goal.current = null;
      onScroll();
    },
    jump: (): void => {
      follow.current = true;
      setBelow(false);
      toNewest(true);
      log.current?.focus({ preventScroll: true });
    },
  };
}

function lastAsked(box: HTMLElement): HTMLElement | undefined {
  return [...box.querySelectorAll<HTMLElement>(".turn.person")].at(-1);
}
