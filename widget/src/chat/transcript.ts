/** The conversation as plain text, for a file or the printer. */
import { fill, type Texts } from "../texts";
import type { Message } from "../types";
import { plain } from "./words";

function spoken(message: Message): string {
  const said = plain(message.text);
  // Every text is complete without its card; addresses of buttons are in the buttons alone.
  const links = message.buttons.flatMap(({ title, url }) => (url ? [`${title}: ${url}`] : []));
  return [said, ...links].filter(Boolean).join("\n");
}

export function transcript(messages: readonly Message[], title: string, texts: Texts, lang: string): string {
  const time = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" });
  const head = fill(texts.transcript, { title });
  const lines = messages
    .filter((message) => spoken(message))
    .map((message) => {
      const who = message.from === "person" ? texts.you : title;
      return `${who} · ${time.format(new Date(message.at))}\n${spoken(message)}`;
    });
  return [head, ...lines, texts.fine_print].join("\n\n") + "\n";
}

export function download(text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `preceptor-${new Date().toISOString().slice(0, 10)}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Print from a frame of its own, so that the host page's styles have no say. */
export function print(text: string, lang: string, direction: string): void {
  const frame = document.createElement("iframe");
  frame.title = "print";
  frame.style.cssText = "position:fixed;width:0;height:0;border:0;visibility:hidden";
  document.body.append(frame);
  const page = frame.contentWindow;
  if (!page) return;
  page.document.documentElement.lang = lang;
  page.document.documentElement.dir = direction;
  const words = page.document.createElement("pre");
  words.textContent = text;
  words.style.cssText = "font:11pt/1.5 system-ui,sans-serif;white-space:pre-wrap;overflow-wrap:anywhere";
  page.document.body.append(words);
  page.addEventListener("afterprint", () => setTimeout(() => frame.remove()));
  page.print();
}
