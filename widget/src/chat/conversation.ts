/** One conversation with the advisor: its messages, what waits to be sent, and the connection. */
import { io, type Socket } from "socket.io-client";
import type { Settings } from "../launcher/host";
import type { Answer, Message, Payload, Rating } from "../types";
import { Storage } from "./storage";

const PATH = "/webhooks/web";
const ANSWER_LIMIT_MS = 10_000;
/** A turn that never ends must not leave "searching…" on the screen for good. */
const TYPING_LIMIT_MS = 60_000;
const RETRY_MS = 3_000;
const SHORTLIST = "starter:show_shortlist";

/** Something the person has said that the server has not confirmed yet. */
export interface Waiting {
  id: string;
  text: string;
  /** What the clicked button does; nothing for typed words. */
  payload?: Payload | null;
  at: string;
  /** Why it can't be sent; it stays until the person decides. */
  refused: string | null;
}

export type Link = "idle" | "connecting" | "online" | "reconnecting";

/** A remark of the widget itself: a code for its own words, else the server's sentence. */
export interface Notice {
  code: string;
  sentence: string | null;
  seconds: number;
}

interface Session {
  token: string;
  expires_in: number;
  renew_in: number;
}

class Refusal extends Error {
  constructor(
    readonly code: string,
    sentence: string,
    readonly seconds: number,
  ) {
    super(sentence);
  }
}

export class Conversation {
  messages: Message[] = [];
  waiting: Waiting[] = [];
  link: Link = "idle";
  typing = false;
  notice: Notice | null = null;
  /** What shows the shortlist: before anything is said there is no search that a starter ends. */
  shortlist = SHORTLIST;

  private readonly storage: Storage;
  private consented = false;
  /** Said and confirmed, but the server's copy has not come yet. */
  private readonly confirmed = new Set<string>();
  private synced = false;
  private socket: Socket | null = null;
  private lastSeq = 0;
  private sending = false;
  private syncing: Promise<void> | null = null;
  private entering: Promise<void> | null = null;
  private renewal = 0;
  private typingLimit = 0;
  private noticeLimit = 0;
  private retry = 0;
  private readonly changed = new Set<() => void>();
  private readonly arrived = new Set<(message: Message) => void>();

  constructor(private readonly server: string) {
    this.storage = new Storage(server);
    this.storage.watch((key) => this.onOtherTab(key));
    addEventListener("online", () => this.wake());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.wake();
    });
  }

  /** Call a function after every change; returns how to stop it. */
  onChange(listener: () => void): () => void {
    this.changed.add(listener);
    return () => this.changed.delete(listener);
  }

  /** Call a function for every message that arrives live, not for history. */
  onMessage(listener: (message: Message) => void): () => void {
    this.arrived.add(listener);
    return () => this.arrived.delete(listener);
  }

  /** Go on with the conversation that this browser knows, if there is one. */
  resume(): void {
    this.waiting = this.kept();
    if (this.storage.get("token")) this.connect();
    this.tell();
  }

  /** Say whether the browser may keep the conversation, from the person's first message on. */
  consent(state: Settings["consent"]): void {
    this.consented = state === "given";
    if (state === "withdrawn") this.storage.forbid();
    else if (this.consented && this.hasBegun) this.storage.allow();
  }

  get hasBegun(): boolean {
    return this.messages.length > 0 || this.waiting.length > 0;
  }

  /** Say or choose something: it counts once, however often the connection breaks. */
  say(text: string, payload: Payload | null = null): void {
    const said: Waiting = {
      id: newId(),
      text,
      payload,
      at: new Date().toISOString(),
      refused: null,
    };
    this.waiting = [...this.waiting, said];
    if (this.consented) this.storage.allow();
    this.keep(said);
    this.tell();
    this.connect();
    void this.flush();
  }

  tryAgain(id: string): void {
    this.waiting = this.waiting.map((one) => (one.id === id ? { ...one, refused: null } : one));
    this.tell();
    void this.flush();
  }

  drop(id: string): void {
    this.waiting = this.waiting.filter((one) => one.id !== id);
    this.storage.remove(`say:${id}`);
    this.tell();
  }

  /** Begin anew; the advisor forgets what was searched for, the screen is cleared. */
  async restart(): Promise<void> {
    for (const one of this.waiting) this.drop(one.id);
    if (!this.storage.get("token")) return;
    this.connect();
    await this.whenOnline();
    const answer = await this.ask("restart", { id: newId() });
    if (!answer.ok) this.complain(answer);
  }

  async rate(seq: number, rating: Rating): Promise<boolean> {
    const before = this.messages.find((message) => message.seq === seq)?.rating ?? null;
    this.setRating(seq, rating);
    const answer = await this.ask("rate", { seq, rating });
    if (!answer.ok) {
      this.setRating(seq, before);
      this.complain(answer);
    }
    return answer.ok;
  }

  /** Continue as the user whom the host site's token names, or as nobody. */
  async identify(identity: string | null): Promise<void> {
    if (identity === null) {
      this.forget();
      return;
    }
    try {
      const session = await this.post({ identity });
      const before = this.storage.get("token");
      // The same person on another page goes on where they were.
      if (!before || subject(before) !== subject(session.token)) this.forget();
      this.enter(session);
      this.connect();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.setNotice(error.code, error.message, error.seconds);
    }
  }

  close(): void {
    clearTimeout(this.renewal);
    this.socket?.disconnect();
    this.socket = null;
    this.link = "idle";
  }

  // ---- the connection

  private connect(): void {
    if (this.socket) {
      this.wake();
      return;
    }
    this.link = "connecting";
    const socket = io(this.server, {
      path: `${PATH}/socket.io`,
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      autoConnect: false,
      reconnectionDelay: 500,
      reconnectionDelayMax: 5_000,
      auth: (give) => give({ token: this.storage.get("token") ?? "" }),
    });
    this.socket = socket;
    socket.on("connect", () => void this.onConnect());
    socket.on("disconnect", (reason) => {
      this.link = "reconnecting";
      this.setTyping(false);
      // The server has thrown us out: the library leaves coming back to us.
      if (reason === "io server disconnect") this.again();
      this.tell();
    });
    socket.on("connect_error", (error: Error & { data?: { code?: string } }) => {
      if (this.socket !== socket) return;
      this.link = "reconnecting";
      const code = error.data?.code;
      if (code === "expired" || code === "token") void this.renew(true);
      else if (code) {
        this.setNotice(code, null, 0);
        this.again();
      }
      this.tell();
    });
    socket.on("message", (message: Message) => this.onLive(message));
    socket.on("typing", ({ on }: { on: boolean }) => this.setTyping(on));
    socket.on("rated", ({ seq, rating }: { seq: number; rating: Rating }) =>
      this.setRating(seq, rating),
    );
    if (this.storage.get("token")) {
      // How old the token is nobody knows after a reload: renew it beside the connection.
      void this.renew(false);
      socket.connect();
    } else {
      void this.begin();
    }
    this.tell();
  }

  private wake(): void {
    // The library is connected or at it; to call it again would greet the server twice.
    if (!this.socket || this.socket.active) return;
    if (!this.storage.get("token")) void this.begin();
    else this.socket.connect();
  }

  private again(): void {
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.wake(), RETRY_MS);
  }

  private async begin(): Promise<void> {
    this.entering ??= this.newSession({}).finally(() => (this.entering = null));
    await this.entering;
    if (this.storage.get("token")) this.wake();
    else this.again();
  }

  private async newSession(body: object): Promise<void> {
    try {
      this.enter(await this.post(body));
    } catch (error) {
      if (error instanceof Refusal) this.setNotice(error.code, error.message, error.seconds);
      else if (await this.isThere()) this.setNotice("origin", null, 0);
      this.link = "reconnecting";
      this.tell();
    }
  }

  /** A browser hides why a request failed: where the files come through, the site is refused. */
  private async isThere(): Promise<boolean> {
    try {
      const url = `${this.server}/widget/integrity.json`;
      return (await fetch(url, { cache: "no-store", credentials: "omit" })).ok;
    } catch {
      return false;
    }
  }

  private async renew(connect: boolean): Promise<void> {
    const token = this.storage.get("token");
    if (!token) return;
    try {
      const session = await this.post({ token });
      if (this.storage.get("token") !== token) return;
      this.enter(session);
      if (connect) this.wake();
    } catch (error) {
      if (!(error instanceof Refusal)) this.again();
      else if (["expired", "token", "bad_request"].includes(error.code)) {
        if (this.storage.get("token") !== token) return;
        this.storage.remove("token");
        const known = this.messages.length > 0;
        this.lastSeq = 0;
        this.messages = [];
        this.synced = false;
        this.socket?.disconnect();
        await this.begin();
        if (known) this.setNotice("expired", null, 0);
      } else {
        this.setNotice(error.code, error.message, error.seconds);
        if (connect) this.again();
      }
    }
  }

  private enter(session: Session): void {
    this.storage.set("token", session.token);
    clearTimeout(this.renewal);
    // Timers hold at most 24 days.
    const delay = Math.min(session.renew_in, 86_400) * 1000;
    this.renewal = setTimeout(() => void this.renew(false), delay);
  }

  private async post(body: object): Promise<Session> {
    const response = await fetch(`${this.server}${PATH}/session`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      credentials: "omit",
      referrerPolicy: "no-referrer",
    });
    const answer = (await response.json()) as Session & Answer;
    if (response.ok) return answer;
    const seconds = Number(response.headers.get("Retry-After") ?? answer.retry_after ?? 0);
    throw new Refusal(answer.code ?? "busy", answer.error ?? "", seconds);
  }

  private async onConnect(): Promise<void> {
    await this.sync();
    if (!this.socket?.connected) return;
    this.link = "online";
    if (this.notice?.code === "busy") this.notice = null;
    this.tell();
    void this.flush();
  }

  /** Fetch what is missing, a page at a time; what comes meanwhile is sorted in. */
  private async sync(): Promise<void> {
    this.syncing ??= (async () => {
      for (let more = true; more; ) {
        const answer = await this.ask("sync", { after: this.lastSeq });
        if (!answer.ok || !answer.messages) {
          if (this.socket?.connected) setTimeout(() => void this.sync(), RETRY_MS);
          return;
        }
        for (const message of answer.messages) this.take(message);
        this.shortlist = answer.shortlist ?? this.shortlist;
        more = Boolean(answer.more) && answer.messages.length > 0;
      }
      this.synced = true;
    })().finally(() => {
      this.syncing = null;
      this.tell();
    });
    return this.syncing;
  }

  /** Wait for the connection, but not for long: whoever clicked is told then. */
  private async whenOnline(): Promise<void> {
    if (this.link === "online") return;
    await new Promise<void>((done) => {
      const stop = this.onChange(() => this.link === "online" && end());
      const limit = setTimeout(() => end(), ANSWER_LIMIT_MS);
      const end = (): void => {
        stop();
        clearTimeout(limit);
        done();
      };
    });
  }

  private async ask(event: string, payload: object): Promise<Answer> {
    const socket = this.socket;
    if (!socket?.connected) return { ok: false, code: "offline" };
    try {
      return (await socket.timeout(ANSWER_LIMIT_MS).emitWithAck(event, payload)) as Answer;
    } catch {
      // Lost on the way or too late: whether it counted is found out by asking again.
      return { ok: false, code: "offline" };
    }
  }

  // ---- what comes

  private onLive(message: Message): void {
    if (message.seq <= this.lastSeq) return;
    if (message.seq > this.lastSeq + 1 || this.syncing) {
      // Something in between is missing; it comes with this one, in order.
      void (this.syncing ?? Promise.resolve()).then(() =>
        message.seq <= this.lastSeq ? undefined : this.sync(),
      );
      return;
    }
    this.take(message, true);
    this.tell();
  }

  private take(message: Message, live = false): void {
    if (message.seq <= this.lastSeq) return;
    this.lastSeq = message.seq;
    if (message.kind === "restart") {
      this.messages = [];
    } else {
      this.messages = [...this.messages, { ...message, text: message.text ?? "" }];
      if (message.from === "person" && message.id) {
        this.storage.remove(`say:${message.id}`);
        this.waiting = this.waiting.filter((one) => one.id !== message.id);
        this.confirmed.delete(message.id);
      }
      if (message.from === "advisor" && this.typing) this.armTyping();
    }
    if (this.consented) this.storage.allow();
    // What comes with the first sync is history; later ones bring what was missed.
    if (live || this.synced) for (const listener of this.arrived) listener(message);
  }

  private setRating(seq: number, rating: Rating): void {
    this.messages = this.messages.map((one) => (one.seq === seq ? { ...one, rating } : one));
    this.tell();
  }

  private setTyping(on: boolean): void {
    this.typing = on;
    clearTimeout(this.typingLimit);
    if (on) this.armTyping();
    this.tell();
  }

  private armTyping(): void {
    clearTimeout(this.typingLimit);
    this.typingLimit = setTimeout(() => this.setTyping(false), TYPING_LIMIT_MS);
  }

  // ---- what goes

  /** Send what waits, one after the other, so that the order holds. */
  private async flush(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    try {
      for (;;) {
        const next = this.waiting.find((one) => one.refused === null && !this.confirmed.has(one.id));
        if (!next || this.link !== "online") return;
        const { id, text, payload } = next;
        const answer = await this.ask("say", payload ? { id, text, payload } : { id, text });
        if (answer.ok) {
          this.storage.remove(`say:${id}`);
          // The server's own copy takes its place; where that was missed, it is fetched.
          if (this.waiting.some((one) => one.id === id)) {
            this.confirmed.add(id);
            setTimeout(() => this.confirmed.has(id) && void this.sync(), RETRY_MS);
          }
        } else if (answer.code === "rate_limited" || answer.code === "offline") {
          if (answer.code === "rate_limited") this.complain(answer);
          const seconds = answer.code === "offline" ? 1 : (answer.retry_after ?? 5);
          setTimeout(() => void this.flush(), seconds * 1000);
          return;
        } else {
          this.waiting = this.waiting.map((one) =>
            one.id === id ? { ...one, refused: answer.error ?? "" } : one,
          );
          this.tell();
        }
      }
    } finally {
      this.sending = false;
    }
  }

  private kept(): Waiting[] {
    const found = this.storage.keys("say:").flatMap((key): Waiting[] => {
      try {
        return [JSON.parse(this.storage.get(key) ?? "") as Waiting];
      } catch {
        this.storage.remove(key);
        return [];
      }
    });
    return found.sort((a, b) => (a.at < b.at ? -1 : 1));
  }

  private keep(said: Waiting): void {
    this.storage.set(`say:${said.id}`, JSON.stringify(said));
  }

  private onOtherTab(key: string): void {
    if (key === "token") {
      const token = this.storage.get("token");
      // The first message was written there, or somebody logged in there: go on with that one.
      if (token && !this.socket) this.connect();
      return;
    }
    if (key === "subject") {
      this.reset();
      this.resume();
    }
  }

  private forget(): void {
    this.storage.remove("token");
    for (const one of this.waiting) this.storage.remove(`say:${one.id}`);
    this.reset();
    this.storage.set("subject", String(Date.now()));
    this.tell();
  }

  private reset(): void {
    this.close();
    this.messages = [];
    this.waiting = [];
    this.lastSeq = 0;
    this.synced = false;
    this.notice = null;
    this.shortlist = SHORTLIST;
  }

  // ---- telling

  private complain(answer: Answer): void {
    const code = answer.code === "offline" ? "busy" : (answer.code ?? "busy");
    this.setNotice(code, answer.error ?? null, answer.retry_after ?? 0);
  }

  private setNotice(code: string, sentence: string | null, seconds: number): void {
    this.notice = { code, sentence: sentence || null, seconds };
    clearTimeout(this.noticeLimit);
    this.noticeLimit = setTimeout(
      () => {
        this.notice = null;
        this.tell();
      },
      Math.max(6, seconds) * 1000,
    );
    this.tell();
  }

  dismiss(): void {
    this.notice = null;
    this.tell();
  }

  private tell(): void {
    for (const listener of this.changed) listener();
  }
}

/** Return whose token this is, or null where that can't be read; only the server can check it. */
function subject(token: string): string | null {
  try {
    const part = (token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/");
    return (JSON.parse(atob(part)) as { sub?: string }).sub ?? null;
  } catch {
    return null;
  }
}

/** Return a UUID; a page that is not served over HTTPS has no randomUUID. */
function newId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
