import { assert, assertEquals, assertFalse, assertLessOrEqual } from "@std/assert";
import { Timers } from "../../../core/base/timers.ts";
import { seededDice } from "../../kit/dice.ts";

Deno.test("a key is due at its instant, once", () => {
  const timers = new Timers<string>();
  timers.set("a", 10);
  assertEquals(timers.deadline, 10);
  assertEquals(timers.next(9.9), undefined);
  assertEquals(timers.next(10), "a");
  assertEquals(timers.next(10), undefined);
  assertFalse(timers.has("a"));
  assertEquals(timers.deadline, Infinity);
});

Deno.test("the earliest comes first", () => {
  const timers = new Timers<number>();
  for (const at of [5, 3, 9, 1, 7]) timers.set(at, at);
  const order = [];
  for (let key = timers.next(100); key !== undefined; key = timers.next(100)) order.push(key);
  assertEquals(order, [1, 3, 5, 7, 9]);
});

Deno.test("the last word counts: earlier, later, never", () => {
  const timers = new Timers<string>();
  timers.set("later", 10);
  timers.set("later", 20);
  timers.set("earlier", 10);
  timers.set("earlier", 5);
  timers.set("never", 1);
  timers.clear("never");
  assertEquals(timers.next(9), "earlier");
  assertEquals(timers.next(19), undefined);
  assertEquals(timers.next(20), "later");
});

Deno.test("a tick that comes early does nothing but move the deadline on", () => {
  const timers = new Timers<string>();
  timers.set("a", 10);
  timers.set("a", 50);
  assertLessOrEqual(timers.deadline, 50);
  assertEquals(timers.next(10), undefined);
  assertEquals(timers.deadline, 50);
});

Deno.test("a key that was cleared may be set again", () => {
  const timers = new Timers<string>();
  timers.set("a", 10);
  timers.clear("a");
  timers.set("a", 30);
  assertEquals(timers.next(29), undefined);
  assertEquals(timers.next(30), "a");
});

Deno.test("timers agree with a plain table of instants", () => {
  const dice = seededDice();
  const timers = new Timers<number>();
  const model = new Map<number, number>();
  for (let now = 0; now < 3000; now++) {
    const key = dice.below(20);
    if (dice.happens(0.1)) {
      timers.clear(key);
      model.delete(key);
    } else if (dice.happens(0.7)) {
      const at = now + dice.below(60);
      timers.set(key, at);
      model.set(key, at);
    }
    assertLessOrEqual(timers.deadline, Math.min(...model.values()));
    const due = [];
    for (let next = timers.next(now); next !== undefined; next = timers.next(now)) due.push(next);
    const expected = [...model].filter(([, at]) => at <= now).map(([other]) => other);
    assertEquals(due.toSorted(), expected.toSorted());
    for (const other of due) model.delete(other);
    for (let other = 0; other < 20; other++) assertEquals(timers.has(other), model.has(other));
    assert(timers.deadline > now);
  }
});

Deno.test("a key that is set and cleared for ever takes no more room than one that is set once", () => {
  const timers = new Timers<string>();
  for (let now = 0; now < 100_000; now++) {
    timers.set("link", now + 180_000);
    timers.set("link", now + 0.5);
    timers.next(now + 0.5);
    timers.set("link", Infinity);
  }
  // All that is left in the heap comes up, once, when everything is due.
  timers.set("link", 300_000);
  let earlier = 0;
  while (timers.deadline < 300_000 && earlier < 1_000) {
    assertEquals(timers.next(timers.deadline), undefined);
    earlier++;
  }
  assert(earlier < 200, `${earlier} stale entries`);
});
