/**
 * Where everything stands on a full screen: conversations at the left, the open one beside them, a line that
 * says how things are, and the input below. It is pure.
 * @module
 */
import type { Line } from "../line.ts";
import { columnsOf, graphemesOf, wrap } from "../rows.ts";
import type { Size } from "../screen.ts";
import { type Frame, type Row, rowOf } from "./frame.ts";
import { type Pane, rowsOf } from "./pane.ts";

/** A conversation at the left. */
export interface Tab {
  /** Harmless for a terminal. */
  readonly name: string;
  /** Whether that person is there; `undefined` where it is nobody's. */
  readonly isOnline: boolean | undefined;
  /** How many messages were not on the screen while the user looked at it. */
  readonly unread: number;
  readonly isOpen: boolean;
}

export interface View {
  readonly tabs: readonly Tab[];
  readonly pane: Pane;
  /** The parts of the line above the input, the most important first. */
  readonly status: readonly string[];
  readonly prompt: string;
  readonly input: Line;
  /** The lines that stand in the place of the pane, while the user asks for the keys. */
  readonly help: readonly string[] | undefined;
}

/** The parts of a window. A part without columns or rows is not there. */
export interface Areas {
  readonly tabs: Size;
  readonly pane: Size;
  readonly hasStatus: boolean;
  readonly inputRows: number;
}

const BOLD = "\x1b[1m";
const DIM = "\x1b[2m";
const INVERSE = "\x1b[7m";
const RESET = "\x1b[0m";

/** A narrower window has no room for the conversations beside the open one. */
const LEAST_COLUMNS_WITH_TABS = 50;
const MOST_TABS_COLUMNS = 24;
/** The longest input takes this part of the window. */
const INPUT_PART = 1 / 2;

/** Signs of one column in every terminal: no emoji, and nothing whose width is in dispute. */
const ONLINE = "+";
const OFFLINE = "-";

/** Divides the window. A low one has the input first, then the pane, then the status. */
export function areasOf({ columns, rows }: Size, view: View): Areas {
  const width = columns < LEAST_COLUMNS_WITH_TABS ? 0 : Math.min(MOST_TABS_COLUMNS, Math.trunc(columns / 4));
  const most = Math.max(1, Math.floor(rows * INPUT_PART));
  const inputRows = Math.min(layInput(view, columns).rows.length, most);
  const hasStatus = rows - inputRows >= 2;
  const height = rows - inputRows - (hasStatus ? 1 : 0);
  const line = width === 0 ? 0 : 1;
  return {
    tabs: { columns: width, rows: height },
    pane: { columns: columns - width - line, rows: height },
    hasStatus,
    inputRows,
  };
}

export function layOut(view: View, size: Size): Frame {
  const { columns } = size;
  const { hasStatus, inputRows, pane, tabs } = areasOf(size, view);
  const shown = view.help === undefined
    ? view.pane.rows(pane.columns, pane.rows)
    : view.help.flatMap((line) => rowsOf(line, pane.columns)).slice(0, pane.rows);
  // New lines come at the bottom, just above the input.
  const top = view.help === undefined ? pane.rows - shown.length : 0;
  const left = tabs.columns === 0 ? [] : layTabs(view.tabs, tabs);
  const rows: Row[] = [];
  for (let at = 0; at < pane.rows; at++) {
    const text = rowOf(shown[at - top] ?? "", pane.columns);
    rows.push(left.length === 0 ? text : [...left[at]!, { text: "│", style: DIM }, ...text]);
  }
  if (hasStatus) rows.push(layStatus(view, tabs.columns === 0, columns));
  const input = layInput(view, columns);
  const first = Math.max(0, Math.min(input.row - Math.trunc(inputRows / 2), input.rows.length - inputRows));
  const cursor = { row: rows.length + input.row - first, column: input.column };
  for (const row of input.rows.slice(first, first + inputRows)) rows.push(rowOf(row.join(""), columns));
  return { size, rows, cursor };
}

/** The conversation of a row at the left; `undefined` where there is none. */
export function tabAt(tabs: readonly Tab[], row: number, height: number): number | undefined {
  const at = firstTab(tabs, height) + row;
  return at < tabs.length && row < height ? at : undefined;
}

/** The open conversation is always in sight. */
function firstTab(tabs: readonly Tab[], height: number): number {
  const open = tabs.findIndex(({ isOpen }) => isOpen);
  return Math.max(0, Math.min(open - Math.trunc(height / 2), tabs.length - height));
}

function layTabs(tabs: readonly Tab[], { columns, rows: height }: Size): Row[] {
  const first = firstTab(tabs, height);
  return Array.from({ length: height }, (_, at) => {
    const tab = tabs[first + at];
    return tab === undefined ? rowOf("", columns) : layTab(tab, columns);
  });
}

function layTab({ isOnline, isOpen, name, unread }: Tab, columns: number): Row {
  const sign = isOnline === undefined ? " " : isOnline ? ONLINE : OFFLINE;
  const count = unread === 0 ? "" : ` ${unread > 999 ? "999+" : unread}`;
  const style = isOpen ? INVERSE : unread > 0 ? BOLD : isOnline === false ? DIM : "";
  const end = rowOf(count, count.length, style);
  return [...rowOf(`${sign} ${name}`, columns - end.length, style), ...end];
}

/** Without the list of conversations the line says how much there is to read elsewhere. */
function layStatus({ pane, status, tabs }: View, isNarrow: boolean, columns: number): Row {
  const below = pane.linesBelow;
  const unread = tabs.reduce((sum, tab) => sum + (tab.isOpen ? 0 : tab.unread), 0);
  const parts = [
    ...(below > 0 ? [`${below} more below`] : []),
    ...(isNarrow && unread > 0 ? [`${unread} unread`] : []),
    ...status,
  ];
  let text = "";
  for (const part of parts) {
    const longer = text === "" ? ` ${part}` : `${text}  ${part}`;
    if (text !== "" && widthOf(longer) >= columns) break;
    text = longer;
  }
  return rowOf(text, columns, INVERSE);
}

function widthOf(text: string): number {
  return graphemesOf(text).reduce((sum, cell) => sum + columnsOf(cell), 0);
}

interface LaidInput {
  readonly rows: readonly (readonly string[])[];
  /** Where the cursor is. */
  readonly row: number;
  readonly column: number;
}

/** Cuts prompt and input into rows. The last column is free for the cursor. */
function layInput({ input, prompt }: Pick<View, "input" | "prompt">, columns: number): LaidInput {
  const before = graphemesOf(prompt);
  const rows = wrap([...before, ...input.cells], Math.max(columns - 1, 1));
  let at = before.length + input.cursor;
  let row = 0;
  while (row < rows.length - 1 && at >= rows[row]!.length) at -= rows[row++]!.length;
  const column = rows[row]!.slice(0, at).reduce((sum, cell) => sum + columnsOf(cell), 0);
  return { rows, row, column: Math.min(column, columns - 1) };
}

/** A text in which the keys stand out. */
export function keyLine(keys: string, meaning: string): string {
  return `  ${BOLD}${keys.padEnd(18)}${RESET} ${meaning}`;
}
