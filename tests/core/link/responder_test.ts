/**
 * The responder's side of handshakes. What draws which answer is one table: what is known of the initiator,
 * how many initiations have come in this second, and what comes.
 *
 *     new        nothing is known of it
 *     waiting    its initiation of the time NOW was answered; nothing has come under the session
 *     confirmed  something has: the links know the time
 *
 *     calm       fewer than 50 initiations of 1 ms have come, and fewer than 5 from its address
 *     busy       50 have: a cookie is asked for
 *     insistent  5 have from its address: a cookie is asked for there
 *     overloaded 100 were answered: no more, not even with a cookie
 *     spent      5 from its address had a cookie: no more from there
 */
import {
  assert,
  assertEquals,
  assertFalse,
  assertGreater,
  assertLess,
  assertLessOrEqual,
  assertNotEquals,
} from "@std/assert";
import { MALFORMED } from "../../../core/base/bytes.ts";
import { KEY_BYTES } from "../../../core/base/crypto.ts";
import {
  ADMISSION_MS,
  CALM_HANDSHAKES_MS,
  HANDSHAKES_BURST_MS,
  HANDSHAKES_MS,
  UNCONFIRMED_MS,
  UNCONFIRMED_PER_PEER,
  UNCONFIRMED_SESSIONS,
} from "../../../core/base/limits.ts";
import type { Address, Millis } from "../../../core/base/units.ts";
import { type Epoch, EPOCH_BYTES, NO_EPOCH } from "../../../core/wire/epoch.ts";
import { CookieJar } from "../../../core/wire/cookie.ts";
import {
  type CookieReply,
  decodePacket,
  type Initiation,
  MAC_BYTES,
  type Response,
} from "../../../core/wire/packet.ts";
import { cheapPrimitives as primitives } from "../../kit/cheap_primitives.ts";
import { altered } from "../../kit/peer.ts";
import { PEER } from "../../kit/test_link.ts";
import { FROM, hostOf, type Load, NOW, TestResponder } from "./responder_scene.ts";

type Peers = "new" | "waiting" | "confirmed";
type Answer = "response" | "the same" | "cookie" | "nothing";

function kindOf(answer: Uint8Array | undefined): Answer {
  if (answer === undefined) return "nothing";
  const packet = decodePacket(answer);
  assert(packet !== MALFORMED);
  return packet.type === "response" ? "response" : "cookie";
}

// ---- the table -------------------------------------------------------------------------------------------

/** `first` is the initiation of the time NOW, which those that are waiting or confirmed have sent before. */
const INPUTS = {
  "the first": (_, first) => first,
  "a newer one": ({ peer }) => peer.initiation(NOW + 1).bytes,
  "another of the same time": ({ peer }) => peer.initiation(NOW).bytes,
  "an older one": ({ peer }) => peer.initiation(NOW - 1).bytes,
  "one to another key": (scene) => {
    const elsewhere = scene.newPeer(primitives.keyPair(scene.dice.bytes(KEY_BYTES)));
    return elsewhere.initiation(NOW + 1).bytes;
  },
  "mac1 forged": ({ peer }) => {
    const { bytes } = peer.initiation(NOW + 1);
    return altered(bytes, bytes.length - MAC_BYTES - 1);
  },
  "Noise forged": (scene) => scene.nonsense(NOW + 1),
} as const satisfies Readonly<Record<string, (scene: TestResponder, first: Uint8Array) => Uint8Array>>;

type Input = keyof typeof INPUTS;

const WAITING: Readonly<Record<Input, Answer>> = {
  // The response was lost, or is late.
  "the first": "the same",
  "a newer one": "response",
  "another of the same time": "nothing",
  "an older one": "nothing",
  "one to another key": "nothing",
  "mac1 forged": "nothing",
  "Noise forged": "nothing",
};

/** What an initiation draws when its initiator has a cookie, or none is asked for. */
const CELLS: Readonly<Record<Peers, Readonly<Record<Input, Answer>>>> = {
  // Nothing is older than what is not known.
  "new": {
    ...WAITING,
    "the first": "response",
    "another of the same time": "response",
    "an older one": "response",
  },
  "waiting": WAITING,
  // It is a replay.
  "confirmed": { ...WAITING, "the first": "nothing" },
};

/** Without a cookie, who knows our key gets one under load; it costs two macs and keeps nothing. */
const COOKIES: Readonly<Record<Input, Answer>> = {
  "the first": "cookie",
  "a newer one": "cookie",
  "another of the same time": "cookie",
  "an older one": "cookie",
  "one to another key": "nothing",
  "mac1 forged": "nothing",
  "Noise forged": "cookie",
};

/** A scene in a state that began five seconds ago, and the initiation that led to it. */
function sceneIn(
  peers: Peers,
): { scene: TestResponder; first: Uint8Array; response: Uint8Array | undefined } {
  const scene = new TestResponder();
  const first = scene.peer.initiation(NOW).bytes;
  if (peers === "new") return { scene, first, response: undefined };
  const response = scene.receive(NOW - 5000, first)!;
  if (peers === "confirmed") scene.confirm(response);
  return { scene, first, response };
}

/** Asserts what a cell says, and that nothing but a new response keeps anything. */
function assertAnswer(peers: Peers, load: Load, input: Input, hasCookie: boolean, expected: Answer): void {
  const { scene, first, response } = sceneIn(peers);
  let bytes: Uint8Array = INPUTS[input](scene, first);
  if (hasCookie) bytes = scene.withCookie(NOW, bytes);
  scene.load(NOW, load);
  const before = scene.indices.size;
  const answer = scene.receive(NOW, bytes);
  const kind = kindOf(answer);
  if (expected === "the same") assertEquals(answer, response);
  else assertEquals(kind, expected);
  if (expected === "response") assertNotEquals(answer, response);
  if (answer !== undefined) assertLess(answer.length, bytes.length);
  assertEquals(scene.indices.size - before, expected === "response" ? 1 : 0);
}

for (const [peers, cells] of Object.entries(CELLS) as [Peers, Record<Input, Answer>][]) {
  for (const [input, answer] of Object.entries(cells) as [Input, Answer][]) {
    Deno.test(`${peers}, ${input}: ${answer}; under load a new one only with a cookie, then it waits`, () => {
      assertAnswer(peers, "calm", input, false, answer);
      for (const load of ["busy", "insistent"] as const) assertAnswer(peers, load, input, true, answer);
      // To say the same once more costs nothing.
      const again = answer === "the same";
      for (const load of ["busy", "insistent", "overloaded", "spent"] as const) {
        assertAnswer(peers, load, input, false, again ? answer : COOKIES[input]);
      }
      // Whoever has one is told when there will be time.
      assertAnswer(peers, "overloaded", input, true, again ? answer : COOKIES[input]);
      assertAnswer(peers, "spent", input, true, again ? answer : "nothing");
    });
  }
}

Deno.test("the table has a cell for every input in every state", () => {
  for (const cells of [...Object.values(CELLS), COOKIES]) {
    assertEquals(Object.keys(cells), Object.keys(INPUTS));
  }
});

// ---- load ------------------------------------------------------------------------------------------------

interface Coming {
  readonly count: number;
  readonly hasCookie: boolean;
  readonly fromOf?: (count: number) => Address;
}

const NONE = { response: 0, "the same": 0, cookie: 0, nothing: 0 };

/**
 * Answers to so many initiations, each of somebody else, at one instant; from everywhere, if not told
 * otherwise.
 */
function answers(
  scene: TestResponder,
  now: Millis,
  { count, hasCookie, fromOf = hostOf }: Coming,
): typeof NONE {
  const counts = { ...NONE };
  for (let index = 0; index < count; index++) {
    const { bytes } = scene.newPeer().initiation(now);
    const from = fromOf(index);
    counts[kindOf(scene.receive(now, hasCookie ? scene.withCookie(now, bytes, from) : bytes, from))]++;
  }
  return counts;
}

Deno.test("50 initiations in a second are answered without a cookie, and 50 in the next one", () => {
  const scene = new TestResponder();
  const some = { ...NONE, response: CALM_HANDSHAKES_MS, cookie: 25 };
  for (const now of [NOW, NOW + 1000, NOW + 9000]) {
    assertEquals(answers(scene, now, { count: CALM_HANDSHAKES_MS + 25, hasCookie: false }), some);
  }
  // A fifth of a second gives room for a fifth of them.
  const more = answers(scene, NOW + 9200, { count: 11, hasCookie: false });
  assertEquals(more, { ...NONE, response: 10, cookie: 1 });
});

Deno.test("with one, so many are answered at once as take 100 ms", () => {
  const scene = new TestResponder();
  for (const now of [NOW, NOW + 1000, NOW + 9000]) {
    // Nobody gets a cookie before 50 have come; these mean nothing.
    scene.load(now, "busy");
    const left = HANDSHAKES_BURST_MS - CALM_HANDSHAKES_MS;
    assertEquals(answers(scene, now, { count: left, hasCookie: true }), { ...NONE, response: left });
    assertEquals(answers(scene, now, { count: 10, hasCookie: true }), { ...NONE, cookie: 10 });
    assertEquals(answers(scene, now, { count: 10, hasCookie: false }), { ...NONE, cookie: 10 });
  }
});

Deno.test("whoever finds no time is told its turn, behind the one before, as far apart as handshakes take", () => {
  const scene = new TestResponder();
  scene.load(NOW, "overloaded");
  const waitOf = (now: Millis, from: Address) => {
    const question = scene.withCookie(now, scene.newPeer().initiation(now).bytes, from);
    const { mac1 } = decodePacket(question) as Initiation;
    const { salt, sealed } = decodePacket(scene.receive(now, question, from)!) as CookieReply;
    const jar = new CookieJar(primitives, scene.ownKey.publicKey);
    assert(jar.takeCookie(now, salt, sealed, mac1));
    return jar.wait;
  };
  // One takes 1 ms, and 400 of them take a second.
  const [first = 0, ...others] = [1, 2, 3, 4].map((host) => waitOf(NOW, hostOf(host)));
  assertEquals(others.map((wait) => wait - first), [2, 5, 7]);
  for (let host = 5; host <= 10_000; host++) waitOf(NOW, hostOf(host));
  assertEquals(waitOf(NOW, hostOf(10_001)), ADMISSION_MS);
  // Half of them have had their turn.
  scene.load(NOW + ADMISSION_MS / 2, "overloaded");
  assertLessOrEqual(waitOf(NOW + ADMISSION_MS / 2, hostOf(10_002)), ADMISSION_MS / 2 + 200);
});

for (const takes of [0.2, 1.5, 15, 100]) {
  Deno.test(`handshakes of ${takes} ms take at most half of any second, and more than a third in the long run`, () => {
    const scene = new TestResponder();
    scene.load(NOW, "busy");
    const jars = Array.from({ length: 150 }, (_, at) => scene.cookie(NOW, hostOf(at)));
    scene.handshakeTakes = takes;
    // While the machine computes one, it does nothing else.
    const instants: Millis[] = [];
    for (let now = NOW + 1000, count = 0; now < NOW + 4000; count++) {
      const before = scene.handshakes;
      const from = hostOf(count % jars.length);
      scene.receive(now, scene.withCookie(now, scene.nonsense(now), from, jars[count % jars.length]), from);
      now += scene.handshakes === before ? 0.1 : takes;
      if (scene.handshakes > before) instants.push(now);
    }
    for (const [first, begin] of instants.entries()) {
      const inSecond = instants.slice(first).filter((at) => at < begin + 1000).length;
      assertLessOrEqual((inSecond - 1) * takes, 500);
    }
    assertGreater(instants.length * takes, 1000);
  });
}

// ---- one address -----------------------------------------------------------------------------------------

/** From all ports of one host. */
const fromPorts = (count: number): Address => ({ ...FROM, port: 1 + count });

Deno.test("from one host 5 at once are answered and 20 a second, without a cookie, and as many with one", () => {
  const scene = new TestResponder();
  const come = (now: Millis, count: number, hasCookie: boolean) =>
    answers(scene, now, { count, hasCookie, fromOf: fromPorts });
  for (const now of [NOW, NOW + 1000, NOW + 9000]) {
    assertEquals(come(now, 8, false), { ...NONE, response: 5, cookie: 3 });
    assertEquals(come(now, 8, true), { ...NONE, response: 5, nothing: 3 });
    assertEquals(come(now + 50, 3, false), { ...NONE, response: 1, cookie: 2 });
    assertEquals(come(now + 50, 3, true), { ...NONE, response: 1, nothing: 2 });
  }
});

Deno.test("what one host uses up is nobody else's", () => {
  const scene = new TestResponder();
  scene.load(NOW, "spent");
  const others = answers(scene, NOW, { count: 20, hasCookie: false });
  assertEquals(others, { ...NONE, response: 20 });
  const there = answers(scene, NOW, { count: 5, hasCookie: true, fromOf: () => FROM });
  assertEquals(there, { ...NONE, nothing: 5 });
});

Deno.test("whoever claims somebody's address without a cookie uses up nothing that a cookie gives", () => {
  const scene = new TestResponder();
  for (let count = 0; count < 10 * HANDSHAKES_MS; count++) scene.receive(NOW, scene.nonsense(NOW));
  const { bytes } = scene.peer.initiation(NOW);
  assertEquals(kindOf(scene.receive(NOW, bytes)), "cookie");
  assertEquals(kindOf(scene.receive(NOW, scene.withCookie(NOW, bytes))), "response");
});

Deno.test("with a cookie for one address nobody gets an answer at another one", () => {
  const scene = new TestResponder();
  scene.load(NOW, "busy");
  const elsewhere = scene.withCookie(NOW, scene.peer.initiation(NOW).bytes, hostOf(1));
  assertEquals(kindOf(scene.receive(NOW, elsewhere, FROM)), "cookie");
  assertEquals(kindOf(scene.receive(NOW, elsewhere, hostOf(1))), "response");
});

Deno.test("the same initiation once more is no other one: it uses up nothing", () => {
  const scene = new TestResponder();
  const { bytes } = scene.peer.initiation(NOW);
  const response = scene.receive(NOW, bytes);
  for (let count = 0; count < 100; count++) assertEquals(scene.receive(NOW, bytes), response);
  const others = answers(scene, NOW, { count: 5, hasCookie: false, fromOf: () => FROM });
  assertEquals(others, { ...NONE, response: 4, cookie: 1 });
});

Deno.test("initiations with a wrong mac1 count for nothing", () => {
  const scene = new TestResponder();
  const { bytes } = scene.newPeer(primitives.keyPair(scene.dice.bytes(KEY_BYTES))).initiation(NOW);
  for (let count = 0; count < 10 * HANDSHAKES_MS; count++) assertFalse(scene.receive(NOW, bytes));
  assertEquals(kindOf(scene.receive(NOW, scene.peer.initiation(NOW).bytes)), "response");
});

Deno.test("under load an initiation is answered with a cookie, then with one and the same response", () => {
  const scene = new TestResponder();
  scene.load(NOW, "busy");
  const { bytes } = scene.peer.initiation(NOW);
  assertEquals(kindOf(scene.receive(NOW, bytes)), "cookie");
  const response = scene.receive(NOW, scene.withCookie(NOW, bytes));
  assertEquals(kindOf(response), "response");
  // Without a cookie, when it is calm again, and with another one: mac1 is still the same.
  assertEquals(scene.receive(NOW + 1000, bytes), response);
  assertEquals(scene.receive(NOW + 1000, scene.withCookie(NOW + 1000, bytes)), response);
});

// ---- sessions that wait ----------------------------------------------------------------------------------

Deno.test("a response is for its initiator: it leads to a session that both have", () => {
  const scene = new TestResponder();
  const handshake = scene.peer.initiation(NOW);
  const response = scene.receive(NOW, handshake.bytes, PEER)!;
  const { index, ownIndex } = handshake.finish(response);
  const unconfirmed = scene.responder.get(NOW, ownIndex)!;
  assertEquals((decodePacket(response) as Response).receiver, index);
  const { peer, address, timestamp, departures, session } = unconfirmed;
  assertEquals([peer, address, timestamp, departures], [scene.peer.key, PEER, NOW, 1]);
  assertEquals([session.epoch, session.peerProcess], [scene.peer.epoch, scene.peer.process]);
  scene.receive(NOW + 1, handshake.bytes);
  assertEquals(unconfirmed.departures, 2);
});

/** What waits after so many initiations of one peer: responses, oldest first. */
function begun(scene: TestResponder, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, at) => scene.receive(NOW, scene.peer.initiation(NOW + at).bytes)!);
}

function waits(scene: TestResponder, response: Uint8Array): boolean {
  return scene.responder.get(NOW, (decodePacket(response) as Response).sender) !== undefined;
}

Deno.test("of one peer three sessions wait: a newer initiation takes the oldest's place", () => {
  const scene = new TestResponder();
  const responses = begun(scene, UNCONFIRMED_PER_PEER + 1);
  assertEquals(responses.map((response) => waits(scene, response)), [false, true, true, true]);
  assertEquals(scene.indices.size, UNCONFIRMED_PER_PEER);
});

Deno.test("any of them may be confirmed; then those before it are gone, and those behind it wait on", () => {
  const scene = new TestResponder();
  const responses = begun(scene, 3);
  scene.confirm(responses[1]!);
  assertEquals(responses.map((response) => waits(scene, response)), [false, false, true]);
  assertEquals(scene.indices.size, 2);
});

Deno.test("what is forgotten is gone", () => {
  const scene = new TestResponder();
  const responses = begun(scene, 3);
  for (let count = 0; count < 2; count++) scene.responder.forget(scene.peer.key);
  assertEquals(responses.map((response) => waits(scene, response)), [false, false, false]);
  assertEquals(scene.indices.size, 0);
});

Deno.test("sessions wait for ten seconds", () => {
  const scene = new TestResponder();
  const response = scene.receive(NOW, scene.peer.initiation(NOW).bytes)!;
  const { sender } = decodePacket(response) as Response;
  const nonsense = scene.nonsense(NOW);
  scene.receive(NOW + UNCONFIRMED_MS - 1, nonsense);
  assert(scene.responder.get(NOW + UNCONFIRMED_MS - 1, sender));
  scene.receive(NOW + UNCONFIRMED_MS, nonsense);
  assertEquals(scene.indices.size, 0);
  assertFalse(scene.responder.get(NOW + UNCONFIRMED_MS, sender));
  assertEquals(scene.indices.size, 0);
});

Deno.test("so many sessions wait and no more: the oldest give way", () => {
  const scene = new TestResponder();
  scene.load(NOW, "busy");
  // Nobody of them comes more often than one host may.
  const places = Array.from(
    { length: 100 },
    (_, at) => ({ from: hostOf(at), jar: scene.cookie(NOW, hostOf(at)) }),
  );
  const waiting: number[] = [];
  // As fast as they are answered at all, more come than there is room for before the first are too old.
  scene.handshakeTakes = 0.5;
  const perSecond = HANDSHAKES_MS / scene.handshakeTakes;
  for (let count = 1; count < perSecond * UNCONFIRMED_MS / 1000; count++) {
    const now = NOW + count * 1000 / perSecond;
    const { bytes } = scene.newPeer().initiation(now);
    const { from, jar } = places[count % places.length]!;
    const response = scene.receive(now, scene.withCookie(now, bytes, from, jar), from)!;
    waiting.push((decodePacket(response) as Response).sender);
  }
  assertGreater(waiting.length, UNCONFIRMED_SESSIONS);
  assertEquals(scene.indices.size, UNCONFIRMED_SESSIONS);
  const oldest = waiting.length - UNCONFIRMED_SESSIONS;
  for (const [at, index] of waiting.entries()) {
    assertEquals(scene.responder.get(NOW, index) !== undefined, at >= oldest);
  }
});

// ---- epochs ----------------------------------------------------------------------------------------------

const [LOW, MIDDLE, HIGH] = ["00000005aaaaaaaa", "00000005bbbbbbbb", "00000006aaaaaaaa"];

Deno.test("a conversation that both have goes on; any other begins under a higher epoch than either has had", () => {
  const at = (epoch: Epoch) => ({ epoch, lastEpoch: epoch });
  assertEquals(new TestResponder().named(MIDDLE, at(MIDDLE)), MIDDLE);
  for (const proposed of [NO_EPOCH, LOW, HIGH, MIDDLE]) {
    for (const known of [at(NO_EPOCH), at(LOW), at(HIGH), { epoch: NO_EPOCH, lastEpoch: MIDDLE }]) {
      if (proposed === known.epoch && proposed !== NO_EPOCH) continue;
      const named = new TestResponder().named(proposed, known);
      const what = `${proposed} to ${known.epoch}, ${known.lastEpoch}`;
      assertGreater(named, proposed, what);
      assertGreater(named, known.lastEpoch, what);
      assertEquals(named.length, 2 * EPOCH_BYTES, what);
    }
  }
});

Deno.test("two conversations that begin at the same moment have different epochs", () => {
  const scene = new TestResponder();
  const epochs = [scene.named(NO_EPOCH)];
  scene.responder.forget(scene.peer.key);
  epochs.push(scene.named(NO_EPOCH));
  assertNotEquals(epochs[0], epochs[1]);
});

Deno.test("whatever epoch is proposed, what answers is well-formed, and so is the epoch in it", () => {
  for (const proposed of ["fffffffe00000000", "ffffffff00000000", "f".repeat(2 * EPOCH_BYTES)]) {
    const scene = new TestResponder();
    const handshake = scene.peer.initiation(NOW, proposed);
    const answer = scene.receive(NOW, handshake.bytes);
    if (answer === undefined) continue;
    assertNotEquals<unknown>(decodePacket(answer), MALFORMED, proposed);
    const { ownIndex } = handshake.finish(answer);
    assertEquals(scene.responder.get(NOW, ownIndex)!.session.epoch, scene.peer.epoch);
  }
});
