/**
 * The lines of one conversation, and the part of them that is in sight. Lines are kept as they came and
 * broken into rows for the width of the window, so that a resize wraps all of them anew.
 * @module
 */
import { cellsOf, coloursAfter, wordRows, wrap } from "../rows.ts";

/** Older lines are dropped: a history is kept on disk, if at all. */
const PANE_LINES = 5_000;

/** The last row in sight, while the user has scrolled back: a row of the line with this number. */
interface Place {
  readonly line: number;
  /** How many rows of that line are below the window. */
  readonly hidden: number;
}

export class Pane {
  #lines: string[] = [];
  /** The number of the first line that is kept. */
  #first = 0;
  /** `undefined` while the newest line is in sight. */
  #bottom: Place | undefined;
  /** The rows of lines as they were broken last, for one width. */
  #broken: { readonly columns: number; readonly rows: Map<number, readonly string[]> } | undefined;

  /** The length of all lines together, in UTF-16 code units. */
  #characters = 0;

  get characters(): number {
    return this.#characters;
  }

  /** The number that the next line will have. */
  get end(): number {
    return this.#first + this.#lines.length;
  }

  /** How many lines are below the window. */
  get linesBelow(): number {
    return this.#bottom === undefined
      ? 0
      : this.end - this.#bottom.line - 1 + (this.#bottom.hidden > 0 ? 1 : 0);
  }

  /** Adds a line, which may hold colours, and returns its number. */
  add(line: string): number {
    this.#lines.push(line);
    this.#characters += line.length;
    if (this.#lines.length > PANE_LINES) this.dropOldest();
    return this.end - 1;
  }

  /** Drops the first line. */
  dropOldest(): void {
    this.#characters -= this.#lines.shift()?.length ?? 0;
    this.#broken?.rows.delete(this.#first);
    this.#first++;
  }

  /** Puts another line in the place of one, unless that was dropped. */
  replace(number: number, line: string): void {
    if (number < this.#first) return;
    this.#characters += line.length - (this.#lines[number - this.#first]?.length ?? 0);
    this.#lines[number - this.#first] = line;
    this.#broken?.rows.delete(number);
  }

  /** The rows in sight, at most `height`. */
  rows(columns: number, height: number): string[] {
    const rows: string[] = [];
    for (let at = this.#place(columns); at.line >= this.#first && rows.length < height;) {
      const own = this.#rowsOf(at.line, columns);
      rows.unshift(...own.slice(0, own.length - at.hidden).slice(-(height - rows.length)));
      at = { line: at.line - 1, hidden: 0 };
    }
    return rows;
  }

  /** Goes so many rows back, or forward if that is negative, never further than a full window. */
  scroll(columns: number, height: number, rows: number): void {
    let { line, hidden } = this.#place(columns);
    for (; rows > 0; rows--) {
      if (hidden + 1 < this.#rowsOf(line, columns).length) hidden++;
      else if (line > this.#first) [line, hidden] = [line - 1, 0];
      else break;
    }
    for (; rows < 0; rows++) {
      if (hidden > 0) hidden--;
      else if (line < this.end - 1) line++, hidden = this.#rowsOf(line, columns).length - 1;
      else break;
    }
    this.#bottom = line === this.end - 1 && hidden === 0 ? undefined : { line, hidden };
    const missing = height - this.rows(columns, height).length;
    if (missing > 0 && this.#bottom !== undefined) this.scroll(columns, 0, -missing);
  }

  /** Goes to the newest line, and stays there. */
  toEnd(): void {
    this.#bottom = undefined;
  }

  #place(columns: number): Place {
    if (this.#bottom === undefined) return { line: this.end - 1, hidden: 0 };
    const line = Math.max(this.#bottom.line, this.#first);
    return { line, hidden: Math.min(this.#bottom.hidden, this.#rowsOf(line, columns).length - 1) };
  }

  #rowsOf(number: number, columns: number): readonly string[] {
    if (this.#broken?.columns !== columns) this.#broken = { columns, rows: new Map() };
    const known = this.#broken.rows.get(number);
    if (known !== undefined) return known;
    const rows = rowsOf(this.#lines[number - this.#first] ?? "", columns);
    this.#broken.rows.set(number, rows);
    return rows;
  }
}

/** Breaks a line between words, and words that are wider than the window. Each row has its colours. */
export function rowsOf(line: string, columns: number): string[] {
  return wordRows(line, columns).flatMap((row) => {
    let colours = "";
    return wrap(cellsOf(row), columns).map((cells) => {
      const before = colours;
      colours = cells.filter((cell) => cell.startsWith("\x1b")).reduce(coloursAfter, colours);
      return before + cells.join("");
    });
  });
}
