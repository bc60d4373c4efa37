import { assertEquals } from "@std/assert";
import { framesApart } from "../../../terminal/full/frame.ts";
import { areasOf, layOut, type Tab, tabAt, type View } from "../../../terminal/full/layout.ts";
import { Pane } from "../../../terminal/full/pane.ts";
import { lineOf, moveTo } from "../../../terminal/line.ts";
import type { Size } from "../../../terminal/screen.ts";
import { Referee } from "../referee.ts";

const TABS: readonly Tab[] = [
  { name: "SERVER", isOnline: undefined, unread: 0, isOpen: false },
  { name: "#channel", isOnline: undefined, unread: 12, isOpen: false },
  { name: "bob", isOnline: true, unread: 0, isOpen: true },
  { name: "carol-with-a-long-name", isOnline: false, unread: 1_000, isOpen: false },
];

function viewOf(changes: Partial<View> = {}, ...lines: readonly string[]): View {
  const pane = new Pane();
  for (const line of lines) pane.add(line);
  const status = ["127.0.0.1:9999 1 ms", "bob: direct, 1 ms", "lost 0 %", "0 waiting"];
  return { tabs: TABS, pane, status, prompt: "bob> ", input: lineOf(""), help: undefined, ...changes };
}

function screenOf(view: View, size: Size): string[] {
  using referee = new Referee(size.columns, size.rows);
  referee.write(`\x1b[?7l${framesApart(undefined, layOut(view, size))}`);
  const { row, column } = referee.cursor;
  return [...referee.screen(), `${row}:${column}`];
}

Deno.test("conversations at the left, the newest lines above status and input", () => {
  const view = viewOf(
    { input: lineOf("hello") },
    "bob: hi",
    "alice: 漢字 and a text that is longer than the pane",
  );
  assertEquals(screenOf(view, { columns: 60, rows: 8 }), [
    "  SERVER       │",
    "  #channel   12│",
    "+ bob          │",
    "- carol-wi 999+│bob: hi",
    "               │alice: 漢字 and a text that is longer than",
    "               │the pane",
    " 127.0.0.1:9999 1 ms  bob: direct, 1 ms  lost 0 %",
    "bob> hello",
    "7:10",
  ]);
});

Deno.test("a narrow window has the open conversation alone, and says what is unread elsewhere", () => {
  const view = viewOf({ input: lineOf("a longer input") }, "bob: hi");
  assertEquals(screenOf(view, { columns: 20, rows: 5 }), [
    "",
    "",
    "bob: hi",
    " 1012 unread",
    "bob> a longer input",
    "4:19",
  ]);
});

Deno.test("of a low window the input remains, then the pane", () => {
  const view = viewOf({ input: lineOf("hi") }, "bob: hi");
  assertEquals(screenOf(view, { columns: 20, rows: 1 }), ["bob> hi", "0:7"]);
  assertEquals(screenOf(view, { columns: 20, rows: 2 }), ["bob: hi", "bob> hi", "1:7"]);
});

Deno.test("a long input takes half of the window at most, and shows the part around the cursor", () => {
  const text = Array.from({ length: 8 }, (_, at) => `${at}`.repeat(9)).join("");
  const size = { columns: 10, rows: 6 };
  const view = viewOf({ prompt: "", input: lineOf(text) }, "one", "two");
  assertEquals(screenOf(view, size), [
    "one",
    "two",
    " 1012 unre",
    "555555555",
    "666666666",
    "777777777",
    "5:9",
  ]);
  assertEquals(screenOf({ ...view, input: moveTo(lineOf(text), 0) }, size).slice(3), [
    "000000000",
    "111111111",
    "222222222",
    "3:0",
  ]);
});

Deno.test("the keys stand in the place of the pane", () => {
  const view = viewOf({ help: ["keys", "F1"] }, "bob: hi");
  assertEquals(screenOf(view, { columns: 20, rows: 6 }).slice(0, 4), ["keys", "F1", "", ""]);
});

Deno.test("the open conversation is in sight, and each row of the list is a conversation", () => {
  const many = Array.from({ length: 20 }, (_, at): Tab => (
    { name: `n${at}`, isOnline: true, unread: 0, isOpen: at === 15 }
  ));
  const size = { columns: 60, rows: 8 };
  const view = viewOf({ tabs: many });
  const names = screenOf(view, size).slice(0, 6).map((row) => row.slice(2, 5));
  assertEquals(names, ["n12", "n13", "n14", "n15", "n16", "n17"]);
  const { rows } = areasOf(size, view).tabs;
  assertEquals([0, 3, 5, 6].map((row) => tabAt(many, row, rows)), [12, 15, 17, undefined]);
});
