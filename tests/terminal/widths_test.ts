import { assertEquals } from "@std/assert";
import { lineOf, moveTo } from "../../terminal/line.ts";
import { Widths } from "../../terminal/widths.ts";
import { Scene } from "./scene.ts";

const FAMILY = "👨‍👩‍👧";
const KEYCAP = "1️⃣";

Deno.test("only what terminals differ about is asked for, one after the other, and each once", () => {
  const widths = new Widths();
  assertEquals(widths.toAsk(["a", " ", "漢", "🙂", "e\u0301", "\x1b[31m"]), undefined);
  assertEquals(widths.toAsk(["a", FAMILY, KEYCAP]), FAMILY);
  assertEquals(widths.toAsk(["a", FAMILY, KEYCAP]), undefined, "it is being asked for");
  assertEquals([widths.answered(6), widths.columnsOf(FAMILY)], [true, 6]);
  assertEquals(widths.toAsk(["a", FAMILY, KEYCAP]), KEYCAP);
  assertEquals([widths.answered(2), widths.columnsOf(KEYCAP)], [false, 2]);
  assertEquals(widths.toAsk(["a", FAMILY, KEYCAP]), undefined);
});

Deno.test("letters that are wide in East Asian fonts are asked for all together", () => {
  const widths = new Widths();
  assertEquals(widths.toAsk(["…"]), "·");
  assertEquals([widths.answered(2), widths.columnsOf("…"), widths.columnsOf("ж")], [true, 2, 2]);
  assertEquals(widths.toAsk(["α"]), undefined);
});

Deno.test("an answer that is no width changes nothing, and neither does one that nobody asked for", () => {
  const widths = new Widths();
  assertEquals(widths.answered(1), false);
  widths.toAsk([FAMILY]);
  assertEquals([widths.answered(70), widths.columnsOf(FAMILY)], [false, 2]);
});

Deno.test("strangers cannot make it ask without end", () => {
  const widths = new Widths();
  let asked = 0;
  for (let at = 0; at < 2_000; at++) {
    if (widths.toAsk([`a\u200d${String.fromCodePoint(0x4e00 + at)}`]) === undefined) continue;
    asked++;
    widths.answered(2);
  }
  assertEquals(asked, 1_000);
});

Deno.test("the question leaves the screen as it was, and the answer counts from the next frame on", () => {
  const scene = new Scene({ columns: 12, rows: 5 });
  scene.print("bob: hi");
  const line = moveTo(lineOf(`${FAMILY}bcdefghij`), 3);
  scene.type(line);
  const before = [scene.emulator.screen(), scene.emulator.cursor];
  scene.emulator.write(scene.painter.askWidth([], line) ?? "");
  assertEquals([scene.emulator.screen(), scene.emulator.cursor], before);
  assertEquals(scene.painter.learnWidth(7), true);
  scene.emulator.write(scene.painter.draw(line));
  assertEquals(scene.emulator.screen().slice(0, 3), ["bob: hi", `>>> ${FAMILY}b`, "cdefghij"]);
});
