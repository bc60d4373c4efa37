/**
 * The keys that only a full screen has. The others are those of the input line.
 * @module
 */

export type FullKey =
  | { readonly name: "help" | "pageUp" | "pageDown" | "newest" | "nextTab" | "previousTab" | "nextUnread" }
  /** The conversation with this number, from 0. */
  | { readonly name: "tab"; readonly at: number }
  | { readonly name: "wheel"; readonly rows: number }
  /** A click at this place, both from 0. */
  | { readonly name: "click"; readonly row: number; readonly column: number };

const KEYS: ReadonlyMap<string, FullKey> = new Map<string, FullKey>([
  ["\x1bOP", { name: "help" }], // xterm, F1
  ["\x1b[11~", { name: "help" }], // rxvt
  ["\x1b[[A", { name: "help" }], // the Linux console
  ["\x1b[5~", { name: "pageUp" }],
  ["\x1b[6~", { name: "pageDown" }],
  ["\x1b[1;5F", { name: "newest" }], // ctrl-end
  ["\x1b[1;3F", { name: "newest" }], // alt-end
  ["\x1b[1;3B", { name: "nextTab" }], // alt-down
  ["\x1b[1;3A", { name: "previousTab" }], // alt-up
  ["\x1b[1;5B", { name: "nextTab" }], // ctrl-down
  ["\x1b[1;5A", { name: "previousTab" }], // ctrl-up
  ["\x1ba", { name: "nextUnread" }], // alt-a
]);

/** How many rows a notch of the wheel goes. */
const WHEEL_ROWS = 3;

/** "SGR" reports of the mouse (xterm control sequences): button, column and row from 1, M for a press. */
// deno-lint-ignore no-control-regex -- the escape character is what it begins with
const MOUSE = /^\x1b\[<(\d+);(\d+);(\d+)M$/;
const LEFT_BUTTON = 0;
const WHEEL_UP = 64;
const WHEEL_DOWN = 65;

/** The meaning of a complete sequence; `undefined` if it is not for a full screen alone. */
export function fullKey(sequence: string): FullKey | undefined {
  const key = KEYS.get(sequence);
  if (key !== undefined) return key;
  // deno-lint-ignore no-control-regex -- the escape character is what it begins with
  const [, digit] = /^\x1b([1-9])$/.exec(sequence) ?? [];
  if (digit !== undefined) return { name: "tab", at: Number(digit) - 1 };
  const [, button, column, row] = MOUSE.exec(sequence)?.map(Number) ?? [];
  if (button === WHEEL_UP) return { name: "wheel", rows: WHEEL_ROWS };
  if (button === WHEEL_DOWN) return { name: "wheel", rows: -WHEEL_ROWS };
  return button === LEFT_BUTTON ? { name: "click", row: row! - 1, column: column! - 1 } : undefined;
}
