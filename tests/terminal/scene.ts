/** A painter with its screen, what should stand there, and the comparison of the two. */
import { assert, assertEquals } from "@std/assert";
import { EMPTY_LINE, type Line } from "../../terminal/line.ts";
import { wordRows } from "../../terminal/rows.ts";
import { Painter, type Size } from "../../terminal/screen.ts";
import { Emulator } from "./emulator.ts";

export const PROMPT = ">>> ";

/** Marks of lines may differ between a row that has left at the top and the same row printed again. */
export const MARK = { before: "·", after: "✓" };
const MARKS = /[·✓]/g;

/** What a scene needs of a terminal. */
type Screen = Pick<Emulator, "cursor" | "everything" | "pastRows" | "resize" | "screen" | "write">;

export class Scene {
  readonly emulator: Screen;
  readonly painter: Painter;
  readonly #before: readonly string[];
  readonly #printed: string[] = [];
  /** Where the lines with marks stand among them. */
  readonly #marked = new Map<string, number>();
  /** The marks that changed out of sight: a resize shows them. */
  readonly #unseen = new Map<string, string>();
  #line: Line = EMPTY_LINE;
  #resizes = 0;

  /** `before` are lines of "$" that stand on the screen when the program starts. */
  constructor(
    public size: Size,
    reflows = true,
    before: readonly string[] = [],
    emulator: Screen = new Emulator(size.columns, size.rows, reflows),
  ) {
    this.emulator = emulator;
    this.emulator.write(before.map((line) => `${line}\r\n`).join(""));
    this.#before = before;
    this.painter = new Painter(PROMPT, size);
    this.emulator.write(this.painter.draw(this.#line));
  }

  type(line: Line): void {
    this.#line = line;
    this.emulator.write(this.painter.draw(line));
  }

  print(...lines: string[]): void {
    this.#printed.push(...lines.flatMap((line) => wordRows(line, this.size.columns)));
    this.emulator.write(this.painter.print(lines, this.#line));
  }

  printMarked(name: string, line: string): void {
    this.#marked.set(name, this.#printed.length);
    this.#printed.push(...wordRows(line, this.size.columns));
    this.emulator.write(this.painter.printMarked(name, line, this.#line));
  }

  /** True if the line was in sight. */
  mark(name: string, mark: string): boolean {
    const frame = this.painter.mark(name, mark, this.#line);
    if (frame === undefined && this.#marked.has(name)) this.#unseen.set(name, mark);
    if (frame === undefined) return false;
    this.emulator.write(frame);
    this.#noteMark(name, mark);
    return true;
  }

  #noteMark(name: string, mark: string): void {
    const at = this.#marked.get(name)!;
    this.#printed[at] = mark + this.#printed[at]!.slice(1);
  }

  resize(size: Size): void {
    for (const [name, mark] of this.#unseen) this.#noteMark(name, mark);
    this.#unseen.clear();
    this.size = size;
    this.#resizes++;
    this.emulator.resize(size.columns, size.rows);
    this.emulator.write(this.painter.resize(size, this.#line));
  }

  /** Compares the screen with what it should be. */
  check(): void {
    const { messages, input, cursorRow, column } = this.#expected();
    const screen = this.emulator.screen();
    const { cursor } = this.emulator;
    assertEquals(cursor.column, column, "the column of the cursor");
    assertEquals(screen[cursor.row], input[cursorRow], "the row of the cursor");
    // An input that fills the window shows only a part, which other tests look at.
    if (input.length > Math.max(this.size.rows - 1, 1)) return;

    const start = cursor.row - cursorRow;
    assertEquals(screen.slice(start, start + input.length), input, "the input");
    assert(screen.slice(start + input.length).every((row) => row === ""), "nothing below the input");
    if (this.#resizes === 0) {
      // What left the screen is compared as well, and what stood there before.
      const all = [...this.#rowsOf(this.#before, this.size.columns), ...messages, ...input].join("\n")
        .trimEnd();
      assertEquals(this.emulator.everything().join("\n"), all, "all rows");
      return;
    }
    // A terminal that once had a line in two pieces may, at the next resize, join a piece with the line
    // printed again, and then it counts other rows than we do: so it is the first resize that has to keep
    // every row.
    if (this.#resizes === 1) {
      this.#checkThatNothingIsLost(this.emulator.everything().slice(0, this.emulator.pastRows + start));
    }
    const ours = Math.min(start, messages.length);
    assertEquals(screen.slice(start - ours, start), messages.slice(messages.length - ours), "messages");
    assert(
      screen.slice(0, start - ours).every((row) => /^\$*$/.test(row)),
      "no stale row above the messages",
    );
  }

  /** What a terminal shows of the same text when it has nothing to do but wrap it. */
  #expected(): { messages: string[]; input: string[]; cursorRow: number; column: number } {
    const { cells, cursor } = this.#line;
    const columns = this.size.columns - 1;
    const plain = new Emulator(columns, 2);
    plain.write(PROMPT + cells.slice(0, cursor).join(""));
    const { row, isWrapPending } = plain.cursor;
    const column = isWrapPending ? columns : plain.cursor.column;
    const next = cells[cursor];
    // The cursor stands on the character behind it, also when that one has no room in this row.
    const isPushed = next !== undefined && column + columnsOf(next) > columns;
    return {
      messages: this.#rowsOf(this.#printed, this.size.columns),
      input: this.#rowsOf([PROMPT + cells.join("")], columns),
      cursorRow: plain.pastRows + row + (isPushed ? 1 : 0),
      column: isPushed ? 0 : column,
    };
  }

  #rowsOf(lines: readonly string[], columns: number): string[] {
    const plain = new Emulator(columns, 2);
    plain.write(lines.map((line) => `${line}\r\n`).join(""));
    const rows = plain.everything();
    while (rows.length < plain.pastRows + plain.cursor.row) rows.push("");
    return rows;
  }

  /** A row may be there twice, once scrolled away and once in sight, but none is missing. */
  #checkThatNothingIsLost(rows: readonly string[]): void {
    const there = rows.join("").replaceAll(MARKS, "");
    let at = 0;
    for (
      const cell of this.#rowsOf(this.#printed, 1_000).join("").replaceAll(" ", "").replaceAll(MARKS, "")
    ) {
      at = there.indexOf(cell, at) + 1;
      assert(at > 0, `${JSON.stringify(cell)} of a message is missing`);
    }
  }
}

function columnsOf(cell: string): number {
  const probe = new Emulator(10, 1);
  probe.write(cell);
  return probe.cursor.column;
}
