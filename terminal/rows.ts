/**
 * Text on a screen: its graphemes, the columns that each takes, and the rows that they fill. A cell here is
 * one grapheme cluster, or a colour or link sequence, which takes no column.
 * @module
 */
import stringWidth from "string-width";

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** A colour (SGR), or the begin or end of a link (OSC 8). A printed line holds no other escape sequences. */
// deno-lint-ignore no-control-regex -- the escape character is what it looks for
const STYLE = /\x1b\[[\d;:]*m|\x1b\]8;[^\x07\x1b]*\x1b\\/g;

/**
 * The grapheme clusters of a text (Unicode Standard Annex 29). A reader takes each for one character: the
 * cursor passes it in one step, and Backspace takes it away as a whole.
 */
export function graphemesOf(text: string): string[] {
  return [...graphemesIn(text)];
}

/** The same one by one, cut no further than they are asked for. */
export function* graphemesIn(text: string): Generator<string> {
  for (const { segment } of graphemes.segment(text)) yield segment;
}

/** The cells of a line that may hold colours. */
export function cellsOf(line: string): string[] {
  const cells: string[] = [];
  let end = 0;
  // One by one: a function takes no half million arguments, which a message of others can be.
  const add = (text: string) => {
    for (const cell of graphemesIn(text)) cells.push(cell);
  };
  for (const style of line.matchAll(STYLE)) {
    add(line.slice(end, style.index));
    cells.push(style[0]);
    end = style.index + style[0].length;
  }
  add(line.slice(end));
  return cells;
}

/** The line without its colours and links. */
export function withoutStyles(line: string): string {
  return line.replaceAll(STYLE, "");
}

/** Says how many columns a cell takes. */
export type WidthOf = (cell: string) => number;

/** How many columns a cell takes, as Unicode says: 0, 1 or 2. */
export function columnsOf(cell: string): number {
  // Most cells are printable ASCII, and a long line is measured at every key.
  if (cell.length === 1 && cell >= " " && cell <= "~") return 1;
  return cell.startsWith("\x1b") ? 0 : stringWidth(cell);
}

/** Cuts cells into rows as a terminal does: a cell of two columns stays in one row. At least one row. */
export function wrap(cells: readonly string[], columns: number, widthOf: WidthOf = columnsOf): string[][] {
  let row: string[] = [];
  const rows = [row];
  let used = 0;
  for (const cell of cells) {
    const width = widthOf(cell);
    if (used > 0 && used + width > columns) {
      row = [];
      rows.push(row);
      used = 0;
    }
    row.push(cell);
    used += width;
  }
  return rows;
}

/**
 * Breaks a line at spaces, so that a terminal of this width cuts no word. A word that is wider than the
 * window is left to the terminal, behind what stands before it: text without spaces, or an address to be
 * copied. Each row begins with the colours that are set there.
 */
export function wordRows(line: string, columns: number, widthOf: WidthOf = columnsOf): string[] {
  const rows: string[] = [];
  let [row, used, colours] = ["", 0, ""];
  let isFirst = true;
  for (const word of line.split(" ")) {
    const cells = cellsOf(word);
    const width = cells.reduce((sum, cell) => sum + widthOf(cell), 0);
    if (!isFirst && used + 1 + width > columns && width <= columns) {
      rows.push(row);
      [row, used] = [colours + word, width];
    } else {
      row += isFirst ? word : ` ${word}`;
      for (const cell of isFirst ? cells : [" ", ...cells]) {
        const more = widthOf(cell);
        used = used + more > columns ? more : used + more;
      }
    }
    colours = cells.filter((cell) => cell.startsWith("\x1b")).reduce(coloursAfter, colours);
    isFirst = false;
  }
  return [...rows, row];
}

/** The colours that are set behind a colour sequence. */
export function coloursAfter(colours: string, style: string): string {
  if (!style.startsWith("\x1b[")) return colours;
  return style === "\x1b[0m" ? "" : colours + style;
}

/** The last `count` rows as one line, in the colours that the dropped rows had set. */
export function lastRows(rows: readonly (readonly string[])[], count: number): string {
  const dropped = rows.slice(0, -count).flat();
  return [...dropped.filter((cell) => cell.startsWith("\x1b")), ...rows.slice(-count).flat()].join("");
}
