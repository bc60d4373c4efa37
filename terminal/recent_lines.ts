/**
 * The lines that were printed last. A resize of the window prints some of them again.
 * @module
 */
import { cellsOf, lastRows, type WidthOf, wrap } from "./rows.ts";

/** No window has more rows. */
const LIMIT_LINES = 500;

/** The part of a window that messages may fill. */
export interface Room {
  readonly columns: number;
  readonly rows: number;
}

/** A line, and the name by which its mark is changed, if it begins with one. */
interface Recent {
  text: string;
  readonly name: string | undefined;
}

export class RecentLines {
  #lines: Recent[] = [];
  readonly #widthOf: WidthOf;

  constructor(widthOf: WidthOf) {
    this.#widthOf = widthOf;
  }

  /** Adds lines. With a name the first of them begins with a mark of one cell. */
  add(lines: readonly string[], name?: string): void {
    const added = lines.map((text, at) => ({ text, name: at === 0 ? name : undefined }));
    this.#lines = [...this.#lines, ...added].slice(-LIMIT_LINES);
  }

  /**
   * Puts another mark at the begin of the line with this name. Returns how many rows stand from there to the
   * end; `undefined` if the line is not here any more.
   */
  mark(name: string, mark: string, columns: number): number | undefined {
    const at = this.#lines.findLastIndex((line) => line.name === name);
    const line = this.#lines[at];
    if (line === undefined) return undefined;
    line.text = mark + cellsOf(line.text).slice(1).join("");
    return this.#lines.slice(at).reduce((sum, { text }) => sum + this.#rowsOf(text, columns).length, 0);
  }

  clear(): void {
    this.#lines = [];
  }

  /** How many rows the lines fill. Counting stops with the line that reaches `enough` rows. */
  countRows(columns: number, enough: number): number {
    let count = 0;
    for (const { text } of this.#lines.toReversed()) {
      if (count >= enough) break;
      count += this.#rowsOf(text, columns).length;
    }
    return count;
  }

  /**
   * The lines that may be in sight after a resize. Nobody knows if they stand as they did `before`, or if the
   * terminal has wrapped them anew, as they are to stand `after`. They may need more room than there is.
   * Every line that was cleared has to be printed again, even if it only leaves at the top, where the user
   * can scroll back to it.
   */
  inSight(before: Room, after: Room): string[] {
    const lines: string[] = [];
    let seenBefore = 0;
    let seenAfter = 0;
    for (const { text } of this.#lines.toReversed()) {
      const rowsBefore = this.#rowsOf(text, before.columns);
      const rowsAfter = this.#rowsOf(text, after.columns);
      const room = before.rows - seenBefore;
      // A blank row was there as well, though it has no cell.
      const stillThere = room > 0 ? Math.max(rowsBefore.slice(-room).flat().length, 1) : 0;
      const wanted = Math.max(after.rows - seenAfter, rowsHolding(stillThere, rowsAfter));
      if (wanted <= 0) break;
      lines.unshift(wanted >= rowsAfter.length ? text : lastRows(rowsAfter, wanted));
      seenBefore += rowsBefore.length;
      seenAfter += rowsAfter.length;
    }
    return lines;
  }

  #rowsOf(text: string, columns: number): string[][] {
    return wrap(cellsOf(text), columns, this.#widthOf);
  }
}

/** How many rows, counted from the last one, hold so many cells. */
function rowsHolding(cells: number, rows: readonly (readonly string[])[]): number {
  let count = 0;
  for (const row of rows.toReversed()) {
    if (cells <= 0) break;
    cells -= row.length;
    count++;
  }
  return count;
}
