import { assertEquals } from "@std/assert";
import { TEXT_BYTES } from "../../core/base/limits.ts";
import { harmless } from "../../core/base/text.ts";
import { NEW_EDITOR, press } from "../../terminal/editor.ts";
import type { KeyCommand } from "../../terminal/escape_sequences.ts";
import type { EditKey } from "../../terminal/keys.ts";
import { lineOf, moveTo, shown } from "../../terminal/line.ts";
import { wordRows } from "../../terminal/rows.ts";
import { Dice, givenSeed } from "../kit/dice.ts";
import { Referee } from "./referee.ts";
import { MARK, PROMPT, Scene } from "./scene.ts";

const FAMILY = "👨‍👩‍👧";

Deno.test("a message stands above the input, the cursor stays in its place", () => {
  const scene = new Scene({ columns: 12, rows: 5 });
  scene.type(moveTo(lineOf("hello"), 2));
  scene.print("alice: hi", "bob: ho");
  assertEquals(scene.emulator.screen(), ["alice: hi", "bob: ho", ">>> hello", "", ""]);
  assertEquals(scene.emulator.cursor, { row: 2, column: 6, isWrapPending: false });
});

Deno.test("the input leaves the last column to the cursor", () => {
  const scene = new Scene({ columns: 8, rows: 4 });
  scene.type(lineOf("abc"));
  assertEquals(scene.emulator.screen(), [">>> abc", "", "", ""]);
  assertEquals(scene.emulator.cursor, { row: 0, column: 7, isWrapPending: false });
  scene.type(lineOf("abcd"));
  assertEquals(scene.emulator.screen(), [">>> abc", "d", "", ""]);
});

Deno.test("a wide character that does not fit in the last column goes to the next row", () => {
  const scene = new Scene({ columns: 7, rows: 4 });
  scene.type(lineOf(`漢字${FAMILY}x`));
  assertEquals(scene.emulator.screen(), [">>> 漢", `字${FAMILY}x`, "", ""]);
  assertEquals(scene.emulator.cursor.column, 5);
});

Deno.test("a long message is wrapped by the terminal and pushes the oldest rows out", () => {
  const scene = new Scene({ columns: 6, rows: 4 });
  scene.type(lineOf("x"));
  scene.print("first", "0123456789");
  scene.print("last");
  assertEquals(scene.emulator.screen(), ["012345", "6789", "last", ">>> x"]);
  assertEquals(scene.emulator.everything()[0], "first");
});

Deno.test("a line is broken between words, and a word that is wider than the window by the terminal", () => {
  assertEquals(wordRows("alice: words are never cut", 12), ["alice: words", "are never", "cut"]);
  assertEquals(wordRows("a 0123456789 b c", 6), ["a 0123456789", "b c"]);
  assertEquals(wordRows("x 漢字 漢字", 7), ["x 漢字", "漢字"]);
  assertEquals(wordRows("  two  spaces", 20), ["  two  spaces"]);
  assertEquals(wordRows("", 5), [""]);
  assertEquals(wordRows("\x1b[1mbold and\x1b[0m not", 6), ["\x1b[1mbold", "\x1b[1mand\x1b[0m", "not"]);
  const scene = new Scene({ columns: 12, rows: 5 });
  scene.print("alice: words are never cut");
  assertEquals(scene.emulator.screen(), ["alice: words", "are never", "cut", ">>>", ""]);
});

Deno.test("the longest message of others, each character of which is shown as a tag, is only a long line", () => {
  const rows = wordRows(harmless("\x01".repeat(TEXT_BYTES)), 80);
  assertEquals(rows.join("").length, TEXT_BYTES * "<U+0001>".length);
});

Deno.test("input taller than the window shows the part around the cursor and leaves a row to the messages", () => {
  const scene = new Scene({ columns: 5, rows: 4 });
  const long = lineOf("x0123a4567b89012c34567d");
  scene.type(long);
  scene.print("one");
  assertEquals(scene.emulator.screen(), ["one", "9012", "c345", "67d"]);
  scene.type(moveTo(long, 0));
  assertEquals(scene.emulator.screen(), ["one", ">>>", "x012", "3a45"]);
  assertEquals(scene.emulator.cursor, { row: 2, column: 0, isWrapPending: false });
});

Deno.test("colours take no column", () => {
  const scene = new Scene({ columns: 9, rows: 4 });
  scene.print("\x1b[1;31mred\x1b[0m and x");
  scene.resize({ columns: 6, rows: 4 });
  assertEquals(scene.emulator.screen(), ["red an", "d x", ">>>", ""]);
});

Deno.test("erase leaves the cursor where the input began, clear leaves the input alone on the screen", () => {
  const scene = new Scene({ columns: 6, rows: 4 });
  scene.print("one", "two");
  scene.type(lineOf("abc"));
  scene.emulator.write(scene.painter.erase());
  assertEquals(scene.emulator.screen(), ["one", "two", "", ""]);
  assertEquals(scene.emulator.cursor, { row: 2, column: 0, isWrapPending: false });
  scene.emulator.write(scene.painter.clear(lineOf("x")));
  assertEquals(scene.emulator.screen(), [">>> x", "", "", ""]);
  scene.emulator.resize(8, 4);
  scene.emulator.write(scene.painter.resize({ columns: 8, rows: 4 }, lineOf("x")));
  assertEquals(scene.emulator.screen(), [">>> x", "", "", ""]);
});

for (const reflows of [true, false]) {
  const how = reflows ? "wraps anew" : "cuts off";

  Deno.test(`a resize leaves no stale row and no hole on a terminal that ${how}`, () => {
    const scene = new Scene({ columns: 20, rows: 7 }, reflows, ["$$$"]);
    scene.print("alice: hi", "bob: a line that is longer than the window");
    scene.type(lineOf("and this wraps over three rows, too"));
    scene.resize({ columns: 11, rows: 7 });
    scene.check();
    assertEquals(scene.emulator.screen().slice(-4), [">>> and th", "is wraps o", "ver three", "rows, too"]);
    scene.resize({ columns: 30, rows: 9 });
    scene.check();
    assertEquals(scene.emulator.everything().slice(-6), [
      "alice: hi",
      "bob: a line that is",
      "longer than the",
      "window",
      ">>> and this wraps over three",
      " rows, too",
    ]);
  });

  Deno.test(`after each frame the screen is as it should be, on a terminal that ${how}`, () => {
    playAll((dice) => play(dice, reflows));
  });
}

Deno.test("the mark of a line changes where it stands, and the line being typed stays as it is", () => {
  const scene = new Scene({ columns: 12, rows: 6 });
  scene.printMarked("a", "· >>> one and more words");
  scene.print("bob: hi");
  scene.type(moveTo(lineOf("hello there"), 3));
  assertEquals(scene.mark("a", "✓"), true);
  assertEquals(scene.emulator.screen(), ["✓ >>> one", "and more", "words", "bob: hi", ">>> hello t", "here"]);
  scene.check();
});

Deno.test("a blank line does not keep those before it from being printed again in a narrow window", () => {
  const scene = new Scene({ columns: 20, rows: 6 }, false);
  scene.print("one more line", "", "a longer line here", "another long line");
  scene.resize({ columns: 6, rows: 6 });
  scene.check();
});

Deno.test("a mark that has left at the top is not changed there, and is told so; a resize shows it", () => {
  const scene = new Scene({ columns: 12, rows: 3 });
  scene.printMarked("a", "· one");
  scene.printMarked("b", "· two");
  scene.print("bob: hi");
  assertEquals(scene.mark("a", "✓"), false);
  assertEquals(scene.mark("b", "✓"), true);
  assertEquals(scene.mark("unknown", "✓"), false);
  scene.check();
  scene.resize({ columns: 12, rows: 5 });
  assertEquals(scene.emulator.screen().slice(0, 4), ["✓ one", "✓ two", "bob: hi", ">>>"]);
});

Deno.test("an input that was higher has pushed rows out at the top: they are not changed", () => {
  const scene = new Scene({ columns: 8, rows: 4 });
  scene.printMarked("a", "· one");
  scene.print("two");
  scene.type(lineOf("a long line of text"));
  scene.type(lineOf("a"));
  assertEquals(scene.mark("a", "✓"), false);
  scene.check();
});

Deno.test("what another program has written in between leaves all marks alone", () => {
  const scene = new Scene({ columns: 12, rows: 6 });
  scene.printMarked("a", "· one");
  scene.painter.loseSight();
  assertEquals(scene.mark("a", "✓"), false);
  scene.printMarked("b", "· two");
  assertEquals(scene.mark("b", "✓"), true);
  assertEquals(scene.emulator.screen().slice(0, 2), ["· one", "✓ two"]);
});

Deno.test("after each frame the screen is as it should be, and xterm's emulator is the referee", () => {
  playAll((dice) => {
    using referee = new Referee(1, 1);
    play(dice, true, referee);
  });
});

function playAll(run: (dice: Dice) => void): void {
  const first = givenSeed();
  console.log(`seed ${first}`);
  for (let seed = first; seed < first + 100; seed++) {
    try {
      run(new Dice(seed));
    } catch (error) {
      throw new Error(`replay with: -- --seed ${seed}`, { cause: error });
    }
  }
}

const PIECES: readonly [string, ...string[]] = [
  "a",
  "bc",
  " ",
  "word",
  "漢",
  "字字",
  FAMILY,
  "👍🏽",
  "🇩🇪",
  "e\u0301",
  "\x1b[31mred\x1b[0m",
  "a longer piece of text ",
];

const COMMANDS: readonly [KeyCommand, ...KeyCommand[]] = [
  "backspace",
  "delete",
  "left",
  "right",
  "home",
  "end",
  "wordLeft",
  "wordRight",
  "killWord",
  "yank",
  "enter",
  "up",
  "down",
  "interrupt",
];

/** A user types and edits, messages come, the window changes; after each step all must be in its place. */
function play(dice: Dice, reflows: boolean, referee?: Referee): void {
  const before = Array.from({ length: dice.below(4) }, () => "$$");
  const size = anySize(dice);
  referee?.resize(size.columns, size.rows);
  const scene = new Scene(size, reflows, before, referee);
  const marked: string[] = [];
  let editor = NEW_EDITOR;
  for (let step = 0; step < 60; step++) {
    const roll = dice.below(11);
    if (roll === 0) {
      const { columns, rows } = anySize(dice);
      // xterm moves the cursor off its text, down by as many rows as wrap anew below it.
      if (referee !== undefined) {
        editor = press(editor, { name: "end" }, () => []).editor;
        scene.type(shown(editor.line));
      }
      // A terminal that cuts off loses what a window smaller both ways had; nobody can bring that back.
      if (reflows) scene.resize({ columns, rows });
      else scene.resize(dice.below(2) === 0 ? { ...scene.size, columns } : { ...scene.size, rows });
      if (referee?.isMistaken) return;
    } else if (roll === 1) {
      scene.printMarked(`${step}`, `${MARK.before} ${step} ${anyText(dice, 9)}`);
      marked.push(`${step}`);
    } else if (roll === 2) {
      if (marked.length > 0) scene.mark(dice.pick(marked as [string]), MARK.after);
    } else if (roll < 5) {
      const count = dice.below(4);
      scene.print(...Array.from({ length: count }, (_, at) => `${step}.${at} ${anyText(dice, 9)}`));
    } else {
      const pressed = press(editor, anyKey(dice), () => []);
      editor = pressed.editor;
      if (pressed.event?.type === "submitted") scene.print(PROMPT + pressed.event.echo);
      scene.type(shown(editor.line));
    }
    scene.check();
  }
}

/** At most so many pieces, one behind the other. */
function anyText(dice: Dice, longest: number): string {
  return Array.from({ length: dice.below(longest + 1) }, () => dice.pick(PIECES)).join("");
}

function anySize(dice: Dice): { columns: number; rows: number } {
  return { columns: 3 + dice.below(40), rows: 1 + dice.below(12) };
}

function anyKey(dice: Dice): EditKey {
  if (dice.below(3) === 0) return { name: dice.pick(COMMANDS) };
  const text = anyText(dice, 6).replaceAll("\x1b[31m", "").replaceAll("\x1b[0m", "");
  return dice.below(2) === 0 ? { name: "text", text } : { name: "paste", text: `${text}\n\t` };
}
