/**
 * The lines printed last, and how many of them a resize has to print again.
 * @module
 */
import { cellsOf, lastRows, wrap } from "./rows.ts";

/** No window has more rows. */
const LIMIT_LINES = 500;

/** The part of a window that messages may fill. */
export interface Room {
  readonly columns: number;
  readonly rows: number;
}

export class RecentLines {
  #lines: string[] = [];

  add(lines: readonly string[]): void {
    this.#lines = [...this.#lines, ...lines].slice(-LIMIT_LINES);
  }

  clear(): void {
    this.#lines = [];
  }

  /** How many rows the lines fill; at most a few more than `enough`, for it is not counted further. */
  countRows(columns: number, enough: number): number {
    let count = 0;
    for (const line of this.#lines.toReversed()) {
      if (count >= enough) break;
      count += wrap(cellsOf(line), columns).length;
    }
    return count;
  }

  /**
   * The lines that may be in sight, when nobody knows whether they stand there as they did `before` or were
   * wrapped anew as they are to stand `after`. They can be more than there is room for: what was cleared has
   * to be printed again, be it only to leave at the top, where the user can scroll back to it.
   */
  inSight(before: Room, after: Room): string[] {
    const lines: string[] = [];
    let seenBefore = 0;
    let seenAfter = 0;
    for (const line of this.#lines.toReversed()) {
      const cells = cellsOf(line);
      const rowsBefore = wrap(cells, before.columns);
      const rowsAfter = wrap(cells, after.columns);
      const room = before.rows - seenBefore;
      const stillThere = room > 0 ? rowsBefore.slice(-room).flat().length : 0;
      const wanted = Math.max(after.rows - seenAfter, rowsHolding(stillThere, rowsAfter));
      if (wanted <= 0) break;
      lines.unshift(wanted >= rowsAfter.length ? line : lastRows(rowsAfter, wanted));
      seenBefore += rowsBefore.length;
      seenAfter += rowsAfter.length;
    }
    return lines;
  }
}

/** How many rows, from the last, hold so many cells. */
function rowsHolding(cells: number, rows: readonly (readonly string[])[]): number {
  let count = 0;
  for (const row of rows.toReversed()) {
    if (cells <= 0) break;
    cells -= row.length;
    count++;
  }
  return count;
}
