/** The chat, loaded at the first click; the launcher mounts it into its shadow root. */
import { createRef, render } from "preact";
import type { Chat, Host, Settings } from "../launcher/host";
import { direction, language, languages, withOwn, type Texts } from "../texts";
import { Conversation } from "./conversation";
import css from "./chat.css?inline";
import { Panel } from "./panel";

/** One conversation a page and server: it outlives the element that a router takes away. */
const conversations = new Map<string, Conversation>();

export function mount(host: Host, root: HTMLElement, first: Settings): Chat {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  host.view.adoptedStyleSheets = [...host.view.adoptedStyleSheets, sheet];
  const place = document.createElement("div");
  place.className = "place";
  root.prepend(place);

  let settings = first;
  let conversation = conversations.get(first.server);
  if (!conversation) {
    conversation = new Conversation(first.server);
    conversations.set(first.server, conversation);
  }
  const talk = conversation;
  const input = createRef<HTMLTextAreaElement>();
  let own: unknown = null;
  let shown = false;
  let unread = 0;

  const draw = (): void => {
    const lang = own ? settings.lang : language(settings.lang);
    const texts: Texts = withOwn(languages[language(settings.lang)] as Texts, own);
    render(
      <Panel
        conversation={talk}
        texts={texts}
        lang={lang}
        direction={direction(lang)}
        title={settings.name ?? texts.title}
        server={settings.server}
        shown={shown}
        input={input}
        onClose={() => host.close()}
        onSettle={() => chat.focus()}
      />,
      place,
    );
  };
  const loadOwn = async (): Promise<void> => {
    if (!settings.texts) return;
    try {
      const answer = await fetch(settings.texts, { credentials: "omit" });
      own = await answer.json();
      draw();
    } catch {
      host.emit("error", "The texts could not be loaded.");
    }
  };

  // The part of a phone's screen that its keyboard leaves free.
  const fit = (): void => {
    const view = window.visualViewport;
    if (!view) return;
    place.style.setProperty("--visible", `${view.height}px`);
    place.style.setProperty("--from-top", `${view.offsetTop}px`);
  };
  window.visualViewport?.addEventListener("resize", fit);
  window.visualViewport?.addEventListener("scroll", fit);

  const stop = talk.onMessage((message) => {
    host.emit("message", message);
    if (shown || message.from !== "advisor") return;
    unread += 1;
    host.unread(unread);
    host.emit("unread", unread);
  });

  talk.consent(settings.consent);
  fit();
  draw();
  talk.resume();
  void loadOwn();

  const chat: Chat = {
    show() {
      shown = true;
      unread = 0;
      host.unread(0);
      fit();
      draw();
      chat.focus();
    },
    hide() {
      shown = false;
      draw();
    },
    focus() {
      // On a touch screen the field would call the keyboard up over the greeting.
      const touch = matchMedia("(pointer: coarse)").matches;
      const panel = place.querySelector<HTMLElement>(".panel");
      (touch ? panel : input.current)?.focus({ preventScroll: true });
    },
    send: (text, starter) => {
      if (text.trim()) talk.say(text.trim(), starter ? `starter:${starter}` : null);
    },
    restart: () => void talk.restart(),
    identify: (token) => talk.identify(token),
    update(next) {
      settings = next;
      talk.consent(next.consent);
      draw();
      if (!own) void loadOwn();
    },
    unmount() {
      stop();
      window.visualViewport?.removeEventListener("resize", fit);
      window.visualViewport?.removeEventListener("scroll", fit);
      render(null, place);
      place.remove();
      host.view.adoptedStyleSheets = host.view.adoptedStyleSheets.filter((one) => one !== sheet);
      talk.close();
    },
  };
  return chat;
}
