/**
 * The line being typed: grapheme clusters and a cursor between two of them. All functions are pure.
 * @module
 */
import { TEXT_BYTES } from "../core/base/limits.ts";
import { graphemesIn, graphemesOf } from "./rows.ts";

/** `cursor` counts cells: 0 is before the first. A cell may be "\n", which only a paste brings. */
export interface Line {
  readonly cells: readonly string[];
  readonly cursor: number;
}

/** Longer than any message with its command may be: the limit that a user meets is the message's, with its words. */
export const LINE_LIMIT_CHARACTERS = TEXT_BYTES + 256;

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
 * Puts text in the place of the cells from `from` to before `to`, and the cursor behind it. Around it cells are cut
 * anew, for what comes to stand side by side may be one grapheme: an accent typed after its letter. That begins with
 * the cell before, and is over where a cell ends that ended there before: what follows depends on nothing further left.
 */
export function replace(line: Line, from: number, to: number, text: string): Line {
  const cells = line.cells.slice(0, Math.max(0, from - 1));
  const before = line.cells[from - 1] ?? "";
  const after = line.cells.slice(to);
  const kept = lengthOf(cells) + before.length + lengthOf(after);
  const inserted = fitting(text, LINE_LIMIT_CHARACTERS - kept);
  const end = before.length + inserted.length;
  let cursor = cells.length;
  let offset = 0;
  let next = 0;
  let nextAt = end;
  for (const cell of graphemesIn(before + inserted + after.join(""))) {
    if (offset === nextAt) {
      cells.push(...after.slice(next));
      break;
    }
    cells.push(cell);
    offset += cell.length;
    if (offset - cell.length < end) cursor = cells.length;
    while (nextAt < offset) nextAt += after[next++]!.length;
  }
  return { cells, cursor };
}

function lengthOf(cells: readonly string[]): number {
  return cells.reduce((sum, { length }) => sum + length, 0);
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
