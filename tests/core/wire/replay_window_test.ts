import { assert, assertEquals, assertFalse } from "@std/assert";
import { REPLAY_WINDOW_PACKETS } from "../../../core/base/limits.ts";
import { ReplayWindow } from "../../../core/wire/replay_window.ts";
import { seededDice } from "../../kit/dice.ts";

/** RFC 6479: one word of the ring is always being cleared, so so many numbers are certainly remembered. */
const REMEMBERED = REPLAY_WINDOW_PACKETS - 32;

Deno.test("a number is new once", () => {
  const window = new ReplayWindow();
  assert(window.mark(1));
  assertFalse(window.mark(1));
  assert(window.mark(3));
  assert(window.mark(2));
  assertFalse(window.mark(2));
  assertEquals(window.newest, 3);
});

Deno.test("there is no number 0", () => assertFalse(new ReplayWindow().mark(0)));

Deno.test("what is too far behind the newest counts as a repeat", () => {
  const window = new ReplayWindow();
  window.mark(REMEMBERED + 10);
  assertFalse(window.mark(10));
  assert(window.mark(11));
});

Deno.test("a leap over the whole window forgets what was in it", () => {
  const window = new ReplayWindow();
  for (let number = 1; number <= 100; number++) window.mark(number);
  assert(window.mark(1_000_000));
  for (let number = 1_000_000 - REMEMBERED + 1; number < 1_000_000; number++) assert(window.mark(number));
});

Deno.test("the largest numbers of 32 bits", () => {
  const window = new ReplayWindow();
  const top = 2 ** 32 - 1;
  assert(window.mark(top));
  assertFalse(window.mark(top));
  assert(window.mark(top - 31));
  assertFalse(window.mark(top - 31));
});

Deno.test("a window agrees with a set of all numbers seen", () => {
  const dice = seededDice();
  for (let round = 0; round < 30; round++) {
    const window = new ReplayWindow();
    const seen = new Set<number>();
    let newest = 0;
    for (let step = 0; step < 2000; step++) {
      const leap = dice.happens(0.01) ? dice.below(5000) : dice.below(20);
      const number = Math.max(
        1,
        newest + (dice.happens(0.5) ? leap : -dice.below(REPLAY_WINDOW_PACKETS + 50)),
      );
      const expected = number > newest - REMEMBERED && !seen.has(number);
      assertEquals(window.mark(number), expected, `${number} behind ${newest}`);
      seen.add(number);
      newest = Math.max(newest, number);
      assertEquals(window.newest, newest);
    }
  }
});
