/** Line icons, drawn for this widget on a grid of 24. */
import type { JSX } from "preact";

const PATHS = {
  close: "M6 6l12 12M18 6L6 18",
  down: "M12 5v14M6 13l6 6 6-6",
  left: "M14.5 6l-6 6 6 6",
  right: "M9.5 6l6 6-6 6",
  more: "M12 5.5v.01M12 12v.01M12 18.5v.01",
  send: "M5 12h13M12.5 5.5L19 12l-6.5 6.5",
  pin: "M12 21s-6.5-5.8-6.5-11a6.5 6.5 0 0 1 13 0c0 5.2-6.5 11-6.5 11zM12 12.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.2 2",
  price: "M12.5 3.5H20V11l-8.8 8.8a1.5 1.5 0 0 1-2.1 0l-5.4-5.4a1.5 1.5 0 0 1 0-2.1zM16 8v.01",
  cross: "M9.5 4h5v5.5H20v5h-5.5V20h-5v-5.5H4v-5h5.5z",
  up: "M7.5 11v9M7.5 11l3.8-7.2c1.6 0 2.6 1.2 2.3 2.7L13 9.5h5.3a1.9 1.9 0 0 1 1.9 2.3l-1.3 6.4a2.2 2.2 0 0 1-2.2 1.8H4.5a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1z",
  phone: "M6.3 3.8h2.5l1.6 4.1-2 1.5a12 12 0 0 0 6.2 6.2l1.5-2 4.1 1.6v2.5a2 2 0 0 1-2.2 2A16.5 16.5 0 0 1 4.3 6a2 2 0 0 1 2-2.2z",
  out: "M13.5 4.5h6v6M19 5l-8.5 8.5M17.5 14v4a1.5 1.5 0 0 1-1.5 1.5H6A1.5 1.5 0 0 1 4.5 18V8A1.5 1.5 0 0 1 6 6.5h4",
  save: "M6.5 4h11a1 1 0 0 1 1 1v15l-6.5-4.3L5.5 20V5a1 1 0 0 1 1-1z",
  restart: "M4.5 12a7.5 7.5 0 1 0 2.4-5.5M4.5 4v4h4",
  file: "M12 4v11M7 10.5l5 5 5-5M5 20h14",
  print: "M7.5 8.5V3.5h9v5M7.5 17.5h-3v-8a1 1 0 0 1 1-1h13a1 1 0 0 1 1 1v8h-3M7.5 14h9v6.5h-9z",
  wide: "M4 9V4h5M20 15v5h-5M4 4l6 6M20 20l-6-6",
  check: "M5 12.5l4.5 4.5L19 7.5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, mirrored }: { name: IconName; mirrored?: boolean }): JSX.Element {
  return (
    <svg class={mirrored ? `icon mirrored i-${name}` : `icon i-${name}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
