import { assertEquals, assertMatch } from "@std/assert";
import { type Frame, framesApart, rowOf } from "../../../terminal/full/frame.ts";
import { Dice, givenSeed } from "../../kit/dice.ts";
import { Referee } from "../referee.ts";

const FAMILY = "👨‍👩‍👧";
const PIECES = [
  "a",
  "bc",
  " ",
  "漢字",
  FAMILY,
  "🇩🇪",
  "e\u0301",
  "\x1b[31mred\x1b[0m",
  "\x1b[7m x ",
  "────",
] as const;

function frameOf(texts: readonly string[], columns: number): Frame {
  const rows = texts.map((text) => rowOf(text, columns));
  return { size: { columns, rows: rows.length }, rows, cursor: { row: 0, column: 0 } };
}

/** The text and the looks of each cell. */
function cellsOf(referee: Referee): string[] {
  const { buffer, cols, rows } = referee.terminal;
  return Array.from({ length: rows }, (_, row) => {
    const line = buffer.active.getLine(row)!;
    return Array.from({ length: cols }, (_, column) => {
      const cell = line.getCell(column)!;
      // A blank that nothing was written to looks like a space.
      const text = cell.getWidth() === 0 ? "" : cell.getChars() || " ";
      return `${text}${cell.getFgColor()}${cell.isInverse() ? "i" : ""}`;
    }).join("|");
  });
}

Deno.test("between two frames only what differs is written, and it is one synchronized update", () => {
  const before = frameOf(["alice", "bob"], 10);
  const written = framesApart(before, frameOf(["alike", "bob"], 10));
  assertEquals(written, "\x1b[?2026h\x1b[?25l\x1b[1;4H\x1b[0mk\x1b[0m\x1b[1;1H\x1b[?25h\x1b[?2026l");
  assertEquals(framesApart(before, frameOf(["alice", "bob"], 10)), "");
});

Deno.test("a frame that stands on nothing, or in a window of another size, is written as a whole", () => {
  const frame = frameOf(["alice", ""], 8);
  for (const before of [undefined, frameOf(["alice", ""], 9)]) {
    using referee = new Referee(8, 2);
    referee.write("xxxxxxxx\r\nyyyyyyyy");
    referee.write(framesApart(before, frame));
    assertEquals(referee.screen(), ["alice", ""]);
  }
});

Deno.test("a wide character has both columns or none", () => {
  assertEquals(rowOf("a漢", 3).map(({ text }) => text), ["a", "漢", ""]);
  assertEquals(rowOf("a漢", 2).map(({ text }) => text), ["a", " "]);
});

Deno.test("whatever comes after whatever, the screen is as if it was written afresh", () => {
  const first = givenSeed();
  console.log(`seed ${first}`);
  for (let seed = first; seed < first + 30; seed++) {
    const dice = new Dice(seed);
    const columns = 1 + dice.below(20);
    const rows = 1 + dice.below(4);
    const anyText = () => Array.from({ length: dice.below(12) }, () => dice.pick(PIECES)).join("");
    using referee = new Referee(columns, rows);
    referee.write("\x1b[?7l");
    let before: Frame | undefined;
    for (let step = 0; step < 20; step++) {
      // Rows that stay as they were are the usual thing.
      const texts = Array.from({ length: rows }, () => anyText());
      const kept = dice.below(rows);
      const frame = frameOf(texts, columns);
      const after = before === undefined
        ? frame
        : { ...frame, rows: frame.rows.map((row, at) => at === kept ? before!.rows[at]! : row) };
      const written = framesApart(before, after);
      if (written !== "") {
        // deno-lint-ignore no-control-regex -- the marks are escape sequences
        assertMatch(written, /^\x1b\[\?2026h[^]*\x1b\[\?2026l$/);
      }
      referee.write(written);
      using afresh = new Referee(columns, rows);
      afresh.write(`\x1b[?7l${framesApart(undefined, after)}`);
      assertEquals(cellsOf(referee), cellsOf(afresh), `replay with: -- --seed ${seed}`);
      before = after;
    }
  }
});
