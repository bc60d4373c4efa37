/** Tables of links: who gets through to whom, and what strangers get. */
import {
  assert,
  assertEquals,
  assertFalse,
  assertGreaterOrEqual,
  assertLess,
  assertLessOrEqual,
  assertNotEquals,
} from "@std/assert";
import {
  ASK_KEY_AFTER_MS,
  ATTEMPT_MS,
  ATTEMPTS,
  DATAGRAM_BYTES,
  LINKS,
  PADDED_TO_BYTES,
  UNCONFIRMED_MS,
  VERSION_ANSWERS_PER_SECOND,
} from "../../../core/base/limits.ts";
import { decodePacket, encodeDiscover, encodeVersions, NONCE_BYTES } from "../../../core/wire/packet.ts";
import { cheapPrimitives as primitives } from "../../kit/cheap_primitives.ts";
import { seededDice } from "../../kit/dice.ts";
import { A, B, C, chat, connected, type End, Pair, START } from "../../kit/pair.ts";
import { altered, Peer, PING, verbOf } from "../../kit/peer.ts";
import { LONGEST_TEXT } from "../../kit/samples.ts";
import { nameOf } from "../../kit/sent.ts";

/** By reason. */
const NO_DROPS = { malformed: 0, rate: 0, handshake: 0, packet: 0, unasked: 0, full: 0 };

const STRANGER = { host: "10.6.6.6", port: 6 };

/** Somebody who knows the key of an end. */
function stranger(to: End, seed: number): Peer {
  let at = seed * 1000;
  return new Peer(
    primitives,
    (count) => Uint8Array.from({ length: count }, () => at++ * 97 >> 3),
    to.keyPair.publicKey,
  );
}

// ---- beginning -------------------------------------------------------------------------------------------

Deno.test("initiation, response, transport: what is said arrives within two round trips, and is acknowledged", () => {
  const pair = new Pair();
  const link = pair.open();
  link.send(pair.now, verbOf("x"), "x");
  pair.run(200);
  assertEquals(pair.left.map((one) => [one.at - START, one.by === pair.a ? "a" : "b", nameOf(one)]), [
    [0, "a", "initiation"],
    [pair.delay, "b", "response"],
    [2 * pair.delay, "a", "keepAlive"],
    // The first one at once.
    [3 * pair.delay, "b", "ack"],
  ]);
  assertEquals(pair.b.nicks, ["x"]);
  assertFalse(link.has("x"));
  assertEquals([link.epoch, link.peer, pair.back?.peer], [pair.back?.epoch, pair.b.key, pair.a.key]);
});

Deno.test("packets with chat in them are padded in steps of 128 bytes up to the longest; others are not", () => {
  const pair = new Pair();
  const link = pair.open();
  const seen = new Set<number>();
  for (let length = 0; length < 3000; length += 50) {
    link.send(pair.now, chat("x".repeat(length)));
    pair.run(200);
    for (const { bytes, frames } of pair.leftBy(pair.a, "transport")) {
      if (!frames.some(({ type }) => type === "ordered" || type === "part")) continue;
      seen.add(bytes.length);
    }
  }
  const steps = Array.from({ length: 9 }, (_, at) => (at + 1) * PADDED_TO_BYTES);
  assertEquals([...seen].sort((a, b) => a - b), [...steps, DATAGRAM_BYTES]);
  link.send(pair.now, verbOf("x"));
  pair.run(200);
  assertLess(pair.leftBy(pair.a, "transport").at(-1)!.bytes.length, PADDED_TO_BYTES);
});

Deno.test("nothing of what is said is in the first message, nor how much of it there is", () => {
  const initiations = ["hi", "secret".repeat(100), LONGEST_TEXT].map((text) => {
    const pair = new Pair();
    pair.open().send(pair.now, chat(text));
    pair.run(2 * pair.delay - 1);
    assertEquals(pair.left.map(nameOf), ["initiation", "response"]);
    return pair.left[0]!.bytes.toHex();
  });
  assertEquals(new Set(initiations).size, 1);
});

Deno.test("before something is sent there is no packet", () => {
  const pair = new Pair({ name: "server" });
  pair.open();
  pair.a.links.openServer(pair.now, undefined, B);
  pair.run(10_000);
  assertEquals(pair.left, []);
});

Deno.test("one link to one peer, wherever it is; two peers at one address have one each", () => {
  const pair = new Pair();
  const link = pair.open([B]);
  assertEquals(pair.open([B, C]), link);
  assertNotEquals(pair.a.links.open(pair.now, "0f".repeat(32), [B]), link);
  assertEquals(pair.a.links.get(pair.b.key), link);
});

Deno.test("all candidates are tried in order, 20 ms apart, until one answers", () => {
  const pair = new Pair();
  const link = pair.open([C, A, B]);
  link.send(pair.now, verbOf("x"));
  pair.run(5000);
  const initiations = pair.leftBy(pair.a, "initiation");
  assertEquals(initiations.map(({ at, to }) => [at - START, to]), [[0, C], [20, A], [40, B]]);
  assertEquals([pair.b.nicks, link.address], [["x"], B]);
});

Deno.test("both begin at once: they come to one conversation, and nothing is lost or heard twice", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const pair = new Pair({ seed });
    const link = pair.open();
    const back = pair.b.links.open(pair.now, pair.a.key, [A]);
    for (const name of ["x", "y"]) {
      link.send(pair.now, verbOf(`a${name}`));
      back.send(pair.now, verbOf(`b${name}`));
      pair.run(1000);
    }
    assertEquals([pair.b.nicks, pair.a.nicks], [["ax", "ay"], ["bx", "by"]]);
    assertEquals([link.epoch, pair.back], [back.epoch, back]);
    // One handshake each, and no more.
    assertEquals([pair.leftBy(pair.a, "initiation").length, pair.leftBy(pair.b, "initiation").length], [
      1,
      1,
    ]);
    assertEquals([pair.a.restarts, pair.b.restarts], [0, 0]);
  }
});

Deno.test("both begin at about the same time on a bad path: what is said is heard once, in order", () => {
  const dice = seededDice();
  for (let run = 0; run < 100; run++) {
    const pair = new Pair({ seed: dice.below(2 ** 32) });
    pair.delay = dice.between(1, 100);
    pair.passes = () => !dice.happens(0.3);
    const link = pair.open();
    const back = pair.b.links.open(pair.now, pair.a.key, [A]);
    const texts = ["0", "1", "2", "3", "4"];
    for (const text of texts) {
      link.send(pair.now, chat(text));
      pair.run(dice.pick([0, 0, 10, 100]));
      back.send(pair.now, chat(text));
      pair.run(dice.pick([0, 0, 10, 100]));
    }
    for (let waits = 0; waits < 100 && (pair.a.texts.length < 5 || pair.b.texts.length < 5); waits++) {
      pair.run(1000);
    }
    pair.passes = () => true;
    pair.run(20_000);
    assertEquals([pair.a.texts, pair.b.texts], [texts, texts]);
    assertEquals(link.epoch, back.epoch);
  }
});

// ---- the key of a server
// -----------------------------------------------------------------------------------

Deno.test("discover, announce: a server whose key is not known is asked for it, and nothing is said before", () => {
  const pair = new Pair({ name: "The server" });
  const link = pair.a.links.openServer(pair.now, undefined, B);
  link.send(pair.now, verbOf("x"));
  pair.run(100);
  assertEquals(pair.left.map(nameOf), ["discover", "announce"]);
  assertEquals(pair.left[0]!.bytes.length, pair.left[1]!.bytes.length);
  const { arrival } = pair.a.heard[0]!;
  assertEquals(arrival, { type: "announced", link, key: pair.b.key, name: "The server" });
  pair.a.links.trust(pair.now, link, pair.b.key);
  pair.run(100);
  assertEquals([pair.b.nicks, pair.a.links.get(pair.b.key)], [["x"], link]);
});

Deno.test("who has no name tells nobody its key", () => {
  const pair = new Pair();
  pair.a.links.openServer(pair.now, undefined, B).send(pair.now, verbOf("x"));
  pair.run(1000);
  assertEquals([pair.leftBy(pair.b, "announce"), pair.a.heard], [[], []]);
  assertEquals(pair.b.links.counts.dropped.unasked, pair.leftBy(pair.a, "discover").length);
});

Deno.test("an announcement that nobody asked for is dropped", () => {
  const { pair } = connected({ name: "server" });
  pair.a.links.openServer(pair.now, undefined, C).send(pair.now, verbOf("x"));
  pair.b.receive(pair.now, A, encodeDiscover(new Uint8Array(NONCE_BYTES)));
  pair.a.heard.length = 0;
  pair.run(1000);
  assertEquals([pair.leftBy(pair.b, "announce").length, pair.a.heard], [1, []]);
});

Deno.test("an announcement is as long as the question, and counts as many of the shortest", () => {
  const { b } = new Pair({ name: "server" });
  const lengthsOf = (length: number, count: number) => {
    for (let asked = 0; asked < count; asked++) {
      b.receive(START, STRANGER, encodeDiscover(new Uint8Array(NONCE_BYTES), length));
    }
    return b.links.takeDatagrams(START).map(({ bytes }) => bytes.length);
  };
  assertEquals(lengthsOf(980, 50), Array(50).fill(980));
  assertEquals(lengthsOf(98, 400), Array(400).fill(98));
  assertEquals(lengthsOf(980, 11), Array(10).fill(980));
});

Deno.test("a server whose key is known is not asked for it", () => {
  const pair = new Pair({ name: "server" });
  pair.a.links.openServer(pair.now, pair.b.key, B).send(pair.now, verbOf("x"));
  pair.run(10_000);
  assertEquals([pair.b.nicks, pair.leftBy(pair.a, "discover")], [["x"], []]);
});

Deno.test("a server that has another key is told of after 1.5 s, before the attempts are over, and hears nothing", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const pair = new Pair({ seed, name: "server" });
    const link = pair.a.links.openServer(pair.now, "0f".repeat(32), B);
    link.send(pair.now, verbOf("x"));
    pair.run(ATTEMPTS * ATTEMPT_MS);
    const { at, arrival } = pair.a.heard[0]!;
    assertEquals(arrival, { type: "announced", link, key: pair.b.key, name: "server" });
    assertGreaterOrEqual(at - START, ASK_KEY_AFTER_MS);
    assertEquals([pair.b.heard, pair.leftBy(pair.b, "response")], [[], []]);
  }
});

// ---- strangers -------------------------------------------------------------------------------------------

Deno.test("a stranger gets nothing longer than what it sent, and leaves nothing behind", () => {
  const { b, a } = new Pair({ name: "server" });
  const others = [encodeDiscover(new Uint8Array(NONCE_BYTES)), Uint8Array.of(0x41, 0), encodeVersions()];
  for (let count = 1; count <= 1000; count++) {
    const peer = stranger(b, count);
    const { bytes } = peer.initiation(START);
    const unknown = [
      peer.packet([PING]),
      altered(bytes, bytes.length - 17),
      stranger(a, count).initiation(START).bytes,
    ];
    for (const datagram of [bytes, ...others, ...unknown, new Uint8Array(count).fill(count)]) {
      assertEquals(b.receive(START, { ...STRANGER, port: count }, datagram), undefined);
      const answers = b.links.takeDatagrams(START);
      assertLessOrEqual(answers.length, 1);
      for (const answer of answers) {
        assertEquals(answer.to, { ...STRANGER, port: count });
        assertLessOrEqual(answer.bytes.length, datagram.length);
      }
      if (unknown.includes(datagram)) assertEquals(answers, []);
    }
    assertEquals(b.links.get(peer.key), undefined);
  }
  // No timer, no repeat.
  assertEquals([b.links.deadline, b.links.takeDatagrams(START + 1e9)], [Infinity, []]);
});

Deno.test("what means nothing is counted, but no packet of a session that is over", () => {
  const { b } = new Pair();
  for (const bytes of [new Uint8Array(0), new Uint8Array(2000), stranger(b, 1).packet([PING])]) {
    b.receive(START, STRANGER, bytes);
  }
  assertEquals(b.links.counts.dropped, { ...NO_DROPS, malformed: 2 });
});

Deno.test("the first packet under a session is waited for ten seconds", () => {
  for (const [late, isHeard] of [[UNCONFIRMED_MS - 1, true], [UNCONFIRMED_MS, false]] as const) {
    const { b } = new Pair();
    const peer = stranger(b, 1);
    const handshake = peer.initiation(START);
    b.receive(START, STRANGER, handshake.bytes);
    const [response] = b.links.takeDatagrams(START);
    assert(response !== undefined);
    handshake.finish(response.bytes);
    const arrival = b.receive(START + late, STRANGER, peer.packet([PING]));
    assertEquals(
      [arrival !== undefined, b.links.get(peer.key) !== undefined],
      [isHeard, isHeard],
      `${late} ms`,
    );
  }
});

Deno.test("a packet of an unknown version is answered with ours, shortly, ten times a second", () => {
  const { b } = new Pair();
  const answered = (now: number) => {
    let count = 0;
    for (let port = 1; port <= 100; port++) {
      b.receive(now, { ...STRANGER, port }, new Uint8Array(1200).fill(0x50 + port % 16));
      const answers = b.links.takeDatagrams(now);
      for (const answer of answers) {
        assertEquals(decodePacket(answer.bytes), { type: "versions", known: [4] });
      }
      count += answers.length;
    }
    return count;
  };
  for (const now of [START, START + 1000, START + 5000]) {
    assertEquals(answered(now), VERSION_ANSWERS_PER_SECOND);
  }
  assertEquals(answered(START + 5500), VERSION_ANSWERS_PER_SECOND / 2);
});

Deno.test("a server that speaks other versions is told of, but not once it has been heard", () => {
  const pair = new Pair();
  const link = pair.a.links.openServer(pair.now, pair.b.key, B);
  link.send(pair.now, verbOf("x"));
  const versions = Uint8Array.of(0, 1, 7);
  assertEquals(pair.a.receive(pair.now, C, versions), undefined);
  assertEquals(pair.a.receive(pair.now, B, versions), { type: "foreign", link, versions: [1, 7] });
  pair.run(100);
  assertEquals([pair.b.nicks, pair.a.receive(pair.now, B, versions)], [["x"], undefined]);
});

Deno.test("beyond so many links that are kept nobody new is taken; one that nobody wants gives way", () => {
  const { pair, back } = connected();
  const { b } = pair;
  back.kept = true;
  const others = Array.from({ length: LINKS - 1 }, (_, count) => {
    const link = b.links.open(pair.now, (count + 1).toString(16).padStart(64, "0"), [C]);
    link.kept = true;
    return link;
  });
  pair.run(0);
  const peer = stranger(b, 1);
  const connects = () => {
    const handshake = peer.initiation(pair.now);
    b.receive(pair.now, STRANGER, handshake.bytes);
    const [response] = b.links.takeDatagrams(pair.now);
    assert(response !== undefined);
    handshake.finish(response.bytes);
    return b.receive(pair.now, STRANGER, peer.packet([PING])) !== undefined;
  };
  assertFalse(connects());
  assertEquals([b.links.get(peer.key), b.links.holds(back)], [undefined, true]);
  pair.open().send(pair.now, verbOf("y"));
  pair.run(100);
  assertEquals(b.nicks, ["x", "y"]);
  for (const link of others.slice(10, 20)) link.kept = false;
  assert(connects());
  assertEquals(others.map((link) => b.links.holds(link)).indexOf(false), 10);
  assertEquals(others.filter((link) => !b.links.holds(link)).length, 1);
});

// ---- what does not displace a session
// ----------------------------------------------------------------------

Deno.test("a replayed initiation draws nothing and displaces no session, nor does a forged one", () => {
  const { pair, link, back } = connected();
  assertEquals(pair.b.links.counts, {
    links: 1,
    unconfirmed: 0,
    unfinishedBytes: 0,
    handshakes: 1,
    dropped: NO_DROPS,
  });
  const { bytes } = pair.leftBy(pair.a, "initiation")[0]!;
  back.send(pair.now, verbOf("z"), "z");
  const { epoch } = back;
  pair.left.length = 0;
  for (const copy of [bytes, bytes, altered(bytes, 40)]) pair.b.receive(pair.now, STRANGER, copy);
  pair.run(100);
  assertEquals(pair.left.filter(({ to }) => to === STRANGER), []);
  link.send(pair.now, verbOf("y"));
  pair.run(100);
  assertEquals([pair.b.nicks, pair.a.nicks, pair.b.restarts], [["x", "y"], ["z"], 0]);
  assertEquals([back.epoch, back.address], [epoch, A]);
  assertEquals([pair.b.links.counts.dropped.handshake, pair.b.links.counts.handshakes], [3, 1]);
});

Deno.test("a repeat of a real datagram is taken once", () => {
  const { pair, link } = connected();
  link.send(pair.now, verbOf("y"));
  pair.run(pair.delay);
  const { bytes } = pair.left.at(-1)!;
  for (let count = 0; count < 10; count++) assertEquals(pair.b.receive(pair.now, A, bytes), undefined);
  assertEquals(pair.b.nicks, ["x", "y"]);
  assertEquals(pair.b.links.counts.dropped, { ...NO_DROPS, packet: 10 });
});
