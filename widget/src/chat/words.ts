/** Pure functions between the advisor's words and the screen. */
import type { Message } from "../types";

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

/** The numbers to call in "999, 112 or 911", in order. */
export function numbers(phone: string): string[] {
  return phone.match(/\+?\d[\d\s().-]*\d|\d+/g)?.map((number) => number.trim()) ?? [];
}

export interface Turn {
  from: "advisor" | "person";
  messages: Message[];
}

/** Group what one side says in a row. */
export function turns(messages: readonly Message[]): Turn[] {
  const found: Turn[] = [];
  for (const message of messages) {
    const turn = found.at(-1);
    if (turn?.from === message.from) turn.messages.push(message);
    else found.push({ from: message.from, messages: [message] });
  }
  return found;
}

/** What screen readers say of a message: its words, but not its card, which can be read there. */
export function spoken({ reply, text }: Message): string {
  if (!reply) return text;
  return [reply.lead, ...reply.body, ...reply.steps, ...reply.remarks].filter(Boolean).join("\n");
}
