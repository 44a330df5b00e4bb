/** What the launcher and the chat know of each other. */

export type EventName = "open" | "close" | "message" | "unread" | "error";
export type Listener = (detail?: unknown) => void;

export interface Settings {
  /** The advisor's origin. */
  server: string;
  /** A language tag; the interface's words follow it. */
  lang: string;
  theme: string;
  /** Whether the browser may keep what a reload needs, once the person has written. */
  consent: "given" | "wait" | "withdrawn";
  /** The address of an operator's own words, as JSON. */
  texts: string | null;
  /** The advisor's name in the header. */
  name: string | null;
}

export interface Host {
  readonly view: ShadowRoot;
  close(): void;
  unread(count: number): void;
  emit(event: EventName, detail?: unknown): void;
}

export interface Chat {
  show(): void;
  hide(): void;
  focus(): void;
  /** Say something; `starter` is the intent whose question it is, asked as a new talk. */
  send(text: string, starter?: string): void;
  restart(): void;
  identify(token: string | null): Promise<void>;
  update(settings: Settings): void;
  unmount(): void;
}

export interface ChatModule {
  mount(host: Host, root: HTMLElement, settings: Settings): Chat;
}
