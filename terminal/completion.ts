/**
 * The Tab key completes the word before the cursor.
 * @module
 */
import { isBlank, type Line, replace, textOf } from "./line.ts";
import { graphemesOf } from "./rows.ts";

/** Returns the words that may take the place of the one before the cursor, an offset (UTF-16) into `line`. */
export type Complete = (line: string, cursor: number) => readonly string[];

/**
 * A single candidate replaces the word, with a space behind it. Several candidates replace it by their common
 * beginning. If that is no longer than the word itself, they are returned, to be listed.
 */
export function completeWord(line: Line, complete: Complete): { line: Line; candidates: readonly string[] } {
  const candidates = complete(textOf(line), line.cells.slice(0, line.cursor).join("").length);
  const [first] = candidates;
  if (first === undefined) return { line, candidates };

  const start = startOfWord(line);
  if (candidates.length === 1) {
    // Behind a folder more is to be typed.
    const end = first.endsWith("/") ? "" : " ";
    return { line: replace(line, start, line.cursor, first + end), candidates: [] };
  }
  const common = commonBeginning(candidates);
  const word = line.cells.slice(start, line.cursor).join("");
  if (common.length <= word.length) return { line, candidates };
  return { line: replace(line, start, line.cursor, common), candidates: [] };
}

/** Where the word begins that is to be completed. */
export function startOfWord({ cells, cursor }: Line): number {
  let start = cursor;
  while (start > 0 && !isBlank(cells[start - 1])) start--;
  return start;
}

function commonBeginning(words: readonly string[]): string {
  const [first = [], ...others] = words.map(graphemesOf);
  const end = first.findIndex((cell, at) => others.some((other) => other[at] !== cell));
  return (end < 0 ? first : first.slice(0, end)).join("");
}
