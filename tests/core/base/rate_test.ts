import { assertEquals, assertLessOrEqual } from "@std/assert";
import { RATES } from "../../../core/base/limits.ts";
import { HostRates, Rate } from "../../../core/base/rate.ts";
import { seededDice } from "../../kit/dice.ts";

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

Deno.test("what has weighed more than was left comes out of what is gained, but never more than a burst", () => {
  const rate = new Rate(10, 5);
  rate.spend(7);
  assertEquals([100, 200, 300].map((now) => rate.has(now)), [false, false, false]);
  const heavy = new Rate(10, 5);
  heavy.has(0);
  heavy.spend(1000);
  assertEquals([599, 600].map((now) => heavy.has(now)), [false, true]);
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

Deno.test("a burst is how many come at once; after it as many as a second brings", () => {
  const rate = new Rate(10, 50);
  assertEquals([taken(rate, 0), taken(rate, 100), taken(rate, 1100)], [50, 1, 10]);
  assertEquals(taken(rate, 3_600_000), 50);
  const slow = new Rate(20, 5);
  assertEquals([taken(slow, 0), taken(slow, 50), taken(slow, 1_000)], [5, 1, 5]);
});

Deno.test("a rate of less than one a second", () => {
  const rate = new Rate(20 / 3600, 20);
  assertEquals([taken(rate, 0), taken(rate, 179_000), taken(rate, 181_000)], [20, 0, 1]);
});

// ---- for each host ---------------------------------------------------------------------------------------

/** Whether one more of a host is taken. */
function takes(rates: HostRates, now: number, host: string, port = 1): boolean {
  return rates.take(now, { host, port });
}

Deno.test("each host has a rate of its own, whatever its port", () => {
  const rates = new HostRates(1, 3);
  const first = [1, 2, 3, 4].map((port) => takes(rates, 0, "10.0.0.1", port));
  assertEquals(first, [true, true, true, false]);
  assertEquals([takes(rates, 0, "10.0.0.2"), takes(rates, 0, "10.0.0.1")], [true, false]);
  assertEquals([takes(rates, 1000, "10.0.0.1"), takes(rates, 1000, "10.0.0.1")], [true, false]);
});

Deno.test("of IPv6 the first 64 bits are the host, however they are written", () => {
  const rates = new HostRates(1, 1);
  assertEquals(takes(rates, 0, "2001:db8::1"), true);
  const same = ["2001:db8::2", "2001:0db8:0:0:ffff:ffff:ffff:ffff", "2001:DB8::", "2001:db8::1%eth0"];
  assertEquals(same.map((host) => takes(rates, 0, host)), [false, false, false, false]);
  const others = ["2001:db8:0:1::1", "2001:db9::1", "::1", "2001:db8:1::"];
  assertEquals(others.map((host) => takes(rates, 0, host)), [true, true, true, true]);
});

Deno.test("10,000 hosts are remembered; whoever was not heard for longest begins anew", () => {
  const rates = new HostRates(1, 1);
  const hostOf = (count: number) => `10.${count >> 16}.${count >> 8 & 255}.${count & 255}`;
  for (let count = 0; count < RATES; count++) takes(rates, 0, hostOf(count));
  // Heard again, though not taken: the second one gives way now.
  assertEquals(takes(rates, 0, hostOf(0)), false);
  takes(rates, 0, hostOf(RATES));
  assertEquals([0, 2, RATES - 1].map((count) => takes(rates, 0, hostOf(count))), [false, false, false]);
  assertEquals(takes(rates, 0, hostOf(1)), true);
});

Deno.test("a rate of nothing a second gives its burst and then nothing", () => {
  const rate = new Rate(0, 3);
  assertEquals([1, 2, 3, 1e9].map((now) => rate.take(now)), [true, true, true, false]);
});
