import { assert, assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import { ACK_DELAY_MS, LINK_DEAD_MS, LINK_IDLE_MS, LINK_QUEUE_PACKETS } from "../../core/limits.ts";
import { RETRANSMIT_JITTER, SPAN_PACKETS, WINDOW_PACKETS } from "../../core/limits.ts";
import type { Link } from "../../core/link.ts";
import { acking, ELSEWHERE, named, packet, PEER, PEER_TOKEN, sent, TestLink, verbOf } from "./wire.ts";

/** The instants at which something of this name leaves, when the link is driven by its own deadline. */
function departures(link: Link, from: number, until: number, name: string): number[] {
  const at: number[] = [];
  for (let now = from; now <= until; now = link.deadline) {
    for (const what of named(link.take(now))) if (what === name) at.push(now - from);
    if (link.deadline <= now) throw new Error(`the deadline stays at ${now}`);
  }
  return at;
}

Deno.test("an unanswered packet leaves at 0, 150 and 350 ms, then after 0.5, 1, 2, 4 and 4 s", () => {
  const { link } = TestLink.withPath(0);
  link.send(100, verbOf("x"));
  assertEquals(departures(link, 100, 20_000, "transport 2 keepAlive"), [
    0,
    150,
    350,
    850,
    1850,
    3850,
    7850,
    11850,
    15850,
    19850,
  ]);
});

Deno.test("from the fourth departure on the waits are up to a tenth longer or shorter", () => {
  for (
    const [chance, share] of [[0, 1 - RETRANSMIT_JITTER], [0.999, 1 + 0.998 * RETRANSMIT_JITTER]] as const
  ) {
    const test = TestLink.withPath(0);
    test.chance = chance;
    test.link.send(100, verbOf("x"));
    const at = departures(test.link, 100, 3000, "transport 2 keepAlive").map(Math.round);
    assertEquals(at, [0, 150, 350, 350 + 500 * share, 350 + 1500 * share].map(Math.round));
  }
});

Deno.test("a hello is repeated at the same intervals, each address twice in a row", () => {
  const test = new TestLink(0, [PEER, ELSEWHERE]);
  test.link.send(0, verbOf("x"));
  const greeted: [number, number][] = [];
  for (let now = 0; now < 6000; now = test.link.deadline) {
    for (const { to, frame } of sent(test.link.take(now))) {
      assertEquals(frame.type, "hello");
      greeted.push([now, to.port]);
    }
  }
  assertEquals(greeted, [[0, 2], [150, 2], [350, 3], [850, 3], [1850, 2], [3850, 2]]);
});

Deno.test("after two timeouts the peer is greeted again, where it was and at the other addresses", () => {
  const { link } = TestLink.withPath(0, [PEER, ELSEWHERE]);
  link.send(100, verbOf("x"));
  const hellos: number[] = [];
  for (let now = 100; now < 6000; now = link.deadline) {
    for (const { to, frame } of sent(link.take(now))) if (frame.type === "hello") hellos.push(to.port);
  }
  assertEquals(hellos.slice(0, 3), [2, 2, 3]);
});

Deno.test("one packet is in flight until the first acknowledgement, then up to 64", () => {
  const { link } = new TestLink(0);
  for (let count = 0; count < 100; count++) link.send(0, verbOf("x"));
  link.take(0);
  link.receiveRetry(1, PEER, PEER_TOKEN);
  assertEquals(named(link.take(1)), ["transport 1 keepAlive"]);
  assertEquals(link.take(2), []);
  link.receive(3, PEER, acking(1));
  assertEquals(sent(link.take(3)).length, WINDOW_PACKETS);
  link.receive(4, PEER, acking(5, 9, 9, 1, 5000));
  assertEquals(named(link.take(4)), ["transport 66 keepAlive", "transport 67 keepAlive"]);
});

Deno.test("the newest packet is never 1,024 or more ahead of the oldest that is not acknowledged", () => {
  const { link } = TestLink.withPath(0);
  let newest = 0;
  for (let round = 0; round < 2 * SPAN_PACKETS; round++) {
    for (let count = 0; count < WINDOW_PACKETS; count++) link.send(0, verbOf("x"));
    const numbers = sent(link.take(0)).map(({ frame }) => frame.type === "transport" ? frame.number : 0);
    if (numbers.length === 0) break;
    newest = Math.max(newest, ...numbers);
    // Packet 2 is lost again and again; all others are acknowledged.
    link.receive(0, PEER, acking(...numbers.filter((number) => number !== 2)));
  }
  assertEquals(newest, 2 + SPAN_PACKETS - 1);
  link.receive(0, PEER, acking(2));
  assertGreaterOrEqual(sent(link.take(0)).length, 1);
});

Deno.test("an acknowledgement leaves within 25 ms", () => {
  for (const chance of [0, 0.5, 0.999]) {
    const test = TestLink.withPath(0);
    test.chance = chance;
    test.link.receive(100, PEER, packet(1, {}, verbOf("y")));
    assertEquals(test.link.deadline, 100 + chance * ACK_DELAY_MS);
    assertEquals(named(test.link.take(test.link.deadline)), ["transport 0 ack"]);
    assertLess(test.link.deadline, Infinity);
    assertEquals(test.link.take(200), []);
  }
});

Deno.test("an acknowledgement rides along with what leaves anyway", () => {
  const { link } = TestLink.withPath(0);
  link.receive(100, PEER, packet(1, {}, verbOf("y")));
  link.receive(100, PEER, packet(2, {}, verbOf("y")));
  link.send(101, verbOf("x"));
  const [only, ...more] = sent(link.take(101));
  assertEquals(more, []);
  assert(only?.frame.type === "transport");
  assertEquals(only.frame.acked, { session: "000000aa", numbers: [1, 2] });
  assertEquals(link.take(200), []);
});

Deno.test("a repeat is acknowledged at once, and not handed on", () => {
  const { link } = TestLink.withPath(0);
  assertEquals(link.receive(100, PEER, packet(1, {}, verbOf("y")))?.verb, verbOf("y"));
  link.take(130);
  assertEquals(link.receive(140, PEER, packet(1, {}, verbOf("y"))), { verb: undefined, restarted: false });
  assertEquals(named(link.take(140)), ["transport 0 ack"]);
});

Deno.test("packet number 0 asks for no acknowledgement", () => {
  const { link } = TestLink.withPath(0);
  for (let count = 0; count < 2; count++) {
    assertEquals(link.receive(100, PEER, packet(0, {}, verbOf("y")))?.verb, verbOf("y"));
  }
  assertEquals(link.take(200), []);
});

Deno.test("100 packets at once are acknowledged in packets of at most 32", () => {
  const test = TestLink.withPath(0);
  for (let number = 1; number <= 100; number++) test.link.receive(100, PEER, packet(number, {}, verbOf("y")));
  const acked = sent(test.link.take(125)).map(({ frame }) =>
    frame.type === "transport" && frame.acked?.numbers.length
  );
  assertEquals(acked, [32, 32, 32, 4]);
});

Deno.test("a verb of a tag is not sent twice, and not at all once it is cancelled", () => {
  const { link } = TestLink.withPath(0);
  link.send(0, verbOf("x"), "tag");
  link.send(0, verbOf("x"), "tag");
  assertEquals(named(link.take(0)), ["transport 2 keepAlive"]);
  assert(link.has("tag"));
  link.cancel("tag");
  assertEquals([link.has("tag"), link.take(10_000)], [false, []]);
  link.send(10_000, verbOf("x"), "tag");
  assertEquals(named(link.take(10_000)), ["transport 3 keepAlive"]);
  link.receive(10_001, PEER, acking(3));
  assertEquals(link.has("tag"), false);
});

Deno.test("a link that is dead for 30 s drops what it holds; then it begins again", () => {
  const { link } = TestLink.withPath(0);
  link.send(1000, verbOf("x"), "tag");
  link.take(1000 + LINK_DEAD_MS - 1);
  assert(link.has("tag"));
  assertEquals(link.take(1000 + LINK_DEAD_MS), []);
  assert(!link.has("tag"));
  link.send(50_000, verbOf("x"), "tag");
  assertEquals(named(link.take(50_000)), ["hello"]);
});

Deno.test("any sign of life keeps it from being dead", () => {
  const { link } = TestLink.withPath(0);
  link.send(1000, verbOf("x"), "tag");
  link.take(1000);
  link.receive(20_000, PEER, packet(0, {}, verbOf("y")));
  link.take(20_000 + LINK_DEAD_MS - 1);
  assert(link.has("tag"));
  link.take(20_000 + LINK_DEAD_MS);
  assert(!link.has("tag"));
});

Deno.test("a link is idle after 3 minutes without use, unless its owner keeps it", () => {
  const { link } = TestLink.withPath(0);
  link.receive(1000, PEER, packet(0, {}, verbOf("y")));
  assert(!link.isIdle(1000 + LINK_IDLE_MS - 1));
  assert(link.isIdle(1000 + LINK_IDLE_MS));
  link.kept = true;
  assert(!link.isIdle(1e9));
  assertEquals(link.deadline, Infinity);
});

Deno.test("what a link keeps waiting is bounded", () => {
  const { link } = new TestLink(0);
  for (let count = 0; count < LINK_QUEUE_PACKETS + 1; count++) link.send(0, verbOf("x"), `tag ${count}`);
  assert(link.has(`tag ${LINK_QUEUE_PACKETS - 1}`));
  assert(!link.has(`tag ${LINK_QUEUE_PACKETS}`));
});

Deno.test("after its death a repeated packet does not leave the deadline in the past", () => {
  const { link } = TestLink.withPath(0);
  link.receive(1, PEER, packet(5, {}, verbOf("y")));
  link.take(100);
  link.send(100, verbOf("x"));
  link.take(100);
  link.take(100 + LINK_DEAD_MS);
  link.receive(40_000, PEER, packet(5, {}, verbOf("y")));
  link.take(40_000);
  assert(link.deadline > 40_000);
});
