import { assertEquals } from "@std/assert";
import { type Editor, type EditorEvent, NEW_EDITOR, press, withText } from "../../terminal/editor.ts";
import type { KeyCommand } from "../../terminal/escape_sequences.ts";
import { HISTORY_LIMIT_LINES } from "../../terminal/history.ts";
import { isReport, KeyDecoder } from "../../terminal/keys.ts";
import { EMPTY_LINE, LINE_LIMIT_CHARACTERS, replace, shown, textOf } from "../../terminal/line.ts";
import { graphemesOf } from "../../terminal/rows.ts";
import { seededDice } from "../kit/dice.ts";
import { LONGEST } from "./longest.ts";

const NICKS = ["alice", "alfred", "bob"];

function complete(line: string, cursor: number): string[] {
  const word = line.slice(0, cursor).split(" ").at(-1) ?? "";
  return NICKS.filter((nick) => nick.startsWith(word));
}

/** A line with its cursor, as the tests write it: "hel|lo". */
class TypingSession {
  editor: Editor = NEW_EDITOR;
  events: EditorEvent[] = [];

  /** Text is typed; the name of a command in brackets is its key: "hello[left][left]". */
  keys(keys: string): this {
    for (const [, name, text = ""] of keys.matchAll(/\[(\w+)\]|([^[]+)/g)) {
      this.#press(name ? { name: name as KeyCommand } : { name: "text", text });
    }
    return this;
  }

  paste(text: string): this {
    return this.#press({ name: "paste", text });
  }

  get line(): string {
    const { cells, cursor } = this.editor.line;
    return `${cells.slice(0, cursor).join("")}|${cells.slice(cursor).join("")}`;
  }

  get submitted(): string[] {
    return this.events.flatMap((event) => event.type === "submitted" ? [event.line] : []);
  }

  #press(key: Parameters<typeof press>[1]): this {
    const { editor, event } = press(this.editor, key, complete);
    this.editor = editor;
    if (event) this.events.push(event);
    return this;
  }
}

const lineAfter = (keys: string) => new TypingSession().keys(keys).line;

Deno.test("typing, moving and deleting", () => {
  assertEquals(lineAfter("hello"), "hello|");
  assertEquals(lineAfter("helo[left]l"), "hell|o");
  assertEquals(lineAfter("ab[home]x[end]y"), "xaby|");
  assertEquals(lineAfter("abc[left][backspace]"), "a|c");
  assertEquals(lineAfter("abc[home][delete]"), "|bc");
  assertEquals(lineAfter("abc[left][deleteOrEnd]"), "ab|");
  assertEquals(lineAfter("[left][backspace][delete]a[right][right]"), "a|");
});

Deno.test("the cursor and Backspace take a grapheme cluster as one character", () => {
  assertEquals(lineAfter("a👨‍👩‍👧漢[left][left]"), "a|👨‍👩‍👧漢");
  assertEquals(lineAfter("a👨‍👩‍👧[backspace]"), "a|");
  assertEquals(lineAfter("e\u0301[backspace]"), "|");
});

Deno.test("an accent that comes after its letter joins it", () => {
  const session = new TypingSession().keys("xe").keys("\u0301");
  assertEquals(session.editor.line.cells, ["x", "e\u0301"]);
  assertEquals(session.editor.line.cursor, 2);
});

Deno.test("words", () => {
  assertEquals(lineAfter("send bob  hi[wordLeft]"), "send bob  |hi");
  assertEquals(lineAfter("send bob  hi[wordLeft][wordLeft]"), "send |bob  hi");
  assertEquals(lineAfter("send bob[home][wordRight]"), "send| bob");
  assertEquals(lineAfter("send bob[home][wordRight][wordRight][wordRight]"), "send bob|");
});

Deno.test("what is killed can be put back elsewhere", () => {
  assertEquals(lineAfter("send bob  [killWord]"), "send |");
  assertEquals(lineAfter("one two[killWord][home][yank]"), "two|one ");
  assertEquals(lineAfter("one two[wordLeft][killToEnd]"), "one |");
  assertEquals(lineAfter("one two[wordLeft][killToStart][end][yank]"), "twoone |");
  assertEquals(lineAfter("one[killToStart][killToStart][yank]"), "one|");
});

Deno.test("Enter submits and empties the line, also an empty one", () => {
  const session = new TypingSession().keys("hi[left][enter][enter]");
  assertEquals(session.submitted, ["hi", ""]);
  assertEquals(session.line, "|");
});

Deno.test("ctrl-c clears a line, and interrupts on an empty one; ctrl-d ends on an empty one", () => {
  const session = new TypingSession().keys("hi[interrupt]");
  assertEquals([session.line, session.events], ["|", []]);
  assertEquals(session.keys("[interrupt]").events, [{ type: "interrupted" }]);
  assertEquals(new TypingSession().keys("[deleteOrEnd]").events, [{ type: "ended" }]);
});

Deno.test("ctrl-l and ctrl-z are events and leave the line alone", () => {
  const session = new TypingSession().keys("hi[clearScreen][suspend]");
  assertEquals(session.events, [{ type: "cleared" }, { type: "suspended" }]);
  assertEquals(session.line, "hi|");
});

Deno.test("history: up and down, the draft is kept", () => {
  const session = new TypingSession().keys("one[enter]two[enter]dra[left]");
  assertEquals(session.keys("[up]").line, "two|");
  assertEquals(session.keys("[up][up][up]").line, "one|");
  assertEquals(session.keys("[down]").line, "two|");
  assertEquals(session.keys("[down][down]").line, "dra|");
});

Deno.test("history: a line submitted from it is the newest; blank lines and repetitions are not kept", () => {
  const session = new TypingSession().keys("one[enter]two[enter]two[enter] [enter][up][up][enter]");
  assertEquals(session.submitted, ["one", "two", "two", " ", "one"]);
  assertEquals(session.editor.history.entries, ["one", "two", "one"]);
  assertEquals(session.keys("[up][up][interrupt][up]").line, "one|");
});

Deno.test("history is bounded", () => {
  const session = new TypingSession();
  for (let at = 0; at < HISTORY_LIMIT_LINES + 10; at++) session.keys(`line ${at}[enter]`);
  assertEquals(session.editor.history.entries.length, HISTORY_LIMIT_LINES);
  assertEquals(session.editor.history.entries[0], "line 10");
});

Deno.test("Tab: one candidate, what several have in common, a list, nothing", () => {
  assertEquals(lineAfter("send b[tab]"), "send bob |");
  assertEquals(lineAfter("send a[tab]"), "send al|");
  assertEquals(lineAfter("send b hi[left][left][left][tab]"), "send bob | hi");
  assertEquals(lineAfter("send z[tab]"), "send z|");
  const session = new TypingSession().keys("send al[tab]");
  assertEquals([session.line, session.events], ["send al|", [{
    type: "listed",
    words: ["alice", "alfred"],
  }]]);
});

Deno.test("a line break in a paste submits nothing and is submitted with the line", () => {
  const session = new TypingSession().keys("say ").paste("one\r\ntwo\rthree\n\tfour\x07\x1b[31m\x7f");
  assertEquals(session.events, []);
  assertEquals(textOf(shown(session.editor.line)), "say one⏎two⏎three⏎    four[31m");
  session.keys("[backspace][enter]");
  assertEquals(session.submitted, ["say one\ntwo\nthree\n\tfour[31"]);
  assertEquals(session.keys("[up]").line, "say one\ntwo\nthree\n\tfour[31|");
});

Deno.test("a line has a longest length, cut between graphemes; what is beyond is left out", () => {
  const session = new TypingSession().paste("x".repeat(LINE_LIMIT_CHARACTERS - 3)).keys("👍👍");
  assertEquals(textOf(session.editor.line).length, LINE_LIMIT_CHARACTERS - 1);
  session.keys("[home]ab");
  assertEquals(textOf(session.editor.line).length, LINE_LIMIT_CHARACTERS);
  assertEquals(session.editor.line.cursor, 1);
});

Deno.test("what has no room is counted, and a paste that has none is refused as a whole", () => {
  const session = new TypingSession().keys("send ghost ").paste("漢".repeat(30_000));
  assertEquals(session.events, [{ type: "tooLong", bytes: 90_000 }]);
  assertEquals(session.line, "send ghost |");
  session.keys(`${"x".repeat(65_000)}${" ".repeat(2_000)}`).keys("TAIL");
  assertEquals(session.editor.omitted, "send ghost ".length + 67_004 - LINE_LIMIT_CHARACTERS);
  session.keys("[enter]");
  assertEquals(session.editor.omitted, 0);
});

Deno.test("the longest message, its command and a byte more are not too long", () => {
  for (const line of LONGEST) {
    const session = new TypingSession().keys(`${line}[enter]`).paste(line).keys("[enter]");
    for (const end of [0, line.length - 2]) {
      session.keys(line.slice(0, end)).paste(line.slice(end, -1)).keys(`${line.at(-1)}[enter]`);
    }
    session.keys("[up][left][backspace][enter]");
    const lengths = session.submitted.map((submitted) => submitted.length);
    assertEquals(lengths, [...Array(4).fill(line.length), line.length - 1]);
    assertEquals(session.submitted.slice(0, 4).every((submitted) => submitted === line), true);
  }
});

Deno.test("however a line is edited, its cells are the graphemes of its text", () => {
  const dice = seededDice();
  const pieces = [
    "a",
    "e\u0301",
    "\u0301",
    "\u200d",
    "👩",
    "👩‍👧",
    "🇩",
    "🇩🇪",
    "한",
    "\u1100",
    "\u1161",
    " ",
    "क्",
    "ष",
  ] as const;
  const piece = () => Array.from({ length: dice.below(5) }, () => dice.pick(pieces)).join("");
  let line = EMPTY_LINE;
  for (let step = 0; step < 3_000; step++) {
    const from = dice.below(line.cells.length + 1);
    const to = dice.below(3) > 0 ? from : from + dice.below(line.cells.length - from + 1);
    const [inserted, behind] = [piece(), line.cells.slice(to).join("")];
    line = replace(line, from, to, inserted);
    assertEquals(line.cells, graphemesOf(textOf(line)), `step ${step}`);
    const before = textOf(line).length - behind.length;
    const ends = line.cells.slice(0, line.cursor).join("").length;
    assertEquals(
      ends >= before && ends - (line.cells[line.cursor - 1] ?? "").length < Math.max(before, 1),
      true,
    );
    if (line.cells.length > 60) line = EMPTY_LINE;
  }
});

Deno.test("any bytes keep the line within its bounds", () => {
  const dice = seededDice();
  const decoder = new KeyDecoder();
  let editor = NEW_EDITOR;
  for (let step = 0; step < 3_000; step++) {
    const bytes = Uint8Array.from(
      { length: dice.below(8) },
      () => dice.below(dice.pick([32, 128, 256])),
    );
    for (const key of decoder.push(bytes)) {
      if (!isReport(key)) editor = press(editor, key, complete).editor;
    }
    if (step % 5 === 0) decoder.settle();
    const { cells, cursor } = editor.line;
    assertEquals(cursor >= 0 && cursor <= cells.length, true, `step ${step}`);
    assertEquals(
      cells.every((cell) => cell !== "" && (cell === "\n" || cell === "\t" || !/\p{Cc}/u.test(cell))),
      true,
    );
    assertEquals(textOf(editor.line).length <= LINE_LIMIT_CHARACTERS, true);
  }
});

Deno.test("kills in a row are one text, on the side where they were, and older ones come with alt-y", () => {
  assertEquals(lineAfter("one two three[killWord][killWord]x[yank]"), "one xtwo three|");
  assertEquals(lineAfter("one two[home][killLettersBehind][killLettersBehind][yank]"), "one two|");
  const session = new TypingSession().keys("aa[killToStart]bb[killToStart]cc[killToStart]");
  assertEquals(session.keys("[yank]").line, "cc|");
  assertEquals(session.keys("[yankOlder]").line, "bb|");
  assertEquals(session.keys("[yankOlder][yankOlder]").line, "cc|");
  assertEquals(session.keys("x[yankOlder]").line, "ccx|", "only right behind a yank");
});

Deno.test("undo goes back word by word, through kills and completions, to the begin", () => {
  const session = new TypingSession().keys("one").keys(" ").keys("two[killWord]x");
  assertEquals(session.line, "one x|");
  const seen = Array.from({ length: 6 }, () => session.keys("[undo]").line);
  assertEquals(seen, ["one |", "one two|", "one|", "|", "|", "|"]);
  assertEquals(lineAfter("one[home][killToEnd]two[revert]"), "|");
  assertEquals(new TypingSession().keys("one[enter][undo]").line, "|", "what is sent is sent");
});

Deno.test("letters and words change places and case", () => {
  assertEquals(lineAfter("teh[transposeLetters]"), "the|");
  assertEquals(lineAfter("abc[left][transposeLetters]"), "acb|");
  assertEquals(lineAfter("a[transposeLetters]"), "a|");
  assertEquals(lineAfter("two one[transposeWords]"), "one two|");
  assertEquals(lineAfter("two one three[wordLeft][wordLeft][transposeWords]"), "one two| three");
  assertEquals(lineAfter("word[transposeWords]"), "word|");
  assertEquals(lineAfter("one two[home][upperWord][lowerWord]"), "ONE two|");
  assertEquals(lineAfter("one TWO[home][capitalWord][capitalWord]"), "One Two|");
  assertEquals(lineAfter("a/b-c[killLettersBefore]"), "a/b-|");
  assertEquals(lineAfter("a   b[left][left][deleteBlanks]"), "a|b");
});

Deno.test("the history's last word, its begin and its end", () => {
  const session = new TypingSession().keys("one first[enter]two second[enter]dra");
  assertEquals(session.keys("[oldest]").line, "one first|");
  assertEquals(session.keys("[newest]").line, "dra|");
  assertEquals(session.keys("[lastWord]").line, "drasecond|");
});

Deno.test("a search looks back letter by letter, further with each ctrl-r, and forward with ctrl-s", () => {
  const session = new TypingSession().keys("send bob hi[enter]peers[enter]send amy ho[enter]dra[search]sen");
  assertEquals(session.line, "send amy ho|");
  assertEquals(session.keys("[search]").line, "send bob hi|");
  assertEquals(session.keys("[search]").line, "send bob hi|");
  assertEquals(session.editor.search?.hasFailed, true);
  assertEquals(session.keys("[searchForward]").line, "send amy ho|");
  assertEquals(session.keys("d b").line, "send bob hi|");
  assertEquals(session.keys("[backspace]").line, "send bob hi|");
  assertEquals(session.keys("[abort]").line, "dra|");
  session.keys("[search]peer[left]").keys("!");
  assertEquals([session.line, session.editor.search], ["peer!|s", undefined]);
  assertEquals(session.keys("[undo][undo]").line, "dra|");
  session.keys("[search]amy[enter]");
  assertEquals(session.submitted.at(-1), "send amy ho");
});

Deno.test("Tab again goes through the words", () => {
  const session = new TypingSession().keys("send al[tab]");
  assertEquals(session.keys("[tab]").line, "send alice|");
  assertEquals(session.keys("[tab]").line, "send alfred|");
  assertEquals(session.keys("[tab]").line, "send alice|");
  assertEquals(session.keys("![tab]").line, "send alice!|");
});

Deno.test("a paste of many lines is one cell that says how many, and is sent whole", () => {
  const text = Array.from({ length: 41 }, (_, at) => `line ${at}`).join("\n");
  const session = new TypingSession().keys("see ").paste(text).keys("!");
  assertEquals(textOf(shown(session.editor.line)), "see [41 lines]!");
  assertEquals(session.keys("[left][left]x").editor.line.cells.slice(0, 5).join(""), "see x");
  assertEquals(session.keys("[right][backspace]").line, "see x|!", "it goes as one");
  assertEquals(session.keys("[undo]").line, `see x${text}|!`);
  assertEquals(session.keys("\u0301").line, `see x${text}\u0301|!`);
  session.keys("[backspace][enter]");
  assertEquals(session.submitted, [`see x${text}!`]);
  const [submitted] = session.events;
  assertEquals(submitted?.type === "submitted" && submitted.echo, `see x${text.replaceAll("\n", "⏎")}!`);
  assertEquals(textOf(shown(new TypingSession().paste(`${text}\n`).editor.line)), "[41 lines]");
});

Deno.test("ctrl-x ctrl-e hands over the whole text, and takes it back", () => {
  const session = new TypingSession().keys("hello[editor]");
  assertEquals(session.events, [{ type: "editor", text: "hello" }]);
  session.editor = withText(session.editor, "hello, world\n");
  assertEquals(session.line, "hello, world\n|");
  assertEquals(session.keys("[undo]").line, "hello|");
});
