import { assert, assertEquals, assertFalse, assertLess, assertLessOrEqual } from "@std/assert";
import { AckRanges, type Ranges } from "../../core/ack_ranges.ts";
import {
  ACK_DELAY_MS,
  ACK_RANGES,
  DATAGRAM_BYTES,
  GRANULARITY_MS,
  INITIAL_WINDOW_BYTES,
  LINK_DEAD_MS,
  MAXIMUM_WINDOW_BYTES,
  MINIMUM_WINDOW_BYTES,
  PROBE_TIMEOUT_MOST_MS,
  RETRANSMIT_AFTER_MS,
  RETRANSMIT_JITTER,
} from "../../core/limits.ts";
import type { Millis } from "../../core/machine.ts";
import { Recovery } from "../../core/recovery.ts";
import { type Dice, seededDice } from "./seed.ts";

const NOTHING = { acked: [], lost: [] };

/** A recovery whose contents are the packets' numbers, over a path that the handshake measured. */
function measured(rtt: Millis): Recovery<number> {
  const recovery = new Recovery<number>(0);
  recovery.sample(0, rtt);
  return recovery;
}

function send(recovery: Recovery<number>, now: Millis, ...numbers: number[]): void {
  for (const number of numbers) recovery.sent(now, number, DATAGRAM_BYTES, number);
}

/** Sends a packet and acknowledges it `rtt` later, so that the round trip is measured. */
function roundTrip(recovery: Recovery<number>, number: number, rtt: Millis, delay = 0): void {
  send(recovery, 0, number);
  recovery.acknowledge(rtt, [[number, number]], delay);
}

function flight(recovery: Recovery<number>): number[] {
  return [...recovery.inFlight()];
}

// ---- section 5: the round trip ---------------------------------------------------------------------------

Deno.test("before the first sample there is no estimate", () => {
  const recovery = new Recovery<number>(0);
  assertFalse(recovery.hasSample);
  assertEquals(recovery.smoothedRtt, Infinity);
  assertEquals(recovery.probeTimeout, RETRANSMIT_AFTER_MS[0]);
});

Deno.test("the first sample: smoothed_rtt = rtt, rttvar = rtt / 2 (section 5.3)", () => {
  const recovery = new Recovery<number>(0);
  // Nothing is subtracted from it: no least round trip is known.
  roundTrip(recovery, 1, 100, 20);
  assert(recovery.hasSample);
  assertEquals(recovery.smoothedRtt, 100);
  assertEquals(recovery.probeTimeout, 100 + 4 * 50 + ACK_DELAY_MS);
});

Deno.test("further samples weigh an eighth, their distance from the former mean a quarter (section 5.3)", () => {
  const recovery = measured(100);
  roundTrip(recovery, 1, 180);
  assertEquals(recovery.smoothedRtt, 110);
  assertEquals(recovery.probeTimeout, 110 + 4 * (0.75 * 50 + 0.25 * 80) + ACK_DELAY_MS);
});

Deno.test("the peer's delay is subtracted (section 5.3)", () => {
  const recovery = measured(100);
  roundTrip(recovery, 1, 180, 16);
  assertEquals(recovery.smoothedRtt, 100 + 64 / 8);
});

Deno.test("the peer's delay is taken for no longer than max_ack_delay (section 5.3)", () => {
  const recovery = measured(100);
  roundTrip(recovery, 1, 200 + ACK_DELAY_MS, 10_000);
  assertEquals(recovery.smoothedRtt, 100 + 100 / 8);
});

Deno.test("the peer's delay is not subtracted where that would go below min_rtt (section 5.3)", () => {
  const recovery = measured(100);
  roundTrip(recovery, 1, 116, 17);
  assertEquals(recovery.smoothedRtt, 102);
  const exact = measured(100);
  roundTrip(exact, 1, 116, 16);
  assertEquals(exact.smoothedRtt, 100);
});

Deno.test("min_rtt goes down with a shorter round trip (section 5.2)", () => {
  const recovery = measured(100);
  roundTrip(recovery, 1, 60);
  const before = recovery.smoothedRtt;
  roundTrip(recovery, 2, 80, 20);
  assertEquals(recovery.smoothedRtt, before + (60 - before) / 8);
});

Deno.test("no sample if the largest acknowledged is not newly acknowledged (section 5.1)", () => {
  const recovery = measured(100);
  send(recovery, 0, 1, 2);
  recovery.acknowledge(100, [[2, 2]], 0);
  recovery.acknowledge(110, [[1, 2]], 0);
  assertEquals(recovery.smoothedRtt, 100);
});

Deno.test("one acknowledgement is one sample, from the largest (section 5.1)", () => {
  const recovery = measured(100);
  send(recovery, 0, 1);
  send(recovery, 80, 2);
  recovery.acknowledge(180, [[1, 2]], 0);
  assertEquals(recovery.smoothedRtt, 100);
});

Deno.test("a clock that goes back: the round trip took no time", () => {
  const recovery = new Recovery<number>(0);
  send(recovery, 1000, 1);
  recovery.acknowledge(900, [[1, 1]], 0);
  assertEquals(recovery.smoothedRtt, 0);
  assertEquals(recovery.probeTimeout, GRANULARITY_MS + ACK_DELAY_MS);
});

Deno.test("a clock that was set forward measures nothing", () => {
  const recovery = measured(100);
  roundTrip(recovery, 1, LINK_DEAD_MS + 1);
  assertEquals(recovery.smoothedRtt, 100);
});

// ---- what leaves -----------------------------------------------------------------------------------------

Deno.test("before the first sample one packet is under way", () => {
  const recovery = new Recovery<number>(0);
  assertEquals(recovery.room(0), DATAGRAM_BYTES);
  assertEquals(recovery.roomAt(7), 7);
  recovery.sent(0, 1, 50, 1);
  assertEquals(recovery.room(100), 0);
  assertEquals(recovery.roomAt(100), Infinity);
  recovery.acknowledge(100, [[1, 1]], 0);
  assertEquals(recovery.room(100), INITIAL_WINDOW_BYTES);
});

Deno.test("a round trip measured by the handshake opens the window", () => {
  const recovery = new Recovery<number>(0);
  recovery.sample(5, 40);
  assertEquals(recovery.smoothedRtt, 40);
  assertEquals(recovery.room(5), INITIAL_WINDOW_BYTES);
});

Deno.test("window and pacing limit what leaves", () => {
  const recovery = measured(100);
  send(recovery, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
  assertEquals(recovery.room(50), 0);
  assertEquals(recovery.roomAt(50), Infinity);
  recovery.acknowledge(100, [[1, 10]], 0);
  assertEquals(recovery.room(100), INITIAL_WINDOW_BYTES);
  send(recovery, 100, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20);
  assertEquals(recovery.room(100), 0);
  assertEquals(recovery.roomAt(100), 104);
  assertEquals(recovery.room(104), DATAGRAM_BYTES);
});

Deno.test("a sender with little to say does not make the window grow (section 7.8)", () => {
  const recovery = measured(100);
  for (let number = 1; number <= 50; number++) roundTrip(recovery, number, 100);
  assertEquals(recovery.congestion.window, INITIAL_WINDOW_BYTES);
});

Deno.test("what is sent while a probe looks for what to repeat is not repeated", () => {
  const recovery = measured(100);
  send(recovery, 0, 1, 2);
  const repeated = [];
  for (const number of recovery.inFlight()) {
    repeated.push(number);
    send(recovery, 10, number + 10);
  }
  assertEquals(repeated, [1, 2]);
  assertEquals(flight(recovery), [1, 2, 11, 12]);
});

// ---- section 6.1: acknowledged or lost -------------------------------------------------------------------

Deno.test("contents come back when their packets are acknowledged, oldest first", () => {
  const recovery = measured(100);
  send(recovery, 0, 1, 2, 3, 4);
  assertEquals(recovery.acknowledge(100, [[4, 4], [1, 2]], 0), { acked: [1, 2, 4], lost: [] });
  assertEquals(flight(recovery), [3]);
  assertEquals(recovery.packetsInFlight, 1);
  assertEquals(recovery.congestion.bytesInFlight, DATAGRAM_BYTES);
});

Deno.test("three packets behind the largest acknowledged is lost, two is not (section 6.1.1)", () => {
  const recovery = measured(100);
  send(recovery, 0, 1, 2, 3, 4, 5);
  assertEquals(recovery.acknowledge(100, [[3, 3]], 0), { acked: [3], lost: [] });
  assertEquals(recovery.acknowledge(100, [[3, 4]], 0), { acked: [4], lost: [1] });
  assertEquals(recovery.acknowledge(100, [[3, 5]], 0), { acked: [5], lost: [2] });
});

Deno.test("reordering within the threshold loses nothing", () => {
  const recovery = measured(100);
  send(recovery, 0, 1, 2, 3);
  assertEquals(recovery.acknowledge(100, [[3, 3]], 0), { acked: [3], lost: [] });
  assertEquals(recovery.acknowledge(101, [[2, 3]], 0), { acked: [2], lost: [] });
  assertEquals(recovery.acknowledge(102, [[1, 3]], 0), { acked: [1], lost: [] });
  assertEquals(recovery.congestion.window, INITIAL_WINDOW_BYTES);
});

Deno.test("acknowledgements that come in the wrong order settle the same packets", () => {
  const recovery = measured(100);
  send(recovery, 0, 1, 2, 3);
  assertEquals(recovery.acknowledge(100, [[3, 3]], 0), { acked: [3], lost: [] });
  assertEquals(recovery.acknowledge(101, [[1, 2]], 0), { acked: [1, 2], lost: [] });
});

Deno.test("what was sent after all that is acknowledged is not lost, however long ago", () => {
  const recovery = measured(100);
  send(recovery, 0, 1, 2);
  recovery.acknowledge(10_000, [[1, 1]], 0);
  assertEquals(flight(recovery), [2]);
});

Deno.test("nine eighths of a round trip after it was sent a packet is lost (section 6.1.2)", () => {
  const recovery = measured(80);
  send(recovery, 0, 1, 2);
  assertEquals(recovery.acknowledge(80, [[2, 2]], 0), { acked: [2], lost: [] });
  assertEquals(recovery.deadline, 90);
  assertEquals(recovery.timeout(89.9), { lost: [], probes: 0 });
  assertEquals(recovery.timeout(90), { lost: [1], probes: 0 });
  assertEquals(recovery.probeTimeouts, 0);
  assertEquals(recovery.deadline, Infinity);
});

Deno.test("the time threshold is taken from the longer of smoothed_rtt and the latest (section 6.1.2)", () => {
  const longer = measured(80);
  send(longer, 0, 1, 2);
  longer.acknowledge(160, [[2, 2]], 0);
  assertEquals(longer.deadline, 180);
  const shorter = measured(80);
  send(shorter, 0, 1, 2);
  shorter.acknowledge(40, [[2, 2]], 0);
  assertEquals(shorter.deadline, 75 * 9 / 8);
});

Deno.test("the time threshold is no shorter than the granularity (section 6.1.2)", () => {
  const recovery = measured(0);
  send(recovery, 50, 1, 2);
  recovery.acknowledge(50, [[2, 2]], 0);
  assertEquals(recovery.deadline, 50 + GRANULARITY_MS);
});

Deno.test("the deadline of losses follows the oldest that waits for it", () => {
  const recovery = measured(80);
  send(recovery, 0, 1);
  send(recovery, 4, 2);
  send(recovery, 8, 3);
  recovery.acknowledge(88, [[3, 3]], 0);
  assertEquals(recovery.deadline, 90);
  assertEquals(recovery.timeout(90).lost, [1]);
  assertEquals(recovery.deadline, 94);
  recovery.acknowledge(91, [[2, 3]], 0);
  assertEquals(recovery.deadline, Infinity);
});

Deno.test("a deadline that is kept to the instant always moves on, however fractions are rounded", () => {
  const recovery = measured(33.3);
  let now = 1_700_000_000_000.7;
  for (let number = 1; number < 1000; number += 2) {
    send(recovery, now, number, number + 1);
    now += 33.3 + number / 7;
    recovery.acknowledge(now, [[number + 1, number + 1]], 0);
    now = Math.max(now, recovery.deadline);
    recovery.timeout(now);
    assertEquals(recovery.deadline, Infinity);
  }
});

Deno.test("spurious loss: what was declared lost stays lost when its acknowledgement comes late", () => {
  const recovery = measured(100);
  send(recovery, 0, 1, 2, 3, 4);
  assertEquals(recovery.acknowledge(100, [[2, 4]], 0), { acked: [2, 3, 4], lost: [1] });
  assertEquals(recovery.acknowledge(101, [[1, 4]], 0), NOTHING);
  assertEquals(recovery.congestion.bytesInFlight, 0);
});

Deno.test("a repeated acknowledgement says nothing new", () => {
  const recovery = measured(100);
  send(recovery, 0, 1);
  recovery.acknowledge(100, [[1, 1]], 0);
  assertEquals(recovery.acknowledge(200, [[1, 1]], 0), NOTHING);
  assertEquals(recovery.acknowledge(200, [], 0), NOTHING);
  assertEquals(new Recovery(0).acknowledge(200, [], 0), NOTHING);
});

Deno.test("an acknowledgement of a number higher than any sent is refused, and changes nothing", () => {
  const recovery = measured(100);
  assertEquals(recovery.acknowledge(100, [[1, 1]], 0), undefined);
  send(recovery, 100, 1, 2, 3);
  assertEquals(recovery.acknowledge(200, [[1, 4]], 0), undefined);
  assertEquals(flight(recovery), [1, 2, 3]);
});

Deno.test("numbers that were not handed to recovery are passed over", () => {
  const recovery = measured(100);
  send(recovery, 0, 2, 10, 12);
  assertEquals(recovery.acknowledge(100, [[5, 9], [0, 1]], 0), NOTHING);
  assertEquals(flight(recovery), [2, 10, 12]);
  assertEquals(recovery.acknowledge(150, [[0, 11]], 0), { acked: [2, 10], lost: [] });
  // The largest is not among them, so nothing is known of the time it took.
  assertEquals(recovery.smoothedRtt, 100);
});

Deno.test("losses are told oldest first, and make the window smaller once", () => {
  const recovery = measured(100);
  send(recovery, 0, 1, 2, 3, 4, 5, 6);
  assertEquals(recovery.acknowledge(100, [[6, 6]], 0), { acked: [6], lost: [1, 2, 3] });
  assertEquals(recovery.congestion.window, INITIAL_WINDOW_BYTES / 2);
});

Deno.test("the acknowledgement that tells of a loss makes nothing grow (appendix A.7)", () => {
  const recovery = measured(100);
  send(recovery, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
  recovery.acknowledge(100, [[2, 10]], 0);
  assertEquals(recovery.congestion.window, INITIAL_WINDOW_BYTES / 2);
});

// ---- section 6.2: probe timeouts -------------------------------------------------------------------------

/** Lets every deadline come, sends one probe each time, and returns the waits. */
function waits(recovery: Recovery<number>, count: number): Millis[] {
  let now = 0;
  let number = 100;
  send(recovery, now, number);
  return Array.from({ length: count }, () => {
    const wait = recovery.deadline - now;
    now = recovery.deadline;
    assertEquals(recovery.timeout(now).lost, []);
    send(recovery, now, ++number);
    return wait;
  });
}

Deno.test("before the first sample the waits are those of the schedule", () => {
  assertEquals(waits(new Recovery(0), 8), [...RETRANSMIT_AFTER_MS, 4000, 4000]);
});

Deno.test("from the third wait on they are a little shorter or longer", () => {
  const shorter = waits(new Recovery(0, () => 0), 6);
  assertEquals(
    shorter,
    RETRANSMIT_AFTER_MS.map((wait, at) => at < 2 ? wait : wait * (1 - RETRANSMIT_JITTER)),
  );
  const longer = waits(new Recovery(0, () => 1), 6);
  assertEquals(longer, RETRANSMIT_AFTER_MS.map((wait, at) => at < 2 ? wait : wait * (1 + RETRANSMIT_JITTER)));
});

Deno.test("with an estimate the probe timeout doubles, up to a limit (section 6.2.1)", () => {
  const recovery = measured(100);
  const first = 100 + 4 * 50 + ACK_DELAY_MS;
  assertEquals(recovery.probeTimeout, first);
  assertEquals(
    waits(recovery, 6),
    [1, 2, 4, 8, 16, 32].map((n) => Math.min(first * n, PROBE_TIMEOUT_MOST_MS)),
  );
  assertEquals(recovery.probeTimeout, first);
});

Deno.test("a path that is longer than the limit is waited for", () => {
  assertEquals(waits(measured(2000), 3), Array(3).fill(2000 + 4 * 1000 + ACK_DELAY_MS));
});

Deno.test("however often it doubled, the wait is a number", () => {
  assertEquals(waits(measured(100), 1100).at(-1), PROBE_TIMEOUT_MOST_MS);
});

Deno.test("a probe timeout declares nothing lost (section 6.2)", () => {
  const recovery = measured(100);
  send(recovery, 0, 1, 2, 3);
  assertEquals(recovery.timeout(recovery.deadline).lost, []);
  assertEquals(flight(recovery), [1, 2, 3]);
  assertEquals(recovery.congestion.window, INITIAL_WINDOW_BYTES);
});

Deno.test("an early call does nothing", () => {
  const recovery = measured(100);
  assertEquals(recovery.timeout(0), { lost: [], probes: 0 });
  send(recovery, 0, 1);
  assertEquals(recovery.timeout(recovery.deadline - 0.1), { lost: [], probes: 0 });
  assertEquals(recovery.probeTimeouts, 0);
});

Deno.test("two probes leave if two packets wait, otherwise one (section 6.2.4)", () => {
  const recovery = measured(100);
  send(recovery, 0, 1);
  assertEquals(recovery.timeout(recovery.deadline).probes, 1);
  send(recovery, 400, 2, 3);
  assertEquals(recovery.timeout(recovery.deadline).probes, 2);
});

Deno.test("before the first sample one probe leaves at a time", () => {
  const recovery = new Recovery<number>(0);
  send(recovery, 0, 1);
  recovery.timeout(recovery.deadline);
  send(recovery, 150, 2);
  assertEquals(recovery.timeout(recovery.deadline).probes, 1);
});

Deno.test("probe timeouts are counted until something new is acknowledged (section 6.2.1)", () => {
  const recovery = measured(100);
  send(recovery, 0, 1, 2);
  recovery.acknowledge(100, [[1, 1]], 0);
  recovery.timeout(recovery.deadline);
  recovery.timeout(recovery.deadline);
  assertEquals(recovery.probeTimeouts, 2);
  recovery.acknowledge(3000, [[1, 1]], 0);
  assertEquals(recovery.probeTimeouts, 2);
  recovery.acknowledge(3000, [[1, 2]], 0);
  assertEquals(recovery.probeTimeouts, 0);
});

Deno.test("each departure begins the wait anew (section 6.2.1)", () => {
  const recovery = measured(100);
  send(recovery, 0, 1);
  assertEquals(recovery.deadline, 325);
  send(recovery, 200, 2);
  assertEquals(recovery.deadline, 525);
});

Deno.test("the deadline moves on though no probe leaves, and though it came late", () => {
  const recovery = measured(100);
  send(recovery, 0, 1);
  for (let now = 325, count = 0; count < 10; count++) {
    assertEquals(recovery.timeout(now).probes, 1);
    assertLess(now, recovery.deadline);
    now = recovery.deadline + 100_000;
  }
});

Deno.test("nothing in flight, nothing to wait for", () => {
  const recovery = measured(100);
  assertEquals(recovery.deadline, Infinity);
  send(recovery, 0, 1);
  assertLess(recovery.deadline, Infinity);
  recovery.acknowledge(100, [[1, 1]], 0);
  assertEquals(recovery.deadline, Infinity);
});

Deno.test("what waits to be lost by time goes before the probe timeout (appendix A.8)", () => {
  const recovery = measured(80);
  send(recovery, 0, 1, 2, 3);
  recovery.acknowledge(80, [[2, 2]], 0);
  assertEquals(recovery.timeout(recovery.deadline), { lost: [1], probes: 0 });
  assertLess(200, recovery.deadline);
  assertEquals(recovery.timeout(recovery.deadline), { lost: [], probes: 1 });
});

Deno.test("before the first sample only the packet threshold tells of a loss", () => {
  const recovery = new Recovery<number>(0);
  send(recovery, 0, 1, 2, 3, 4, 6);
  assertEquals(recovery.acknowledge(100, [[4, 5]], 0), { acked: [4], lost: [1] });
  assertFalse(recovery.hasSample);
});

Deno.test("before the first sample an acknowledgement lets the schedule begin again", () => {
  const recovery = new Recovery<number>(0, () => 0);
  send(recovery, 0, 1, 2, 4);
  for (let count = 0; count < 4; count++) recovery.timeout(recovery.deadline);
  recovery.acknowledge(5000, [[1, 3]], 0);
  assertFalse(recovery.hasSample);
  send(recovery, 5000, 5);
  assertEquals(recovery.deadline, 5000 + RETRANSMIT_AFTER_MS[0]!);
});

Deno.test("numbers may begin at 0", () => {
  const recovery = new Recovery<number>(0);
  send(recovery, 0, 0);
  assertEquals(recovery.room(0), 0);
  assertEquals(recovery.acknowledge(100, [[0, 0]], 0), { acked: [0], lost: [] });
  assertEquals(recovery.smoothedRtt, 100);
});

// ---- section 7.6: persistent congestion ------------------------------------------------------------------

/** Sends at each of these instants, numbers from 1, then a last packet; acknowledges that a round trip later. */
function loseAll(recovery: Recovery<number>, ...instants: Millis[]): void {
  instants.forEach((at, index) => send(recovery, at, index + 1));
  const last = instants.length + 1;
  const at = instants.at(-1)! + 200;
  send(recovery, at, last);
  recovery.acknowledge(at + 100, [[last, last]], 0);
}

Deno.test("three probe timeouts of nothing but losses leave the least window (section 7.6.2)", () => {
  const recovery = measured(100);
  // The sample that comes with the acknowledgement: rttvar 37.5.
  const duration = 3 * (100 + 150 + ACK_DELAY_MS);
  loseAll(recovery, 0, duration, duration);
  assertEquals(recovery.congestion.window, INITIAL_WINDOW_BYTES / 2);
  const longer = measured(100);
  loseAll(longer, 0, duration + 1, duration + 1);
  assertEquals(longer.congestion.window, MINIMUM_WINDOW_BYTES);
});

Deno.test("without a sample before it there is no persistent congestion (section 7.6.2)", () => {
  const recovery = new Recovery<number>(0);
  loseAll(recovery, 0, 5000, 5000);
  assertEquals(recovery.congestion.window, INITIAL_WINDOW_BYTES / 2);
});

Deno.test("after persistent congestion min_rtt is the newest sample (section 5.2)", () => {
  const recovery = measured(10);
  loseAll(recovery, 0, 5000, 5000);
  assertEquals(recovery.congestion.window, MINIMUM_WINDOW_BYTES);
  const before = recovery.smoothedRtt;
  // With a least round trip of 10 ms the delay would be subtracted.
  roundTrip(recovery, 10, 110, 20);
  assertEquals(recovery.smoothedRtt, before + (110 - before) / 8);
});

// ---- RFC 9000 section 9.4: another path ------------------------------------------------------------------

Deno.test("on another path window and estimates begin again; what is in flight stays so", () => {
  const recovery = measured(100);
  send(recovery, 0, 1, 2, 3, 4);
  recovery.acknowledge(100, [[4, 4]], 0);
  assertEquals(recovery.deadline, 112.5);
  recovery.pathChanged(105);
  assertFalse(recovery.hasSample);
  assertEquals(recovery.congestion.window, INITIAL_WINDOW_BYTES);
  assertEquals(flight(recovery), [2, 3]);
  // The former path's time threshold is not this one's.
  assertEquals(recovery.deadline, 105 + RETRANSMIT_AFTER_MS[0]!);
});

Deno.test("on another path probe timeouts begin again", () => {
  const recovery = new Recovery<number>(0, () => 0);
  send(recovery, 0, 1);
  for (let count = 0; count < 4; count++) recovery.timeout(recovery.deadline);
  recovery.pathChanged(10_000);
  assertEquals(recovery.probeTimeouts, 0);
  assertEquals(recovery.deadline, 10_000 + RETRANSMIT_AFTER_MS[0]!);
});

Deno.test("on another path one packet leaves at once to measure it, whatever is in flight elsewhere", () => {
  const recovery = measured(100);
  send(recovery, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
  recovery.pathChanged(50);
  assertEquals(recovery.room(50), DATAGRAM_BYTES);
  assertEquals(recovery.roomAt(50), 50);
  send(recovery, 50, 11);
  assertEquals(recovery.room(50), 0);
  assertEquals(recovery.roomAt(50), Infinity);
  assertEquals(recovery.acknowledge(90, [[11, 11]], 0), {
    acked: [11],
    lost: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  });
  assertEquals(recovery.smoothedRtt, 40);
  assertEquals(recovery.room(90), INITIAL_WINDOW_BYTES);
});

Deno.test("a packet that was sent on the former path measures nothing", () => {
  const recovery = measured(100);
  send(recovery, 0, 1);
  recovery.pathChanged(50);
  assertEquals(recovery.acknowledge(60, [[1, 1]], 0), { acked: [1], lost: [] });
  assertFalse(recovery.hasSample);
});

Deno.test("the peer's delay is judged by the new path's min_rtt", () => {
  const recovery = measured(10);
  recovery.pathChanged(0);
  recovery.sample(0, 100);
  roundTrip(recovery, 1, 116, 20);
  assertEquals(recovery.smoothedRtt, 102);
});

// ---- everything at once ----------------------------------------------------------------------------------

interface Acknowledgement {
  readonly at: Millis;
  readonly ranges: Ranges;
  readonly delay: Millis;
}

/** A sender and a receiver with a path between them that loses, delays and changes the order of packets. */
class World {
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
    const world = new World(dice.fork());
    // Safety: anything may happen.
    world.loss = dice.pick([0, 0.01, 0.1, 0.5]);
    for (let step = 0; step < 400; step++) {
      if (dice.happens(0.3)) world.flush(dice.below(20));
      world.step(world.now + dice.below(50));
      if (dice.happens(0.005)) world.recovery.pathChanged(world.now);
      if (dice.happens(0.005)) world.loss = dice.pick([0, 0.01, 0.1, 1]);
    }
    // Liveness: all is settled, and what is sent then is acknowledged.
    world.loss = 0;
    for (let step = 0; world.unsettled.size > 0; step++) {
      assertLess(step, 2000, "packets stay in flight");
      world.step(Infinity);
    }
    const before = world.acked;
    for (let left = 100, step = 0; left > 0 || world.unsettled.size > 0; step++) {
      assertLess(step, 5000, "no packet leaves");
      left -= world.flush(left);
      world.step(left > 0 ? world.recovery.roomAt(world.now) : Infinity);
    }
    assertLess(before + 50, world.acked);
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
