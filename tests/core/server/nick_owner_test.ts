/** A nick belongs for good to the identity that registered it first; and how much of the server one member may take. */
import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import {
  MEMBER_MESSAGES_BURST,
  MEMBER_MESSAGES_PER_SECOND,
  MEMBER_QUESTIONS_BURST,
} from "../../../core/base/limits.ts";
import { type Bundle, Identity, SECRETS_BYTES } from "../../../core/messages/identity.ts";
import type { Verb, VerbOf } from "../../../core/messages/verb.ts";
import { cheapPrimitives as primitives } from "../../kit/cheap_primitives.ts";
import { ID, NO_LIMITS } from "../../kit/samples.ts";
import { Scene, SERVER, type Voice } from "../../kit/scene.ts";

const HOUR_MS = 3_600_000;

function registration(nick: string, turn: number, bundle: Bundle): VerbOf<"register"> {
  return { type: "register", nick, turn, asked: true, bundle, candidates: [] };
}

function withAliceAndMallory(): { scene: Scene; mallory: Voice } {
  const scene = new Scene();
  scene.client("alice");
  scene.client("bob");
  const mallory = scene.voice("mallory");
  for (const name of ["alice", "bob", "SERVER"]) scene.lines(name);
  return { scene, mallory };
}

function assertRefused(scene: Scene, mallory: Voice): void {
  for (const [at, nick] of ["alice", "ALICE"].entries()) {
    scene.say("mallory", SERVER, registration(nick, at + 1, mallory.bundle(nick)));
    scene.run(5000);
  }
  assertEquals(mallory.heard, [
    { type: "refused", nick: "alice", reason: "other key" },
    { type: "refused", nick: "ALICE", reason: "other key" },
  ]);
}

// ---- another identity ------------------------------------------------------------------------------------

Deno.test("another identity does not get a nick whose holder is online; he is not even asked", () => {
  const { scene, mallory } = withAliceAndMallory();
  scene.carried.length = 0;
  assertRefused(scene, mallory);
  const { host } = scene.addressOf("alice");
  assertEquals(scene.carried.filter(({ to }) => to.host === host), []);
  assertEquals([...scene.lines("SERVER"), ...scene.lines("alice"), ...scene.lines("bob")], []);
  scene.act("alice", { type: "sendDirect", to: "bob", text: "still here" });
  scene.run(100);
  assertEquals(scene.lines("bob"), ["alice: still here"]);
});

/** In which ways the holder may be gone. */
const GONE: Readonly<Record<string, (scene: Scene) => void>> = {
  "does not answer": (scene) => scene.cut.add("alice"),
  "has been silent for an hour": (scene) => {
    scene.cut.add("alice");
    scene.run(HOUR_MS);
  },
  "is deregistered": (scene) => scene.act("alice", { type: "deregister", nick: "alice" }),
  "has left": (scene) => scene.act("alice", { type: "leave" }),
};

for (const [how, goes] of Object.entries(GONE)) {
  Deno.test(`nor one whose holder ${how}`, () => {
    const { scene, mallory } = withAliceAndMallory();
    const { identity } = scene.bundleOf("alice");
    goes(scene);
    scene.run(5000);
    assertRefused(scene, mallory);
    assertEquals(scene.bundleOf("alice").identity, identity);
  });
}

Deno.test("a client that is refused says so and ends", () => {
  const { scene } = withAliceAndMallory();
  scene.client("Alice", {}, "another");
  assertEquals(scene.lines("another").at(-1), "[Nickname 'Alice' belongs to another key.]");
  assertEquals(scene.exitStatusOf("another"), 1);
  assertEquals(scene.lines("alice"), []);
});

// ---- somebody else's bundle ------------------------------------------------------------------------------

/** What mallory registers with, under a nick, and why that is not hers to do. */
const NOT_HERS: Readonly<Record<string, (scene: Scene, mallory: Voice) => [nick: string, bundle: Bundle]>> = {
  "the bundle of a nick's holder": (scene) => ["alice", scene.bundleOf("alice")],
  "somebody else's bundle, under a new nick": (scene) => ["mal", scene.bundleOf("alice")],
  "a bundle for another nick": (_, mallory) => ["mal", mallory.bundle("mel")],
  "an identity that did not sign": (scene, mallory) => {
    const { identity } = scene.bundleOf("alice");
    return ["alice", { ...mallory.bundle("alice"), identity }];
  },
  "a key that is not the link's": (scene, mallory) => {
    const { key } = scene.bundleOf("alice");
    return ["mal", { ...mallory.bundle("mal"), key }];
  },
  "a prekey that was not signed": (_, mallory) => {
    const bundle = mallory.bundle("mal");
    return ["mal", { ...bundle, prekey: bundle.key }];
  },
  "another time than was signed": (_, mallory) => {
    const bundle = mallory.bundle("mal");
    return ["mal", { ...bundle, prekeyAt: bundle.prekeyAt + 1 }];
  },
};

for (const [what, lies] of Object.entries(NOT_HERS)) {
  Deno.test(`who registers with ${what} gets no answer, and changes nothing`, () => {
    const { scene, mallory } = withAliceAndMallory();
    const before = scene.bundleOf("alice");
    scene.say("mallory", SERVER, registration(...at(1, lies(scene, mallory))));
    scene.run(5000);
    assertEquals([mallory.heard, scene.bundleOf("alice")], [[], before]);
    assertEquals([...scene.lines("SERVER"), ...scene.lines("alice"), ...scene.lines("bob")], []);
    scene.say("mallory", SERVER, registration("mal", 2, mallory.bundle("mal")));
    assert(mallory.heard.some(({ type }) => type === "registered"));
  });
}

function at(turn: number, [nick, bundle]: [string, Bundle]): [string, number, Bundle] {
  return [nick, turn, bundle];
}

// ---- the same identity -----------------------------------------------------------------------------------

Deno.test("the same identity takes over from elsewhere at once; the old place is told when it speaks next", () => {
  const scene = new Scene();
  const identity = new Identity(primitives, new Uint8Array(SECRETS_BYTES).fill(7));
  scene.client("alice", { identity });
  scene.client("bob");
  scene.client("alice", { identity }, "elsewhere");
  for (const name of ["alice", "bob", "elsewhere"]) scene.lines(name);
  scene.act("bob", { type: "sendDirect", to: "alice", text: "where are you" });
  scene.run(1000);
  assertEquals([scene.lines("alice"), scene.lines("elsewhere")], [[], ["bob: where are you"]]);
  assertEquals(scene.lines("bob"), ["[Message received by alice.]"]);
  scene.act("alice", { type: "sendChannel", text: "still me" });
  scene.run(1000);
  assertEquals(scene.lines("alice"), [
    "[You were registered as 'alice' from another place, this one is offline now.]",
  ]);
  assertEquals([scene.lines("bob"), scene.lines("elsewhere")], [[], []]);
});

Deno.test("a place that was replaced takes the nick back when its user asks for it, and not by itself", () => {
  const scene = new Scene();
  const identity = new Identity(primitives, new Uint8Array(SECRETS_BYTES).fill(7));
  scene.client("alice", { identity });
  scene.client("alice", { identity }, "elsewhere");
  scene.run(60_000);
  for (const name of ["alice", "elsewhere"]) scene.lines(name);
  scene.run(600_000);
  assertEquals([scene.lines("alice"), scene.lines("elsewhere")], [[], []]);
  scene.act("alice", { type: "register", nick: "alice" });
  scene.run(60_000);
  assertEquals(scene.lines("alice")[0], "SERVER: [Welcome, you are registered.]");
  assertEquals(scene.lines("elsewhere"), [
    "[You were registered as 'alice' from another place, this one is offline now.]",
  ]);
});

Deno.test("the same identity takes its nick back after it was away", () => {
  const { scene } = withAliceAndMallory();
  scene.act("alice", { type: "deregister", nick: "alice" });
  scene.run(HOUR_MS);
  scene.lines("alice");
  scene.act("alice", { type: "register", nick: "alice" });
  scene.run(1000);
  assertEquals(scene.lines("alice")[0], "SERVER: [Welcome, you are registered.]");
});

Deno.test("one identity may hold several nicks, one after the other on one link; each stays its own", () => {
  const { scene, mallory } = withAliceAndMallory();
  const thief = scene.voice("thief");
  for (const [count, nick] of ["one", "two"].entries()) {
    scene.say("mallory", SERVER, registration(nick, count + 1, mallory.bundle(nick)));
    scene.run(1000);
  }
  const { host, port } = scene.addressOf("mallory");
  assertEquals(scene.lines("SERVER"), [
    `one registered at ${host}:${port}`,
    "one is offline: left",
    `two registered at ${host}:${port}`,
  ]);
  for (const [count, nick] of ["one", "two"].entries()) {
    scene.say("thief", SERVER, registration(nick, count + 1, thief.bundle(nick)));
  }
  assertEquals(thief.heard, [
    { type: "refused", nick: "one", reason: "other key" },
    { type: "refused", nick: "two", reason: "other key" },
  ]);
});

// ---- how much one may take -------------------------------------------------------------------------------

/** What the server answers to a registration. */
function answerTo(scene: Scene, voice: string, verb: Verb): string {
  const { heard } = scene.voiceOf(voice);
  heard.length = 0;
  scene.say(voice, SERVER, verb);
  const answer = heard.find(({ type }) => type === "registered" || type === "refused");
  return answer?.type === "refused" ? answer.reason : answer?.type ?? "nothing";
}

Deno.test("from one address so many new nicks in an hour; those that it has are not new, others have their own", () => {
  const scene = new Scene(1, { ...NO_LIMITS, newNicksPerHour: 2 });
  const mallory = scene.voice("mallory");
  const other = scene.voice("other");
  let turn = 0;
  const register = (nick: string) =>
    answerTo(scene, "mallory", registration(nick, ++turn, mallory.bundle(nick)));
  assertEquals(["a", "b", "c", "d", "a", "B"].map(register), [
    "registered",
    "registered",
    "rate",
    "rate",
    "registered",
    "registered",
  ]);
  assertEquals(answerTo(scene, "other", registration("e", 1, other.bundle("e"))), "registered");
  scene.run(HOUR_MS / 2);
  assertEquals(["c", "d"].map(register), ["registered", "rate"]);
});

Deno.test("so many nicks in all, and no more; those that there are go on", () => {
  const scene = new Scene(1, { ...NO_LIMITS, nicks: 2 });
  const mallory = scene.voice("mallory");
  const answers = ["a", "b", "c", "a"].map((nick, count) =>
    answerTo(scene, "mallory", registration(nick, count + 1, mallory.bundle(nick)))
  );
  assertEquals(answers, ["registered", "registered", "full", "registered"]);
});

for (
  const [reason, line] of [
    ["other key", "[Nickname 'alice' belongs to another key.]"],
    ["full", "[The server takes no more nicknames.]"],
    ["rate", "[The server takes no more new nicknames from your address for now.]"],
  ] as const
) {
  Deno.test(`a client that gets no nick says why and ends: ${reason}`, () => {
    const scene = new Scene();
    const { key } = scene.voice("another server");
    const server = scene.addressOf("another server");
    scene.client("alice", { server, serverKey: key });
    scene.lines("alice");
    scene.say("another server", scene.addressOf("alice"), { type: "refused", nick: "alice", reason });
    assertEquals([scene.lines("alice"), scene.exitStatusOf("alice")], [[line], 1]);
  });
}

/** mallory as a member, in a scene with somebody who reads. */
function withMember(): { scene: Scene; mallory: Voice } {
  const scene = new Scene();
  scene.client("alice");
  const mallory = scene.voice("mallory");
  scene.say("mallory", SERVER, registration("mal", 1, mallory.bundle("mal")));
  scene.run(1000);
  mallory.heard.length = 0;
  return { scene, mallory };
}

Deno.test("a member may say so much at once, then so much a second; of the rest it is told to say it later", () => {
  const { scene, mallory } = withMember();
  const { now: begin } = scene;
  const link = mallory.linkTo(begin, SERVER);
  const count = MEMBER_MESSAGES_BURST + 2 * MEMBER_MESSAGES_PER_SECOND;
  const idOf = (number: number) => ID.slice(0, 16) + number.toString(16).padStart(16, "0");
  const post = (number: number): Verb => (
    { type: "post", id: idOf(number), from: "mal", body: mallory.post(idOf(number), "mal", "x") }
  );
  const answers = () => mallory.heard.filter(({ type }) => type === "stored" || type === "rejected");
  for (let number = 1; number <= count; number++) {
    link.send(scene.now, post(number));
    // A link holds no more than a thousand.
    if (number % 500 === 0) scene.run(50);
  }
  scene.run(200);
  assertEquals(answers().length, count);
  const stored = answers().filter(({ type }) => type === "stored").length;
  const seconds = (scene.now - begin) / 1000;
  assertGreater(count, stored);
  assertLessOrEqual(MEMBER_MESSAGES_BURST, stored);
  assertLessOrEqual(stored, MEMBER_MESSAGES_BURST + seconds * MEMBER_MESSAGES_PER_SECOND);
  const rejected = answers().find((verb) => verb.type === "rejected");
  assert(rejected?.type === "rejected" && rejected.reason === "rate");
  // What was stored before is answered all the same; what was not is taken a second later.
  mallory.heard.length = 0;
  scene.say("mallory", SERVER, post(1));
  scene.run(1000);
  const again = { ...post(1), id: rejected.id, body: mallory.post(rejected.id, "mal", "x") } as Verb;
  scene.say("mallory", SERVER, again);
  assertEquals(answers(), [{ type: "stored", id: idOf(1) }, { type: "stored", id: rejected.id }]);
});

Deno.test("a member may ask so often; whoever is told nothing asks again", () => {
  const { scene, mallory } = withMember();
  const link = mallory.linkTo(scene.now, SERVER);
  const ask = () => {
    link.send(scene.now, { type: "rowsSince", nick: "mal", version: { start: 0, counter: 0 } });
    scene.run(4);
  };
  for (let count = 0; count < 2 * MEMBER_QUESTIONS_BURST; count++) ask();
  const answered = () => mallory.heard.filter(({ type }) => type === "rows").length;
  assertEquals(answered(), MEMBER_QUESTIONS_BURST);
  scene.run(1000);
  ask();
  assertEquals(answered(), MEMBER_QUESTIONS_BURST + 1);
});
