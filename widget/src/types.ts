/** What goes over the wire, as docs/web-protocol.md and preceptor/conversation/cards.py say. */

export interface Source {
  title: string | null;
  url: string | null;
  date: string | null;
}

export interface Programme {
  id: string;
  /** Its number in the list on the screen. */
  number: number | null;
  name: string;
  title: string;
  /** Place, length and price in words. */
  summary: [string, string, string];
  organisation: string;
  listing: "open_call" | "restricted" | "report";
  place: string;
  specialties: string[];
  kind: string;
  who_for: string | null;
  notes: string[];
  source: Source;
  /** What its buttons send, where it has some. */
  choices?: { show: string; save: string };
}

export interface Row {
  label: string;
  value: string;
}

export type Card =
  | { type: "program_list"; programs: Programme[]; offset: number; total: number }
  | { type: "program"; program: Programme; rows: Row[] }
  | {
      type: "comparison";
      unknown: string;
      programs: Programme[];
      rows: { label: string; cells: string[] }[];
    }
  | {
      type: "licensing";
      country: string;
      country_name: string;
      local_name: string | null;
      required: "yes" | "partly" | "no";
      length: string;
      regulator: string | null;
      regulator_url: string | null;
      source: Source;
    }
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

/** What the advisor says, in parts; see preceptor/conversation/replies.py. */
export interface Reply {
  lead: string;
  body: string[];
  steps: string[];
  card: Card | null;
  remarks: string[];
  sources: Source[];
}

/** What a click sends beside a button's title; several programmes' are compared. */
export type Payload = string | string[];

export interface Button {
  title: string;
  payload?: string | null;
  url?: string | null;
  /** What is said instead of the title, in messages from before buttons had payloads. */
  text?: string | null;
}

export interface Message {
  seq: number;
  kind: "text" | "restart";
  from: "advisor" | "person";
  at: string;
  id: string | null;
  /** All of it in words; null over the wire where a picture stands alone, "" from there on. */
  text: string;
  /** The same in parts; null for a person's message and for an old one. */
  reply: Reply | null;
  buttons: Button[];
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
  /** What the menu's entry for the shortlist sends. */
  shortlist?: string;
}
