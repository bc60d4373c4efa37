import { assert, assertEquals } from "@std/assert";
import { KeyDecoder, type KeyPress } from "../../terminal/keys.ts";
import { LONGEST } from "./longest.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

function keysOf(...reads: string[]): KeyPress[] {
  const decoder = new KeyDecoder();
  return reads.flatMap((read) => decoder.push(bytesOf(read)));
}

const names = (...reads: string[]) => keysOf(...reads).map((key) => key.name);

Deno.test("text comes as it was typed, grapheme clusters in one piece", () => {
  assertEquals(keysOf("hi 漢字 👨‍👩‍👧e\u0301"), [{ name: "text", text: "hi 漢字 👨‍👩‍👧e\u0301" }]);
});

Deno.test("a character may be split at any byte", () => {
  const decoder = new KeyDecoder();
  const keys = [...bytesOf("é漢👍")].flatMap((byte) => decoder.push(Uint8Array.of(byte)));
  assertEquals(keys.map((key) => "text" in key ? key.text : ""), ["é", "漢", "👍"]);
});

Deno.test("bytes that are no UTF-8 become the replacement character, C1 controls nothing", () => {
  const decoder = new KeyDecoder();
  assertEquals(decoder.push(Uint8Array.of(0x61, 0xff, 0x62)), [{ name: "text", text: "a\ufffdb" }]);
  assertEquals(decoder.push(bytesOf("\u009b")), []);
});

Deno.test("the keys with control", () => {
  assertEquals(names("\x01\x02\x05\x06"), ["home", "left", "end", "right"]);
  assertEquals(names("\x0b\x15\x17\x19"), ["killToEnd", "killToStart", "killWord", "yank"]);
  assertEquals(names("\x03\x04\x0c\x0e\x10\x1a"), [
    "interrupt",
    "deleteOrEnd",
    "clearScreen",
    "down",
    "up",
    "suspend",
  ]);
  assertEquals(names("\r", "\n", "\t", "\x7f", "\b"), ["enter", "enter", "tab", "backspace", "backspace"]);
  assertEquals(names("\x00\x1c\x1d"), []);
  assertEquals(names("\x07\x12\x13\x14\x1f"), [
    "abort",
    "search",
    "searchForward",
    "transposeLetters",
    "undo",
  ]);
});

const SEQUENCES: [meaning: string, ...sequences: string[]][] = [
  ["up", "\x1b[A", "\x1bOA", "\x1b[1;2A"],
  ["down", "\x1b[B", "\x1bOB"],
  ["right", "\x1b[C", "\x1bOC"],
  ["left", "\x1b[D", "\x1bOD", "\x1b[1;2D"],
  ["home", "\x1b[H", "\x1bOH", "\x1b[1~", "\x1b[7~"],
  ["end", "\x1b[F", "\x1bOF", "\x1b[4~", "\x1b[8~"],
  ["delete", "\x1b[3~"],
  ["wordLeft", "\x1bb", "\x1b[1;5D", "\x1b[5D", "\x1bOd", "\x1b[1;3D"],
  ["wordRight", "\x1bf", "\x1b[1;5C", "\x1b[5C", "\x1bOc"],
  ["killLettersBefore", "\x1b\x7f"],
  ["killLettersBehind", "\x1bd"],
  ["yankOlder", "\x1by"],
];

for (const [meaning, ...sequences] of SEQUENCES) {
  Deno.test(`all ways to say ${meaning}, whole and byte by byte`, () => {
    for (const sequence of sequences) {
      assertEquals(names(sequence), [meaning], JSON.stringify(sequence));
      assertEquals(names(...sequence), [meaning], JSON.stringify(sequence));
    }
  });
}

Deno.test("an unknown sequence is swallowed whole, and nothing else", () => {
  for (
    const sequence of [
      "\x1b[[A",
      "\x1bOP",
      "\x1b[15~",
      "\x1b[2~",
      "\x1b[?1;2c",

      "\x1bq",
      "\x1b[999z",
    ]
  ) {
    assertEquals(keysOf(`${sequence}x`), [{ name: "text", text: "x" }], JSON.stringify(sequence));
  }
});

Deno.test("a control character inside a sequence ends it and counts", () => {
  assertEquals(names("\x1b[1;\r"), ["enter"]);
  assertEquals(names("\x1b\x1b[A"), ["up"]);
});

Deno.test("a sequence that never ends swallows 32 characters at most", () => {
  assertEquals(keysOf(`\x1b[${"1".repeat(40)}`).length, 1);
});

Deno.test("a lone Escape is dropped once nothing follows it", () => {
  const decoder = new KeyDecoder();
  assertEquals(decoder.push(bytesOf("\x1b")), []);
  assertEquals(decoder.isWaiting, true);
  decoder.settle();
  assertEquals(decoder.isWaiting, false);
  assertEquals(decoder.push(bytesOf("[Oh")), [{ name: "text", text: "[Oh" }]);
});

Deno.test("a paste is one key, however it is split, and what is in it is not obeyed", () => {
  const paste = "\x1b[200~one\r\ntwo\t\x1b[A\x03 漢\x1b[201~";
  const expected: KeyPress[] = [
    { name: "text", text: "a" },
    { name: "paste", text: "one\r\ntwo\t\x1b[A\x03 漢" },
    { name: "text", text: "b" },
  ];
  assertEquals(keysOf(`a${paste}b`), expected);
  assertEquals(keysOf(..."a", ...paste, "b"), expected);
});

Deno.test("two pastes in a row, an empty one among them", () => {
  const keys = keysOf("\x1b[200~\x1b[201~\x1b[200~x\x1b[201~");
  assertEquals(keys, [{ name: "paste", text: "" }, { name: "paste", text: "x" }]);
});

Deno.test("of a paste as long as the longest message with its command nothing is left out", () => {
  for (const line of LONGEST) {
    const [paste, ...more] = keysOf(`\x1b[200~${line}\x1b[201~`);
    assert(paste?.name === "paste" && more.length === 0);
    assertEquals(paste.text.length, line.length);
    assert(paste.text === line);
  }
});

Deno.test("of an endless paste only the beginning is kept, and its end is still seen", () => {
  const [paste, next] = keysOf("\x1b[200~", ...Array(1_000).fill("x".repeat(1_000)), "\x1b[201~\r");
  assert(paste?.name === "paste");
  assert(/^x+$/.test(paste.text) && paste.text.length < 100_000, `${paste.text.length}`);
  assertEquals(next, { name: "enter" });
});

Deno.test("a paste whose end never comes ends by itself, and the next key counts again", () => {
  const decoder = new KeyDecoder();
  assertEquals(decoder.push(bytesOf("\x1b[200~half")), []);
  assertEquals(decoder.isPasting, true);
  assertEquals(decoder.endPaste(), [{ name: "paste", text: "half" }]);
  assertEquals([decoder.isPasting, decoder.endPaste()], [false, []]);
  assertEquals(decoder.push(bytesOf("\r")), [{ name: "enter" }]);
});

Deno.test("how much of a paste is left out is told in bytes", () => {
  const [paste] = keysOf(`\x1b[200~${"漢".repeat(100_000)}\x1b[201~`);
  assert(paste?.name === "paste");
  assertEquals(paste.text.length + (paste.omitted ?? 0) / 3, 100_000);
});

Deno.test("the terminal's answers are no keys, however they are split", () => {
  const white = { name: "background", colour: { red: 1, green: 1, blue: 1 } } as const;
  for (const answer of ["\x1b]11;rgb:ffff/ffff/ffff\x1b\\", "\x1b]11;rgb:ff/FF/f\x07"]) {
    const bytes = new TextEncoder().encode(`a${answer}b`);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const decoder = new KeyDecoder();
      const keys = [...decoder.push(bytes.slice(0, cut)), ...decoder.push(bytes.slice(cut))];
      assertEquals(keys, [{ name: "text", text: "a" }, white, { name: "text", text: "b" }]);
    }
  }
});

Deno.test("an answer that nobody asked for, is broken off or never ends swallows no keys behind it", () => {
  const keysOf = (text: string) => new KeyDecoder().push(new TextEncoder().encode(text));
  assertEquals(keysOf("\x1b]52;c;eHg=\x07b"), [{ name: "text", text: "b" }]);
  assertEquals(keysOf("\x1b]11;rgb\x1b[Ab"), [{ name: "up" }, { name: "text", text: "b" }]);
  assertEquals(keysOf(`\x1b]${"x".repeat(98)}b`), [{ name: "text", text: "b" }]);
});

Deno.test("ctrl-x waits for its second key, however long that takes", () => {
  const decoder = new KeyDecoder();
  const push = (text: string) => decoder.push(new TextEncoder().encode(text));
  assertEquals([push("\x18"), decoder.isWaiting], [[], false]);
  assertEquals(push("\x05"), [{ name: "editor" }]);
  assertEquals(push("\x18\x15\x18a"), [{ name: "undo" }, { name: "text", text: "a" }]);
  assertEquals(push("\x18\x1b[A"), [{ name: "up" }]);
});

Deno.test("the terminal tells its focus", () => {
  const keys = new KeyDecoder().push(new TextEncoder().encode("\x1b[Ia\x1b[O"));
  assertEquals(keys, [{ name: "focus", hasFocus: true }, { name: "text", text: "a" }, {
    name: "focus",
    hasFocus: false,
  }]);
});

Deno.test("the terminal tells where the cursor is", () => {
  assertEquals(new KeyDecoder().push(new TextEncoder().encode("\x1b[12;5R")), [{
    name: "cursor",
    column: 5,
  }]);
});
