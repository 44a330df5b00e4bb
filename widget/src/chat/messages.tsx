/** What was said, drawn: turns, bubbles, replies in their parts, buttons. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Button, Message, Rating, Reply } from "../types";
import { CardView, isKnown, Linked, Out, SourceLine } from "./cards";
import { useDesk } from "./context";
import type { Conversation, Waiting } from "./conversation";
import { Icon } from "./icons";
import { plain, type Turn } from "./words";

export function TurnView(props: {
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
  const { reply, text, image } = message;
  return (
    <>
      {message.from === "person" ? (
        <Said text={text} />
      ) : reply && (!reply.card || isKnown(reply.card)) ? (
        <ReplyView reply={reply} />
      ) : (
        // An old message, or a card of a kind that is newer than this widget: the words say it all.
        <Bubble lines={text.split("\n")} />
      )}
      {image ? <Picture image={image} server={server} /> : null}
    </>
  );
}

function ReplyView({ reply }: { reply: Reply }): JSX.Element {
  const { lead, body, steps, card, remarks, sources } = reply;
  return (
    <>
      <Bubble lines={[lead, ...body]} steps={steps} after={card ? [] : remarks} sources={card ? [] : sources} />
      {card ? (
        <>
          <CardView card={card} />
          <Bubble lines={remarks} sources={sources} />
        </>
      ) : null}
    </>
  );
}

/** Paragraphs, a list with bullets, more paragraphs, and where it is known from. */
export function Bubble(props: {
  lines: string[];
  steps?: string[];
  after?: string[];
  sources?: Reply["sources"];
}): JSX.Element | null {
  const { lines, steps = [], after = [], sources = [] } = props;
  const paragraphs = (texts: string[]): JSX.Element[] =>
    texts
      .filter((line) => line.trim())
      .map((line) => (
        <p dir="auto">
          <Linked line={line} />
        </p>
      ));
  if (![...lines, ...steps, ...after].some((line) => line.trim()) && !sources.length) return null;
  return (
    <div class="bubble" dir="auto">
      {paragraphs(lines)}
      {steps.length ? (
        <ul dir="auto">
          {steps.map((step) => (
            <li dir="auto">
              <Linked line={step} />
            </li>
          ))}
        </ul>
      ) : null}
      {paragraphs(after)}
      {sources.map((source) => (
        <SourceLine source={source} />
      ))}
    </div>
  );
}

function Picture({ image, server }: { image: NonNullable<Message["image"]>; server: string }) {
  const { t } = useDesk();
  return (
    <p class="bubble picture">
      {URL.canParse(image.url) && new URL(image.url).origin === server ? (
        <img src={image.url} alt={image.alt ?? ""} loading="lazy" referrerpolicy="no-referrer" />
      ) : (
        // A picture from elsewhere would tell its owner who reads here.
        <Out url={image.url}>{image.alt || t("picture")}</Out>
      )}
    </p>
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

export function WaitingView({ one, conversation }: { one: Waiting; conversation: Conversation }) {
  const { t } = useDesk();
  return (
    <div class="turn person waiting" role="group" aria-label={t("you")}>
      <Said text={one.text} />
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

export function Replies({ buttons }: { buttons: Button[] }): JSX.Element | null {
  const { t, say } = useDesk();
  if (!buttons.length) return null;
  return (
    <ul class="replies" aria-label={t("replies")}>
      {buttons.map(({ title, payload, url, text }) => (
        <li>
          {url ? (
            <Out url={url}>{plain(title)}</Out>
          ) : (
            <button type="button" dir="auto" onClick={() => say(text ?? title, payload ?? undefined)}>
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
