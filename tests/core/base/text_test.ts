import { assertEquals, assertFalse, assertGreater } from "@std/assert";
import { COMBINING_MARKS } from "../../../core/base/limits.ts";
import { firstWords, harmless } from "../../../core/base/text.ts";
import { seededDice } from "../../kit/dice.ts";

Deno.test("ordinary text of any script stays as it is, spaces included", () => {
  for (const text of ["", "hi", "a  b ", "Grüße, Zoë!", "你好，世界", "привет", "שלום", "नमस्ते", "a\u{301}"]) {
    assertEquals(harmless(text), text);
  }
});

Deno.test("control characters become visible tags", () => {
  assertEquals(harmless("\u{1B}[2J"), "<U+001B>[2J");
  assertEquals(harmless("a\rb\0\u{7}\u{8}\u{7F}"), "a<U+000D>b<U+0000><U+0007><U+0008><U+007F>");
  assertEquals(harmless("\u{85}\u{9B}31m"), "<U+0085><U+009B>31m");
  assertEquals(harmless("a\nb"), "a<U+000A>b");
});

const tagOf = (code: number) => `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;

Deno.test("no C0, DEL or C1 gets through, wherever it stands", () => {
  for (let code = 0; code < 0xa0; code++) {
    if (code >= 0x20 && code < 0x7f) continue;
    const shown = harmless(`a${String.fromCharCode(code)}b`);
    if (code === 9) assertEquals(shown, "a  b");
    else assertEquals(shown, `a${tagOf(code)}b`);
  }
});

Deno.test("what turns text round, or takes no room, becomes a visible tag", () => {
  const bidi = [
    0x061c,
    0x200e,
    0x200f,
    0x202a,
    0x202b,
    0x202c,
    0x202d,
    0x202e,
    0x2066,
    0x2067,
    0x2068,
    0x2069,
  ];
  const empty = [0x00ad, 0x034f, 0x115f, 0x180e, 0x200b, 0x200c, 0x200d, 0x2060, 0x3164, 0xfeff, 0xffa0];
  const others = [0x2028, 0x2029, 0xfff9, 0xfffb, 0xfe0f, 0xe0001, 0xe0100];
  for (const code of [...bidi, ...empty, ...others]) {
    assertEquals(harmless(`a${String.fromCodePoint(code)}b`), `a${tagOf(code)}b`);
  }
});

Deno.test("what is in nobody's font, or means nothing, becomes a visible tag", () => {
  const ownUse = [0xe000, 0xf8ff, 0xf0000, 0xffffd, 0x100000, 0x10fffd];
  const unassigned = [0x0378, 0x2072, 0xfdd0, 0xfffe, 0xffff, 0x1fffe, 0x10ffff];
  for (const code of [...ownUse, ...unassigned]) {
    assertEquals(harmless(`a${String.fromCodePoint(code)}b`), `a${tagOf(code)}b`);
  }
});

Deno.test("of every plane, what stays is letters, marks, numbers, punctuation, symbols and spaces", () => {
  const shows = /^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]$/u;
  const hides = /^[\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]$/u;
  let kept = 0;
  for (let code = 0xa0; code <= 0x10ffff; code++) {
    const character = String.fromCodePoint(code);
    const stays = shows.test(character) && !hides.test(character);
    const shown = harmless(character);
    if (stays) kept++;
    // One comparison instead of a million assertions.
    if (shown !== (stays ? character : tagOf(code))) assertEquals(shown, stays ? character : tagOf(code));
  }
  assertGreater(kept, 140_000);
});

Deno.test("spaces that take room stay, a tab is two of them", () => {
  assertEquals(harmless("a\u{A0}b\u{3000}c\u{2003}d"), "a\u{A0}b\u{3000}c\u{2003}d");
  assertEquals(harmless("a\tb"), "a  b");
});

Deno.test("what is harmless stays as it is when it is made harmless again", () => {
  const dice = seededDice();
  for (let round = 0; round < 500; round++) {
    const once = harmless(String.fromCharCode(...Array.from({ length: 20 }, () => dice.below(0x10000))));
    assertEquals(harmless(once), once);
  }
});

Deno.test("half a surrogate pair becomes a visible tag, a whole one is a character", () => {
  assertEquals(harmless("\u{D83D}x\u{DE00}"), "<U+D83D>x<U+DE00>");
  assertEquals(harmless("😀"), "😀");
});

Deno.test("emoji stay whole: joined, coloured, with a selector, flags", () => {
  const whole = ["❤️", "👩🏽‍🚀", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🏴‍☠️", "🇩🇪🇫🇷", "☠️", "👍🏿", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"];
  for (const text of whole) assertEquals(harmless(text), text);
});

Deno.test("a joiner or a selector that joins no emoji becomes a tag", () => {
  assertEquals(harmless("a\u{200D}b"), "a<U+200D>b");
  assertEquals(harmless("😀 \u{200D}"), "😀 <U+200D>");
  assertEquals(harmless("😀\u{200D}\u{200D}"), "😀<U+200D><U+200D>");
  assertEquals(harmless("a\u{FE0F}\u{200D}b"), "a<U+FE0F><U+200D>b");
  assertEquals(harmless("😀\u{FE0F}"), "😀<U+FE0F>");
});

Deno.test("stacks of combining marks are cut", () => {
  const mark = "\u{301}";
  assertEquals(harmless("a" + mark.repeat(COMBINING_MARKS)), "a" + mark.repeat(COMBINING_MARKS));
  assertEquals(harmless("a" + mark.repeat(500) + "b"), "a" + mark.repeat(COMBINING_MARKS) + "b");
});

Deno.test("no text of any code units brings anything harmful to the terminal", () => {
  const dice = seededDice();
  const pieces = [
    "\u{1B}",
    "\u{200D}",
    "\u{FE0F}",
    "😀",
    "👍🏿",
    "\u{202E}",
    "a",
    "\t",
    "\u{301}",
    "\n",
    "\u{D83D}",
  ];
  for (let round = 0; round < 5000; round++) {
    const text = Array.from(
      { length: dice.below(20) },
      () => dice.happens(0.7) ? dice.pick(pieces) : String.fromCharCode(dice.below(0x10000)),
    ).join("");
    const shown = harmless(text);
    const harm = /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;
    assertFalse(harm.test(shown), JSON.stringify(text));
  }
});

Deno.test("the first words of a text, as many as have room", () => {
  for (
    const [text, words] of [
      ["hi", "hi"],
      ["", ""],
      ["exactly thirty columns of text", "exactly thirty columns of text"],
      ["exactly thirty columns of texts", "exactly thirty columns of\u2026"],
      ["here the word ends in column 29 and goes on", "here the word ends in column\u2026"],
      ["here a word ends in column 29 and goes on", "here a word ends in column 29\u2026"],
      [`${"x".repeat(31)} y`, `${"x".repeat(29)}\u2026`],
      ["  two\n\tlines  of it ", "two lines of it"],
      // Two columns each.
      ["\u6f22".repeat(15), "\u6f22".repeat(15)],
      ["\u6f22".repeat(16), `${"\u6f22".repeat(14)}\u2026`],
      ["\u{1F469}\u200D\u{1F680}".repeat(16), `${"\u{1F469}\u200D\u{1F680}".repeat(14)}\u2026`],
      [`e\u0301 ${"e\u0301".repeat(40)}`, "e\u0301\u2026"],
    ] as const
  ) {
    assertEquals(firstWords(text, 30), words);
  }
});

Deno.test("the first words are harmless, however the text is made, and of a long one little is looked at", () => {
  assertEquals(firstWords("\u001b[2J \u202Eabc", 30), "<U+001B>[2J <U+202E>abc");
  assertEquals(firstWords(`a${"\u0301".repeat(60_000)} b`, 30), `a${"\u0301".repeat(COMBINING_MARKS)}\u2026`);
  assertEquals(firstWords(`a${" ".repeat(60_000)}b`, 30), "a b");
});
