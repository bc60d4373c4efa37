/**
 * A frame is all that a full screen shows. Between two frames only the cells are written that differ, as one
 * text that a terminal with synchronized output shows at once. It is pure.
 * @module
 */
import { cellsOf, coloursAfter, columnsOf } from "../rows.ts";
import type { Size } from "../screen.ts";

/** One column: a grapheme and the colour sequences that are set for it. The text is "" behind a wide one. */
export interface Cell {
  readonly text: string;
  readonly style: string;
}

export type Row = readonly Cell[];

export interface Frame {
  readonly size: Size;
  /** As many rows as the window has, each of as many cells. */
  readonly rows: readonly Row[];
  readonly cursor: { readonly row: number; readonly column: number };
}

/** "Synchronized output": a terminal that knows this mode shows what comes between the two at once. */
const BEGIN = "\x1b[?2026h";
const END = "\x1b[?2026l";

const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const RESET = "\x1b[0m";
const CLEAR_TO_END = "\x1b[K";

const BLANK: Cell = { text: " ", style: "" };

/** A row of `columns` cells: the text, which may hold colours, cut off or filled up with blanks. */
export function rowOf(text: string, columns: number, style = ""): Row {
  const row: Cell[] = [];
  let colours = style;
  for (const cell of cellsOf(text)) {
    if (cell.startsWith("\x1b")) {
      colours = coloursAfter(colours, cell) || style;
      continue;
    }
    const width = columnsOf(cell);
    if (row.length + width > columns) break;
    if (width > 0) row.push({ text: cell, style: colours });
    if (width > 1) row.push({ text: "", style: colours });
  }
  const blank = style === "" ? BLANK : { text: " ", style };
  while (row.length < columns) row.push(blank);
  return row;
}

/** The bytes that make the screen show `after`; "" if it does already. */
export function framesApart(before: Frame | undefined, after: Frame): string {
  const { columns, rows } = after.size;
  const isAnew = before?.size.columns !== columns || before.size.rows !== rows;
  const changes = after.rows.map((row, at) => rowsApart(isAnew ? undefined : before.rows[at], row, at)).join(
    "",
  );
  const { row, column } = after.cursor;
  const isMoved = isAnew || before.cursor.row !== row || before.cursor.column !== column;
  if (changes === "" && !isMoved) return "";
  return BEGIN + HIDE_CURSOR + changes + RESET + place(row, column) + SHOW_CURSOR + END;
}

/** The cells of a row that differ: all, if nobody knows what stands there. */
function rowsApart(before: Row | undefined, after: Row, at: number): string {
  const differs = (column: number) => before === undefined || !isSame(before[column], after[column]);
  let last = after.length - 1;
  while (last >= 0 && !differs(last)) last--;
  // A blank end of a row is cleared at once.
  let end = after.length;
  while (end > 0 && isSame(after[end - 1], BLANK)) end--;
  const clearsEnd = last >= end && last - end > CLEAR_TO_END.length;
  const until = clearsEnd ? end - 1 : last;
  let written = "";
  // Where the terminal's cursor stands, and its colours; `undefined` where that is not certain.
  let cursor: number | undefined;
  let style: string | undefined;
  for (let column = 0; column <= until; column++) {
    const cell = after[column]!;
    // A wide grapheme is written with the cell behind it.
    if (cell.text === "" || !differs(column)) continue;
    if (cursor !== column) written += place(at, column);
    if (style !== cell.style) written += RESET + cell.style;
    written += cell.text;
    style = cell.style;
    // Terminals differ about the width of all that is not a plain character, so the next place is named.
    cursor = isPlain(cell.text) ? column + 1 : undefined;
  }
  if (clearsEnd) written += place(at, end) + RESET + CLEAR_TO_END;
  return written;
}

function isSame(one: Cell | undefined, other: Cell | undefined): boolean {
  return one === other || one?.text === other?.text && one?.style === other?.style;
}

function isPlain(text: string): boolean {
  return text.length === 1 && text < "\x7f";
}

function place(row: number, column: number): string {
  return `\x1b[${row + 1};${column + 1}H`;
}
