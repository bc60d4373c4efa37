/** A picture of an emulator's screen. */
import type { Referee } from "./referee.ts";

/** A column and a row in pixels, for letters of this size. */
const COLUMN = 8.4;
const ROW = 17;
const LETTERS = 14;
const MARGIN = 12;

const BACKGROUND = "#1b1d23";
const TEXT = "#d8dbe2";
/** The 16 colours that terminals choose for themselves; these are VS Code's. */
const BASIC = [
  ..."#000000 #cd3131 #0dbc79 #e5e510 #2472c8 #bc3fbc #11a8cd #e5e5e5".split(" "),
  ..."#666666 #f14c4c #23d18b #f5f543 #3b8eea #d670d6 #29b8db #ffffff".split(" "),
];
/** The levels of red, green and blue in the colour cube of xterm. */
const LEVELS = [0, 95, 135, 175, 215, 255];

type Terminal = Referee["terminal"];
type BufferLine = NonNullable<ReturnType<Terminal["buffer"]["active"]["getLine"]>>;
type BufferCell = NonNullable<ReturnType<BufferLine["getCell"]>>;

/** Cells beside each other that look the same. */
interface Run {
  readonly column: number;
  columns: number;
  text: string;
  readonly look: Look;
}

interface Look {
  readonly colour: string;
  readonly ground: string;
  readonly isBold: boolean;
  readonly isDim: boolean;
}

/** The screen as an SVG. Each run has its place and its width, whatever letters the reader has. */
export function pictureOf({ terminal, cursor }: Referee, title: string): string {
  const width = Math.ceil(terminal.cols * COLUMN) + 2 * MARGIN;
  const height = terminal.rows * ROW + 2 * MARGIN;
  const rows = Array.from(
    { length: terminal.rows },
    (_, row) => runsOf(terminal, row).map((run) => drawn(run, row)),
  );
  const at = `x="${x(cursor.column)}" y="${MARGIN + cursor.row * ROW}" width="${COLUMN}" height="${ROW}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" rx="6" fill="${BACKGROUND}"/>`,
    `<g font-family="ui-monospace, Menlo, Consolas, monospace" font-size="${LETTERS}" xml:space="preserve">`,
    ...rows.flat(2),
    `<rect ${at} fill="${TEXT}" fill-opacity="0.6"/>`,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

function runsOf({ buffer, cols }: Terminal, row: number): Run[] {
  const line = buffer.active.getLine(buffer.active.baseY + row)!;
  const runs: Run[] = [];
  for (let column = 0; column < cols; column++) {
    const cell = line.getCell(column)!;
    if (cell.getWidth() === 0) continue;
    const text = cell.getChars() || " ";
    const look = lookOf(cell);
    const last = runs.at(-1);
    const isSame = last !== undefined && JSON.stringify(last.look) === JSON.stringify(look);
    // A character of another width would stretch those beside it.
    if (isSame && text.length === 1 && last.columns === last.text.length && cell.getWidth() === 1) {
      last.text += text;
      last.columns++;
    } else runs.push({ column, columns: cell.getWidth(), text, look });
  }
  return runs;
}

function lookOf(cell: BufferCell): Look {
  const colour = cell.isFgDefault() ? TEXT : paletteColour(cell.getFgColor());
  const ground = cell.isBgDefault() ? BACKGROUND : paletteColour(cell.getBgColor());
  const [front, back] = cell.isInverse() ? [ground, colour] : [colour, ground];
  return { colour: front, ground: back, isBold: cell.isBold() !== 0, isDim: cell.isDim() !== 0 };
}

function paletteColour(index: number): string {
  if (index < 16) return BASIC[index]!;
  const grey = 8 + 10 * (index - 232);
  const cube = index - 16;
  const rgb = index >= 232
    ? [grey, grey, grey]
    : [Math.trunc(cube / 36), Math.trunc(cube / 6) % 6, cube % 6].map((level) => LEVELS[level]!);
  return `#${rgb.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

function drawn({ column, columns, look, text }: Run, row: number): string[] {
  const width = (columns * COLUMN).toFixed(1);
  const top = MARGIN + row * ROW;
  const ground = look.ground === BACKGROUND
    ? []
    : [`<rect x="${x(column)}" y="${top}" width="${width}" height="${ROW}" fill="${look.ground}"/>`];
  if (text.trim() === "") return ground;
  const looks = `${look.isBold ? ' font-weight="bold"' : ""}${look.isDim ? ' opacity="0.6"' : ""}`;
  const place = `x="${x(column)}" y="${
    top + LETTERS - 1
  }" textLength="${width}" lengthAdjust="spacingAndGlyphs"`;
  return [...ground, `<text ${place} fill="${look.colour}"${looks}>${escaped(text)}</text>`];
}

function x(column: number): string {
  return (MARGIN + column * COLUMN).toFixed(1);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
