/** What goes over the wire, as docs/web-protocol.md and preceptor/conversation/cards.py say. */

export interface Source {
  title: string | null;
  url: string | null;
  date: string | null;
}

export interface Programme {
  id: string;
  name: string;
  organisation: string;
  listing: "open_call" | "restricted" | "report";
  place: string;
  specialties: string[];
  kind: string;
  who_for: string | null;
  min_weeks: number | null;
  max_weeks: number | null;
  price: { shown: string; basis: string; date: string | null; covers: string | null } | null;
  languages: string[];
  accommodation: string | null;
  start_dates: string | null;
  notes: string[];
  source: Source;
}

export type Card =
  | { type: "program_list"; programs: Programme[]; offset: number; total: number }
  | { type: "program"; program: Programme }
  | { type: "comparison"; programs: Programme[]; rows: { label: string; cells: string[] }[] }
  | {
      type: "licensing";
      country: string;
      country_name: string;
      local_name: string | null;
      required: "yes" | "partly" | "no";
      min_months: number | null;
      max_months: number | null;
      regulator: string | null;
      regulator_url: string | null;
      source: Source;
    }
  | { type: "facts"; facts: { text: string; source: Source }[] }
  | {
      type: "contacts";
      contacts: {
        label: string;
        phone: string | null;
        url: string | null;
        details: string | null;
        source: Source;
      }[];
    };

export type Rating = "up" | "down" | null;

export interface Button {
  title: string;
  text?: string | null;
  url?: string | null;
}

export interface Message {
  seq: number;
  kind: "text" | "restart";
  from: "advisor" | "person";
  at: string;
  id: string | null;
  /** null over the wire where a card or a picture stands alone; "" from there on. */
  text: string;
  label: string | null;
  buttons: Button[];
  card: Card | null;
  image: { url: string; alt: string | null } | null;
  rating: Rating;
}

/** What the server answers to an event. */
export interface Answer {
  ok: boolean;
  code?: string;
  error?: string;
  retry_after?: number;
  seq?: number;
  messages?: Message[];
  more?: boolean;
}
