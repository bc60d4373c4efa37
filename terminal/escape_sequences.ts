/**
 * The escape sequences that terminals send for keys, as xterm, the Linux console, rxvt, tmux and the VT220
 * do.
 * @module
 */
import type { Rgb } from "./palette.ts";

/** A command to the input line. */
export type KeyCommand =
  | "enter"
  | "tab"
  | "backspace"
  | "delete"
  | "left"
  | "right"
  | "up"
  | "down"
  | "home"
  | "end"
  | "wordLeft"
  | "wordRight"
  | "killToEnd"
  | "killToStart"
  | "killWord"
  | "yank"
  | "clearScreen"
  | "interrupt"
  | "deleteOrEnd"
  | "suspend"
  | "killLettersBefore"
  | "killLettersBehind"
  | "yankOlder"
  | "undo"
  | "revert"
  | "transposeLetters"
  | "transposeWords"
  | "upperWord"
  | "lowerWord"
  | "capitalWord"
  | "deleteBlanks"
  | "lastWord"
  | "oldest"
  | "newest"
  | "search"
  | "searchForward"
  | "abort"
  | "editor";

/** Something that the terminal tells by itself, or because it was asked. */
export type Report = /** The colour of its background. */
  | { readonly name: "background"; readonly colour: Rgb }
  /** Its window has the focus now, or has lost it. */
  | { readonly name: "focus"; readonly hasFocus: boolean }
  /** The cursor was in this column, counted from 1. */
  | { readonly name: "cursor"; readonly column: number }
  /** It is there. */
  | { readonly name: "status" };

/** A terminal puts these around a paste once it was asked to ("bracketed paste", xterm control sequences). */
export const PASTE_BEGINS = "\x1b[200~";
export const PASTE_ENDS = "\x1b[201~";

/** It begins a report that is a text (OSC), which ends with BEL or ST. */
export const TEXT_REPORT = "\x1b]";

/** No key sends a longer sequence. A longer one is noise, and must not swallow the keys typed after it. */
const LONGEST_SEQUENCE = 32;

/** Sequences of Alt with a key, and of the keypad's "application mode". */
const SHORT: ReadonlyMap<string, KeyCommand> = new Map([
  ["\x1bb", "wordLeft"],
  ["\x1bf", "wordRight"],
  ["\x1b\x7f", "killLettersBefore"],
  ["\x1bd", "killLettersBehind"],
  ["\x1by", "yankOlder"],
  ["\x1br", "revert"],
  ["\x1bt", "transposeWords"],
  ["\x1bu", "upperWord"],
  ["\x1bl", "lowerWord"],
  ["\x1bc", "capitalWord"],
  ["\x1b\\", "deleteBlanks"],
  ["\x1b.", "lastWord"],
  ["\x1b_", "lastWord"],
  ["\x1b<", "oldest"],
  ["\x1b>", "newest"],
  ["\x1bOA", "up"],
  ["\x1bOB", "down"],
  ["\x1bOC", "right"],
  ["\x1bOD", "left"],
  ["\x1bOH", "home"],
  ["\x1bOF", "end"],
  ["\x1bOc", "wordRight"], // rxvt, ctrl-right
  ["\x1bOd", "wordLeft"], // rxvt, ctrl-left
]);

/** The meaning of ESC [ LETTER. */
const LETTERS: ReadonlyMap<string, KeyCommand> = new Map([
  ["A", "up"],
  ["B", "down"],
  ["C", "right"],
  ["D", "left"],
  ["H", "home"],
  ["F", "end"],
]);

/** The meaning of ESC [ NUMBER ~, which the VT220 has introduced. */
const NUMBERS: ReadonlyMap<string, KeyCommand> = new Map([
  ["1", "home"],
  ["3", "delete"],
  ["4", "end"],
  ["7", "home"],
  ["8", "end"],
]);

/** The number of Shift among the modifiers. It changes no key here; those of Alt and Ctrl are higher. */
const SHIFT = 2;

/** True if nothing more belongs to `sequence`, which is Escape and at least one character more. */
export function isComplete(sequence: string): boolean {
  if (sequence.length >= LONGEST_SEQUENCE) return true;
  // The Linux console sends ESC [ [ A for F1: the second bracket ends nothing.
  if (/^.(\[|O|\[\[|\])$/s.test(sequence)) return false;
  return sequence[1] !== "[" || /[@-~]$/.test(sequence);
}

/** The report that a complete sequence is. */
export function reportOf(sequence: string): Report | undefined {
  if (sequence === "\x1b[I" || sequence === "\x1b[O") {
    return { name: "focus", hasFocus: sequence.endsWith("I") };
  }
  const [, column] = CURSOR.exec(sequence) ?? [];
  if (column !== undefined) return { name: "cursor", column: Number(column) };
  if (sequence === "\x1b[0n") return { name: "status" };
  const [, ...parts] = BACKGROUND.exec(sequence) ?? [];
  if (parts.length === 0) return undefined;
  const [red = 0, green = 0, blue = 0] = parts.map((part) => parseInt(part, 16) / (16 ** part.length - 1));
  return { name: "background", colour: { red, green, blue } };
}

/** The answer to CSI 6 n. F3 with a modifier looks the same, which means nothing here. */
const CURSOR = /^.\[\d+;(\d+)R$/s;

/** The answer to OSC 11, as the X Window System writes colours: one to four digits for each. */
const BACKGROUND = /^.\]11;rgba?:([\da-f]{1,4})\/([\da-f]{1,4})\/([\da-f]{1,4})/si;

/** The command of a complete sequence; `undefined` if it has no meaning for an input line. */
export function escapeSequence(sequence: string): KeyCommand | undefined {
  const short = SHORT.get(sequence);
  if (short) return short;
  const [, first = "", second = "", final = ""] = /^.\[(\d*)(?:;(\d+))?([A-Z~])$/s.exec(sequence) ?? [];
  if (final === "~") return NUMBERS.get(first);
  const key = LETTERS.get(final);
  // ESC [ 1 ; 5 D is ctrl-left; some terminals leave out the 1.
  const isJump = Number(second || first) > SHIFT;
  if (isJump && key === "left") return "wordLeft";
  if (isJump && key === "right") return "wordRight";
  return key;
}
