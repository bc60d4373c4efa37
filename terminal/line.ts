/**
 * The line that is being typed: grapheme clusters, each in a cell, and a cursor between two cells. All
 * functions are pure.
 * @module
 */
import { TEXT_BYTES } from "../core/base/limits.ts";
import { graphemesIn, graphemesOf } from "./rows.ts";

/** `cursor` counts cells: 0 is before the first. A cell may be "\n" or "\t", which come from a paste only. */
export interface Line {
  readonly cells: readonly string[];
  readonly cursor: number;
}

/** More than the longest message and its command: a user meets the limit of messages first, which says so. */
export const LINE_LIMIT_CHARACTERS = TEXT_BYTES + 256;

export const EMPTY_LINE: Line = { cells: [], cursor: 0 };

/** The line as it is submitted. */
export function textOf(line: Line): string {
  return line.cells.join("");
}

/** Spaces stand for a tab on the screen: the width of a tab itself depends on the column it stands in. */
const TAB_SHOWN = [" ", " ", " ", " "];

/** True if the text has room in the line as a whole. */
export function hasRoom(line: Line, text: string): boolean {
  return lengthOf(line.cells) + text.length <= LINE_LIMIT_CHARACTERS;
}

/** A pasted text with more lines is one cell until it is sent. */
const LINES_OF_A_BLOCK = 5;

/** True if a cell is a pasted text of many lines: no grapheme has a line break and something else. */
function isBlock(cell: string | undefined): cell is string {
  return cell !== undefined && cell.length > 1 && cell.includes("\n");
}

/** The line as it is shown. It stays one line, so a sign stands for a line break. */
export function shown(line: Line): Line {
  const show = (cells: readonly string[]) =>
    cells.flatMap((cell) => {
      if (isBlock(cell)) return graphemesOf(`[${linesIn(cell)} lines]`);
      return cell === "\n" ? "⏎" : cell === "\t" ? TAB_SHOWN : cell;
    });
  const before = show(line.cells.slice(0, line.cursor));
  return { cells: [...before, ...show(line.cells.slice(line.cursor))], cursor: before.length };
}

/** The line with the text of its blocks. */
export function unfolded(line: Line): Line {
  return line.cells.some(isBlock) ? lineOf(textOf(line)) : line;
}

/** Puts a pasted text at the cursor, as one cell if it has many lines. */
export function insertPasted(line: Line, text: string): Line {
  if (linesIn(text) <= LINES_OF_A_BLOCK) return insert(line, text);
  const { cells, cursor } = line;
  return { cells: [...cells.slice(0, cursor), text, ...cells.slice(cursor)], cursor: cursor + 1 };
}

function linesIn(text: string): number {
  const breaks = text.split("\n").length;
  return text.endsWith("\n") ? breaks - 1 : breaks;
}

/** A line with this text, and the cursor behind it. */
export function lineOf(text: string): Line {
  return replace(EMPTY_LINE, 0, 0, text);
}

/** Puts text at the cursor; the part that would make the line too long is left out. */
export function insert(line: Line, text: string): Line {
  return replace(line, line.cursor, line.cursor, text);
}

/**
 * Puts text in the place of the cells from `from` to before `to`, and the cursor behind it. The text and its
 * surroundings are cut into cells anew, since new neighbours may make one grapheme: a letter, and an accent
 * typed after it. The cutting begins with the cell before the text. Behind the text it stops at the first
 * border of cells that was one before, since cells do not depend on anything in front of such a border.
 */
export function replace(line: Line, from: number, to: number, text: string): Line {
  // A block stays as it is, and nothing joins it.
  const joins = isBlock(line.cells[from - 1]) ? 0 : 1;
  const cells = line.cells.slice(0, Math.max(0, from - joins));
  const before = joins > 0 ? line.cells[from - 1] ?? "" : "";
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

/** The beginning of the word at or before the cursor. Blanks separate words. */
export function wordStart(line: Line): number {
  let at = line.cursor;
  while (at > 0 && isBlank(line.cells[at - 1])) at--;
  while (at > 0 && !isBlank(line.cells[at - 1])) at--;
  return at;
}

/** The end of the word at or after the cursor. */
export function wordEnd(line: Line): number {
  let at = line.cursor;
  while (at < line.cells.length && isBlank(line.cells[at])) at++;
  while (at < line.cells.length && !isBlank(line.cells[at])) at++;
  return at;
}

/** True if a cell separates words. */
export function isBlank(cell: string | undefined): boolean {
  return cell !== undefined && /^\s/u.test(cell);
}

/** The beginning of a text, at most `room` UTF-16 code units, cut between graphemes. */
function fitting(text: string, room: number): string {
  if (text.length <= room) return text;
  let length = 0;
  for (const cell of graphemesOf(text)) {
    if (length + cell.length > room) break;
    length += cell.length;
  }
  return text.slice(0, length);
}
