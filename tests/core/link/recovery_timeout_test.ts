/**
 * Loss recovery (RFC 9002) when nothing is acknowledged for long: probes, persistent congestion, another
 * path.
 */
import { assertEquals, assertFalse, assertLess } from "@std/assert";
import {
  ACK_DELAY_MS,
  DATAGRAM_BYTES,
  INITIAL_WINDOW_BYTES,
  MINIMUM_WINDOW_BYTES,
  PROBE_TIMEOUT_MOST_MS,
  RETRANSMIT_AFTER_MS,
  RETRANSMIT_JITTER,
} from "../../../core/base/limits.ts";
import type { Millis } from "../../../core/base/units.ts";
import { Recovery } from "../../../core/link/recovery.ts";
import { flight, measured, roundTrip, send } from "./recovery_scene.ts";

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

/**
 * Sends at each of these instants, numbers from 1, then a last packet; acknowledges that a round trip later.
 */
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
