/** The launcher: a button, and nothing else is loaded or stored until someone wants to talk. */
import { launcher as ar } from "../texts/ar.json";
import { launcher as en } from "../texts/en.json";
import { launcher as es } from "../texts/es.json";
import { launcher as fr } from "../texts/fr.json";
import { launcher as id } from "../texts/id.json";
import type { Chat, ChatModule, EventName, Host, Listener, Settings } from "./host";
import css from "./launcher.css?inline";

declare const __CHAT__: { file: string; integrity: string };
declare const __VERSION__: string;

const TAG = "preceptor-chat";
const script = document.currentScript as HTMLScriptElement | null;
const base = new URL(".", script?.src ?? document.baseURI).href;
/** The launcher's words alone: the build leaves the rest of the files out. */
const words: Record<string, typeof en> = { ar, en, es, fr, id };
const OPTIONS = [
  "server", "lang", "position", "theme", "consent", "texts", "name", "hide-launcher",
] as const;

const listeners = new Map<string, Set<Listener>>();
let active: PreceptorChat | null = null;
let chatModule: Promise<ChatModule> | null = null;
let consent: boolean | null = null;
let identity: string | null | undefined;

function emit(event: EventName, detail?: unknown): void {
  for (const listener of listeners.get(event) ?? []) {
    try {
      listener(detail);
    } catch (error) {
      // A host page's mistake must not stop the chat, nor stay unseen.
      setTimeout(() => {
        throw error;
      });
    }
  }
  active?.dispatchEvent(new CustomEvent(`preceptor:${event}`, { detail, bubbles: true }));
}

/** Load the chat's code once, and refuse it if it is not what this launcher was built with. */
function loadChat(): Promise<ChatModule> {
  chatModule ??= new Promise<ChatModule>((resolve, reject) => {
    const url = base + __CHAT__.file;
    const tag = document.createElement("script");
    tag.type = "module";
    tag.crossOrigin = "anonymous";
    tag.integrity = __CHAT__.integrity;
    if (script?.nonce) tag.nonce = script.nonce;
    tag.onload = () => {
      tag.remove();
      // The browser keeps modules by address: this is the verified one, not a second request.
      import(/* @vite-ignore */ url).then(resolve, reject);
    };
    tag.onerror = () => {
      tag.remove();
      chatModule = null;
      reject(new Error("The chat could not be loaded."));
    };
    tag.src = url;
    document.head.append(tag);
  });
  return chatModule;
}

class PreceptorChat extends HTMLElement implements Host {
  static observedAttributes = OPTIONS;
  readonly view: ShadowRoot;
  private root!: HTMLElement;
  private button!: HTMLButtonElement;
  private note!: HTMLElement;
  private chat: Chat | null = null;
  private wanted = false;
  private returnTo: HTMLElement | null = null;

  constructor() {
    super();
    this.view = this.attachShadow({ mode: "open" });
  }

  connectedCallback(): void {
    if (active && active !== this) return;
    active = this;
    if (!this.root) this.build();
    this.label();
    this.raise();
  }

  disconnectedCallback(): void {
    // A move within the page disconnects and connects at once: only a removal ends the chat.
    queueMicrotask(() => {
      if (this.isConnected || active !== this) return;
      active = null;
      this.wanted = false;
      this.chat?.unmount();
      this.chat = null;
      this.root?.classList.remove("open");
      document.querySelector<PreceptorChat>(TAG)?.connectedCallback?.();
    });
  }

  attributeChangedCallback(): void {
    if (active !== this || !this.root) return;
    this.label();
    this.chat?.update(this.settings);
  }

  option(name: (typeof OPTIONS)[number]): string | null {
    return this.getAttribute(name);
  }

  get settings(): Settings {
    const tag =
      this.option("lang") ||
      this.closest("[lang]")?.getAttribute("lang") ||
      document.documentElement.lang ||
      navigator.language ||
      "en";
    return {
      server: new URL(this.option("server") || new URL(base).origin, document.baseURI).origin,
      lang: tag,
      theme: this.option("theme") ?? "auto",
      consent:
        consent === false
          ? "withdrawn"
          : consent || this.option("consent") !== "wait"
            ? "given"
            : "wait",
      texts: this.option("texts") || null,
      name: this.option("name") || null,
    };
  }

  private get words(): typeof en {
    return words[this.settings.lang.toLowerCase().split("-")[0] ?? ""] ?? en;
  }

  private build(): void {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    this.view.adoptedStyleSheets = [sheet];
    this.root = document.createElement("div");
    this.root.className = "root";
    this.root.setAttribute("role", "region");
    // The top layer keeps the host page's z-indexes and transforms away.
    if ("popover" in this.root) this.root.popover = "manual";
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.className = "launcher";
    this.button.setAttribute("aria-haspopup", "dialog");
    this.button.append(icon());
    const badge = document.createElement("span");
    badge.className = "badge";
    badge.hidden = true;
    badge.setAttribute("aria-hidden", "true");
    this.button.append(badge);
    this.button.addEventListener("click", () => (this.wanted ? this.close() : this.open()));
    this.note = document.createElement("p");
    this.note.className = "note";
    this.note.setAttribute("role", "alert");
    this.root.append(this.note, this.button);
    this.view.append(this.root);
  }

  private raise(): void {
    if (this.root.popover && !this.root.matches(":popover-open")) this.root.showPopover();
  }

  private label(unread = Number(this.root.dataset["unread"] ?? 0)): void {
    const { words } = this;
    const text = this.wanted ? words.close : words.open;
    const count = unread ? ` (${words.unread.replace("{n}", String(unread))})` : "";
    this.root.dataset["unread"] = String(unread);
    this.root.setAttribute("aria-label", words.label);
    this.root.lang = this.settings.lang;
    const position = this.option("position") === "left" ? "left" : "right";
    this.root.dataset["position"] = position;
    this.root.dataset["theme"] = this.settings.theme;
    this.root.classList.toggle("no-launcher", this.hasAttribute("hide-launcher"));
    this.button.setAttribute("aria-label", text + count);
    this.button.title = text;
    this.button.setAttribute("aria-expanded", String(this.wanted));
    const badge = this.button.querySelector<HTMLElement>(".badge");
    if (badge) {
      badge.hidden = !unread;
      badge.textContent = unread > 9 ? "9+" : String(unread);
    }
  }

  /** Show the chat, loading it the first time. */
  async open(): Promise<void> {
    if (this.wanted) return this.chat?.focus();
    this.wanted = true;
    const from = document.activeElement;
    this.returnTo = from instanceof HTMLElement && from !== this ? from : this.button;
    this.note.textContent = "";
    this.root.classList.add("busy");
    this.button.setAttribute("aria-busy", "true");
    try {
      const chat = await this.load();
      // It may have been closed again meanwhile, or removed.
      if (this.wanted && chat) {
        this.root.classList.add("open");
        this.label();
        chat.show();
        emit("open");
      }
    } catch {
      this.wanted = false;
      this.note.textContent = this.words.failed;
      setTimeout(() => (this.note.textContent = ""), 8000);
    } finally {
      this.root.classList.remove("busy");
      this.button.removeAttribute("aria-busy");
      this.label();
    }
  }

  /** Load the chat without showing it. */
  async load(): Promise<Chat | null> {
    const { mount } = await loadChat();
    if (active !== this) return null;
    if (!this.chat) {
      this.chat = mount(this, this.root, this.settings);
      if (identity !== undefined) await this.chat.identify(identity);
    }
    return this.chat;
  }

  /** Tell the chat who is logged in, if it is there; else it is told when it is loaded. */
  async identify(): Promise<void> {
    if (identity !== undefined) await this.chat?.identify(identity);
  }

  close(): void {
    if (!this.wanted) return;
    this.wanted = false;
    this.root.classList.remove("open");
    this.label();
    this.chat?.hide();
    const back = this.returnTo?.isConnected ? this.returnTo : this.button;
    // A hidden launcher can't have the focus: it goes back to where it came from.
    back.focus();
    emit("close");
  }

  unread(count: number): void {
    this.label(count);
  }

  emit(event: EventName, detail?: unknown): void {
    emit(event, detail);
  }
}

function icon(): SVGElement {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  for (const [name, d] of [
    ["talk", "M4.5 4h15A2.5 2.5 0 0 1 22 6.5v8a2.5 2.5 0 0 1-2.5 2.5H12l-4.6 3.7A.9.9 0 0 1 6 20v-3H4.5A2.5 2.5 0 0 1 2 14.5v-8A2.5 2.5 0 0 1 4.5 4Zm6.6 3v2.6H8.5v1.8h2.6V14h1.8v-2.6h2.6V9.6h-2.6V7Z"],
    ["shut", "m6.4 9.2 5.6 5.6 5.6-5.6"],
  ] as const) {
    const path = document.createElementNS(ns, "path");
    path.setAttribute("class", name);
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

function start(): void {
  if (customElements.get(TAG)) return; // the tag stands twice, or a page was changed under us
  customElements.define(TAG, PreceptorChat);

  const api = {
    version: __VERSION__,
    /** Show the chat. */
    open: async () => active?.open(),
    /** Hide the chat; the conversation stays. */
    close: () => active?.close(),
    /**
     * Show the chat and say something in the person's name; with an intent's name, as a new talk
     * that begins with its question.
     */
    send: async (text: string, starter?: string) => {
      await active?.open();
      (await active?.load())?.send(String(text), starter);
    },
    /** Begin a new conversation. */
    restart: async () => (await active?.load())?.restart(),
    /** Tell who is logged in (a token that the host site signed), or null after a log-out. */
    identify: async (token: string | null) => {
      identity = token;
      await active?.identify();
    },
    /** Allow storing with data-consent="wait", or take the permission back. */
    consent: async (given = true) => {
      consent = given;
      active?.attributeChangedCallback();
    },
    /** Call a function at "open", "close", "message", "unread", "error"; returns how to stop it. */
    on: (event: EventName, listener: Listener) => {
      const all = listeners.get(event) ?? new Set();
      listeners.set(event, all.add(listener));
      return () => all.delete(listener);
    },
  };
  Object.defineProperty(window, "Preceptor", { value: Object.freeze(api), configurable: true });

  // Any link or button of the page: data-preceptor-open, or data-preceptor-ask="a question", which
  // data-preceptor-starter="intent" makes the beginning of a new talk.
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const found = target?.closest<HTMLElement>("[data-preceptor-ask], [data-preceptor-open]");
    if (!found || !active) return;
    event.preventDefault();
    const question = found.dataset["preceptorAsk"];
    void (question ? api.send(question, found.dataset["preceptorStarter"]) : api.open());
  });

  const insert = (): void => {
    if (script?.dataset["insert"] !== "no" && !document.querySelector(TAG)) {
      const element = document.createElement(TAG);
      for (const name of OPTIONS) {
        const value = script?.getAttribute(`data-${name}`);
        if (value !== null && value !== undefined) element.setAttribute(name, value);
      }
      // Beside <body>, where pages that swap their body leave it alone.
      document.documentElement.append(element);
    }
    window.dispatchEvent(new CustomEvent("preceptor:ready"));
  };
  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", insert, { once: true });
  } else {
    insert();
  }
}

start();
