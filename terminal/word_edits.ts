/**
 * The work of readline's keys on letters and words: transpose them, and change their case. All functions are
 * pure.
 * @module
 */
import { isBlank, type Line, moveTo, replace, wordEnd, wordStart } from "./line.ts";

/** Ctrl-t: the letter before the cursor goes behind the one at it; at the end the last two change places. */
export function transposeLetters(line: Line): Line {
  const { cells, cursor } = line;
  const at = Math.min(cursor, cells.length - 1);
  if (at < 1) return line;
  return replace(line, at - 1, at + 1, cells[at]! + cells[at - 1]!);
}

/** Alt-t: the word before the cursor and the one behind it change places; at the end the last two. */
export function transposeWords(line: Line): Line {
  const end = wordEnd(line);
  const second = wordStart(moveTo(line, end));
  const first = wordStart(moveTo(line, second));
  const firstEnd = wordEnd(moveTo(line, first));
  if (firstEnd > second || second === end || first === second) return line;
  const text = (from: number, to: number) => line.cells.slice(from, to).join("");
  return replace(line, first, end, text(second, end) + text(firstEnd, second) + text(first, firstEnd));
}

/** Alt-u, alt-l, alt-c: changes the rest of the word behind the cursor. */
export function changeWord(line: Line, change: "upper" | "lower" | "capital"): Line {
  const end = wordEnd(line);
  const text = line.cells.slice(line.cursor, end).join("");
  const changed = change === "upper"
    ? text.toUpperCase()
    : change === "lower"
    ? text.toLowerCase()
    : text.toLowerCase().replace(/\p{L}/u, (letter) => letter.toUpperCase());
  return replace(line, line.cursor, end, changed);
}

/** Where the word before the cursor begins, for alt-Backspace: letters and digits make a word. */
export function letterWordStart(line: Line): number {
  let at = line.cursor;
  while (at > 0 && !isLetter(line.cells[at - 1]!)) at--;
  while (at > 0 && isLetter(line.cells[at - 1]!)) at--;
  return at;
}

/** Where the word behind the cursor ends, for alt-d. */
export function letterWordEnd(line: Line): number {
  let at = line.cursor;
  while (at < line.cells.length && !isLetter(line.cells[at]!)) at++;
  while (at < line.cells.length && isLetter(line.cells[at]!)) at++;
  return at;
}

/** Alt-\: the blanks around the cursor go. */
export function withoutBlanks(line: Line): Line {
  let [from, to] = [line.cursor, line.cursor];
  while (isBlank(line.cells[from - 1])) from--;
  while (isBlank(line.cells[to])) to++;
  return replace(line, from, to, "");
}

/** The last word of a line of the history, for alt-. */
export function lastWordOf(text: string): string {
  return text.trim().split(/\s+/).at(-1) ?? "";
}

function isLetter(cell: string): boolean {
  return /^[\p{L}\p{N}]/u.test(cell);
}
