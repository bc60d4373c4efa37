/** Loss recovery with everything at once: over any path each packet is settled, and a good path is filled. */
import { assert, assertEquals, assertFalse, assertLess, assertLessOrEqual } from "@std/assert";
import {
  ACK_DELAY_MS,
  ACK_RANGES,
  DATAGRAM_BYTES,
  MAXIMUM_WINDOW_BYTES,
  MINIMUM_WINDOW_BYTES,
} from "../../../core/base/limits.ts";
import type { Millis } from "../../../core/base/units.ts";
import { AckRanges } from "../../../core/link/ack_ranges.ts";
import { Recovery } from "../../../core/link/recovery.ts";
import type { Ranges } from "../../../core/wire/frame.ts";
import { type Dice, seededDice } from "../../kit/dice.ts";
import { flight, send } from "./recovery_scene.ts";

interface Acknowledgement {
  readonly at: Millis;
  readonly ranges: Ranges;
  readonly delay: Millis;
}

/** A sender and a receiver with a path between them that loses, delays and changes the order of packets. */
class LossyPath {
  readonly recovery: Recovery<number>;
  readonly received = new AckRanges();
  readonly dice: Dice;
  now: Millis = 1_700_000_000_000;
  /** The share that is lost, either way. */
  loss = 0;
  readonly #base: Millis;
  #number = 0;
  #arrivals: { at: Millis; number: number }[] = [];
  #acks: Acknowledgement[] = [];
  #ackAt: Millis = Infinity;
  /** What is neither acknowledged nor lost, and how long each packet is. */
  readonly unsettled = new Map<number, number>();
  acked = 0;
  probes = 0;

  constructor(dice: Dice) {
    this.dice = dice;
    this.#base = dice.below(200);
    this.recovery = new Recovery(this.now, () => dice.next());
    if (dice.happens(0.5)) this.recovery.sample(this.now, 2 * this.#base);
  }

  get #delay(): Millis {
    return this.#base + (this.dice.happens(0.1) ? this.dice.below(100) : this.dice.next());
  }

  send(): void {
    // Some numbers are taken by packets that ask for no acknowledgement.
    this.#number += this.dice.happens(0.1) ? 2 : 1;
    const bytes = this.dice.happens(0.7) ? DATAGRAM_BYTES : 30 + this.dice.below(DATAGRAM_BYTES - 30);
    this.unsettled.set(this.#number, bytes);
    this.recovery.sent(this.now, this.#number, bytes, this.#number);
    if (this.dice.happens(this.loss)) return;
    this.#arrivals.push({ at: this.now + this.#delay, number: this.#number });
  }

  /** Sends as much as may leave, `wanted` at most; returns how many packets that was. */
  flush(wanted: number): number {
    let sent = 0;
    while (sent < wanted && this.recovery.room(this.now) >= DATAGRAM_BYTES) {
      this.send();
      this.check();
      sent++;
    }
    if (sent < wanted) assertLess(this.now, this.recovery.roomAt(this.now));
    return sent;
  }

  /** Goes on to the next event, or to `until` if nothing happens before that. */
  step(until: Millis): void {
    const next = Math.min(
      ...this.#arrivals.map(({ at }) => at),
      ...this.#acks.map(({ at }) => at),
      this.#ackAt,
      this.recovery.deadline,
    );
    this.now = Math.max(this.now, Math.min(next, until));
    this.#receive();
    this.#acknowledge();
    for (const ack of this.#acks.filter(({ at }) => at <= this.now)) {
      const news = this.recovery.acknowledge(this.now, ack.ranges, ack.delay);
      assert(news !== undefined);
      this.#settle(news.acked);
      this.#settle(news.lost);
      this.acked += news.acked.length;
      if (this.dice.happens(0.3)) this.received.forgetUpTo(ack.ranges[0]![1]);
    }
    this.#acks = this.#acks.filter(({ at }) => at > this.now);
    const { lost, probes } = this.recovery.timeout(this.now);
    this.#settle(lost);
    for (let probe = 0; probe < probes; probe++) this.send();
    this.probes += probes;
    this.check();
  }

  #receive(): void {
    for (const { number } of this.#arrivals.filter(({ at }) => at <= this.now)) {
      if (this.received.add(this.now, number)) this.#ackAt = Math.min(this.#ackAt, this.now + ACK_DELAY_MS);
      if (this.dice.happens(0.5)) this.#ackAt = this.now;
    }
    this.#arrivals = this.#arrivals.filter(({ at }) => at > this.now);
  }

  #acknowledge(): void {
    if (this.#ackAt > this.now) return;
    this.#ackAt = Infinity;
    const ranges = this.received.ranges(ACK_RANGES);
    if (ranges.length === 0 || this.dice.happens(this.loss)) return;
    const delay = this.now - this.received.largestAt;
    this.#acks.push({ at: this.now + this.#delay, ranges, delay });
  }

  /** Each packet once: a second time it would not be among them. */
  #settle(numbers: readonly number[]): void {
    for (const number of numbers) assert(this.unsettled.delete(number), `${number} is settled twice`);
  }

  check(): void {
    const { recovery, unsettled } = this;
    assertEquals(flight(recovery), [...unsettled.keys()]);
    assertEquals(recovery.packetsInFlight, unsettled.size);
    assertEquals(
      recovery.congestion.bytesInFlight,
      unsettled.values().reduce((sum, bytes) => sum + bytes, 0),
    );
    assertLessOrEqual(MINIMUM_WINDOW_BYTES, recovery.congestion.window);
    assertLessOrEqual(recovery.congestion.window, MAXIMUM_WINDOW_BYTES);
    assertEquals(recovery.deadline < Infinity, unsettled.size > 0);
    assertFalse(Number.isNaN(recovery.room(this.now)) || Number.isNaN(recovery.roomAt(this.now)));
    assertEquals(recovery.room(this.now) >= DATAGRAM_BYTES, recovery.roomAt(this.now) === this.now);
  }
}

Deno.test("over any path every packet is settled once, and all are when the path is whole again", () => {
  const dice = seededDice();
  for (let run = 0; run < 40; run++) {
    const path = new LossyPath(dice.fork());
    // Safety: anything may happen.
    path.loss = dice.pick([0, 0.01, 0.1, 0.5]);
    for (let step = 0; step < 400; step++) {
      if (dice.happens(0.3)) path.flush(dice.below(20));
      path.step(path.now + dice.below(50));
      if (dice.happens(0.005)) path.recovery.pathChanged(path.now);
      if (dice.happens(0.005)) path.loss = dice.pick([0, 0.01, 0.1, 1]);
    }
    // Liveness: all is settled, and what is sent then is acknowledged.
    path.loss = 0;
    for (let step = 0; path.unsettled.size > 0; step++) {
      assertLess(step, 2000, "packets stay in flight");
      path.step(Infinity);
    }
    const before = path.acked;
    for (let left = 100, step = 0; left > 0 || path.unsettled.size > 0; step++) {
      assertLess(step, 5000, "no packet leaves");
      left -= path.flush(left);
      path.step(left > 0 ? path.recovery.roomAt(path.now) : Infinity);
    }
    assertLess(before + 50, path.acked);
  }
});

Deno.test("a path without losses is filled: a window each round trip", () => {
  const dice = seededDice();
  const recovery = new Recovery<number>(0);
  recovery.sample(0, 50);
  let number = 0;
  let acked = 0;
  const arrivals: { at: Millis; number: number }[] = [];
  for (let now = 0; now < 1000; now += dice.next()) {
    while (arrivals.length > 0 && arrivals[0]!.at <= now) {
      const arrived = arrivals.shift()!.number;
      acked += recovery.acknowledge(now, [[arrived, arrived]], 0)!.acked.length;
    }
    recovery.timeout(now);
    while (recovery.room(now) >= DATAGRAM_BYTES) {
      send(recovery, now, ++number);
      arrivals.push({ at: now + 50, number });
    }
  }
  // Slow start takes about eight of the twenty round trips.
  assertEquals(recovery.congestion.window, MAXIMUM_WINDOW_BYTES);
  assertLess(10 * MAXIMUM_WINDOW_BYTES / DATAGRAM_BYTES, acked);
});
