/**
 * How many columns each cell takes on this terminal. Terminals differ about some: emoji that are joined,
 * flags, and letters that are wide only in East Asian fonts. Those are asked for, each once. It is pure.
 * @module
 */
import stringWidth from "string-width";
import { columnsOf } from "./rows.ts";

/** The letters that are wide in some fonts are so all together; this one of them (U+00B7) is asked for. */
const AMBIGUOUS = "·";

/** Strangers write as many emoji as they like. */
const LIMIT_CELLS = 1_000;

/** More different cells than a text has, and longer than an emoji. */
const LIMIT_DOUBTS = 5_000;
const LONGEST_CELL = 40;

/** A letter with accents above or below it takes as much as the letter, everywhere. */
const WITH_ACCENTS = /^\P{M}\p{Mn}+$/u;

export class Widths {
  readonly #known = new Map<string, number>();
  /** The text to ask for each cell, or `null`: a long line is measured at every key. */
  readonly #doubts = new Map<string, string | null>();
  /** The text that the terminal was asked for and has not answered. One that never answers is asked once. */
  #asked: string | undefined;

  /** The columns of a cell: as the terminal has said, or as Unicode says. */
  readonly columnsOf = (cell: string): number => {
    if (isPlain(cell) || this.#known.size === 0) return columnsOf(cell);
    return this.#known.get(this.#doubtOf(cell) ?? "") ?? columnsOf(cell);
  };

  /** The text to ask for, if one of these cells is doubtful and nothing else is being asked for. */
  toAsk(cells: readonly string[]): string | undefined {
    if (this.#asked !== undefined || this.#known.size >= LIMIT_CELLS) return undefined;
    for (const cell of cells) {
      const name = isPlain(cell) ? null : this.#doubtOf(cell);
      if (name !== null && !this.#known.has(name)) return this.#asked = name;
    }
    return undefined;
  }

  /** The terminal has answered. Returns true if it differs from what was assumed. */
  answered(columns: number): boolean {
    const asked = this.#asked;
    this.#asked = undefined;
    // Nothing is wider than two letters, so another answer is about something else.
    if (asked === undefined || columns < 0 || columns > MOST_COLUMNS) return false;
    this.#known.set(asked, columns);
    return columns !== columnsOf(asked);
  }

  #doubtOf(cell: string): string | null {
    let doubt = this.#doubts.get(cell);
    if (doubt !== undefined) return doubt;
    doubt = doubtOf(cell);
    if (this.#doubts.size >= LIMIT_DOUBTS) this.#doubts.clear();
    this.#doubts.set(cell, doubt);
    return doubt;
  }
}

/** Some terminals show a family as each of its four people. */
const MOST_COLUMNS = 8;

/** True for what is the same on every terminal, and most of what is typed. */
function isPlain(cell: string): boolean {
  return cell.length === 1 && cell < "\u00a1" || cell.startsWith("\x1b");
}

/** The text to ask for to know the width of a cell; `null` if all terminals agree on it. */
function doubtOf(cell: string): string | null {
  if ([...cell].length > 1) return WITH_ACCENTS.test(cell) || cell.length > LONGEST_CELL ? null : cell;
  return stringWidth(cell, { ambiguousIsNarrow: false }) === columnsOf(cell) ? null : AMBIGUOUS;
}
