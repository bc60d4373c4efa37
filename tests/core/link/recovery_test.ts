/** Loss recovery (RFC 9002): the round trip, what may leave, and which packets are acknowledged or lost. */
import { assert, assertEquals, assertFalse } from "@std/assert";
import {
  ACK_DELAY_MS,
  DATAGRAM_BYTES,
  GRANULARITY_MS,
  INITIAL_WINDOW_BYTES,
  LINK_DEAD_MS,
  RETRANSMIT_AFTER_MS,
} from "../../../core/base/limits.ts";
import { Recovery } from "../../../core/link/recovery.ts";
import { flight, measured, roundTrip, send } from "./recovery_scene.ts";

const NOTHING = { acked: [], lost: [] };

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
