import { assertEquals, assertFalse } from "@std/assert";
import {
  FLOOD_LINES_BURST,
  FLOOD_MESSAGE_LINES,
  FLOOD_PAUSE_MS,
  FLOOD_SENDERS,
  FLOOD_TOLD_MS,
} from "../../../core/base/limits.ts";
import { Floods } from "../../../core/client/floods.ts";
import { Recorded } from "../../kit/recorded.ts";

class Scene {
  readonly recorded = new Recorded();
  readonly floods = new Floods(this.recorded.effects, true);

  /** How many of so many lines are shown. */
  shows(now: number, count: number, from = "mal", text = "x"): number {
    const lines = Array.from({ length: count }, () => this.floods.folds(now, from, text));
    return lines.filter((isFolded) => !isFolded).length;
  }

  /** Whose lines were counted in one since this was asked last, and how many. */
  told(now: number): string[] {
    this.floods.runTimers(now);
    return this.recorded.perform(now).flatMap((it) => it.type === "folded" ? `${it.count} ${it.from}` : []);
  }
}

Deno.test("250 lines at once are shown, the rest is counted after a pause, whatever the spelling of the nick", () => {
  const scene = new Scene();
  assertEquals(scene.shows(0, FLOOD_LINES_BURST + 5), FLOOD_LINES_BURST);
  assertEquals(scene.shows(500, 7, "MAL"), 0);
  assertEquals([scene.told(500 + FLOOD_PAUSE_MS - 1), scene.told(500 + FLOOD_PAUSE_MS)], [[], ["12 mal"]]);
  assertEquals(scene.floods.deadline, Infinity);
  assertEquals(scene.shows(500 + FLOOD_PAUSE_MS, 1), 1);
});

Deno.test("what others say is shown", () => {
  const scene = new Scene();
  scene.shows(0, 1000);
  assertEquals(scene.shows(0, 50, "alice"), 50);
});

Deno.test("of a flood that does not pause it is told every five seconds", () => {
  const scene = new Scene();
  scene.shows(0, FLOOD_LINES_BURST);
  const told = [];
  for (let now = 0; now <= FLOOD_TOLD_MS; now += FLOOD_PAUSE_MS / 2) {
    told.push(...scene.told(now));
    scene.shows(now, 10);
  }
  assertEquals(told, ["100 mal"]);
});

Deno.test("a long message counts for several lines, but not for all of them", () => {
  for (const text of ["\n".repeat(5000), "x".repeat(50_000)]) {
    assertEquals(new Scene().shows(0, 50, "mal", text), FLOOD_LINES_BURST / FLOOD_MESSAGE_LINES);
  }
  assertEquals(new Scene().shows(0, 200, "mal", "one\ntwo"), FLOOD_LINES_BURST / 2);
});

Deno.test("all are told of at the end", () => {
  const scene = new Scene();
  for (const from of ["mal", "eve"]) scene.shows(0, FLOOD_LINES_BURST + 3, from);
  scene.floods.tellAll();
  assertEquals(scene.told(0), ["3 mal", "3 eve"]);
  assertEquals(scene.told(10_000), []);
});

Deno.test("so many are folded at a time; of the first it is told when there are more", () => {
  const scene = new Scene();
  for (let count = 0; count <= FLOOD_SENDERS; count++) scene.shows(0, FLOOD_LINES_BURST + 1, `mal${count}`);
  assertEquals(scene.told(0), ["1 mal0"]);
  assertEquals(scene.told(FLOOD_PAUSE_MS).length, FLOOD_SENDERS);
});

Deno.test("a client that does not fold shows everything", () => {
  const { effects } = new Recorded();
  const floods = new Floods(effects, false);
  for (let count = 0; count < 1000; count++) assertFalse(floods.folds(0, "mal", "x"));
  assertEquals(floods.deadline, Infinity);
});
