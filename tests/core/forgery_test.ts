/**
 * What somebody says over a link of his own has no effect when it is not his to say: a link proves a key, and
 * nicks, ids and receipts count only from the key whose they are.
 */
import { assert, assertArrayIncludes, assertEquals, assertFalse, assertNotEquals } from "@std/assert";
import type { Verb, VerbOf } from "../../core/verb.ts";
import { ID } from "./samples.ts";
import { Scene, SERVER, type Voice } from "./scene.ts";
import { opened } from "./wire.ts";

function withAliceAndBob(): { scene: Scene; mallory: Voice } {
  const scene = new Scene();
  scene.client("alice");
  scene.client("bob");
  const mallory = scene.voice("mallory");
  for (const name of ["alice", "bob", "SERVER"]) scene.lines(name);
  return { scene, mallory };
}

/** alice's message reaches bob and is receipted. */
function assertTheyTalk(scene: Scene): void {
  scene.act("alice", { type: "sendDirect", to: "bob", text: "still here" });
  scene.run(100);
  assertEquals(scene.lines("bob"), ["alice: still here"]);
  assertEquals(scene.lines("alice"), ["[Message received by bob.]"]);
}

/** alice's "hi" is not settled, and arrives as soon as it can. */
function assertItStillWaits(scene: Scene): void {
  scene.run(1000);
  assertEquals(scene.lines("alice"), ["[No ACK from bob, message sent to server.]"]);
  scene.cut.clear();
  scene.run(5000);
  assertEquals(scene.lines("bob"), ["alice: hi"]);
  assertNotEquals(scene.lines("alice"), []);
}

/** mallory is a member like all others, under the nick mal. */
function register(scene: Scene, mallory: Voice, candidates: VerbOf<"register">["candidates"] = []): void {
  scene.say("mallory", SERVER, { type: "register", nick: "mal", turn: 1, asked: true, candidates });
  scene.run(200);
  assertArrayIncludes(mallory.heard.map(({ type }) => type), ["registered"]);
  for (const name of ["alice", "bob", "SERVER"]) scene.lines(name);
}

function tell(scene: Scene, to: string, verb: Verb): void {
  scene.say("mallory", scene.addressOf(to), verb);
}

const letterFrom = (from: string, to: string): VerbOf<"direct"> => (
  { type: "direct", id: ID, after: ID, from, to, sentAt: 0, text: "psst" }
);

Deno.test("two clients talk", () => assertTheyTalk(withAliceAndBob().scene));

Deno.test("a receipt for a message that does not exist says nothing to anybody", () => {
  const { scene } = withAliceAndBob();
  scene.say("mallory", scene.addressOf("alice"), { type: "receipt", id: ID, from: "bob", to: "alice" });
  assertEquals(scene.lines("alice"), []);
  assertTheyTalk(scene);
});

for (const isMember of [false, true]) {
  Deno.test(`a receipt counts only from the recipient's link${isMember ? ", not from another member's" : ""}`, () => {
    const { scene, mallory } = withAliceAndBob();
    if (isMember) register(scene, mallory);
    assertTheyTalk(scene);
    scene.carried.length = 0;
    scene.cut.add("bob").add("SERVER");
    scene.act("alice", { type: "sendDirect", to: "bob", text: "hi" });
    scene.run(100);
    // The id is known: it is in the packet that bob never got.
    for (const id of idsFrom(scene, "alice")) {
      for (const from of ["mal", "mallory", "alice", "bob", "BOB"]) {
        tell(scene, "alice", { type: "receipt", id, from, to: "alice" });
      }
    }
    assertItStillWaits(scene);
  });
}

for (const type of ["deregister", "leave"] as const) {
  Deno.test(`${type} in the name of somebody else takes nobody offline`, () => {
    const { scene, mallory } = withAliceAndBob();
    scene.say("mallory", SERVER, { type, nick: "alice", turn: 9 });
    scene.run(5000);
    assertEquals(mallory.heard.map((verb) => verb.type), type === "leave" ? [] : ["deregistered"]);
    assertEquals([...scene.lines("SERVER"), ...scene.lines("bob")], []);
    assertTheyTalk(scene);
  });
}

Deno.test("verbs of a member from another link than its own are answered 'not registered', and do nothing", () => {
  const { scene, mallory } = withAliceAndBob();
  scene.say("mallory", SERVER, { type: "post", id: ID, from: "alice", sentAt: 0, text: "I am alice" });
  const letter = { id: ID, after: ID, from: "alice", to: "bob", sentAt: 0, text: "I am alice" };
  scene.say("mallory", SERVER, { type: "deposit", ...letter });
  scene.say("mallory", SERVER, { type: "saved", nick: "bob", stream: 1, position: 1 });
  scene.say("mallory", SERVER, { type: "keepAlive", nick: "alice" });
  assertEquals(mallory.heard.map((verb) => verb.type), Array(4).fill("notRegistered"));
  assertEquals([...scene.lines("alice"), ...scene.lines("bob")], []);
});

Deno.test("another key asks for a nick that is online: the holder is probed, and keeps it", () => {
  const { scene, mallory } = withAliceAndBob();
  scene.say("mallory", SERVER, { type: "register", nick: "ALICE", turn: 1, asked: true, candidates: [] });
  scene.run(5000);
  assertEquals(mallory.heard, [
    { type: "checking", nick: "ALICE" },
    { type: "refused", nick: "ALICE", reason: "in use" },
  ]);
  assertEquals([...scene.lines("SERVER"), ...scene.lines("alice"), ...scene.lines("bob")], []);
  assertTheyTalk(scene);
});

Deno.test("only when the holder does not answer within 2.5 s is the nick given away", () => {
  const { scene, mallory } = withAliceAndBob();
  scene.cut.add("alice");
  scene.say("mallory", SERVER, { type: "register", nick: "alice", turn: 1, asked: true, candidates: [] });
  scene.run(2400);
  assertEquals(mallory.heard.map(({ type }) => type), ["checking"]);
  scene.run(200);
  const answers = mallory.heard.slice(1).map(({ type }) => type);
  assertArrayIncludes(answers, ["registered"]);
  assertFalse(answers.includes("refused"));
});

Deno.test("what a server says counts only from the server", () => {
  const { scene, mallory } = withAliceAndBob();
  register(scene, mallory);
  const says = (verb: Verb) => tell(scene, "alice", verb);
  says({ type: "replaced", nick: "alice" });
  says({ type: "notRegistered", nick: "alice" });
  says({ type: "deregistered", nick: "alice" });
  says({ type: "refused", nick: "alice", reason: "in use" });
  const since = { start: 2 ** 47, counter: 0 };
  // bob's messages are to go to mallory, and his own to count for nothing.
  const row = { nick: "bob", key: mallory.key, ordinal: 1, online: true, addresses: [] };
  says({ type: "rows", since, upTo: 1, newest: 1, rows: [row] });
  says({ type: "rows", since, upTo: 2, newest: 2, rows: [{ ...row, online: false }] });
  const letter = { id: ID, after: ID, from: "bob", sentAt: 0, text: "fake" };
  const place = { stream: 2 ** 47, position: 1, waited: true };
  says({
    type: "registered",
    nick: "alice",
    stream: 2 ** 47,
    version: since,
    members: 1,
    waiting: 1,
    dropped: 1,
  });
  says({ type: "letter", ...place, ...letter });
  says({ type: "channel", ...place, id: ID, from: "bob", sentAt: 0, text: "fake" });
  assertEquals(scene.lines("alice"), []);
  assertTheyTalk(scene);
});

Deno.test("stored, rejected, collected: who is not the server settles no message", () => {
  const { scene } = withAliceAndBob();
  assertTheyTalk(scene);
  scene.carried.length = 0;
  scene.cut.add("bob").add("SERVER");
  scene.act("alice", { type: "sendDirect", to: "bob", text: "hi" });
  scene.run(100);
  for (const id of idsFrom(scene, "alice")) {
    tell(scene, "alice", { type: "stored", id });
    tell(scene, "alice", { type: "rejected", id, reason: "unknown" });
    tell(scene, "alice", { type: "collected", to: "bob", ids: [id] });
  }
  assertItStillWaits(scene);
});

for (const isMember of [false, true]) {
  const who = isMember ? "another member" : "a stranger";
  Deno.test(`nobody shows or receipts what ${who} writes in a nick that is not his, or to another nick`, () => {
    const { scene, mallory } = withAliceAndBob();
    if (isMember) register(scene, mallory);
    mallory.heard.length = 0;
    const lies = [
      ["bob", "alice"],
      ["BOB", "alice"],
      ["alice", "alice"],
      ["nobody", "alice"],
      ["mal", "bob"],
      [
        "bob",
        "carol",
      ],
    ];
    for (const [from, to] of lies) tell(scene, "alice", letterFrom(from!, to!));
    scene.run(2000);
    const heard = mallory.heard.filter(({ type }) => type !== "rows" && type !== "alive");
    assertEquals([heard, scene.lines("alice"), scene.lines("bob")], [[], [], []]);
    assertTheyTalk(scene);
  });
}

Deno.test("a member's message in its own nick is shown and receipted", () => {
  const { scene, mallory } = withAliceAndBob();
  register(scene, mallory);
  tell(scene, "alice", letterFrom("mal", "alice"));
  assertEquals(scene.lines("alice"), ["mal: psst"]);
  assertEquals(mallory.heard.at(-1), { type: "receipt", id: ID, from: "alice", to: "mal" });
});

Deno.test("who is deregistered answers nothing", () => {
  const { scene, mallory } = withAliceAndBob();
  scene.act("alice", { type: "deregister", nick: "alice" });
  scene.run(100);
  scene.lines("alice");
  tell(scene, "alice", letterFrom("bob", "alice"));
  assertEquals([mallory.heard, scene.lines("alice")], [[], []]);
});

/** Of the direct messages that somebody has sent. */
function idsFrom(scene: Scene, name: string): string[] {
  const { host } = scene.addressOf(name);
  const ids = scene.carried.filter(({ from }) => from.host === host)
    .flatMap(({ to, bytes }) => opened(to, bytes).verbs)
    .flatMap((verb) => verb.type === "direct" ? [verb.id] : []);
  assert(ids.length > 0);
  return ids;
}

Deno.test("what is meant for the server goes to no client that claims the server's address", () => {
  const { scene, mallory } = withAliceAndBob();
  register(scene, mallory, [SERVER]);
  scene.act("alice", { type: "sendDirect", to: "mal", text: "hi" });
  scene.run(2000);
  assertArrayIncludes(mallory.heard.map(({ type }) => type), ["direct"]);
  scene.cut.add("SERVER");
  scene.act("alice", { type: "sendChannel", text: "x" });
  scene.run(2400);
  assertEquals(mallory.heard.filter(({ type }) => type === "register" || type === "post"), []);
});

Deno.test("what is meant for a peer goes to nobody else who claims its address", () => {
  const { scene, mallory } = withAliceAndBob();
  register(scene, mallory, [scene.addressOf("bob")]);
  assertTheyTalk(scene);
  assertEquals(mallory.heard.filter(({ type }) => type === "direct"), []);
  scene.cut.add("mallory");
  scene.act("alice", { type: "sendDirect", to: "mal", text: "hi" });
  scene.run(3000);
  assertEquals(scene.lines("bob"), []);
  assertFalse(scene.lines("alice").includes("[Message received by mal.]"));
});

Deno.test("nobody can use up the next id of somebody else", () => {
  const { scene, mallory } = withAliceAndBob();
  register(scene, mallory);
  scene.act("alice", { type: "sendChannel", text: "one" });
  scene.run(100);
  const heard = mallory.heard.find((verb) => verb.type === "channel");
  assert(heard?.type === "channel");
  const next = heard.id.slice(0, -1) + "2";
  scene.say("mallory", SERVER, { type: "post", id: next, from: "mal", sentAt: 0, text: "squat" });
  scene.run(100);
  scene.lines("bob");
  scene.act("alice", { type: "sendChannel", text: "two" });
  scene.run(100);
  assertEquals(scene.lines("bob"), ["[Channel_Message alice: two]"]);
});
