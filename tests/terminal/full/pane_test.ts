import { assertEquals } from "@std/assert";
import { Pane } from "../../../terminal/full/pane.ts";

function paneOf(...lines: readonly string[]): Pane {
  const pane = new Pane();
  for (const line of lines) pane.add(line);
  return pane;
}

Deno.test("the newest rows are in sight, broken between words", () => {
  const pane = paneOf("alice: hi", "bob: words are never cut", "carol: 0123456789012");
  assertEquals(pane.rows(12, 10), [
    "alice: hi",
    "bob: words",
    "are never",
    "cut",
    "carol: 01234",
    "56789012",
  ]);
  assertEquals(pane.rows(12, 3), ["cut", "carol: 01234", "56789012"]);
  assertEquals(pane.rows(40, 2), ["bob: words are never cut", "carol: 0123456789012"]);
});

Deno.test("who scrolls back stays there while lines come, and after a resize", () => {
  const pane = paneOf(...Array.from({ length: 20 }, (_, at) => `line ${at} is long`));
  pane.scroll(20, 5, 5);
  assertEquals(pane.rows(20, 5), [10, 11, 12, 13, 14].map((at) => `line ${at} is long`));
  assertEquals(pane.linesBelow, 5);
  pane.add("newer");
  assertEquals(pane.rows(20, 5).at(-1), "line 14 is long");
  assertEquals(pane.linesBelow, 6);
  assertEquals(pane.rows(8, 4), ["line 13", "is long", "line 14", "is long"]);
  pane.scroll(8, 4, 1);
  assertEquals(pane.rows(8, 4), ["is long", "line 13", "is long", "line 14"]);
  assertEquals(pane.rows(20, 2), ["line 13 is long", "line 14 is long"]);
  pane.toEnd();
  assertEquals([pane.rows(20, 1), pane.linesBelow], [["newer"], 0]);
});

Deno.test("scrolling ends with a full window at either end", () => {
  const pane = paneOf("1", "2", "3", "4");
  pane.scroll(10, 3, 100);
  assertEquals(pane.rows(10, 3), ["1", "2", "3"]);
  pane.scroll(10, 3, -100);
  assertEquals([pane.rows(10, 3), pane.linesBelow], [["2", "3", "4"], 0]);
  const short = paneOf("1");
  short.scroll(10, 3, 5);
  assertEquals([short.rows(10, 3), short.linesBelow], [["1"], 0]);
  const empty = new Pane();
  empty.scroll(10, 3, 5);
  assertEquals(empty.rows(10, 3), []);
});

Deno.test("a line gives way to another one in its place", () => {
  const pane = paneOf("one");
  const number = pane.add("· two");
  pane.add("three");
  assertEquals(pane.rows(10, 3), ["one", "· two", "three"]);
  pane.replace(number, "✓ two");
  assertEquals(pane.rows(10, 3), ["one", "✓ two", "three"]);
});

Deno.test("old lines are dropped, and who looks at them sees the oldest that are left", () => {
  const pane = paneOf(...Array.from({ length: 4_999 }, (_, at) => `${at}`));
  const number = pane.add("marked");
  pane.scroll(10, 2, 10_000);
  assertEquals(pane.rows(10, 2), ["0", "1"]);
  for (let at = 0; at < 5_000; at++) pane.add(`new ${at}`);
  assertEquals(pane.rows(10, 2), ["new 0"]);
  pane.replace(number, "never seen");
  assertEquals(pane.rows(10, 1), ["new 0"]);
});

Deno.test("each row begins with the colours that are set there", () => {
  assertEquals(paneOf("\x1b[1mbold01234567\x1b[0m x").rows(6, 9), [
    "\x1b[1mbold01",
    "\x1b[1m234567\x1b[0m",
    "x",
  ]);
});
