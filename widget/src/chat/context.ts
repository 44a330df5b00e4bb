/** What every part of the chat needs: the words, their language, and how to say something. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { fill, type Key, type Texts } from "../texts";
import type { Payload } from "../types";

export interface Desk {
  texts: Texts;
  lang: string;
  /** The programmes that are picked for a comparison: id and what shows each, in order. */
  picked: Map<string, string>;
  pick(id: string, show: string): void;
  /** Say something; a button's payload goes with its title. */
  say(text: string, payload?: Payload): void;
}

export const DeskContext = createContext<Desk>(null as unknown as Desk);

export function useDesk(): Desk & {
  t: (key: Key, values?: Record<string, string | number>) => string;
} {
  const desk = useContext(DeskContext);
  return { ...desk, t: (key, values = {}) => fill(desk.texts[key], values) };
}

/** Return an ISO date, which may stop at the month or the year, as people write it. */
export function dated(lang: string, iso: string): string {
  const [year, month, day] = iso.split("-").map(Number);
  if (!year || !/^\d{4}(-\d\d(-\d\d)?)?$/.test(iso)) return iso;
  return new Intl.DateTimeFormat(lang, {
    year: "numeric",
    ...(month ? { month: "short" as const } : {}),
    ...(day ? { day: "numeric" as const } : {}),
    timeZone: "UTC",
    calendar: "gregory",
  }).format(Date.UTC(year, (month ?? 1) - 1, day ?? 1));
}
