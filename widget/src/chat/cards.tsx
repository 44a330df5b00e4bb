/** The advisor's cards, drawn. Their types are in preceptor/conversation/cards.py. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Card, Programme, Row, Source } from "../types";
import { dated, useDesk } from "./context";
import { Icon, type IconName } from "./icons";
import { linked, numbers, plain, safeUrl, shortName } from "./words";

const MOST_SPECIALTIES = 4;
const MOST_COMPARED = 3;

/** Whether this widget can draw a card; the words of a newer kind's message say it all. */
export function isKnown(card: Card): boolean {
  return ["program_list", "program", "comparison", "licensing", "contacts"].includes(card.type);
}

export function CardView({ card }: { card: Card }): JSX.Element {
  switch (card.type) {
    case "program_list":
      return <ProgrammeList card={card} />;
    case "program":
      return <ProgrammeDetail programme={card.program} rows={card.rows} />;
    case "comparison":
      return <Comparison card={card} />;
    case "licensing":
      return <Licensing card={card} />;
    case "contacts":
      return <Contacts card={card} />;
  }
}

/** A link that leaves the page, or plain words where the address isn't safe. */
export function Out({ url, children }: { url: string | null; children: ComponentChildren }) {
  const { t } = useDesk();
  const safe = safeUrl(url);
  if (!safe) return <>{children}</>;
  if (!/^https?:/i.test(safe)) return <a href={safe}>{children}</a>;
  return (
    <a href={safe} target="_blank" rel="noopener noreferrer nofollow">
      {children}
      <Icon name="out" mirrored />
      <span class="unseen"> ({t("new_window")})</span>
    </a>
  );
}

/** Text with its web addresses as links. */
export function Linked({ line }: { line: string }): JSX.Element {
  return (
    <>
      {linked(line).map((piece) => (piece.url ? <Out url={piece.url}>{piece.text}</Out> : piece.text))}
    </>
  );
}

export function SourceLine({ source }: { source: Source }): JSX.Element | null {
  const desk = useDesk();
  if (!source.title && !source.url) return null;
  const title = source.title
    ? // Isolated: an English name's full stop stays with it in Arabic.
      desk.t("source", { title: `\u2068${plain(source.title)}\u2069` })
    : desk.t("source_plain");
  return (
    <p class="source" dir="auto">
      <Out url={source.url}>{title}</Out>
      {source.date ? <>, {desk.t("as_of", { date: dated(desk.lang, source.date) })}</> : null}
    </p>
  );
}

function Fact({ icon, label, children }: { icon: IconName; label: string; children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>
        <Icon name={icon} />
        <span class="unseen">{label}</span>
      </dt>
      <dd dir="auto">{children}</dd>
    </div>
  );
}

function Kind({ programme }: { programme: Programme }): JSX.Element {
  const { t } = useDesk();
  return (
    <p class="kind">
      <span dir="auto">{plain(programme.kind)}</span>
      {programme.listing === "open_call" ? null : (
        <span class="flag">{t(programme.listing === "report" ? "report" : "restricted")}</span>
      )}
    </p>
  );
}

function Specialties({ names }: { names: string[] }): JSX.Element | null {
  const { t } = useDesk();
  if (!names.length) return null;
  const rest = names.length - MOST_SPECIALTIES;
  return (
    <ul class="chips" aria-label={t("specialties")}>
      {names.slice(0, MOST_SPECIALTIES).map((name) => (
        <li dir="auto">{plain(name)}</li>
      ))}
      {rest > 0 ? <li class="rest">{t("more_specialties", { n: rest })}</li> : null}
    </ul>
  );
}

function Actions({ programme, details }: { programme: Programme; details: boolean }) {
  const desk = useDesk();
  const { t } = desk;
  const { choices } = programme;
  if (!choices) return null;
  const name = plain(programme.name);
  const picked = desk.picked.has(programme.id);
  const full = desk.picked.size >= MOST_COMPARED && !picked;
  return (
    <div class="actions">
      {details ? (
        <button
          type="button"
          class="primary"
          aria-label={t("details_of", { name })}
          onClick={() => desk.say(t("details_of", { name }), choices.show)}
        >
          {t("details")}
        </button>
      ) : null}
      <button
        type="button"
        class="toggle"
        aria-pressed={picked}
        aria-label={t("compare_of", { name })}
        aria-disabled={full}
        onClick={() => (full ? undefined : desk.pick(programme.id, choices.show))}
      >
        {picked ? <Icon name="check" /> : null}
        {t("compare")}
      </button>
      <button
        type="button"
        aria-label={t("save_of", { name })}
        onClick={() => desk.say(t("save_of", { name }), choices.save)}
      >
        <Icon name="save" />
        {t("save")}
      </button>
    </div>
  );
}

function ProgrammeCard({ programme, number }: { programme: Programme; number: number }): JSX.Element {
  const { t } = useDesk();
  const [place, length, price] = programme.summary;
  return (
    <article class="programme">
      <Kind programme={programme} />
      <h3 dir="auto">
        <span class="number">{number}</span> {plain(shortName(programme.name, programme.organisation))}
      </h3>
      <p class="organisation" dir="auto">
        {plain(programme.organisation)}
      </p>
      <dl>
        <Fact icon="pin" label={t("place")}>
          {plain(place)}
        </Fact>
        <Fact icon="clock" label={t("length")}>
          {plain(length)}
        </Fact>
        <Fact icon="price" label={t("price")}>
          {plain(price)}
        </Fact>
      </dl>
      <Specialties names={programme.specialties} />
      {programme.notes.length ? (
        <p class="check" dir="auto">
          {t("check", { notes: plain(programme.notes.join("; ")) })}
        </p>
      ) : null}
      <SourceLine source={{ ...programme.source, title: programme.source.title ?? programme.organisation }} />
      <Actions programme={programme} details />
    </article>
  );
}

function ProgrammeList({ card }: { card: Card & { type: "program_list" } }): JSX.Element {
  const { t } = useDesk();
  const list = useRef<HTMLUListElement>(null);
  const [at, setAt] = useState(0);
  const count = card.programs.length;
  const last = card.offset + count;

  const go = (to: number, focus = false): void => {
    const item = list.current?.children[to];
    if (!(item instanceof HTMLElement) || !list.current) return;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const box = list.current.getBoundingClientRect();
    const left = item.getBoundingClientRect().left - box.left - (box.width - item.clientWidth) / 2;
    list.current.scrollBy({ left, behavior: still ? "auto" : "smooth" });
    setAt(to);
    if (focus) item.querySelector<HTMLElement>("button")?.focus({ preventScroll: true });
  };
  const onKey = (event: KeyboardEvent): void => {
    const rtl = list.current && getComputedStyle(list.current).direction === "rtl";
    const step = { ArrowRight: rtl ? -1 : 1, ArrowLeft: rtl ? 1 : -1, Home: -at, End: count - 1 - at }[
      event.key
    ];
    if (step === undefined || at + step < 0 || at + step >= count) return;
    event.preventDefault();
    go(at + step, true);
  };
  const onFocus = (event: FocusEvent): void => {
    const item = event.target instanceof Element ? event.target.closest("li.slide") : null;
    const index = item ? [...(list.current?.children ?? [])].indexOf(item) : -1;
    if (index >= 0 && index !== at) go(index);
  };
  const onScroll = (): void => {
    const box = list.current?.getBoundingClientRect();
    if (!box || !list.current) return;
    const middle = box.left + box.width / 2;
    const away = [...list.current.children].map((item) => {
      const { left, width } = item.getBoundingClientRect();
      return Math.abs(left + width / 2 - middle);
    });
    setAt(away.indexOf(Math.min(...away)));
  };

  return (
    <div
      class="carousel"
      role="group"
      aria-label={t("programmes", { first: card.offset + 1, last, total: card.total })}
      onKeyDown={onKey}
      onFocusIn={onFocus}
    >
      <ul ref={list} class={count === 1 ? "slides one" : "slides"} onScrollEnd={onScroll}>
        {card.programs.map((programme, index) => (
          <li
            class="slide"
            key={programme.id}
            aria-label={t("programme_of", { n: card.offset + index + 1, total: card.total })}
          >
            <ProgrammeCard programme={programme} number={programme.number ?? card.offset + index + 1} />
          </li>
        ))}
      </ul>
      {count > 1 ? (
        <div class="steps">
          <button type="button" aria-label={t("previous")} disabled={at === 0} onClick={() => go(at - 1)}>
            <Icon name="left" mirrored />
          </button>
          <span aria-hidden="true" dir="ltr">
            {card.offset + at + 1} / {card.total}
          </span>
          <button
            type="button"
            aria-label={t("next")}
            disabled={at === count - 1}
            onClick={() => go(at + 1)}
          >
            <Icon name="right" mirrored />
          </button>
        </div>
      ) : null}
    </div>
  );
}

function ProgrammeDetail({ programme, rows }: { programme: Programme; rows: Row[] }): JSX.Element {
  return (
    <article class="programme detail">
      <Kind programme={programme} />
      <h3 dir="auto">{plain(shortName(programme.name, programme.organisation))}</h3>
      <p class="organisation" dir="auto">
        {plain(programme.organisation)}
      </p>
      <dl class="rows">
        {rows.map(({ label, value }) => (
          <div key={label}>
            <dt>{plain(label)}</dt>
            <dd dir="auto">
              <Linked line={value} />
            </dd>
          </div>
        ))}
      </dl>
      <SourceLine source={programme.source} />
      <Actions programme={programme} details={false} />
    </article>
  );
}

function Comparison({ card }: { card: Card & { type: "comparison" } }): JSX.Element {
  const { t } = useDesk();
  const box = useRef<HTMLDivElement>(null);
  const [scrolls, setScrolls] = useState(false);
  useEffect(() => {
    if (!box.current) return undefined;
    const observer = new ResizeObserver(([entry]) =>
      setScrolls(Boolean(entry && entry.target.scrollWidth > entry.target.clientWidth)),
    );
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  return (
    <div
      ref={box}
      class="comparison"
      {...(scrolls ? { tabIndex: 0, role: "group", "aria-label": t("comparison_scroll") } : {})}
    >
      <table>
        <caption class="unseen">{t("comparison")}</caption>
        <thead>
          <tr>
            <th scope="col">
              <span class="unseen">{t("what")}</span>
            </th>
            {card.programs.map((programme, index) => (
              <th scope="col" key={programme.id} dir="auto">
                <span class="number">{programme.number ?? index + 1}</span>
                {plain(shortName(programme.name, programme.organisation))}
                <p class="organisation">{plain(programme.organisation)}</p>
                <SourceLine source={{ ...programme.source, title: null }} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {card.rows.map((row) => (
            <tr key={row.label}>
              <th scope="row" dir="auto">
                {plain(row.label)}
              </th>
              {row.cells.map((cell) => (
                <td dir="auto" class={cell ? "" : "unknown"}>
                  {plain(cell || card.unknown)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Licensing({ card }: { card: Card & { type: "licensing" } }): JSX.Element {
  const { t } = useDesk();
  return (
    <article class="plate">
      <h3 dir="auto">{plain(card.country_name)}</h3>
      {card.local_name ? (
        <p class="organisation" dir="auto">
          {plain(card.local_name)}
        </p>
      ) : null}
      <p class={`verdict ${card.required}`}>
        {t(`licensing_${card.required}`)}
        {card.length ? ` · ${plain(card.length)}` : ""}
      </p>
      {card.regulator || card.regulator_url ? (
        <p class="regulator" dir="auto">
          {t("regulator")}: <Out url={card.regulator_url}>{plain(card.regulator ?? t("regulator"))}</Out>
        </p>
      ) : null}
      <SourceLine source={card.source} />
    </article>
  );
}

function Contacts({ card }: { card: Card & { type: "contacts" } }): JSX.Element {
  const { t } = useDesk();
  const seen = new Set<string>();
  return (
    <div class="plate contacts" role="group" aria-label={t("contacts")}>
      <ul>
        {card.contacts.map((contact) => {
          const source = contact.source.url ?? contact.source.title ?? "";
          const repeated = seen.has(source);
          seen.add(source);
          return (
            <li>
              <h3 dir="auto">{plain(contact.label)}</h3>
              <div class="calls">
                {numbers(contact.phone ?? "").map((number) => (
                  <a class="call" href={`tel:${number.replace(/[^\d+]/g, "")}`} aria-label={t("call", { number })}>
                    <Icon name="phone" />
                    <bdi>{number}</bdi>
                  </a>
                ))}
                {contact.url ? (
                  <Out url={contact.url}>{contact.url.replace(/^https?:\/\/(www\.)?|\/$/g, "")}</Out>
                ) : null}
              </div>
              {contact.details ? <p dir="auto">{plain(contact.details)}</p> : null}
              {repeated ? null : <SourceLine source={contact.source} />}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
