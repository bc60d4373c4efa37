/**
 * A small terminal: what a program writes, as a user would see it. It is strict where real terminals are: a
 * row that is full wraps only when the next character comes (the cursor waits in the last column, and
 * clearing from there takes the last character away), and an escape sequence that not every terminal knows
 * is an error. On a resize it does one of the two things that terminals do: it wraps anew, or it cuts off.
 * @module
 */

/** A row: a cell per column, "" behind a wide character. `wraps` when the next row continues it. */
interface Row {
  cells: string[];
  wraps: boolean;
}

/** A cell that nothing was written to, which is not the same as a space when rows are wrapped anew. */
const BLANK = "\0";

export class Emulator {
  /** Rows that left at the top. */
  readonly #past: Row[] = [];
  #screen: Row[];
  #row = 0;
  #column = 0;
  #isWrapPending = false;
  #wraps = true;
  /** Whether the program asked for pastes in brackets. */
  bracketsPastes = false;
  /** Whether the program asked to be told of the focus. */
  tellsFocus = false;

  constructor(public columns: number, public rows: number, readonly reflows = true) {
    this.#screen = Array.from({ length: rows }, () => this.#blankRow());
  }

  get cursor(): { row: number; column: number; isWrapPending: boolean } {
    return { row: this.#row, column: this.#column, isWrapPending: this.#isWrapPending };
  }

  /** How many rows have left at the top. */
  get pastRows(): number {
    return this.#past.length;
  }

  /** The rows in sight, without the blanks at their ends. */
  screen(): string[] {
    return this.#screen.map(textOf);
  }

  /** All rows, those that left at the top first, without blank rows at the end. */
  everything(): string[] {
    const rows = [...this.#past.map(textOf), ...this.screen()];
    return rows.slice(0, rows.findLastIndex((row) => row !== "") + 1);
  }

  write(text: string): void {
    // deno-lint-ignore no-control-regex -- the escape character is what it looks for
    const escape = /\x1b\[(\??[\d;]*)([A-Za-z])/y;
    // A question for the background, which nobody answers here, and links, which look as their texts do.
    // deno-lint-ignore no-control-regex -- the escape character is what it looks for
    const unseen = /\x1b\](?:11;\?|8;;[\x21-\x7e]*|9;\P{Cc}*)\x1b\\/yu;
    for (let at = 0; at < text.length;) {
      escape.lastIndex = unseen.lastIndex = at;
      const [skipped = ""] = unseen.exec(text) ?? [];
      at += skipped.length;
      if (skipped !== "") continue;
      const sequence = escape.exec(text);
      const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
      if (sequence) this.#obey(sequence[1] ?? "", sequence[2] ?? "");
      else if (character === "\r") this.#moveTo(this.#row, 0);
      else if (character === "\n") this.#lineFeed();
      else if (character < " ") throw new Error(`unexpected ${JSON.stringify(text.slice(at, at + 10))}`);
      else this.#put(character);
      at += sequence ? sequence[0].length : character.length;
    }
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    if (this.reflows) this.#reflow();
    else this.#cutOff();
    this.#isWrapPending = false;
  }

  #obey(parameters: string, command: string): void {
    const count = Number(parameters || 1);
    const lastColumn = this.columns - 1;
    switch (command) {
      case "A":
        return this.#moveTo(Math.max(this.#row - count, 0), this.#column);
      case "B":
        return this.#moveTo(Math.min(this.#row + count, this.rows - 1), this.#column);
      case "C":
        return this.#moveTo(this.#row, Math.min(this.#column + count, lastColumn));
      case "D":
        return this.#moveTo(this.#row, Math.max(this.#column - count, 0));
      case "H":
        return this.#moveTo(0, 0);
      case "J":
        this.#clearRow();
        for (const row of this.#screen.slice(this.#row + 1)) Object.assign(row, this.#blankRow());
        return;
      case "K":
        return this.#clearRow();
      case "n":
      case "m":
        return;
    }
    const isOn = command === "h";
    if (parameters === "?7" && /[hl]/.test(command)) this.#wraps = isOn;
    else if (parameters === "?1004" && /[hl]/.test(command)) this.tellsFocus = isOn;
    else if (parameters === "?2004" && /[hl]/.test(command)) this.bracketsPastes = isOn;
    else throw new Error(`unexpected escape sequence ESC [ ${parameters} ${command}`);
  }

  #moveTo(row: number, column: number): void {
    this.#row = row;
    this.#column = column;
    this.#isWrapPending = false;
  }

  #lineFeed(): void {
    this.#isWrapPending = false;
    if (this.#row < this.rows - 1) this.#row++;
    else {
      this.#past.push(...this.#screen.splice(0, 1));
      this.#screen.push(this.#blankRow());
    }
  }

  #put(character: string): void {
    if (this.#joins(character)) return;
    const width = isWide(character) ? 2 : 1;
    const hasNoRoom = this.#isWrapPending || this.#column + width > this.columns;
    if (hasNoRoom && this.#wraps) {
      this.#here().wraps = true;
      this.#lineFeed();
      this.#column = 0;
    } else if (hasNoRoom) this.#column = this.columns - width;
    this.#overwrite(this.#column, width);
    this.#here().cells[this.#column] = character;
    if (width === 2) this.#here().cells[this.#column + 1] = "";
    this.#isWrapPending = this.#wraps && this.#column + width === this.columns;
    this.#column = Math.min(this.#column + width, this.columns - 1);
  }

  /** A character of no width of its own, and what follows a joiner, belongs to the cell before the cursor. */
  #joins(character: string): boolean {
    const { cells } = this.#here();
    let at = this.#isWrapPending ? this.#column : this.#column - 1;
    if (cells[at] === "") at--;
    const before = cells[at];
    if (before === undefined) return isMark(character);
    const isFlag = /^\p{RI}$/u.test(before) && /^\p{RI}$/u.test(character);
    if (!isMark(character) && !before.endsWith("\u200d") && !isFlag) return false;
    cells[at] = before + character;
    return true;
  }

  /** Half a wide character cannot stay. */
  #overwrite(column: number, width: number): void {
    const { cells } = this.#here();
    if (cells[column] === "") cells[column - 1] = BLANK;
    if (cells[column + width] === "") cells[column + width] = BLANK;
  }

  #clearRow(): void {
    const row = this.#here();
    this.#overwrite(this.#column, this.columns - this.#column);
    row.cells.fill(BLANK, this.#column);
    row.wraps = false;
  }

  #cutOff(): void {
    for (const row of this.#screen) {
      while (row.cells.length < this.columns) row.cells.push(BLANK);
      if (row.cells[this.columns] === "") row.cells[this.columns - 1] = BLANK;
      row.cells.length = this.columns;
    }
    const excess = Math.max(this.#row - this.rows + 1, 0);
    this.#past.push(...this.#screen.splice(0, excess));
    this.#fill(this.#screen);
    this.#row -= excess;
    this.#column = Math.min(this.#column, this.columns - 1);
  }

  /** Wraps all lines anew, with the cursor where it was in its line, and shows the last of them. */
  #reflow(): void {
    const old = [...this.#past, ...this.#screen];
    const cursorRow = this.#past.length + this.#row;
    const rows: Row[] = [];
    let cursor = { row: 0, column: 0 };
    for (let first = 0; first < old.length;) {
      let end = first;
      while (old[end]?.wraps) end++;
      const line = old.slice(first, end + 1);
      const isHere = first <= cursorRow && cursorRow <= end;
      const before = line.slice(0, cursorRow - first).flatMap(contentOf).length + this.#column;
      const cells = line.flatMap((row, at) => at < line.length - 1 ? contentOf(row) : trimmed(row.cells));
      while (isHere && cells.length < before) cells.push(BLANK);
      const wrapped = this.#wrapCells(cells);
      if (isHere) cursor = this.#find(wrapped, before, rows.length);
      rows.push(...wrapped);
      first = end + 1;
    }
    while (rows.length - 1 > cursor.row && rows.at(-1)?.cells.every((cell) => cell === BLANK)) rows.pop();
    // The cursor stays in sight, be it at the cost of the rows below it.
    const past = rows.splice(0, Math.min(Math.max(rows.length - this.rows, 0), cursor.row));
    this.#past.splice(0, Infinity, ...past);
    this.#fill(rows);
    this.#row = cursor.row - past.length;
    this.#column = Math.min(cursor.column, this.columns - 1);
  }

  #wrapCells(cells: string[]): Row[] {
    const rows: Row[] = [];
    let start = 0;
    do {
      let end = Math.min(start + this.columns, cells.length);
      if (cells[end] === "") end--;
      const content = cells.slice(start, end);
      while (content.length < this.columns) content.push(BLANK);
      rows.push({ cells: content, wraps: end < cells.length });
      start = end;
    } while (start < cells.length);
    return rows;
  }

  #find(rows: Row[], offset: number, above: number): { row: number; column: number } {
    let row = 0;
    for (let length = contentLength(rows[row]); row < rows.length - 1 && offset >= length; row++) {
      offset -= length;
      length = contentLength(rows[row + 1]);
    }
    return { row: above + row, column: offset };
  }

  #fill(rows: Row[]): void {
    this.#screen = rows.slice(0, this.rows);
    while (this.#screen.length < this.rows) this.#screen.push(this.#blankRow());
  }

  #here(): Row {
    const row = this.#screen[this.#row];
    if (!row) throw new Error(`the cursor is off the screen, in row ${this.#row}`);
    return row;
  }

  #blankRow(): Row {
    return { cells: Array<string>(this.columns).fill(BLANK), wraps: false };
  }
}

function textOf(row: Row): string {
  return trimmed(row.cells).join("").replaceAll(BLANK, " ").trimEnd();
}

function trimmed(cells: readonly string[]): string[] {
  return cells.slice(0, cells.findLastIndex((cell) => cell !== BLANK) + 1);
}

/** What a row adds to its line: a blank left because a wide character did not fit is not part of it. */
function contentOf(row: Row): string[] {
  return row.cells.slice(0, contentLength(row));
}

function contentLength(row: Row | undefined): number {
  const length = row?.cells.length ?? 0;
  return row?.wraps && row.cells[length - 1] === BLANK ? length - 1 : length;
}

/** The ranges of Unicode's East Asian Width that the tests use; not the library that is under test. */
function isWide(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0x1f1e6 && code <= 0x1faff) || (code >= 0x20000 && code <= 0x3fffd);
}

function isMark(character: string): boolean {
  return /^[\p{M}\u200d\u{1f3fb}-\u{1f3ff}]$/u.test(character);
}
