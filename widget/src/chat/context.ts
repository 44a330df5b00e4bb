/** What every part of the chat needs: the words, their language, and how to say something. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { fill, type Key, type Texts } from "../texts";

export interface Desk {
  texts: Texts;
  lang: string;
  /** Numbers that "number 2" means, by the id of a programme. */
  numbered: Map<string, number>;
  /** The programmes that are picked for a comparison, id and name, in order. */
  picked: Map<string, string>;
  pick(id: string, name: string): void;
  say(text: string, label?: string): void;
}

export const DeskContext = createContext<Desk>(null as unknown as Desk);

export function useDesk(): Desk & {
  t: (key: Key, values?: Record<string, string | number>) => string;
} {
  const desk = useContext(DeskContext);
  return { ...desk, t: (key, values = {}) => fill(desk.texts[key], values) };
}

/** Return "4 weeks", "2–12 weeks", "from 4 weeks", or null, in the interface's language. */
export function span(
  desk: ReturnType<typeof useDesk>,
  unit: "week" | "month",
  low: number | null,
  high: number | null,
): string | null {
  const format = new Intl.NumberFormat(desk.lang, {
    style: "unit",
    unit,
    unitDisplay: "long",
    maximumFractionDigits: 1,
  });
  if (low !== null && high !== null) {
    return low === high ? format.format(low) : format.formatRange(low, high);
  }
  if (low !== null) return desk.t("from", { length: format.format(low) });
  if (high !== null) return desk.t("up_to", { length: format.format(high) });
  return null;
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
