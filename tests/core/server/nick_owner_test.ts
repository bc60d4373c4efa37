/**
 * A nick belongs for good to the identity that registered it first; and how much of the server one member may
 * take.
 */
import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import {
  MEMBER_MESSAGES_BURST,
  MEMBER_MESSAGES_PER_SECOND,
  MEMBER_QUESTIONS_BURST,
} from "../../../core/base/limits.ts";
import type { Address } from "../../../core/base/units.ts";
import { type Bundle, Identity, SECRETS_BYTES } from "../../../core/messages/identity.ts";
import { NO_LETTER } from "../../../core/messages/letter_form.ts";
import type { Verb, VerbOf } from "../../../core/messages/verb.ts";
import { aliceBobAndMallory, type Cast } from "../../kit/cast.ts";
import { cheapPrimitives as primitives } from "../../kit/cheap_primitives.ts";
import { isAnothers, type Person } from "../../kit/person.ts";
import { idOf, NO_LIMITS } from "../../kit/samples.ts";
import { Speaker } from "../../kit/speaker.ts";
import { World } from "../../kit/world.ts";

const HOUR_MS = 3_600_000;
const ELSEWHERE: Address = { host: "10.66.6.7", port: 7 };

function registration(nick: string, turn: number, bundle: Bundle): VerbOf<"register"> {
  return { type: "register", nick, turn, asked: true, bundle, candidates: [], predecessors: [] };
}

function assertRefused({ world, mallory }: Cast): void {
  for (const [at, nick] of ["alice", "ALICE"].entries()) {
    mallory.tells(world.server, registration(nick, at + 1, mallory.bundle(nick)));
    world.runs(5000);
  }
  assertEquals(mallory.heard, [
    { type: "refused", nick: "alice", reason: "other key" },
    { type: "refused", nick: "ALICE", reason: "other key" },
  ]);
}

// ---- another identity ------------------------------------------------------------------------------------

Deno.test("another identity does not get a nick whose holder is online; he is not even asked", () => {
  const cast = aliceBobAndMallory();
  const { world, alice, bob } = cast;
  const began = world.now;
  assertRefused(cast);
  assertEquals(world.sent({ to: alice }, began), []);
  assertEquals([...world.server.looks(), ...alice.looks(), ...bob.looks()], []);
  alice.does({ type: "sendDirect", to: "bob", text: "still here" });
  world.runs(100);
  assertEquals(bob.looks(), ["alice: still here"]);
});

/** In which ways the holder may be gone. */
const GONE: Readonly<Record<string, (cast: Cast) => void>> = {
  "does not answer": ({ world, alice }) => world.cut(alice),
  "has been silent for an hour": ({ world, alice }) => {
    world.cut(alice);
    world.runs(HOUR_MS);
  },
  "is deregistered": ({ alice }) => alice.deregisters(),
  "has left": ({ alice }) => alice.pressesCtrlC(),
};

for (const [how, goes] of Object.entries(GONE)) {
  Deno.test(`nor one whose holder ${how}`, () => {
    const cast = aliceBobAndMallory();
    const { world } = cast;
    const { identity } = world.server.bundleOf("alice");
    goes(cast);
    world.runs(5000);
    assertRefused(cast);
    assertEquals(world.server.bundleOf("alice").identity, identity);
  });
}

Deno.test("a client that is refused says so and ends", () => {
  const { world, alice } = aliceBobAndMallory();
  const another = world.client("Alice");
  another.starts();
  world.runs(1000);
  assertEquals(another.looks().slice(-2), isAnothers("Alice"));
  assertEquals(another.exitStatus, 1);
  assertEquals(alice.looks(), []);
});

// ---- somebody else's bundle ------------------------------------------------------------------------------

/** What mallory registers with, under a nick, and why that is not hers to do. */
const NOT_HERS: Readonly<Record<string, (cast: Cast) => [nick: string, bundle: Bundle]>> = {
  "the bundle of a nick's holder": ({ world }) => ["alice", world.server.bundleOf("alice")],
  "somebody else's bundle, under a new nick": ({ world }) => ["mal", world.server.bundleOf("alice")],
  "a bundle for another nick": ({ mallory }) => ["mal", mallory.bundle("mel")],
  "an identity that did not sign": ({ world, mallory }) => {
    const { identity } = world.server.bundleOf("alice");
    return ["alice", { ...mallory.bundle("alice"), identity }];
  },
  "a key that is not the link's": ({ world, mallory }) => {
    const { key } = world.server.bundleOf("alice");
    return ["mal", { ...mallory.bundle("mal"), key }];
  },
  "a prekey that was not signed": ({ mallory }) => {
    const bundle = mallory.bundle("mal");
    return ["mal", { ...bundle, prekey: bundle.key }];
  },
  "another time than was signed": ({ mallory }) => {
    const bundle = mallory.bundle("mal");
    return ["mal", { ...bundle, prekeyAt: bundle.prekeyAt + 1 }];
  },
};

for (const [what, lies] of Object.entries(NOT_HERS)) {
  Deno.test(`who registers with ${what} gets no answer, and changes nothing`, () => {
    const cast = aliceBobAndMallory();
    const { world, alice, bob, mallory } = cast;
    const before = world.server.bundleOf("alice");
    mallory.tells(world.server, registration(...at(1, lies(cast))));
    world.runs(5000);
    assertEquals([mallory.heard, world.server.bundleOf("alice")], [[], before]);
    assertEquals([...world.server.looks(), ...alice.looks(), ...bob.looks()], []);
    mallory.tells(world.server, registration("mal", 2, mallory.bundle("mal")));
    assert(mallory.heard.some(({ type }) => type === "registered"));
  });
}

function at(turn: number, [nick, bundle]: [string, Bundle]): [string, number, Bundle] {
  return [nick, turn, bundle];
}

// ---- the same identity -----------------------------------------------------------------------------------

/** They register, one after the other. Their screens are empty. */
function registered<People extends readonly Person[]>(world: World, ...people: People): People {
  for (const person of people) {
    person.starts();
    world.runs(1000);
  }
  world.everybodyLooks();
  return people;
}

Deno.test("the same identity takes over from elsewhere at once, and the old place is out", () => {
  const world = new World();
  const identity = new Identity(primitives, new Uint8Array(SECRETS_BYTES).fill(7));
  const clients = [world.client("alice", { identity }), world.client("bob")] as const;
  const [alice, bob, elsewhere] = registered(world, ...clients, world.client("alice", { identity }));
  bob.does({ type: "sendDirect", to: "alice", text: "where are you" });
  world.runs(1000);
  assertEquals([alice.looks(), elsewhere.looks()], [[], ["bob: where are you"]]);
  assertEquals(bob.looks(), ["[Message received by alice.]"]);
  alice.does({ type: "sendChannel", text: "still me" });
  world.runs(1000);
  assertEquals(alice.looks(), ["[You are offline, 'reg alice' first.]"]);
  assertEquals([bob.looks(), elsewhere.looks()], [[], []]);
});

Deno.test("a place that was replaced takes the nick back when its user asks for it, and not by itself", () => {
  const world = new World();
  const identity = new Identity(primitives, new Uint8Array(SECRETS_BYTES).fill(7));
  const clients = [world.client("alice", { identity }), world.client("alice", { identity })] as const;
  const [alice, elsewhere] = registered(world, ...clients);
  world.runs(60_000);
  world.everybodyLooks();
  world.runs(600_000);
  assertEquals([alice.looks(), elsewhere.looks()], [[], []]);
  alice.registers();
  world.runs(60_000);
  assertEquals(alice.looks()[0], "SERVER: [Welcome, you are registered.]");
  assertEquals(elsewhere.looks(), [
    "[You were registered as 'alice' from another place, this one is offline now.]",
  ]);
});

Deno.test("the same identity takes its nick back after it was away", () => {
  const { world, alice } = aliceBobAndMallory();
  alice.deregisters();
  world.runs(HOUR_MS);
  alice.looks();
  alice.registers();
  world.runs(1000);
  assertEquals(alice.looks()[0], "SERVER: [Welcome, you are registered.]");
});

Deno.test("one identity may hold several nicks, one after the other on one link; each stays its own", () => {
  const { world, mallory } = aliceBobAndMallory();
  const thief = new Speaker(world, "thief", { address: ELSEWHERE });
  for (const [count, nick] of ["one", "two"].entries()) {
    mallory.tells(world.server, registration(nick, count + 1, mallory.bundle(nick)));
    world.runs(1000);
  }
  const { host, port } = mallory.address;
  assertEquals(world.server.looks(), [
    `one registered at ${host}:${port}`,
    "one is offline: left",
    `two registered at ${host}:${port}`,
  ]);
  for (const [count, nick] of ["one", "two"].entries()) {
    thief.tells(world.server, registration(nick, count + 1, thief.bundle(nick)));
  }
  assertEquals(thief.heard, [
    { type: "refused", nick: "one", reason: "other key" },
    { type: "refused", nick: "two", reason: "other key" },
  ]);
});

// ---- how much one may take -------------------------------------------------------------------------------

/** What the server answers to a registration. */
function answerTo(world: World, speaker: Speaker, verb: Verb): string {
  speaker.heard.length = 0;
  speaker.tells(world.server, verb);
  const answer = speaker.heard.find(({ type }) => type === "registered" || type === "refused");
  return answer?.type === "refused" ? answer.reason : answer?.type ?? "nothing";
}

Deno.test("from one address so many new nicks in an hour; those that it has are not new, others have their own", () => {
  const world = new World({ server: { limits: { ...NO_LIMITS, newNicksPerHour: 2 } } });
  const mallory = new Speaker(world, "mal");
  const other = new Speaker(world, "other", { address: ELSEWHERE });
  let turn = 0;
  const register = (nick: string) =>
    answerTo(world, mallory, registration(nick, ++turn, mallory.bundle(nick)));
  assertEquals(["a", "b", "c", "d", "a", "B"].map(register), [
    "registered",
    "registered",
    "rate",
    "rate",
    "registered",
    "registered",
  ]);
  assertEquals(answerTo(world, other, registration("e", 1, other.bundle("e"))), "registered");
  world.runs(HOUR_MS / 2);
  assertEquals(["c", "d"].map(register), ["registered", "rate"]);
});

Deno.test("so many nicks in all, and no more; those that there are go on", () => {
  const world = new World({ server: { limits: { ...NO_LIMITS, nicks: 2 } } });
  const mallory = new Speaker(world, "mal");
  const answers = ["a", "b", "c", "a"].map((nick, count) =>
    answerTo(world, mallory, registration(nick, count + 1, mallory.bundle(nick)))
  );
  assertEquals(answers, ["registered", "registered", "full", "registered"]);
});

for (
  const [reason, lines] of [
    ["other key", isAnothers("alice")],
    ["full", ["[The server takes no more nicknames.]"]],
    ["rate", ["[The server takes no more new nicknames from your address for now.]"]],
  ] as const
) {
  Deno.test(`a client that gets no nick says why and ends: ${reason}`, () => {
    const world = new World();
    const other = new Speaker(world, "another server");
    const alice = world.client("alice", { server: other.address, serverKey: other.key });
    alice.starts();
    world.runs(1000);
    alice.looks();
    other.tells(alice, { type: "refused", nick: "alice", reason });
    assertEquals([alice.looks(), alice.exitStatus], [lines, 1]);
  });
}

/** mallory as a member, in a world with somebody who reads. */
function withMember(): { world: World; mallory: Speaker } {
  const world = new World();
  world.clients("alice");
  const mallory = new Speaker(world, "mal");
  mallory.tells(world.server, registration("mal", 1, mallory.bundle("mal")));
  world.runs(1000);
  mallory.heard.length = 0;
  return { world, mallory };
}

Deno.test("a member may say so much at once, then so much a second; of the rest it is told to say it later", () => {
  const { world, mallory } = withMember();
  const { now: begin } = world;
  const count = MEMBER_MESSAGES_BURST + 2 * MEMBER_MESSAGES_PER_SECOND;
  const post = (number: number): Verb => (
    { type: "post", id: idOf(number), from: "mal", body: mallory.post({ id: idOf(number), text: "x" }) }
  );
  const answers = () => mallory.heard.filter(({ type }) => type === "stored" || type === "rejected");
  for (let number = 1; number <= count; number++) {
    mallory.says(world.server, post(number));
    // A link holds no more than a thousand.
    if (number % 500 === 0) world.runs(50);
  }
  world.runs(200);
  assertEquals(answers().length, count);
  const stored = answers().filter(({ type }) => type === "stored").length;
  const seconds = (world.now - begin) / 1000;
  assertGreater(count, stored);
  assertLessOrEqual(MEMBER_MESSAGES_BURST, stored);
  assertLessOrEqual(stored, MEMBER_MESSAGES_BURST + seconds * MEMBER_MESSAGES_PER_SECOND);
  const rejected = answers().find((verb) => verb.type === "rejected");
  assert(rejected?.type === "rejected" && rejected.reason === "rate");
  assertEquals(world.server.status.counts.rejected, { rate: count - stored });
  // What was stored before is answered all the same; what was not is taken a second later.
  mallory.heard.length = 0;
  mallory.tells(world.server, post(1));
  world.runs(1000);
  const again = { ...post(1), id: rejected.id, body: mallory.post({ id: rejected.id, text: "x" }) } as Verb;
  mallory.tells(world.server, again);
  assertEquals(answers(), [idOf(1), rejected.id].map((id) => ({ type: "stored", id, ...NO_LETTER })));
});

Deno.test("a member may ask so often; whoever is told nothing asks again", () => {
  const { world, mallory } = withMember();
  const ask = () => {
    mallory.says(world.server, { type: "rowsSince", nick: "mal", version: { start: 0, counter: 0 } });
    world.runs(4);
  };
  for (let count = 0; count < 2 * MEMBER_QUESTIONS_BURST; count++) ask();
  const answered = () => mallory.heard.filter(({ type }) => type === "rows").length;
  assertEquals(answered(), MEMBER_QUESTIONS_BURST);
  world.runs(1000);
  ask();
  assertEquals(answered(), MEMBER_QUESTIONS_BURST + 1);
});
