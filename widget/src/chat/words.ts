/** Pure functions between the advisor's texts and the screen. */
import type { Card, Message } from "../types";

/** Marks that turn the reading order of what follows; a name could hide an address with them. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;
const ADDRESS = /https?:\/\/[^\s<>"'“”]+/g;
const SAFE = /^(https?|mailto|tel):/i;

/** Return a text without marks that make it read otherwise than it is. */
export function plain(text: string): string {
  return text.replace(TURNING, "");
}

/** Return an address that is safe to follow, or null. */
export function safeUrl(url: string | null | undefined): string | null {
  const trimmed = (url ?? "").trim();
  if (!SAFE.test(trimmed)) return null;
  try {
    return new URL(trimmed).href;
  } catch {
    return null;
  }
}

/** A programme's name without its organisation, where that stands beside it. */
export function shortName(name: string, organisation: string): string {
  const short = organisation.split(" (")[0] ?? "";
  const end = `, ${short}`;
  return name.endsWith(end) ? name.slice(0, -end.length) : name;
}

export type Piece = { text: string; url: string | null };

/** Split a line into plain text and web addresses; a full stop or bracket behind is no part. */
export function linked(line: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of plain(line).matchAll(ADDRESS)) {
    let address = match[0].replace(/[.,;:!?]+$/, "");
    while (address.endsWith(")") && !address.includes("(")) {
      address = address.slice(0, -1).replace(/[.,;:!?]+$/, "");
    }
    const url = safeUrl(address);
    if (!url) continue;
    if (match.index > end) pieces.push({ text: plain(line).slice(end, match.index), url: null });
    pieces.push({ text: shortened(address), url });
    end = match.index + address.length;
  }
  if (end < plain(line).length) pieces.push({ text: plain(line).slice(end), url: null });
  return pieces;
}

/** Return an address as people read it: the host, and a hint of the path. */
export function shortened(address: string): string {
  const bare = address.replace(/^https?:\/\/(www\.)?/, "").replace(/\/$/, "");
  return bare.length > 40 ? `${bare.slice(0, 39)}…` : bare;
}

export type Block = { kind: "p"; line: string } | { kind: "ul"; lines: string[] };

/** Group a text's lines into paragraphs and bulleted lists. */
export function blocks(text: string): Block[] {
  const found: Block[] = [];
  for (const line of text.split("\n")) {
    const bullet = /^\s*[•*-]\s+(.*)$/.exec(line);
    const last = found.at(-1);
    if (bullet?.[1] && last?.kind === "ul") last.lines.push(bullet[1]);
    else if (bullet?.[1]) found.push({ kind: "ul", lines: [bullet[1]] });
    else if (line.trim()) found.push({ kind: "p", line: line.trim() });
  }
  return found;
}

/** Every text is complete without its card: with the card, leave out what the card shows. */
export function besideCard(text: string, card: Card | null): string {
  const lines = text.split("\n");
  switch (card?.type) {
    case "program_list":
    case "comparison":
      return lines.filter((line) => !/^(\d+\. |\s{2,}\S)/.test(line)).join("\n");
    case "program":
      return lines.filter((line, at) => at > 0 && !labelled(line)).join("\n");
    case "facts":
      return lines.filter((line) => !line.startsWith("• ")).join("\n");
    case "licensing":
      return lines.filter((line) => !line.startsWith("Source: ")).join("\n");
    default:
      return text;
  }
}

/** Split "Length: 4 weeks" into its label and its value, or return null. */
export function labelled(line: string): [string, string] | null {
  const match = /^([A-Z][a-z]+(?: [a-z]+)?): (\S.*)$/.exec(line);
  return match?.[1] && match[2] ? [match[1], match[2]] : null;
}

/** The numbers to call in "999, 112 or 911", in order. */
export function numbers(phone: string): string[] {
  return phone.match(/\+?\d[\d\s().-]*\d|\d+/g)?.map((number) => number.trim()) ?? [];
}

export interface Turn {
  from: "advisor" | "person";
  messages: Message[];
}

/** Group what one side says in a row; a card without words joins the words before it. */
export function turns(messages: readonly Message[]): Turn[] {
  const found: Turn[] = [];
  for (const message of messages) {
    let turn = found.at(-1);
    if (turn?.from !== message.from) {
      turn = { from: message.from, messages: [] };
      found.push(turn);
    }
    const last = turn.messages.at(-1);
    if (last && !message.text && message.card && !last.card) {
      turn.messages[turn.messages.length - 1] = {
        ...message,
        text: last.text,
        buttons: [...last.buttons, ...message.buttons],
        image: message.image ?? last.image,
      };
    } else turn.messages.push(message);
  }
  return found;
}

/** Which cards are numbered as the advisor has them in mind: the newest list or comparison. */
export function onShow(messages: readonly Message[]): Map<string, number> {
  const numbered = new Map<string, number>();
  for (const { card } of [...messages].reverse()) {
    if (card?.type !== "program_list" && card?.type !== "comparison") continue;
    const first = card.type === "program_list" ? card.offset + 1 : 1;
    card.programs.forEach((programme, at) => numbered.set(programme.id, first + at));
    break;
  }
  return numbered;
}
