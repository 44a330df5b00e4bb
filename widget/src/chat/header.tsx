/** The header of the open chat, its menu, and the question that the menu may ask. */
import type { JSX, RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useDesk } from "./context";
import { Icon } from "./icons";

export type Entry = ["save" | "file" | "print" | "restart", string, () => void];

export function Header(props: {
  title: string;
  wide: boolean;
  onWiden(): void;
  menuButton: RefObject<HTMLButtonElement | null>;
  menu: boolean;
  onMenu(shown: boolean): void;
  entries: Entry[];
  /** An entry was used; all but "restart" give the focus back to the menu's button. */
  onUsed(name: string): void;
  inert: boolean;
  onClose(): void;
}): JSX.Element {
  const { t } = useDesk();
  return (
    <div class="header" inert={props.inert}>
      <span class="mark" aria-hidden="true">
        <Icon name="cross" />
      </span>
      <div class="names">
        <h2>{props.title}</h2>
        <p>{t("subtitle")}</p>
      </div>
      <button
        type="button"
        class="quiet widen"
        aria-label={t(props.wide ? "narrow" : "widen")}
        aria-pressed={props.wide}
        onClick={props.onWiden}
      >
        <Icon name="wide" mirrored />
      </button>
      <button
        ref={props.menuButton}
        type="button"
        class="quiet"
        aria-label={t("menu")}
        aria-expanded={props.menu}
        aria-controls="menu"
        onClick={() => props.onMenu(!props.menu)}
      >
        <Icon name="more" />
      </button>
      <button type="button" class="quiet" aria-label={t("close")} onClick={props.onClose}>
        <Icon name="close" />
      </button>
      <Menu
        shown={props.menu}
        entries={props.entries}
        onLeave={() => props.onMenu(false)}
        onDone={props.onUsed}
      />
    </div>
  );
}

function Menu(props: {
  shown: boolean;
  entries: Entry[];
  onLeave(): void;
  onDone(name: string): void;
}): JSX.Element {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    if (props.shown) list.current?.querySelector("button")?.focus();
  }, [props.shown]);
  const onKey = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...(list.current?.querySelectorAll("button") ?? [])];
    const at = all.findIndex((one) => one === event.target);
    all[(at + step + all.length) % all.length]?.focus();
  };
  const onBlur = (event: FocusEvent): void => {
    if (event.relatedTarget && !list.current?.contains(event.relatedTarget as Node)) props.onLeave();
  };
  return (
    <ul id="menu" ref={list} class="menu" hidden={!props.shown} onKeyDown={onKey} onFocusOut={onBlur}>
      {props.entries.map(([icon, label, action]) => (
        <li>
          <button
            type="button"
            onClick={() => {
              action();
              props.onDone(icon);
            }}
          >
            <Icon name={icon} />
            {label}
          </button>
        </li>
      ))}
    </ul>
  );
}

export function Question(props: { onYes(): void; onNo(): void }): JSX.Element {
  const { t } = useDesk();
  const stay = useRef<HTMLButtonElement>(null);
  useEffect(() => stay.current?.focus(), []);
  return (
    <div class="veil">
      <div class="question" role="alertdialog" aria-modal="true" aria-labelledby="question">
        <p id="question">{t("restart_sure")}</p>
        <div>
          <button ref={stay} type="button" onClick={props.onNo}>
            {t("restart_no")}
          </button>
          <button type="button" class="primary" onClick={props.onYes}>
            {t("restart_yes")}
          </button>
        </div>
      </div>
    </div>
  );
}
