/**
 * When a link sends what: handshakes, acknowledgements, repeats. How it grows old is in link_renewal_test.ts.
 */
import { assert, assertEquals, assertFalse, assertLessOrEqual, assertNotEquals } from "@std/assert";
import {
  ACK_DELAY_MS,
  ACK_RANGES,
  CHECK_PACE_MS,
  DATAGRAM_BYTES,
  HANDSHAKE_MS,
  INITIAL_WINDOW_BYTES,
  LINK_QUEUE_BYTES,
  LINK_QUEUE_VERBS,
  PARCEL_SPAN,
  PROBE_TIMEOUT_MOST_MS,
  RETRANSMIT_JITTER,
} from "../../../core/base/limits.ts";
import type { Millis } from "../../../core/base/units.ts";
import type { Frame } from "../../../core/wire/frame.ts";
import { chat } from "../../kit/pair.ts";
import { acking, PING, unordered, verbOf } from "../../kit/peer.ts";
import { nameOf, numberOf, type Sent } from "../../kit/sent.ts";
import { ELSEWHERE, PEER, TestLink } from "../../kit/test_link.ts";

/** How long after `begin` each of these leaves, with nobody answering. */
function departures(test: TestLink, begin: Millis, end: Millis, is: (sent: Sent) => boolean): Millis[] {
  return test.run(begin, end).filter(is).map(({ at }) => at - begin);
}

const isInitiation = ({ packet }: Sent): boolean => packet.type === "initiation";
const isTransport = ({ packet }: Sent): boolean => packet.type === "transport";

/** A link whose handshake measured nothing: the response came after a repeat, and may be one to either. */
function unmeasured(now: Millis): TestLink {
  const test = new TestLink(now - 151);
  test.link.send(now - 151, verbOf("first"), "first");
  test.run(now - 151, now - 1);
  test.receive(now, test.peer.answer(test.initiation()!).bytes);
  return test;
}

/** The frames of one type in these packets. */
function framesOf<Type extends Frame["type"]>(
  packets: readonly Sent[],
  type: Type,
): (Frame & { type: Type })[] {
  return packets.flatMap(({ frames }) =>
    frames.filter((frame): frame is Frame & { type: Type } => frame.type === type)
  );
}

// ---- handshakes ------------------------------------------------------------------------------------------

Deno.test("an initiation leaves at 0, 150 and 350 ms, then after 0.5, 1, 2, 4 and 4 s, each time to all addresses", () => {
  const test = new TestLink(1000, { addresses: [PEER, ELSEWHERE] });
  test.link.send(1000, verbOf("x"));
  const left = test.run(1000, 1000 + 20_000);
  const rounds = [0, 150, 350, 850, 1850, 3850, 7850, 11_850, 15_850, 19_850];
  assertEquals(
    left.map(({ at, to }) => [at - 1000, to.port]),
    rounds.flatMap((at) => [[at, PEER.port], [at + CHECK_PACE_MS, ELSEWHERE.port]]),
  );
  assert(left.every(isInitiation));
});

Deno.test("from the fourth departure on the waits are up to a tenth longer or shorter", () => {
  for (const chance of [0, 255 / 256]) {
    const test = new TestLink(1000);
    test.chance = chance;
    test.link.send(1000, verbOf("x"));
    const share = 1 + RETRANSMIT_JITTER * (2 * chance - 1);
    const expected = [0, 150, 350, 350 + 500 * share, 350 + 1500 * share, 350 + 3500 * share];
    assertEquals(departures(test, 1000, 6000, isInitiation).map(Math.round), expected.map(Math.round));
  }
});

Deno.test("for five seconds it is the same initiation, byte for byte; then comes a fresh one", () => {
  const test = new TestLink(1000);
  test.link.send(1000, verbOf("x"));
  const left = test.run(1000, 1000 + 20_000).map(({ at, bytes }) => ({
    after: at - 1000,
    bytes: bytes.toHex(),
  }));
  const first = left.filter(({ after }) => after < HANDSHAKE_MS);
  const second = left.filter(({ after }) => after >= HANDSHAKE_MS && after < 7850 + HANDSHAKE_MS);
  const third = left.filter(({ after }) => after >= 7850 + HANDSHAKE_MS);
  assertEquals([first.length, second.length, third.length], [6, 2, 2]);
  const different = [first, second, third].map((some) => new Set(some.map(({ bytes }) => bytes)));
  assertEquals(different.map(({ size }) => size), [1, 1, 1]);
  assertEquals(new Set(left.map(({ bytes }) => bytes)).size, 3);
});

Deno.test("after two timeouts a handshake asks, and probes go on", () => {
  const test = TestLink.withPath(1000);
  const { probeTimeout } = test.link;
  test.link.send(1000, verbOf("x"));
  const left = test.run(1000, 3000);
  const initiations = left.filter(isInitiation).map(({ at }) => at - 1000 - 3 * probeTimeout);
  assertEquals(initiations.slice(0, 4), [0, 150, 350, 850]);
  const repeats = left.filter(isTransport).map(({ at }) => Math.round((at - 1000) / probeTimeout));
  // One packet at first, then two, as there are two in flight.
  assertEquals(repeats, [0, 1, 3, 3, 7, 7, 15, 15, 31, 31, 63, 63]);
});

Deno.test("it asks where the peer was, and then where else it may be", () => {
  const test = TestLink.withPath(1000, [PEER, ELSEWHERE]);
  test.link.send(1000, verbOf("x"));
  const initiations = test.run(1000, 6000).filter(isInitiation);
  assertEquals(initiations.slice(0, 6).map(({ to }) => to.port), [2, 3, 2, 3, 2, 3]);
});

Deno.test("an acknowledgement ends a handshake that only asked whether the peer is there", () => {
  const test = TestLink.withPath(1000);
  test.link.send(1000, verbOf("x"));
  const asked = test.run(1000, 1200);
  assert(asked.some(isInitiation));
  test.acknowledge(1200);
  assertEquals(test.run(1200, 100_000), []);
});

// ---- acknowledgements ------------------------------------------------------------------------------------

Deno.test("a packet is acknowledged after 25 ms at most, or with the second one", () => {
  const test = TestLink.withPath(1000);
  test.receive(2000, test.peer.packet([PING]));
  assertEquals(test.take(2000), []);
  assertEquals(test.link.deadline, 2000 + ACK_DELAY_MS);
  const late = test.run(2000, 2000 + ACK_DELAY_MS);
  assertEquals(late.map(nameOf), ["ack"]);
  const newest = test.peer.number;
  assertEquals(framesOf(late, "ack"), [{ type: "ack", ranges: [[1, newest]], delay: ACK_DELAY_MS }]);

  test.receive(3000, test.peer.packet([PING]));
  assertEquals(test.take(3000), []);
  test.receive(3010, test.peer.packet([PING]));
  const second = test.take(3010);
  assertEquals(framesOf(second, "ack"), [{ type: "ack", ranges: [[1, newest + 2]], delay: 0 }]);
  assertEquals(test.run(3010, 10_000), []);
});

Deno.test("what comes after a gap is acknowledged at once, and so is what fills it", () => {
  const test = TestLink.withPath(1000);
  const missing = test.peer.packet([PING]);
  test.receive(2000, test.peer.packet([PING]));
  const newest = test.peer.number;
  assertEquals(framesOf(test.take(2000), "ack")[0]?.ranges, [[newest, newest], [1, newest - 2]]);
  test.receive(2001, missing);
  assertEquals(framesOf(test.take(2001), "ack")[0]?.ranges, [[1, newest]]);
});

Deno.test("an acknowledgement rides along with what leaves anyway", () => {
  const test = TestLink.withPath(1000);
  test.receive(2000, test.peer.packet([PING]));
  test.link.send(2001, verbOf("x"));
  assertEquals(test.named(2001), ["ack keepAlive"]);
  test.acknowledge(2002);
  assertEquals(test.run(2002, 10_000), []);
});

Deno.test("nothing but an acknowledgement asks for none", () => {
  const test = TestLink.withPath(1000);
  for (let count = 0; count < 5; count++) test.receive(2000, test.peer.packet([acking(1)]));
  assertEquals(test.run(2000, 10_000), []);
});

Deno.test("a repeated packet draws nothing; its verb in another packet is acknowledged and not handed on again", () => {
  const test = TestLink.withPath(1000);
  const frame = unordered(1, verbOf("y"));
  const packet = test.peer.packet([frame]);
  const first = test.receive(2000, packet);
  assertEquals(first?.type === "verbs" && first.verbs, [verbOf("y")]);
  test.run(2000, 2100);
  assertEquals(test.receive(2100, packet), undefined);
  assertEquals(test.run(2100, 2200), []);
  const again = test.receive(2200, test.peer.packet([frame]));
  assertEquals(again?.type === "verbs" && again.verbs, []);
  assertEquals(test.run(2200, 2300).map(nameOf), ["ack"]);
});

Deno.test("one acknowledgement has 32 ranges at most, the newest", () => {
  const test = TestLink.withPath(1000);
  for (let count = 0; count < 100; count++) {
    test.peer.number++;
    test.receive(2000, test.peer.packet([PING]));
  }
  const [ack, ...more] = framesOf(test.run(2000, 2100), "ack");
  assertEquals(more, []);
  assertEquals([ack!.ranges.length, ack!.ranges[0]![1]], [ACK_RANGES, test.peer.number]);
});

// ---- what shares a packet, and what waits
// ------------------------------------------------------------------

Deno.test("many small verbs share one packet", () => {
  const test = TestLink.withPath(1000);
  for (let count = 0; count < 40; count++) test.link.send(2000, verbOf(`x${count}`));
  const left = test.take(2000);
  assertEquals(left.length, 1);
  assertEquals(
    left[0]!.verbs.map((verb) => "nick" in verb && verb.nick),
    Array.from({ length: 40 }, (_, n) => `x${n}`),
  );
  for (let count = 0; count < 400; count++) test.link.send(2001, verbOf(`x${count}`));
  const full = test.take(2001);
  assertEquals(full.flatMap(({ verbs }) => verbs).length, 400);
  const bytes = full.map(({ bytes }) => bytes.length);
  // All but the last one have no room for one more.
  assert(bytes.slice(0, -1).every((length) => length <= DATAGRAM_BYTES && length > DATAGRAM_BYTES - 30));
});

Deno.test("one packet is in flight until the first acknowledgement, then a window", () => {
  const test = unmeasured(1000);
  for (let count = 0; count < 30; count++) test.link.send(1000, chat("a".repeat(1000)));
  assertEquals(test.take(1000).length, 1);
  assertEquals(test.take(1001), []);
  test.acknowledge(1100);
  const bytes = test.take(1100).map(({ bytes }) => bytes.length).reduce((sum, length) => sum + length);
  assertLessOrEqual(bytes, INITIAL_WINDOW_BYTES);
  assertLessOrEqual(INITIAL_WINDOW_BYTES - DATAGRAM_BYTES, bytes);
});

Deno.test("a parcel is never 1,024 or more ahead of the oldest that is not acknowledged", () => {
  const test = TestLink.withPath(1000);
  test.link.send(1000, verbOf("lost"), "lost");
  const [lost] = test.take(1000);
  const first = framesOf([lost!], "unordered")[0]!.number;
  let newest = first;
  for (let now = 1001; now < 1020; now++) {
    for (let count = 0; count < 100; count++) test.link.send(now, verbOf("x"));
    const left = test.take(now);
    newest = Math.max(newest, ...framesOf(left, "unordered").map(({ number }) => number));
    // The packets that carry the first one are lost; all others are acknowledged.
    for (const one of left) {
      const isLost = framesOf([one], "unordered").some(({ number }) => number === first);
      if (!isLost) test.receive(now, test.peer.packet([acking(numberOf(one))]));
    }
  }
  assertEquals(newest, first + PARCEL_SPAN - 1);
  test.acknowledge(1020);
  assertFalse(test.link.has("lost"));
  assertEquals(Math.min(...framesOf(test.take(1020), "unordered").map(({ number }) => number)), newest + 1);
});

Deno.test("a verb of a tag is not sent twice, and not again once it is cancelled", () => {
  const test = TestLink.withPath(1000);
  const { link } = test;
  for (let count = 0; count < 2; count++) link.send(2000, verbOf("x"), "tag");
  assertEquals([link.has("tag"), link.departedAt("tag")], [true, undefined]);
  assertEquals(test.named(2000), ["keepAlive"]);
  assertEquals(link.departedAt("tag"), 2000);
  link.cancel("tag");
  assertFalse(link.has("tag"));
  assertEquals(test.run(2001, 60_000).flatMap(({ verbs }) => verbs), []);

  link.send(60_000, verbOf("x"), "tag");
  link.cancel("tag");
  assertEquals(test.run(60_000, 61_000).flatMap(({ verbs }) => verbs), []);
});

Deno.test("what is sent afresh takes the place of what is on its way; an acknowledged tag is free again", () => {
  const test = TestLink.withPath(1000);
  const { link } = test;
  link.send(2000, verbOf("x"), "tag");
  const [former] = test.take(2000);
  link.sendAfresh(2001, verbOf("y"), "tag");
  const [newer] = test.take(2001);
  test.receive(2002, test.peer.packet([acking(numberOf(former!))]));
  assert(link.has("tag"));
  test.receive(2003, test.peer.packet([acking(numberOf(newer!))]));
  assertFalse(link.has("tag"));
  link.send(2004, verbOf("x"), "tag");
  assertEquals(test.named(2004), ["keepAlive"]);
});

Deno.test("what a link keeps waiting is bounded: verbs, and their bytes", () => {
  const small = new TestLink(1000).link;
  for (let count = 0; count <= LINK_QUEUE_VERBS; count++) small.send(1000, verbOf("x"), `${count}`);
  assertEquals([small.has(`${LINK_QUEUE_VERBS - 1}`), small.has(`${LINK_QUEUE_VERBS}`)], [true, false]);

  const large = new TestLink(1000).link;
  const text = "a".repeat(60_000);
  const most = Math.ceil(LINK_QUEUE_BYTES / text.length);
  for (let count = 0; count <= most; count++) large.send(1000, chat(text), `${count}`);
  assertEquals([large.has(`${most - 1}`), large.has(`${most}`)], [true, false]);
});

// ---- repeats ---------------------------------------------------------------------------------------------

Deno.test("before the first sample a packet leaves at 0, 150 and 350 ms, then after 0.5, 1, 2, 4 and 4 s", () => {
  const test = unmeasured(1000);
  assertEquals(
    departures(test, 1000, 1000 + 20_000, isTransport),
    [0, 150, 350, 850, 1850, 3850, 7850, 11_850, 15_850, 19_850],
  );
  assert(test.left.filter(isTransport).every((one) => nameOf(one) === "keepAlive"));
});

Deno.test("before the first sample the waits differ from the third one on as well", () => {
  for (const chance of [0, 255 / 256]) {
    const test = unmeasured(1000);
    test.chance = chance;
    const share = 1 + RETRANSMIT_JITTER * (2 * chance - 1);
    const expected = [0, 150, 350, 350 + 500 * share, 350 + 1500 * share];
    assertEquals(departures(test, 1000, 3000, isTransport).map(Math.round), expected.map(Math.round));
  }
});

Deno.test("after it a packet is repeated by the probe timeout, which doubles up to 4 s", () => {
  for (const rtt of [0, 5, 100]) {
    const test = TestLink.withPath(10_000, [PEER], { rtt });
    const { probeTimeout } = test.link;
    assertLessOrEqual(rtt + ACK_DELAY_MS, probeTimeout);
    test.link.send(10_000, verbOf("x"));
    const expected = [0];
    for (
      let wait = probeTimeout;
      expected.at(-1)! + wait <= 20_000;
      wait = Math.min(2 * wait, PROBE_TIMEOUT_MOST_MS)
    ) {
      expected.push(expected.at(-1)! + wait);
    }
    const at = departures(test, 10_000, 30_000, isTransport);
    // Two probes leave at a time once two packets are in flight.
    assertEquals([...new Set(at)].map(Math.round), expected.map(Math.round));
    const verbs = test.left.filter(isTransport).slice(1).map(({ verbs }) => verbs.length);
    assert(verbs.every((count) => count > 0));
  }
});

Deno.test("three packets behind an acknowledged one is lost, and leaves again at once under another number", () => {
  const test = TestLink.withPath(10_000, [PEER], { rtt: 100 });
  for (let count = 0; count < 4; count++) {
    test.link.send(10_000 + count, verbOf(`x${count}`));
    test.take(10_000 + count);
  }
  const numbers = test.left.filter(isTransport).slice(-4).map(numberOf);
  test.receive(10_103, test.peer.packet([acking(numbers[1]!, numbers[2]!)]));
  assertEquals(test.take(10_103), []);
  test.receive(10_104, test.peer.packet([acking(numbers[1]!, numbers[3]!)]));
  const [again] = test.take(10_104);
  assertEquals(again!.verbs, [verbOf("x0")]);
  assertNotEquals(numberOf(again!), numbers[0]!);
});
