/** What a stranger, or another client, says in somebody else's name has no effect. */
import { assert, assertArrayIncludes, assertEquals, assertFalse } from "@std/assert";
import type { VerbOf } from "../../core/verb.ts";
import { ID, SECRET } from "./samples.ts";
import { Scene, SERVER, type Voice } from "./scene.ts";

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

function withLinesRead(scene: Scene): Scene {
  for (const name of ["alice", "bob"]) scene.lines(name);
  return scene;
}

Deno.test("two clients talk", () => assertTheyTalk(withAliceAndBob().scene));

Deno.test("a receipt for a message that does not exist says nothing to anybody", () => {
  const { scene } = withAliceAndBob();
  scene.say("mallory", scene.addressOf("alice"), { type: "receipt", id: ID, from: "bob", to: "alice" });
  assertEquals(scene.lines("alice"), []);
  assertTheyTalk(scene);
});

Deno.test("a receipt of somebody to whom the message was not written does not count", () => {
  const { scene } = withAliceAndBob();
  scene.client("mal");
  assertTheyTalk(withLinesRead(scene));
  scene.cut.add("bob");
  scene.act("alice", { type: "sendDirect", to: "bob", text: "hi" });
  scene.run(100);
  // The id is known: it is in the packet that bob never got.
  for (const id of idsFrom(scene, "alice")) {
    scene.say("mallory", scene.addressOf("alice"), { type: "receipt", id, from: "mal", to: "alice" });
  }
  assertEquals(scene.lines("alice"), []);
});

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

Deno.test("another secret asks for a nick that is online: the holder is probed, and keeps it", () => {
  const { scene, mallory } = withAliceAndBob();
  scene.say("mallory", SERVER, { type: "register", nick: "ALICE", turn: 1, secret: SECRET, candidates: [] });
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
  scene.say("mallory", SERVER, { type: "register", nick: "alice", turn: 1, secret: SECRET, candidates: [] });
  scene.run(2400);
  assertEquals(mallory.heard.map(({ type }) => type), ["checking"]);
  scene.run(200);
  const answers = mallory.heard.slice(1).map(({ type }) => type);
  assertArrayIncludes(answers, ["registered"]);
  assertFalse(answers.includes("refused"));
});

Deno.test("what a server says counts only from the server", () => {
  const { scene } = withAliceAndBob();
  const alice = scene.addressOf("alice");
  scene.say("mallory", alice, { type: "replaced", nick: "alice" });
  scene.say("mallory", alice, { type: "notRegistered", nick: "alice" });
  scene.say("mallory", alice, { type: "refused", nick: "alice", reason: "in use" });
  const from = { start: 2 ** 47, counter: 0 };
  const rows = [{ nick: "bob", ordinal: 1, online: false, addresses: [] }];
  scene.say("mallory", alice, { type: "rows", from, upTo: 1, rows });
  const letter = { id: ID, after: ID, from: "bob", sentAt: 0, text: "fake" };
  scene.say("mallory", alice, { type: "letter", stream: 2 ** 47, position: 1, waited: true, ...letter });
  assertEquals(scene.lines("alice"), []);
  assertTheyTalk(scene);
});

Deno.test("nobody shows or receipts a message for another nick, or from one nobody knows", () => {
  const { scene, mallory } = withAliceAndBob();
  const rest = { id: ID, after: ID, sentAt: 0, text: "psst" };
  scene.say("mallory", scene.addressOf("alice"), { type: "direct", from: "bob", to: "carol", ...rest });
  scene.say("mallory", scene.addressOf("alice"), { type: "direct", from: "mallory", to: "alice", ...rest });
  scene.run(2000);
  assertEquals([mallory.heard, scene.lines("alice")], [[], []]);
});

Deno.test("who is deregistered answers nothing", () => {
  const { scene, mallory } = withAliceAndBob();
  scene.act("alice", { type: "deregister", nick: "alice" });
  scene.run(100);
  scene.lines("alice");
  const direct: VerbOf<"direct"> = {
    type: "direct",
    id: ID,
    after: ID,
    from: "bob",
    to: "alice",
    sentAt: 0,
    text: "x",
  };
  scene.say("mallory", scene.addressOf("alice"), direct);
  assertEquals([mallory.heard, scene.lines("alice")], [[], []]);
});

function idsFrom(scene: Scene, name: string): string[] {
  const { host } = scene.addressOf(name);
  const ids = scene.carried.filter(({ from }) => from.host === host).flatMap(({ bytes }) => {
    const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    // The verb `direct` behind a transport header without acknowledgements: tag 32, then the id.
    return digits.slice(52, 54) === "20" ? [digits.slice(54, 86)] : [];
  });
  assert(ids.length > 0);
  return ids;
}

Deno.test("a receipt from a third link, with a known id and the recipient's name, does not count", () => {
  const { scene } = withAliceAndBob();
  scene.act("alice", { type: "sendDirect", to: "bob", text: "a" });
  scene.run(100);
  scene.lines("alice");
  scene.carried.length = 0;
  scene.cut.add("bob");
  scene.act("alice", { type: "sendDirect", to: "bob", text: "b" });
  scene.run(100);
  const [id] = idsFrom(scene, "alice");
  scene.say("mallory", scene.addressOf("alice"), { type: "receipt", id: id!, from: "bob", to: "alice" });
  assertEquals(scene.lines("alice"), []);
});

Deno.test("no client tells its secret to another client that claims the server's address", () => {
  const { scene, mallory } = withAliceAndBob();
  const register = { type: "register", nick: "mal", turn: 1, secret: SECRET, candidates: [SERVER] } as const;
  scene.say("mallory", SERVER, register);
  scene.run(200);
  scene.act("alice", { type: "sendDirect", to: "mal", text: "hi" });
  scene.run(2000);
  scene.cut.add("SERVER");
  scene.act("alice", { type: "sendChannel", text: "x" });
  scene.run(2400);
  assertEquals(mallory.heard.filter(({ type }) => type === "register" || type === "post"), []);
});

Deno.test("nobody can use up the next id of somebody else", () => {
  const { scene, mallory } = withAliceAndBob();
  scene.say("mallory", SERVER, { type: "register", nick: "mal", turn: 1, secret: SECRET, candidates: [] });
  scene.run(100);
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
