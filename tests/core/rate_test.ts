import { assertEquals, assertLessOrEqual } from "@std/assert";
import { Rate } from "../../core/rate.ts";
import { seededDice } from "./seed.ts";

/** How many of `count` are taken at an instant. */
function taken(rate: Rate, now: number, count = 100): number {
  return Array.from({ length: count }, () => rate.take(now)).filter((isTaken) => isTaken).length;
}

Deno.test("a second's worth at once, then no more", () => {
  assertEquals(taken(new Rate(10), 0), 10);
  assertEquals(taken(new Rate(10), 1.7e12), 10);
  assertEquals(taken(new Rate(1), 5), 1);
});

Deno.test("one more after each share of a second", () => {
  const rate = new Rate(10);
  taken(rate, 0);
  assertEquals([50, 100, 150, 200].map((now) => taken(rate, now)), [0, 1, 0, 1]);
  assertEquals(taken(rate, 500), 3);
});

Deno.test("no more than a second's worth is saved up", () => {
  const rate = new Rate(10);
  taken(rate, 0);
  assertEquals(taken(rate, 3_600_000), 10);
});

Deno.test("what is not taken is left", () => {
  const rate = new Rate(10);
  assertEquals([taken(rate, 0, 4), taken(rate, 0, 4), taken(rate, 0, 4)], [4, 4, 2]);
});

Deno.test("a clock that goes back gives nothing, and nothing twice", () => {
  const rate = new Rate(10);
  taken(rate, 1000);
  assertEquals([taken(rate, 0), taken(rate, 1000), taken(rate, 1100)], [0, 0, 1]);
});

Deno.test("in any stretch of time no more than it lasts seconds, and one second more", () => {
  const dice = seededDice();
  const perSecond = 1 + dice.below(20);
  const rate = new Rate(perSecond);
  const instants: number[] = [];
  for (let step = 0, now = 0; step < 500; step++) {
    now += dice.happens(0.2) ? dice.below(700) : dice.below(20);
    if (rate.take(now)) instants.push(now);
  }
  for (const [first, begin] of instants.entries()) {
    for (let last = first; last < instants.length; last++) {
      const seconds = (instants[last]! - begin) / 1000;
      assertLessOrEqual(last - first + 1, perSecond * (1 + seconds) + 1e-6);
    }
  }
});
