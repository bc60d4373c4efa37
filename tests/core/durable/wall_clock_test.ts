/** The two clocks of a machine, and how its own time goes on from one process to the next. */
import { assertEquals } from "@std/assert";
import { CLOCK_LEAP_MS, DAY_MS, RESTART_MS } from "../../../core/base/limits.ts";
import type { Millis } from "../../../core/base/units.ts";
import { CLOCK } from "../../../core/durable/records.ts";
import { beginningOf, WallClock } from "../../../core/durable/wall_clock.ts";
import { Recorded } from "../../kit/recorded.ts";

const NOW = 1_700_000_000_000;

/** What a process leaves that read its wall clock at its own time `at`. */
function left(at: Millis, wall: Millis): Recorded {
  const recorded = new Recorded();
  new WallClock(recorded.effects).set(at, wall);
  recorded.perform(at);
  return recorded.restarted();
}

Deno.test("the first process begins with the date", () => {
  assertEquals(beginningOf([], NOW), NOW);
});

Deno.test("from one process to the next 0 to 7 days count, whatever the wall clock says", () => {
  const at = NOW - 50 * DAY_MS;
  const { disk } = left(at, NOW);
  const counted: readonly [difference: Millis, Millis][] = [
    [0, 0],
    [1234, 1234],
    [RESTART_MS, RESTART_MS],
    [RESTART_MS + 1, RESTART_MS],
    [730 * DAY_MS, RESTART_MS],
    [-1, 0],
    [-730 * DAY_MS, 0],
    [-NOW, 0],
  ];
  for (const [difference, counts] of counted) {
    assertEquals(beginningOf(disk.read(), NOW + difference), at + counts, `${difference}`);
  }
});

Deno.test("a damaged record of the time counts as none", () => {
  assertEquals(beginningOf([[CLOCK.key("last"), new Uint8Array(3)]], NOW), NOW);
});

Deno.test("until it is told, the date is what the own time says, or what it was to the last process", () => {
  const recorded = new Recorded();
  assertEquals(new WallClock(recorded.effects).at(NOW), NOW);
  assertEquals(new WallClock(left(NOW, NOW + 5 * DAY_MS).effects).at(NOW), NOW + 5 * DAY_MS);
});

Deno.test("a clock that was set is told of, a second or more; so is one that has leapt since the last process", () => {
  const recorded = left(NOW, NOW + DAY_MS);
  const clock = new WallClock(recorded.effects);
  const told = (wall: Millis) => {
    clock.set(NOW, wall);
    assertEquals(clock.at(NOW + 500), wall + 500);
    return recorded.perform(NOW);
  };
  assertEquals(told(NOW + DAY_MS + CLOCK_LEAP_MS - 1), []);
  assertEquals(told(NOW + DAY_MS), []);
  assertEquals(told(NOW), [{ type: "clockSet", by: -DAY_MS }]);
  assertEquals(told(NOW + CLOCK_LEAP_MS), [{ type: "clockSet", by: CLOCK_LEAP_MS }]);
  assertEquals(beginningOf(recorded.disk.read(), NOW + CLOCK_LEAP_MS + 7), NOW + 7);
});

Deno.test("a wall clock before 1970 counts as 1970, as in all that is written", () => {
  const recorded = left(NOW, -DAY_MS);
  assertEquals(new WallClock(recorded.effects).at(NOW), 0);
  assertEquals(beginningOf(recorded.disk.read(), 1000), NOW + 1000);
});
