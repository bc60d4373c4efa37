import { assert, assertEquals, assertFalse, assertNotEquals } from "@std/assert";
import { ACK_RANGES } from "../../../core/base/limits.ts";
import { AckRanges } from "../../../core/link/ack_ranges.ts";
import { seededDice } from "../../kit/dice.ts";

function received(...numbers: number[]): AckRanges {
  const acks = new AckRanges();
  for (const number of numbers) assert(acks.add(0, number), `${number}`);
  return acks;
}

Deno.test("before the first packet there is nothing to acknowledge", () => {
  const acks = new AckRanges();
  assertEquals(acks.count, 0);
  assertEquals(acks.ranges(ACK_RANGES), []);
  assertEquals(acks.largest, -1);
  assertEquals(acks.largestAt, -Infinity);
});

Deno.test("packets in order are one range", () => {
  const acks = received(1, 2, 3, 4);
  assertNotEquals(acks.count, 0);
  assertEquals(acks.ranges(ACK_RANGES), [[1, 4]]);
});

Deno.test("what is missing splits ranges; the highest comes first", () => {
  assertEquals(received(1, 2, 5, 7, 8).ranges(ACK_RANGES), [[7, 8], [5, 5], [1, 2]]);
});

Deno.test("a late packet makes a range longer at either end, or stands alone, or joins two", () => {
  assertEquals(received(1, 5, 2).ranges(ACK_RANGES), [[5, 5], [1, 2]]);
  assertEquals(received(1, 5, 4).ranges(ACK_RANGES), [[4, 5], [1, 1]]);
  assertEquals(received(1, 5, 3).ranges(ACK_RANGES), [[5, 5], [3, 3], [1, 1]]);
  assertEquals(received(1, 3, 2).ranges(ACK_RANGES), [[1, 3]]);
  assertEquals(received(5, 1).ranges(ACK_RANGES), [[5, 5], [1, 1]]);
  assertEquals(received(5, 4).ranges(ACK_RANGES), [[4, 5]]);
});

Deno.test("a packet that is known already changes nothing", () => {
  const acks = received(1, 2, 3, 7);
  for (const number of [1, 2, 3, 7]) assertFalse(acks.add(9, number));
  assertEquals(acks.ranges(ACK_RANGES), [[7, 7], [1, 3]]);
});

Deno.test("the delay is counted from the arrival of the largest (RFC 9000 section 13.2.5)", () => {
  const acks = new AckRanges();
  acks.add(10, 5);
  acks.add(20, 3);
  acks.add(30, 5);
  assertEquals(acks.largest, 5);
  assertEquals(acks.largestAt, 10);
  acks.add(40, 6);
  assertEquals(acks.largest, 6);
  assertEquals(acks.largestAt, 40);
});

Deno.test("if not all ranges find room the highest are told (section 13.2.3)", () => {
  const acks = received(1, 3, 5, 7);
  assertEquals(acks.ranges(2), [[7, 7], [5, 5]]);
  assertEquals(acks.ranges(0), []);
});

Deno.test("ranges are limited: the lowest goes, and nothing as old is accepted (section 13.2.3)", () => {
  const acks = new AckRanges();
  for (let number = 0; number <= 2 * ACK_RANGES; number += 2) assert(acks.add(0, number));
  const ranges = acks.ranges(Infinity);
  assertEquals(ranges.length, ACK_RANGES);
  assertEquals(ranges.at(-1), [2, 2]);
  assertFalse(acks.add(0, 0));
  assert(acks.add(0, 1));
  assertEquals(acks.ranges(Infinity).at(-1), [1, 2]);
});

Deno.test("a packet that would be the lowest of too many ranges is not taken", () => {
  const acks = new AckRanges();
  for (let range = 1; range <= ACK_RANGES; range++) assert(acks.add(0, 10 * range));
  assertFalse(acks.add(0, 5));
  assertEquals(acks.ranges(Infinity).length, ACK_RANGES);
  assert(acks.add(0, 9));
  assertEquals(acks.ranges(Infinity).at(-1), [9, 10]);
});

Deno.test("what the sender knows to be acknowledged is forgotten, and refused (section 13.2.4)", () => {
  const acks = received(1, 2, 5, 6, 7, 9);
  acks.forgetUpTo(2);
  assertEquals(acks.ranges(ACK_RANGES), [[9, 9], [5, 7]]);
  acks.forgetUpTo(6);
  assertEquals(acks.ranges(ACK_RANGES), [[9, 9], [7, 7]]);
  acks.forgetUpTo(3);
  assertEquals(acks.ranges(ACK_RANGES), [[9, 9], [7, 7]]);
  for (const number of [2, 3, 6]) assertFalse(acks.add(0, number));
  assert(acks.add(0, 8));
  assertEquals(acks.ranges(ACK_RANGES), [[7, 9]]);
});

Deno.test("when all is forgotten there is nothing to acknowledge, and the next packet begins again", () => {
  const acks = received(1, 2, 3);
  acks.forgetUpTo(3);
  assertEquals(acks.count, 0);
  assertEquals(acks.largest, 3);
  assert(acks.add(0, 4));
  assertEquals(acks.ranges(ACK_RANGES), [[4, 4]]);
});

Deno.test("what is yet to come cannot be forgotten", () => {
  const acks = received(1, 2);
  acks.forgetUpTo(1000);
  assertEquals(acks.count, 0);
  assert(acks.add(0, 3));
});

Deno.test("ranges agree with a plain set of numbers", () => {
  const dice = seededDice();
  for (let run = 0; run < 200; run++) {
    const acks = new AckRanges();
    const model = new Set<number>();
    // So few numbers never make too many ranges.
    const numbers = 2 * ACK_RANGES;
    let forgotten = -1;
    let largest = -1;
    for (let step = 0; step < numbers; step++) {
      const number = Math.min(numbers - 1, Math.floor(step / 2) + dice.below(1 + dice.below(step)));
      const isNew = number > forgotten && !model.has(number);
      assertEquals(acks.add(step, number), isNew);
      if (isNew) model.add(number);
      if (isNew && number > largest) {
        largest = number;
        assertEquals(acks.largestAt, step);
      }
      if (dice.happens(0.1)) {
        forgotten = Math.max(forgotten, dice.below(largest + 1));
        acks.forgetUpTo(forgotten);
        for (const known of model) if (known <= forgotten) model.delete(known);
      }
      const told = acks.ranges(ACK_RANGES).flatMap(([low, high]) =>
        Array.from({ length: high - low + 1 }, (_, at) => high - at)
      );
      assertEquals(told, [...model].toSorted((a, b) => b - a));
      assertEquals(acks.largest, largest);
      assertEquals(acks.count === 0, model.size === 0);
    }
  }
});
