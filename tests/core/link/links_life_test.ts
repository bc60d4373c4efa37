/** Links as time goes by: peers that restart, move, fall silent, and keys that wear out. */
import {
  assert,
  assertEquals,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertLess,
  assertLessOrEqual,
} from "@std/assert";
import {
  AMPLIFICATION_LIMIT,
  LINK_IDLE_MS,
  PART_BYTES,
  PEER_KEEP_ALIVE_MS,
  REKEY_AFTER_MS,
  REKEY_PATIENCE_MS,
  SESSION_LIFE_MS,
} from "../../../core/base/limits.ts";
import type { Address } from "../../../core/base/units.ts";
import { A, C, chat, connected, type End, type Left, Pair } from "../../kit/pair.ts";
import { verbOf } from "../../kit/peer.ts";
import { nameOf } from "../../kit/sent.ts";

const D: Address = { host: "10.0.0.4", port: 4 };

/** Another port of the same host: most likely the same path. */
const A_ELSEWHERE: Address = { ...A, port: 1001 };

function has(type: string): (datagram: Left) => boolean {
  return ({ frames }) => frames.some((frame) => frame.type === type);
}

function bytesOf(datagrams: readonly Left[]): number {
  return datagrams.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

// ---- a peer that restarts
// ----------------------------------------------------------------------------------

for (const delay of [5, 50, 200]) {
  Deno.test(`a peer restarted without its sessions is reached within two probe timeouts, ${2 * delay} ms away`, () => {
    const { pair, link } = connected();
    pair.delay = delay;
    for (let count = 0; count < 20; count++) {
      link.send(pair.now, verbOf("y"));
      pair.run(1000);
    }
    pair.b.restart();
    pair.b.heard.length = 0;
    pair.left.length = 0;
    const begin = pair.now;
    const { probeTimeout } = link;
    link.send(begin, verbOf("y"));
    pair.run(10_000);
    const [initiation] = pair.leftBy(pair.a, "initiation");
    // The second timeout is twice as long as the first; timers are no finer than a millisecond.
    assertLessOrEqual(initiation!.at - begin, 3 * probeTimeout + 1);
    const [reached] = pair.a.heard.slice(-1);
    assert(reached?.arrival.type === "verbs");
    assertEquals([pair.a.restarts, pair.b.restarts], [1, 0]);
    // What was said to the former process is its owner's business; what is said now is heard.
    link.send(pair.now, verbOf("z"));
    pair.run(4 * delay);
    assertEquals(pair.b.nicks, ["z"]);
  });
}

Deno.test("a peer in a new process is told of once, on the same link", () => {
  const { pair, back } = connected();
  back.send(pair.now, verbOf("former"), "former");
  pair.passes = ({ by }) => by === pair.a;
  pair.run(10);
  pair.a.restart();
  pair.passes = () => true;
  pair.open().send(pair.now, verbOf("y"));
  pair.run(30_000);
  assertEquals([pair.b.nicks, pair.b.restarts], [["x", "y"], 1]);
  assertEquals([pair.back, pair.b.heard.every(({ arrival }) => arrival.link === back)], [back, true]);
  // What was meant for the former one is not for this one.
  assertEquals([pair.a.nicks, back.has("former")], [[], false]);
});

Deno.test("a late packet of a former process is dropped while the new one is heard", () => {
  const { pair, link } = connected();
  link.send(pair.now, verbOf("late"));
  pair.passes = ({ by }) => by === pair.b;
  pair.run(1);
  const late = pair.left.at(-1)!;
  pair.passes = () => true;
  pair.a.restart();
  pair.open().send(pair.now, verbOf("y"));
  pair.run(100);
  assertEquals(pair.b.receive(pair.now, A, late.bytes), undefined);
  pair.open().send(pair.now, verbOf("z"));
  pair.run(100);
  assertEquals([pair.b.nicks, pair.b.restarts], [["x", "y", "z"], 1]);
});

Deno.test("both restart: they find each other again", () => {
  const { pair } = connected();
  pair.a.restart();
  pair.b.restart();
  pair.open().send(pair.now, verbOf("y"));
  pair.run(100);
  assertEquals([pair.b.nicks, pair.b.restarts, pair.a.restarts], [["x", "y"], 0, 0]);
});

// ---- a peer that moves
// -------------------------------------------------------------------------------------

for (const there of [A_ELSEWHERE, C]) {
  Deno.test(`a peer that comes from ${there.host} ${there.port} is challenged there, and reached there`, () => {
    const { pair, link, back } = connected();
    pair.left.length = 0;
    pair.a.address = there;
    link.send(pair.now, verbOf("y"));
    pair.run(pair.delay);
    // As long as it has not answered it is not said to be there.
    assertEquals([pair.b.nicks, back.address], [["x", "y"], A]);
    pair.run(1000);
    const [challenge] = pair.leftBy(pair.b, "transport").filter(has("challenge"));
    assertEquals(challenge!.to, there);
    assertEquals(pair.leftBy(pair.a, "transport").filter(has("response")).length, 1);
    assertEquals([back.address, pair.back], [there, back]);
    back.send(pair.now, verbOf("z"));
    pair.run(100);
    assertEquals([pair.a.nicks, pair.b.restarts], [["z"], 0]);
    assertEquals(pair.left.filter(has("challenge")).filter(({ to }) => to === there).length, 1);
    assertEquals(pair.leftBy(pair.b, "initiation"), []);
  });

  Deno.test(`until ${there.host} ${there.port} has answered the challenge, three times its bytes go there at most`, () => {
    const { pair, link, back } = connected();
    pair.left.length = 0;
    // Answers get lost, to challenges and to initiations.
    pair.passes = (datagram) =>
      datagram.by === pair.b || datagram.packet.type === "transport" && !has("response")(datagram);
    pair.a.address = there;
    back.send(pair.now, chat("b".repeat(20_000)));
    for (let count = 0; count < 20; count++) {
      link.send(pair.now, verbOf("y"));
      pair.run(100);
      const came = pair.left.filter((datagram) => datagram.by === pair.a && pair.passes(datagram));
      const went = pair.left.filter(({ to }) => to === there);
      assertLessOrEqual(bytesOf(went), AMPLIFICATION_LIMIT * bytesOf(came));
    }
    assertFalse(back.address === there);
    pair.passes = () => true;
    pair.run(10_000);
    assertEquals([pair.a.texts.length, back.address], [1, there]);
  });
}

Deno.test("what a new address may get is not used up by packets that say nothing", () => {
  const { pair, link, back } = connected();
  pair.left.length = 0;
  pair.a.address = A_ELSEWHERE;
  link.send(pair.now, chat("a".repeat(300)));
  pair.run(0);
  pair.b.receive(pair.now, A_ELSEWHERE, pair.left[0]!.bytes);
  back.send(pair.now, chat("b".repeat(2 * PART_BYTES)));
  pair.run(0);
  // One packet asks whether it is there. The rest goes to where it was.
  assertEquals(pair.left.filter(({ to }) => to === A_ELSEWHERE).map(nameOf), ["challenge"]);
});

Deno.test("where a copy of a packet came from no more goes than three times its bytes, initiations and all", () => {
  const { pair, link, back } = connected();
  link.send(pair.now, verbOf("y"));
  pair.passes = () => false;
  pair.run(0);
  const { bytes } = pair.left.at(-1)!;
  pair.b.receive(pair.now, D, bytes);
  back.send(pair.now, chat("b"));
  pair.run(30_000);
  assertLessOrEqual(bytesOf(pair.left.filter(({ to }) => to === D)), AMPLIFICATION_LIMIT * bytes.length);
});

Deno.test("a copy of a packet from elsewhere moves nobody for long", () => {
  const { pair, link, back } = connected();
  link.send(pair.now, verbOf("y"));
  pair.passes = ({ by }) => by === pair.b;
  pair.run(0);
  const { bytes } = pair.left.at(-1)!;
  pair.passes = () => true;
  // The copy comes first; the real one is a repeat.
  pair.b.receive(pair.now, D, bytes);
  pair.b.receive(pair.now, A, bytes);
  pair.run(10_000);
  const there = pair.left.filter(({ to }) => to === D);
  assertLessOrEqual(bytesOf(there), AMPLIFICATION_LIMIT * bytes.length);
  link.send(pair.now, verbOf("z"));
  pair.run(1000);
  assertEquals([pair.b.nicks, back.address], [["x", "y", "z"], A]);
  assertEquals(pair.leftBy(pair.b, "transport").at(-1)!.to, A);
});

Deno.test("an older packet from elsewhere moves nobody at all", () => {
  const { pair, link, back } = connected();
  pair.passes = () => false;
  link.send(pair.now, verbOf("y"));
  pair.run(0);
  const older = pair.left.at(-1)!;
  pair.passes = () => true;
  link.send(pair.now, verbOf("z"));
  pair.run(20);
  pair.b.receive(pair.now, D, older.bytes);
  pair.run(1000);
  assertEquals(pair.left.filter(({ to }) => to === D), []);
  assertEquals(back.address, A);
});

Deno.test("a response from elsewhere draws no more than three times its bytes there", () => {
  const pair = new Pair();
  pair.passes = ({ by }) => by === pair.a;
  pair.open().send(pair.now, chat("a".repeat(20_000)));
  pair.run(pair.delay);
  const { bytes } = pair.leftBy(pair.b, "response")[0]!;
  pair.a.receive(pair.now, D, bytes);
  pair.run(100);
  assertLessOrEqual(bytesOf(pair.left.filter(({ to }) => to === D)), AMPLIFICATION_LIMIT * bytes.length);
});

Deno.test("an initiation copied from elsewhere proves nothing of that address", () => {
  const pair = new Pair();
  pair.open().send(pair.now, verbOf("y"));
  pair.run(0);
  pair.b.receive(pair.now, D, pair.left[0]!.bytes);
  // The response goes there; the real initiation draws it as well, and the first packet comes from A.
  pair.run(3 * pair.delay);
  assertEquals([pair.b.nicks, pair.back!.address], [["y"], A]);
});

Deno.test("a link that was forgotten sends nothing any more", () => {
  const { pair, link } = connected();
  pair.run(LINK_IDLE_MS + PEER_KEEP_ALIVE_MS);
  assertFalse(pair.a.links.holds(link));
  pair.left.length = 0;
  link.send(pair.now, verbOf("y"), "y");
  pair.run(1000);
  assertEquals(pair.left, []);
});

// ---- keys that wear out
// ------------------------------------------------------------------------------------

/** Both talk, once in a while; returns when initiations of one end left. */
function talk(pair: Pair, until: number, by: End): number[] {
  const begin = pair.now;
  const [link, back] = [pair.open(), pair.back!];
  for (let count = 0; pair.now < begin + until; count++) {
    link.send(pair.now, verbOf(`a${count}`));
    back.send(pair.now, verbOf(`b${count}`));
    pair.run(5000);
  }
  for (const [{ nicks }, name] of [[pair.a, "b"], [pair.b, "a"]] as const) {
    const heard = nicks.filter((nick) => nick !== "x");
    assertEquals(heard, heard.map((_, count) => `${name}${count}`));
    assertEquals(heard.length, until / 5000);
  }
  assertEquals([link.epoch, pair.a.restarts, pair.b.restarts], [back.epoch, 0, 0]);
  return pair.leftBy(by, "initiation").map(({ at }) => at - begin);
}

Deno.test("after ten minutes its initiator replaces a session; the conversation goes on", () => {
  const { pair, link } = connected();
  const { epoch } = link;
  pair.left.length = 0;
  const [first, second, ...more] = talk(pair, 2.5 * REKEY_AFTER_MS, pair.a);
  assertLess(Math.abs(first! - REKEY_AFTER_MS), 5000);
  assertLess(Math.abs(second! - 2 * REKEY_AFTER_MS), 10_000);
  assertEquals([more, pair.leftBy(pair.b, "initiation")], [[], []]);
  assertEquals(link.epoch, epoch);
});

Deno.test("the responder does when the initiator has not done so for half a minute more", () => {
  const { pair, link } = connected();
  const { epoch } = link;
  pair.left.length = 0;
  pair.passes = ({ by, packet }) => by === pair.b || packet.type !== "initiation";
  const [first, second] = talk(pair, 1.5 * REKEY_AFTER_MS, pair.b);
  assertGreaterOrEqual(first!, REKEY_AFTER_MS + REKEY_PATIENCE_MS - 200);
  assertLess(first!, REKEY_AFTER_MS + REKEY_PATIENCE_MS + 5000);
  assertEquals([second, link.epoch], [undefined, epoch]);
  // It is the initiator now.
  pair.passes = () => true;
  const before = pair.leftBy(pair.a, "initiation").length;
  pair.a.heard.length = 0;
  pair.b.heard.length = 0;
  assertEquals(talk(pair, REKEY_AFTER_MS, pair.b).length, 2);
  assertEquals(pair.leftBy(pair.a, "initiation").length, before);
});

Deno.test("a session is used for a quarter of an hour at most; then nothing leaves before a new one", () => {
  const { pair, link } = connected();
  pair.left.length = 0;
  pair.passes = ({ packet }) => packet.type !== "initiation";
  talk(pair, SESSION_LIFE_MS - 5000, pair.a);
  const end = pair.now + 5000;
  pair.run(5000);
  link.send(pair.now, verbOf("late"), "late");
  pair.run(10_000);
  assertEquals(pair.left.filter(({ at, packet }) => at > end && packet.type === "transport"), []);
  assert(link.has("late"));
  pair.passes = () => true;
  pair.run(10_000);
  assertEquals([pair.b.nicks.at(-1), link.has("late")], ["late", false]);
});

// ---- silence
// -----------------------------------------------------------------------------------------------

Deno.test("a link that nobody uses for 3 minutes is dropped, one that is kept is not", () => {
  for (const keepsAlive of [false, true]) {
    const { pair, link, back } = connected({ keepsAlive });
    back.kept = true;
    pair.run(LINK_IDLE_MS - 200);
    assertEquals([pair.a.links.holds(link), pair.b.links.holds(back)], [true, true]);
    pair.run(400);
    assertEquals([pair.a.links.holds(link), pair.b.links.holds(back)], [false, true]);
    assertEquals(pair.a.links.get(pair.b.key), undefined);
    // Who is forgotten is reached again all the same.
    pair.open().send(pair.now, verbOf("y"));
    pair.run(1000);
    back.send(pair.now, verbOf("z"));
    pair.run(1000);
    assertEquals([pair.b.nicks, pair.a.nicks, pair.b.restarts], [["x", "y"], ["z"], 0]);
  }
});

Deno.test("a quiet link between peers is kept alive by a ping each 15 s, one to a server is not", () => {
  for (const keepsAlive of [false, true]) {
    const { pair } = connected({ keepsAlive });
    pair.left.length = 0;
    pair.run(PEER_KEEP_ALIVE_MS + 1000);
    assertEquals(pair.left.some(has("ping")), keepsAlive);
    if (!keepsAlive) assertEquals(pair.left, []);
    const first = pair.left.length;
    pair.run(4 * PEER_KEEP_ALIVE_MS);
    if (keepsAlive) assertGreater(pair.left.length, first);
  }
});
