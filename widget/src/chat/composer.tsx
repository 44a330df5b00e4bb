/** Where one writes. */
import type { JSX, RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import { useDesk } from "./context";
import { Icon } from "./icons";

const LIMIT_CHARACTERS = 2000;
const WARN_BELOW = 200;

export function Composer(props: {
  input: RefObject<HTMLTextAreaElement | null>;
  onSay(text: string): void;
}): JSX.Element {
  const { t } = useDesk();
  const [text, setText] = useState("");
  // Counted as the server counts: an emoji is one.
  const left = LIMIT_CHARACTERS - [...text.trim()].length;
  const fit = (): void => {
    const box = props.input.current;
    if (!box) return;
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, 140)}px`;
  };
  useLayoutEffect(fit, [text]);
  const send = (): void => {
    if (!text.trim() || left < 0) return;
    props.onSay(text.trim());
    setText("");
    props.input.current?.focus();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={props.input}
        rows={1}
        value={text}
        // An empty field has the placeholder's direction, the interface's.
        {...(text ? { dir: "auto" as const } : {})}
        aria-label={t("input")}
        placeholder={t("placeholder")}
        aria-invalid={left < 0}
        aria-describedby="left"
        enterkeyhint="send"
        autocomplete="off"
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          // While letters are being composed, Enter picks one.
          if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          send();
        }}
      />
      <button type="submit" class="send" aria-label={t("send")} aria-disabled={!text.trim() || left < 0}>
        <Icon name="send" mirrored />
      </button>
      <p id="left" class="left" role="status">
        {left < 0
          ? t("too_long", { n: LIMIT_CHARACTERS, over: -left })
          : left < WARN_BELOW
            ? t("left", { n: left })
            : ""}
      </p>
    </form>
  );
}
