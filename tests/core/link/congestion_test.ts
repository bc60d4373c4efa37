/** The congestion window and pacing (RFC 9002, section 7). */
import { assert, assertEquals, assertFalse, assertLess } from "@std/assert";
import {
  DATAGRAM_BYTES,
  INITIAL_WINDOW_BYTES,
  LOSS_REDUCTION,
  MAXIMUM_WINDOW_BYTES,
  MINIMUM_WINDOW_BYTES,
  PACING_GAIN,
} from "../../../core/base/limits.ts";
import type { Millis } from "../../../core/base/units.ts";
import { Congestion, type Departure } from "../../../core/link/congestion.ts";
import { RTT, TestPath } from "./congestion_scene.ts";

const INITIAL_PACKETS = INITIAL_WINDOW_BYTES / DATAGRAM_BYTES;

// ---- the window ------------------------------------------------------------------------------------------

Deno.test("the initial window is ten datagrams (section 7.2)", () => {
  const path = new TestPath();
  assertEquals(path.congestion.window, INITIAL_WINDOW_BYTES);
  assertEquals(path.room(0), INITIAL_WINDOW_BYTES);
  path.send(0, INITIAL_PACKETS);
  assertEquals(path.room(1000), 0);
});

Deno.test("what is sent is in flight until it is acknowledged or lost", () => {
  const path = new TestPath();
  const [first, second, third] = path.send(0, 3, 500);
  assertEquals(path.congestion.bytesInFlight, 1500);
  path.ack([first!]);
  path.lose([second!]);
  assertEquals(path.congestion.bytesInFlight, 500);
  path.ack([third!]);
  assertEquals(path.congestion.bytesInFlight, 0);
});

Deno.test("in slow start the window grows by what is acknowledged (section 7.3.1)", () => {
  const path = new TestPath();
  path.ack(path.fill(0).slice(0, 3));
  assertEquals(path.congestion.window, INITIAL_WINDOW_BYTES + 3 * DATAGRAM_BYTES);
});

Deno.test("in slow start the window doubles with each round trip", () => {
  const path = new TestPath();
  for (let trip = 0; trip < 3; trip++) path.ack(path.fill(trip * RTT));
  assertEquals(path.congestion.window, 8 * INITIAL_WINDOW_BYTES);
});

Deno.test("a loss halves the window and sets the slow start threshold (section 7.3.2)", () => {
  const path = new TestPath();
  path.lose(path.fill(0).slice(0, 1));
  assertEquals(path.congestion.window, INITIAL_WINDOW_BYTES * LOSS_REDUCTION);
});

Deno.test("losses of one flight halve the window once", () => {
  const path = new TestPath();
  const flight = path.fill(0);
  path.lose(flight.slice(0, 2));
  path.lose(flight.slice(5, 7));
  assertEquals(path.congestion.window, INITIAL_WINDOW_BYTES / 2);
});

Deno.test("in the recovery period nothing makes the window grow (section 7.3.2)", () => {
  const path = new TestPath();
  const flight = path.fill(0);
  path.lose(flight.slice(0, 1));
  path.ack(flight.slice(1));
  assertEquals(path.congestion.window, INITIAL_WINDOW_BYTES / 2);
});

Deno.test("a packet sent in the recovery period ends it, even if it left at the same instant", () => {
  const path = new TestPath();
  const flight = path.fill(0);
  path.lose(flight.slice(0, 1));
  path.ack(flight.slice(1));
  const later = path.fill(0);
  path.ack(later.slice(0, 1));
  assertLess(INITIAL_WINDOW_BYTES / 2, path.congestion.window);
  const before = path.congestion.window;
  path.lose(later.slice(1, 2));
  assertEquals(path.congestion.window, before / 2);
});

Deno.test("in congestion avoidance the window grows by a datagram with each window (section 7.3.3)", () => {
  const path = new TestPath();
  const flight = path.fill(0);
  path.lose(flight.slice(0, 1));
  path.ack(flight.slice(1));
  const before = path.congestion.window;
  path.ack(path.fill(RTT));
  // A little less: it has grown already when the last one is acknowledged.
  assertLess(before + 0.9 * DATAGRAM_BYTES, path.congestion.window);
  assertLess(path.congestion.window, before + DATAGRAM_BYTES);
});

Deno.test("the window is never smaller than two datagrams (section 7.2)", () => {
  const path = new TestPath();
  for (let loss = 0; loss < 5; loss++) path.lose(path.send(0));
  assertEquals(path.congestion.window, MINIMUM_WINDOW_BYTES);
});

Deno.test("the window is never larger than the maximum", () => {
  const path = new TestPath();
  for (let trip = 0; trip < 10; trip++) path.ack(path.fill(trip * RTT));
  assertEquals(path.congestion.window, MAXIMUM_WINDOW_BYTES);
});

// ---- a sender with little to say (section 7.8) -----------------------------------------------------------

Deno.test("a window that is not made use of does not grow", () => {
  const path = new TestPath();
  for (let trip = 0; trip < 100; trip++) path.ack(path.send(trip * RTT, INITIAL_PACKETS - 1));
  assertEquals(path.congestion.window, INITIAL_WINDOW_BYTES);
});

Deno.test("all that was under way when the window was full made use of it", () => {
  const path = new TestPath();
  const early = path.send(0, 3);
  const late = path.fill(50);
  path.ack(early);
  assertEquals(path.congestion.window, INITIAL_WINDOW_BYTES + 3 * DATAGRAM_BYTES);
  path.ack(late);
  assertEquals(path.congestion.window, 2 * INITIAL_WINDOW_BYTES);
});

Deno.test("what is sent after the window was full is judged for itself", () => {
  const path = new TestPath();
  path.ack(path.fill(0));
  const before = path.congestion.window;
  path.ack(path.send(RTT, 2));
  assertEquals(path.congestion.window, before);
});

Deno.test("a sender that pacing holds back makes use of the window", () => {
  const path = new TestPath();
  path.ack(path.fill(0));
  // Twice the burst fits into the window now; at one instant only the burst may leave.
  const burst = path.send(RTT, INITIAL_PACKETS);
  assertEquals(path.room(RTT), 0);
  const before = path.congestion.window;
  path.ack(burst);
  assertEquals(path.congestion.window, before + INITIAL_WINDOW_BYTES);
});

Deno.test("a burst that is small beside the window does not make use of it", () => {
  const path = new TestPath();
  for (let trip = 0; trip < 3; trip++) path.ack(path.fill(trip * RTT));
  const before = path.congestion.window;
  for (let trip = 10; trip < 20; trip++) path.ack(path.send(trip * RTT, 3 * INITIAL_PACKETS));
  assertEquals(path.congestion.window, before);
});

// ---- persistent congestion (section 7.6) -----------------------------------------------------------------

Deno.test("nothing but losses for the persistent congestion duration", () => {
  const path = new TestPath();
  assertFalse(path.lose([...path.send(0), ...path.send(200), ...path.send(400)], 400));
  assert(path.lose(path.send(401), 400));
});

Deno.test("two losses are enough if nothing was sent between them", () => {
  const path = new TestPath();
  assert(path.lose([...path.send(0), ...path.send(401)], 400));
});

Deno.test("an acknowledgement of a packet between two losses: no persistent congestion (section 7.6.2)", () => {
  const path = new TestPath();
  const [first, between, last] = [path.send(0), path.send(200), path.send(401)];
  path.ack(between);
  assertFalse(path.lose([...first, ...last], 400));
  // From the last one on it is counted again.
  assertFalse(path.lose(path.send(801), 400));
  assert(path.lose(path.send(802), 400));
});

Deno.test("packets sent before the first sample of the round trip do not count (section 7.6.2)", () => {
  const congestion = new Congestion(0);
  const send = (number: number, sentAt: Millis): Departure => {
    const packet = { number, after: congestion.newest, bytes: DATAGRAM_BYTES, sentAt };
    congestion.sent(packet, RTT);
    return packet;
  };
  const earliest = send(0, 0);
  const early = send(1, 500);
  congestion.measured(500);
  const first = send(2, 800);
  const second = send(3, 901);
  const third = send(4, 1201);
  assertFalse(congestion.lost(earliest, 400));
  assertFalse(congestion.lost(early, 400));
  assertFalse(congestion.lost(first, 400));
  assertFalse(congestion.lost(second, 400));
  assert(congestion.lost(third, 400));
});

Deno.test("numbers that were not given to packets do not interrupt a run of losses", () => {
  const congestion = new Congestion(0);
  congestion.measured(0);
  const packets = [1, 5, 9].map((number) => {
    const packet = { number, after: congestion.newest, bytes: DATAGRAM_BYTES, sentAt: 100 * number };
    congestion.sent(packet, RTT);
    return packet;
  });
  assertEquals(packets.map((packet) => congestion.lost(packet, 700)), [false, false, true]);
});

Deno.test("it leaves the least window, and slow start up to the threshold (section 7.6.2)", () => {
  const path = new TestPath();
  path.lose(path.fill(0));
  path.congestion.collapse();
  assertEquals(path.congestion.window, MINIMUM_WINDOW_BYTES);
  path.ack(path.fill(1000));
  assertEquals(path.congestion.window, 2 * MINIMUM_WINDOW_BYTES);
  path.ack(path.fill(1100));
  // The threshold, half of the initial window, is passed on the way.
  assertLess(path.congestion.window, 4 * MINIMUM_WINDOW_BYTES);
  assertLess(INITIAL_WINDOW_BYTES / 2, path.congestion.window);
});

Deno.test("after it what was in flight may make the window grow", () => {
  const path = new TestPath();
  const flight = path.fill(0);
  path.lose(flight.slice(0, 9));
  path.congestion.collapse();
  path.ack(flight.slice(9));
  assertEquals(path.congestion.window, MINIMUM_WINDOW_BYTES + DATAGRAM_BYTES);
});

// ---- pacing (section 7.7) --------------------------------------------------------------------------------

Deno.test("bursts are limited to the initial window", () => {
  const path = new TestPath();
  for (let trip = 0; trip < 3; trip++) path.ack(path.fill(trip * RTT));
  assertEquals(path.room(1_000_000), INITIAL_WINDOW_BYTES);
});

Deno.test("after a burst a datagram may leave each smoothed_rtt / (N * window in datagrams)", () => {
  const path = new TestPath();
  path.ack(path.fill(0));
  const interval = RTT / (PACING_GAIN * 2 * INITIAL_PACKETS);
  let now = 1000;
  path.send(now, INITIAL_PACKETS);
  for (let packet = 0; packet < INITIAL_PACKETS; packet++) {
    assertEquals(path.room(now), 0);
    const at = path.roomAt(now);
    assertAlmostEquals(at, now + interval);
    assertEquals(path.room(at - 0.001), 0);
    assertEquals(path.room(at), DATAGRAM_BYTES);
    path.send(at);
    now = at;
  }
  assertEquals(path.roomAt(now), Infinity);
});

Deno.test("who waits until pacing allows finds room then, however fractions are rounded", () => {
  const path = new TestPath();
  for (let trip = 0; trip < 8; trip++) path.ack(path.fill(trip * RTT));
  let now = 1_700_000_000_000.123;
  for (let packet = 0; packet < 500; packet++) {
    now = path.roomAt(now);
    assert(path.room(now) >= DATAGRAM_BYTES, `${now}`);
    path.send(now, 1, 1 + packet);
  }
});

Deno.test("as long as pacing allows, it is now", () => {
  assertEquals(new TestPath().roomAt(77), 77);
});

Deno.test("when the window is the limit, waiting does not help", () => {
  const path = new TestPath();
  path.fill(0);
  assertEquals(path.roomAt(0), Infinity);
});

Deno.test("a last bit of the window is room for a short packet, not for a full one", () => {
  const path = new TestPath();
  path.send(0, 9);
  path.send(0, 1, 1000);
  assertEquals(path.room(1000), 200);
  assertEquals(path.roomAt(1000), Infinity);
});

Deno.test("probes leave whatever pacing says, and what follows waits for that", () => {
  const path = new TestPath();
  path.ack(path.fill(0));
  path.send(1000, INITIAL_PACKETS + 2);
  const interval = RTT / (PACING_GAIN * 2 * INITIAL_PACKETS);
  assertAlmostEquals(path.roomAt(1000), 1000 + 3 * interval);
});

Deno.test("a path without delay is not paced, and nothing is divided by zero", () => {
  const congestion = new Congestion(0);
  congestion.measured(0);
  for (let number = 1; number <= 9; number++) {
    assertEquals(congestion.roomAt(0, 0), 0);
    congestion.sent({ number, after: number - 1, bytes: DATAGRAM_BYTES, sentAt: 0 }, 0);
    assertEquals(congestion.room(0, 0), INITIAL_WINDOW_BYTES - number * DATAGRAM_BYTES);
  }
});

// ---- another path (RFC 9000 section 9.4) -----------------------------------------------------------------

Deno.test("on another path the window begins again; what is in flight stays so", () => {
  const path = new TestPath();
  path.lose(path.fill(0).slice(0, 1));
  path.congestion.reset();
  assertEquals(path.congestion.window, INITIAL_WINDOW_BYTES);
  assertEquals(path.congestion.bytesInFlight, INITIAL_WINDOW_BYTES - DATAGRAM_BYTES);
});

Deno.test("what was sent on the former path makes the window neither grow nor shrink", () => {
  const path = new TestPath();
  const flight = path.fill(0);
  path.congestion.reset();
  path.ack(flight.slice(5));
  path.lose(flight.slice(0, 5));
  assertEquals(path.congestion.window, INITIAL_WINDOW_BYTES);
});

Deno.test("slow start begins again on another path", () => {
  const path = new TestPath();
  const flight = path.fill(0);
  path.lose(flight.slice(0, 1));
  path.ack(flight.slice(1));
  path.congestion.reset();
  path.ack(path.fill(500));
  assertEquals(path.congestion.window, 2 * INITIAL_WINDOW_BYTES);
});

Deno.test("losses on the former path and on this one are no persistent congestion", () => {
  const path = new TestPath();
  const former = path.send(0, 2);
  path.lose(former.slice(0, 1));
  path.congestion.reset();
  path.lose(former.slice(1));
  path.congestion.measured(700);
  assertFalse(path.lose(path.send(1000), 400));
  assert(path.lose(path.send(1401), 400));
});

Deno.test("nor are losses before and after, with nothing sent between them", () => {
  const path = new TestPath();
  path.lose(path.send(0));
  path.congestion.reset();
  path.congestion.measured(700);
  assertFalse(path.lose(path.send(1000), 400));
});

Deno.test("nor are losses on this path before it was measured", () => {
  const path = new TestPath();
  path.congestion.reset();
  assertFalse(path.lose([...path.send(0), ...path.send(1000)], 400));
});

/** Equal but for the rounding of fractions. */
function assertAlmostEquals(actual: number, expected: number): void {
  assertLess(Math.abs(actual - expected), 1e-6, `${actual} is not ${expected}`);
}
