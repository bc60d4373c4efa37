/**
 * The painter: it makes the frames that keep messages above and the input line below.
 *
 * Nothing else writes to the terminal, so the painter knows where the cursor is relative to the rows of the
 * input line. It needs to know nothing about the rest of the screen, except when the window changes its size.
 * Then some terminals wrap the text anew and others cut it off, and nobody can ask which. So a resize clears
 * everything of ours that may be in sight, by the larger of the two guesses, and writes it again.
 *
 * It is pure: every method returns one frame, a string to be written at once.
 * @module
 */
import type { Line } from "./line.ts";
import { RecentLines } from "./recent_lines.ts";
import { cellsOf, graphemesOf, wordRows, wrap } from "./rows.ts";
import { Widths } from "./widths.ts";

/** The window, in characters. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

const CLEAR_BELOW = "\x1b[J";
const CLEAR_ALL = "\x1b[H\x1b[J";

/**
 * The input leaves the last column free, except for the cursor. Terminals differ in how they treat a
 * character there: it may wrap now or with the next one, be cleared with everything right of it, take an
 * accent or not.
 */
const LAST_COLUMN = 1;

/**
 * The painter breaks the input into rows, and the terminal's own wrapping is off meanwhile (DECAWM of the
 * VT100). If the terminal takes an emoji for wider than we do, the row is cut off, and the count of rows
 * stays right.
 */
const WRAP_OFF = "\x1b[?7l";
const WRAP_ON = "\x1b[?7h";

/** Asks for the place of the cursor (ECMA-48, DSR). */
const WHERE_ASKED = "\x1b[6n";
/** A cell has room in such a window, however wide it is. */
const LEAST_TO_ASK = 10;

/** The rows of the input as they stand on the screen; the cursor is in row `at`, behind `before`. */
interface Painted {
  readonly rows: readonly (readonly string[])[];
  readonly at: number;
  readonly before: readonly string[];
}

const NOTHING: Painted = { rows: [[]], at: 0, before: [] };

export class Painter {
  #prompt: readonly string[];
  #size: Size;
  #painted = NOTHING;
  readonly #widths = new Widths();
  readonly #recent = new RecentLines(this.#widths.columnsOf);
  /**
   * True once a resize has pushed rows of ours out at the top, maybe some of the input among them. A larger
   * window brings them back, and nobody knows how many. So from then on everything in sight counts as ours.
   */
  #isAllOurs = false;
  /**
   * How many rows are above the input at least. Rows above them may have left at the top, or be of another
   * program.
   */
  #above = 0;
  /**
   * How many rows there are at least from the begin of the input down: those of a former, longer input are
   * blank now, and so are those by which the window has grown. A terminal that has rows above the window
   * (xterm) leaves blank rows where they are, and pushes others out at the top.
   */
  #depth = 0;
  #printed = 0;

  constructor(prompt: string, size: Size) {
    this.#prompt = graphemesOf(prompt);
    this.#size = size;
  }

  /** Puts other words before the input, from the next frame on. */
  setPrompt(prompt: string): void {
    this.#prompt = graphemesOf(prompt);
  }

  /** How many rows were printed, and how many of them have left at the top. */
  get rows(): { printed: number; top: number } {
    const inSight = this.#size.rows - this.#painted.rows.length;
    return { printed: this.#printed, top: Math.max(this.#printed - inSight, 0) };
  }

  /** Paints the input line in the place where it was. */
  draw(input: Line): string {
    return this.erase() + this.#paint(input);
  }

  /**
   * Prints lines above the input. They may be wider than the window, and hold colours. They are broken
   * between words, once: after a resize they stand as they were printed.
   */
  print(lines: readonly string[], input: Line): string {
    return this.#print(lines, undefined, input);
  }

  /** Prints a line that begins with a mark of one cell, which `mark` changes later. */
  printMarked(name: string, line: string, input: Line): string {
    return this.#print([line], name, input);
  }

  /** Changes the mark of a line. Returns `undefined` if the line is not in sight any more. */
  mark(name: string, mark: string, input: Line): string | undefined {
    const distance = this.#recent.mark(name, mark, this.#size.columns);
    if (distance === undefined || distance > this.#above) return undefined;
    return `${this.erase()}${up(distance)}${mark}${down(distance)}${this.#paint(input)}`;
  }

  /**
   * Asks the terminal how wide a cell is that is printed now, or stands in the input, if terminals differ
   * about it. The cell is written where the input stands, and the answer is the column behind it (CSI 6 n).
   * Returns `undefined` if there is nothing to ask.
   */
  askWidth(lines: readonly string[], input: Line): string | undefined {
    if (this.#size.columns < LEAST_TO_ASK) return undefined;
    const text = this.#widths.toAsk([...input.cells, ...lines.flatMap(cellsOf)]);
    if (text === undefined) return undefined;
    return `${this.erase()}${WRAP_OFF}${text}${WHERE_ASKED}\r${CLEAR_BELOW}${this.#paint(input)}`;
  }

  /** The terminal has said in which column the cursor was. True if the input is to be painted anew. */
  learnWidth(column: number): boolean {
    return this.#widths.answered(column - 1);
  }

  /** Another program may have written to the screen: nothing that stands there can be changed any more. */
  loseSight(): void {
    this.#above = 0;
  }

  #print(lines: readonly string[], name: string | undefined, input: Line): string {
    const rows = lines.flatMap((line) => wordRows(line, this.#size.columns, this.#widths.columnsOf));
    this.#recent.add(rows, name);
    const frame = this.erase() + terminated(rows);
    const count = this.#countRows(rows.map(cellsOf), this.#size.columns);
    this.#above += count;
    this.#depth -= count;
    this.#printed += count;
    return frame + this.#paint(input);
  }

  /** Takes the input line off the screen, and moves the cursor to where the line began. */
  erase(): string {
    const frame = up(this.#painted.at) + CLEAR_BELOW;
    this.#painted = NOTHING;
    return frame;
  }

  /** Clears the screen, and forgets the lines that a resize would print again. */
  clear(input: Line): string {
    this.#recent.clear();
    this.#above = 0;
    this.#depth = this.#size.rows;
    return CLEAR_ALL + this.#paint(input);
  }

  /** The window has another size: clears everything of ours that may be in sight, and prints it again. */
  resize(size: Size, input: Line): string {
    const { rows, at } = this.#painted;
    const widths = [this.#size.columns, size.columns];
    const above = Math.max(...widths.map((columns) => this.#rowsAbove(columns, size)));
    const blank = this.#depth - rows.length;
    const below = this.#countRows(rows.slice(at), size.columns) + blank;
    // The rows of the input down to the cursor are in sight for sure. All other rows may be messages.
    const before = { columns: this.#size.columns, rows: size.rows - (at + 1) };
    const grown = size.rows - this.#size.rows;
    this.#size = size;
    const newRows = this.#lay(input).rows.length;
    const after = { columns: size.columns, rows: size.rows - Math.min(at + 1, newRows) };
    const lines = this.#recent.inSight(before, after);
    const printed = this.#recent.countRows(size.columns, size.rows);
    this.#above = this.#countRows(lines.map(cellsOf), size.columns);
    this.#isAllOurs ||= Math.max(above + below, printed + newRows) > size.rows - Math.max(grown, 0);
    this.#depth = newRows + Math.max(blank + grown, 0);
    return up(this.#isAllOurs ? size.rows : above) + CLEAR_BELOW + terminated(lines) + this.#paint(input);
  }

  /** How many rows of ours are above the cursor if they are wrapped at this width. */
  #rowsAbove(columns: number, window: Size): number {
    const { rows, at, before } = this.#painted;
    // The cursor stands in the row of the character behind it, which may wrap into the next row.
    const cursorRow = [...before, rows[at]?.[before.length] ?? " "];
    const inputRows = this.#countRows([...rows.slice(0, at), cursorRow], columns) - 1;
    return inputRows + this.#recent.countRows(columns, window.rows);
  }

  /** Paints the input line from where the cursor is. */
  #paint(input: Line): string {
    const painted = this.#lay(input);
    this.#painted = painted;
    this.#depth = Math.max(this.#depth, painted.rows.length);
    // Rows that have no room have left at the top.
    this.#above = Math.min(this.#above, Math.max(this.#size.rows - painted.rows.length, 0));
    const frame = painted.rows.map((row) => row.join("")).join("\r\n");
    const below = painted.rows.length - 1 - painted.at;
    const isAtEnd = below === 0 && painted.before.length === painted.rows[painted.at]?.length;
    // The cells before the cursor are written again. So the cursor is right even where widths are in dispute.
    return WRAP_OFF + frame + (isAtEnd ? "" : up(below) + painted.before.join("")) + WRAP_ON;
  }

  #countRows(lines: readonly (readonly string[])[], columns: number): number {
    return lines.reduce((sum, line) => sum + wrap(line, columns, this.#widths.columnsOf).length, 0);
  }

  /** Cuts prompt and input into rows. If the window cannot hold them all, those around the cursor remain. */
  #lay(input: Line): Painted {
    const rows = wrap(
      [...this.#prompt, ...input.cells],
      this.#size.columns - LAST_COLUMN,
      this.#widths.columnsOf,
    );
    let at = 0;
    let index = this.#prompt.length + input.cursor;
    for (let row = rows[at]; row && index >= row.length && at < rows.length - 1; row = rows[at]) {
      index -= row.length;
      at++;
    }
    // One row is left to the messages.
    const room = Math.max(this.#size.rows - 1, 1);
    const top = Math.max(0, Math.min(at - Math.floor(room / 2), rows.length - room));
    const visible = rows.slice(top, top + room);
    return { rows: visible, at: at - top, before: visible[at - top]?.slice(0, index) ?? [] };
  }
}

function terminated(lines: readonly string[]): string {
  return lines.map((line) => `${line}\r\n`).join("");
}

/** Moves the cursor to the first column, `rows` up; the terminal stops at its top by itself. */
function up(rows: number): string {
  return rows > 0 ? `\r\x1b[${rows}A` : "\r";
}

/** Moves the cursor to the first column, `rows` down. */
function down(rows: number): string {
  return rows > 0 ? `\r\x1b[${rows}B` : "\r";
}
