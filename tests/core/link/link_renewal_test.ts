/**
 * How a link grows old: silence, another path, new keys; and that whoever waits for its deadline never spins.
 */
import {
  assert,
  assertEquals,
  assertFalse,
  assertGreater,
  assertLessOrEqual,
  assertNotEquals,
} from "@std/assert";
import {
  AMPLIFICATION_LIMIT,
  LINK_DEAD_MS,
  LINK_IDLE_MS,
  PEER_KEEP_ALIVE_MS,
  REKEY_AFTER_MS,
  REKEY_PATIENCE_MS,
  SEEK_MS,
  SESSION_LIFE_MS,
} from "../../../core/base/limits.ts";
import type { Address, Millis } from "../../../core/base/units.ts";
import { CHALLENGE_BYTES } from "../../../core/wire/frame.ts";
import { seededDice } from "../../kit/dice.ts";
import { chat } from "../../kit/pair.ts";
import { acking, altered, PING, unordered, verbOf } from "../../kit/peer.ts";
import { nameOf, numberOf, type Sent } from "../../kit/sent.ts";
import { ELSEWHERE, PEER, TestLink } from "../../kit/test_link.ts";

/** Whose keys a packet is under, as the peer knows them. */
function indexOf({ packet }: Sent): number | undefined {
  return packet.type === "transport" ? packet.receiver : undefined;
}

function bytesOf(packets: readonly Sent[]): number {
  return packets.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

function challengeOf(packets: readonly Sent[]): Uint8Array | undefined {
  for (const frame of packets.flatMap(({ frames }) => frames)) {
    if (frame.type === "challenge") return frame.data;
  }
  return undefined;
}

// ---- how long --------------------------------------------------------------------------------------------

Deno.test("a link that hears nothing for 30 s drops what it holds; then it begins again", () => {
  for (const test of [TestLink.withPath(1000), new TestLink(1000)]) {
    test.link.send(2000, verbOf("x"), "tag");
    test.run(2000, 2000 + LINK_DEAD_MS - 1);
    assert(test.link.has("tag"));
    assertEquals(test.run(2000 + LINK_DEAD_MS - 1, 60_000), []);
    assertFalse(test.link.has("tag"));
    test.link.send(60_000, verbOf("x"), "tag");
    assertEquals(test.named(60_000), ["initiation"]);
  }
});

Deno.test("a peer that is sought is looked for as long as that, though nothing waits; no more once it is found", () => {
  const test = new TestLink(1000, { addresses: [PEER, ELSEWHERE] });
  test.link.seek(1000, 2000);
  const rounds = [0, 150, 350, 850, 1850];
  assertEquals(test.run(1000, 100_000).map(({ at }) => at - 1000), rounds.flatMap((at) => [at, at + 20]));
  test.link.seek(100_000, SEEK_MS);
  test.take(100_000);
  test.receive(100_001, test.peer.answer(test.initiation()!).bytes);
  assert(test.link.isOpen);
  test.link.close(100_001);
  assertEquals(test.run(100_001, 200_000), []);
});

Deno.test("any sign of life keeps it from being dead", () => {
  const test = TestLink.withPath(1000);
  test.link.send(2000, verbOf("x"), "tag");
  test.run(2000, 20_000);
  test.receive(20_000, test.peer.packet([PING]));
  test.run(20_000, 20_000 + LINK_DEAD_MS - 1);
  assert(test.link.has("tag"));
  test.run(20_000 + LINK_DEAD_MS - 1, 20_000 + LINK_DEAD_MS);
  assertFalse(test.link.has("tag"));
});

Deno.test("a link that only owes an answer to a challenge dies as well when nobody acknowledges it", () => {
  const test = TestLink.withPath(1000);
  const { link, peer } = test;
  link.kept = true;
  test.receive(2000, peer.packet([{ type: "challenge", data: new Uint8Array(CHALLENGE_BYTES) }]));
  assertEquals(test.run(2000, 2000).map(nameOf), ["ack response"]);
  link.send(3000, verbOf("x"), "x");
  test.run(3000, 2000 + LINK_DEAD_MS);
  assertFalse(link.has("x"));
  assertEquals(test.run(2000 + LINK_DEAD_MS, 200_000), []);
});

Deno.test("a link is idle after 3 minutes without use, unless its owner keeps it", () => {
  const test = TestLink.withPath(1000);
  const { link, links, peer } = test;
  test.receive(2000, peer.packet([unordered(1, verbOf("y"))]));
  // No use: it says nothing.
  test.receive(3000, peer.packet([PING]));
  test.run(2000, 2000 + LINK_IDLE_MS - 1);
  assertEquals([link.isIdle(2000 + LINK_IDLE_MS - 1), links.holds(link)], [false, true]);
  link.kept = true;
  test.run(2000 + LINK_IDLE_MS - 1, 1e9);
  assertEquals([link.isIdle(1e9), links.holds(link), link.deadline], [false, true, Infinity]);
  link.kept = false;
  link.urge(1e9);
  test.take(1e9);
  assertEquals([link.isIdle(1e9), links.holds(link), links.deadline], [true, false, Infinity]);
});

Deno.test("a quiet link between peers says every 15 s that it is there, until nobody uses it any more", () => {
  const test = TestLink.withPath(1000, [PEER], { keepsAlive: true });
  const pings: Millis[] = [];
  for (let now = 1000; now < 400_000; now = Math.max(now, test.links.deadline)) {
    for (const one of test.take(now)) {
      assertEquals(nameOf(one), "ping");
      pings.push(now - 1000);
      test.acknowledge(now);
    }
  }
  const last = Math.ceil(LINK_IDLE_MS / PEER_KEEP_ALIVE_MS);
  assertEquals(pings, Array.from({ length: last - 1 }, (_, count) => (count + 1) * PEER_KEEP_ALIVE_MS));
  assertFalse(test.links.holds(test.link));
});

Deno.test("whatever leaves puts it off; links to servers, and those of servers, are quiet", () => {
  const test = TestLink.withPath(1000, [PEER], { keepsAlive: true });
  test.receive(10_000, test.peer.packet([PING]));
  const left = test.run(10_000, 10_025 + PEER_KEEP_ALIVE_MS);
  assertEquals(left.map((one) => [one.at, nameOf(one)]), [[10_025, "ack"], [
    10_025 + PEER_KEEP_ALIVE_MS,
    "ping",
  ]]);
  const kept = TestLink.withPath(1000, [PEER], { keepsAlive: true });
  kept.link.kept = true;
  const server = TestLink.withPath(1000);
  for (const one of [kept, server]) assertEquals(one.run(1000, 1000 + LINK_IDLE_MS - 1), []);
});

// ---- another path ----------------------------------------------------------------------------------------

Deno.test("where the newest packet came from only challenges go, until they alone are answered", () => {
  const test = TestLink.withPath(1000);
  const { link, peer } = test;
  const bytes = peer.packet([PING, unordered(1, verbOf("y".repeat(30)))]);
  test.receive(2000, bytes, ELSEWHERE);
  for (let count = 0; count < 100; count++) link.send(2000, verbOf("x".repeat(30)));
  const isThere = ({ to }: Sent) => to === ELSEWHERE;
  const left = test.run(2000, 2020);
  const there = left.filter(isThere);
  assertLessOrEqual(bytesOf(there), AMPLIFICATION_LIMIT * bytes.length);
  assertEquals(new Set(there.map(nameOf)), new Set(["challenge"]));
  assertGreater(left.length, there.length);
  const data = challengeOf(there)!;
  assertEquals(data.length, CHALLENGE_BYTES);
  assertNotEquals(link.address, ELSEWHERE);

  // A wrong answer is only that; the right one counts when the time for the other one is over.
  test.receive(2020, peer.packet([{ type: "response", data: altered(data) }]), ELSEWHERE);
  test.receive(2020, peer.packet([{ type: "response", data }]), ELSEWHERE);
  assertNotEquals(link.address, ELSEWHERE);
  test.run(2020, 5000);
  assertEquals(link.address, ELSEWHERE);
  for (let now = 5000; now < 11_000; now += 100) {
    test.run(now, now + 99);
    test.acknowledge(now + 100, ELSEWHERE);
  }
  assertEquals(new Set(test.left.slice(-1).map(({ to }) => to)), new Set([ELSEWHERE]));
  assertGreater(bytesOf(test.left.filter(isThere)), 100 * 30);
});

Deno.test("a peer that answers at its old address as well stays there", () => {
  const test = TestLink.withPath(1000);
  const { link, peer } = test;
  test.receive(2000, peer.packet([PING]), ELSEWHERE);
  const left = test.run(2000, 2010);
  for (const to of [ELSEWHERE, PEER]) {
    const data = challengeOf(left.filter((one) => one.to.port === to.port))!;
    test.receive(2010, peer.packet([{ type: "response", data }]), ELSEWHERE);
  }
  test.run(2010, 5000);
  assertEquals(link.address.port, PEER.port);
});

Deno.test("an older packet, a forged one and a repeat move nobody", () => {
  const test = TestLink.withPath(1000);
  const older = test.peer.packet([PING]);
  const newest = test.peer.packet([PING]);
  test.receive(2000, newest);
  for (const bytes of [older, newest, altered(test.peer.packet([PING]))]) {
    test.receive(2000, bytes, ELSEWHERE);
  }
  test.link.send(2001, verbOf("x"));
  const left = test.run(2001, 2010);
  assertEquals(left.map(({ to }) => to), [PEER]);
  assertEquals(challengeOf(left), undefined);
});

Deno.test("the peer's challenge is answered at once, with the same bytes", () => {
  const test = TestLink.withPath(1000);
  const data = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  test.receive(2000, test.peer.packet([{ type: "challenge", data }]));
  const [answer, ...more] = test.take(2000);
  assertEquals(more, []);
  assertEquals(answer!.frames.filter(({ type }) => type !== "ack"), [{ type: "response", data }]);
});

// ---- new keys --------------------------------------------------------------------------------------------

Deno.test("after ten minutes the next packet brings a handshake with it; before, and in silence, there is none", () => {
  const test = TestLink.withPath(1000);
  test.link.kept = true;
  const worn = 1000 + REKEY_AFTER_MS;
  test.link.send(worn - 1, verbOf("x"));
  assertEquals(test.named(worn - 1), ["keepAlive"]);
  test.acknowledge(worn - 1);
  assertEquals(test.run(worn - 1, worn + 1000), []);
  test.link.send(worn + 1000, verbOf("x"));
  assertEquals(test.named(worn + 1000), ["keepAlive", "initiation"]);
  // Its acknowledgement says that the peer is there; the keys are as old as before.
  test.acknowledge(worn + 1000);
  assertEquals(test.run(worn + 1001, worn + 1150).map(nameOf), ["initiation"]);
});

Deno.test("who answered the handshake waits for half a minute more", () => {
  const test = new TestLink(1000);
  test.peerConnects(1000);
  test.link.kept = true;
  const worn = 1000 + REKEY_AFTER_MS + REKEY_PATIENCE_MS;
  test.link.send(worn - 1, verbOf("x"));
  assertEquals(test.named(worn - 1), ["keepAlive"]);
  test.acknowledge(worn - 1);
  test.link.send(worn, verbOf("x"));
  assertEquals(test.named(worn), ["keepAlive", "initiation"]);
});

Deno.test("new keys lose no packet in flight, neither ours nor the peer's", () => {
  const test = TestLink.withPath(1000);
  const { link, peer } = test;
  const worn = 1000 + REKEY_AFTER_MS;
  const former = peer.session!;
  link.kept = true;
  link.send(worn, verbOf("ours"), "ours");
  const [ours] = test.take(worn);
  // Under the former keys, both under way while the response comes.
  const theirs = [1, 2].map((number) => peer.packet([unordered(number, verbOf(`theirs${number}`))]));
  const { bytes, session } = peer.answer(test.initiation()!);
  test.receive(worn + 10, bytes);
  const first = test.take(worn + 10);
  assertEquals(first.map(indexOf), [session.index]);
  assertEquals([indexOf(ours!), numberOf(first[0]!)], [former.index, numberOf(ours!) + 1]);
  for (const [at, packet] of theirs.entries()) {
    const arrival = test.receive(worn + 11, packet);
    assertEquals(arrival?.type === "verbs" && arrival.verbs, [verbOf(`theirs${at + 1}`)]);
  }
  // It is one conversation: what left under the former keys is acknowledged under the new ones.
  assertEquals(test.take(worn + 11).map(nameOf), ["ack"]);
  test.receive(worn + 12, peer.packet([acking(numberOf(ours!), numberOf(first[0]!))]));
  assertFalse(link.has("ours"));
  assertEquals(test.run(worn + 12, worn + 60_000), []);
});

Deno.test("each new session releases the one before the last", () => {
  const test = TestLink.withPath(1000);
  const sessions = [test.peer.session!];
  for (let round = 1; round <= 2; round++) sessions.push(test.peerConnects(1000 + round));
  const heard = sessions.map((session) =>
    test.receive(1100, test.peer.packet([PING], { session })) !== undefined
  );
  assertEquals(heard, [false, true, true]);
});

Deno.test("a session is used for a quarter of an hour at most; what waits leaves under a new one", () => {
  const test = TestLink.withPath(1000);
  test.link.kept = true;
  const end = 1000 + SESSION_LIFE_MS;
  test.link.send(end, verbOf("x"), "tag");
  assertEquals(test.named(end), ["initiation"]);
  assertEquals(test.receive(end, test.peer.packet([PING])), undefined);
  test.receive(end, test.peer.answer(test.initiation()!).bytes);
  assertEquals(test.named(end), ["keepAlive"]);
});

for (const which of ["present", "former"] as const) {
  Deno.test(`after a quarter of an hour nothing is taken under a ${which} session`, () => {
    const test = TestLink.withPath(1000);
    test.link.kept = true;
    const session = test.peer.session!;
    if (which === "former") test.peerConnects(1000 + REKEY_AFTER_MS);
    const end = 1000 + SESSION_LIFE_MS;
    assertEquals(test.receive(end, test.peer.packet([PING], { session })), undefined);
  });
}

// ---- deadlines -------------------------------------------------------------------------------------------

Deno.test("a deadline does not stay in the past: silence of a peer in a place that may get nothing more", () => {
  const test = TestLink.withPath(1000, [PEER], { keepsAlive: true });
  // Too short for an answer of three times its length.
  test.receive(2000, test.peer.packet([]), ELSEWHERE);
  test.run(2000, 2000 + 2 * LINK_DEAD_MS);
});

Deno.test("a deadline does not stay in the past: three minutes after the last verb a long text is under way", () => {
  const test = TestLink.withPath(1000);
  test.link.send(1000, chat("a".repeat(60_000)), "tag");
  const missing = numberOf(test.take(1000)[0]!);
  // The peer lacks the first part; all that it says is that it is there.
  for (let now = 1000; now < 1000 + LINK_IDLE_MS + 5000; now += 5000) {
    test.receive(now, test.peer.packet([acking(missing + 1)]));
    test.run(now, now + 4999);
  }
  assert(test.links.holds(test.link));
  assert(test.link.has("tag"));
});

Deno.test("a deadline does not stay in the past: a late packet after the link's death", () => {
  const test = TestLink.withPath(1000);
  const late = test.peer.packet([PING]);
  test.link.send(1000, verbOf("x"));
  test.run(1000, 1000 + LINK_DEAD_MS);
  assertEquals(test.receive(40_000, late), undefined);
  assertEquals(test.run(40_000, 60_000), []);
});

Deno.test("whatever happens, the next deadline is a later one", () => {
  const dice = seededDice();
  for (let round = 0; round < 20; round++) {
    const test = new TestLink(1000, {
      addresses: [PEER, ELSEWHERE],
      keepsAlive: true,
      seed: dice.below(2 ** 32),
    });
    const { link, peer } = test;
    let now = 1000;
    const from = (): Address => dice.happens(0.1) ? ELSEWHERE : PEER;
    const happen: readonly (() => void)[] = [
      () => link.send(now, verbOf("x"), dice.happens(0.5) ? `${dice.below(5)}` : undefined),
      () => link.send(now, chat("a".repeat(dice.below(20_000))), `${dice.below(5)}`),
      () => link.tell(now, verbOf("y")),
      () => link.cancel(`${dice.below(5)}`),
      () => link.setAddresses(now, dice.happens(0.5) ? [PEER] : [ELSEWHERE, PEER]),
      () => test.receive(now, peer.packet([PING]), from()),
      () => test.receive(now, peer.packet([unordered(1 + dice.below(50), verbOf("z"))]), from()),
      () =>
        test.receive(
          now,
          peer.packet([{ type: "challenge", data: new Uint8Array(CHALLENGE_BYTES) }]),
          from(),
        ),
      () => test.acknowledge(now, from()),
      () => test.receive(now, peer.packet([acking(1 + dice.below(20))]), from()),
      () => test.receive(now, altered(peer.packet([PING])), from()),
      () => {
        if (test.initiation() !== undefined) test.receive(now, peer.answer(test.initiation()!).bytes, from());
      },
      () => {
        const data = challengeOf(test.left.slice(-5));
        if (data !== undefined) test.receive(now, peer.packet([{ type: "response", data }]), from());
      },
    ];
    for (let step = 0; step < 200; step++) {
      dice.pick(happen)();
      const end = now + dice.pick([0, 1, 30, 500, 5000, 40_000]);
      // A tick may be late as well.
      if (dice.happens(0.2)) test.take(now = end);
      else test.run(now, now = end);
      if (!test.links.holds(link)) break;
    }
  }
});
