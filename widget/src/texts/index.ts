/** The interface's words. A language is a file beside this one; add it to `languages`. */
import ar from "./ar.json";
import en from "./en.json";
import es from "./es.json";
import fr from "./fr.json";
import id from "./id.json";

export type Texts = typeof en;
export type Key = Exclude<keyof Texts, "launcher" | "starters">;

export const languages: Record<string, Texts> = { ar, en, es, fr, id };
const RIGHT_TO_LEFT = /^(ar|dv|fa|he|ku-arab|ps|sd|ug|ur|yi)\b/;

/** Return the known language that a tag such as "fr-CA" asks for, English where none fits. */
export function language(tag: string): string {
  const main = tag.toLowerCase().split("-")[0] ?? "";
  return main in languages ? main : "en";
}

/** Return the direction of writing of a language tag. */
export function direction(tag: string): "ltr" | "rtl" {
  return RIGHT_TO_LEFT.test(tag.toLowerCase()) ? "rtl" : "ltr";
}

/** Put values into a text's `{names}`. */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Return the known texts with an operator's own over them; what is no string is left out. */
export function withOwn(texts: Texts, own: unknown): Texts {
  if (typeof own !== "object" || own === null) return texts;
  const strings = (from: object, base: object): object =>
    Object.fromEntries(
      Object.entries(base).map(([key, value]) => {
        const mine: unknown = (from as Record<string, unknown>)[key];
        if (typeof value === "string") return [key, typeof mine === "string" ? mine : value];
        return [key, typeof mine === "object" && mine !== null ? strings(mine, value) : value];
      }),
    );
  return strings(own, texts) as Texts;
}
