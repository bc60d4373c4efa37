/**
 * The line being typed: grapheme clusters and a cursor between two of them. All functions are pure.
 * @module
 */
import { graphemesOf } from "./rows.ts";

/** `cursor` counts cells: 0 is before the first. A cell may be "\n", which only a paste brings. */
export interface Line {
  readonly cells: readonly string[];
  readonly cursor: number;
}

/** Longer than any message may be, so that the limit that a user meets is the message's, with its words. */
export const LINE_LIMIT_CHARACTERS = 4_000;

export const EMPTY_LINE: Line = { cells: [], cursor: 0 };

/** The line as it is submitted. */
export function textOf(line: Line): string {
  return line.cells.join("");
}

/** The line as it is shown: a line break has a sign of its own, for the line stays one line. */
export function shown(line: Line): Line {
  return { cells: line.cells.map((cell) => cell === "\n" ? "⏎" : cell), cursor: line.cursor };
}

/** A line with this text, the cursor behind it. */
export function lineOf(text: string): Line {
  return replace(EMPTY_LINE, 0, 0, text);
}

/** Puts text at the cursor; what would make the line too long is left out. */
export function insert(line: Line, text: string): Line {
  return replace(line, line.cursor, line.cursor, text);
}

/**
 * Puts text in the place of the cells from `from` to before `to`, and the cursor behind it.
 * Cells are cut anew, for what comes to stand side by side may be one grapheme: an accent typed after its letter.
 */
export function replace(line: Line, from: number, to: number, text: string): Line {
  const before = line.cells.slice(0, from).join("");
  const after = line.cells.slice(to).join("");
  const inserted = fitting(text, LINE_LIMIT_CHARACTERS - before.length - after.length);
  const cells = graphemesOf(before + inserted + after);
  let offset = 0;
  const cursor = cells.findIndex((cell) => {
    if (offset >= before.length + inserted.length) return true;
    offset += cell.length;
    return false;
  });
  return { cells, cursor: cursor < 0 ? cells.length : cursor };
}

/** Moves the cursor, never past an end. */
export function moveTo(line: Line, cursor: number): Line {
  return { cells: line.cells, cursor: Math.min(Math.max(cursor, 0), line.cells.length) };
}

/** Where the word at or before the cursor begins. Words are what blanks separate. */
export function wordStart(line: Line): number {
  let at = line.cursor;
  while (at > 0 && isBlank(line.cells[at - 1])) at--;
  while (at > 0 && !isBlank(line.cells[at - 1])) at--;
  return at;
}

/** Where the word at or after the cursor ends. */
export function wordEnd(line: Line): number {
  let at = line.cursor;
  while (at < line.cells.length && isBlank(line.cells[at])) at++;
  while (at < line.cells.length && !isBlank(line.cells[at])) at++;
  return at;
}

/** Whether a cell separates words. */
export function isBlank(cell: string | undefined): boolean {
  return cell !== undefined && /^\s/u.test(cell);
}

/** The beginning of a text that has room, cut between graphemes. */
function fitting(text: string, room: number): string {
  if (text.length <= room) return text;
  let length = 0;
  for (const cell of graphemesOf(text)) {
    if (length + cell.length > room) break;
    length += cell.length;
  }
  return text.slice(0, length);
}
