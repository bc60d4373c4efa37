/**
 * What somebody says over a link of his own has no effect when it is not his to say: a link proves a key, and
 * nicks, ids and receipts count only from the key whose they are.
 */
import { assert, assertArrayIncludes, assertEquals, assertFalse, assertNotEquals } from "@std/assert";
import { isReceiptOf, NO_SIGNATURE, OUTCOMES, type Receipt } from "../../../core/messages/identity.ts";
import type { Verb, VerbOf } from "../../../core/messages/verb.ts";
import { cheapPrimitives as primitives } from "../../kit/cheap_primitives.ts";
import { ID, TOP_ID } from "../../kit/samples.ts";
import { Scene, SERVER, type Voice } from "../../kit/scene.ts";
import { opened } from "../../kit/sent.ts";

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
  const bundle = mallory.bundle("mal");
  scene.say("mallory", SERVER, { type: "register", nick: "mal", turn: 1, asked: true, bundle, candidates });
  scene.run(200);
  assertArrayIncludes(mallory.heard.map(({ type }) => type), ["registered"]);
  for (const name of ["alice", "bob", "SERVER"]) scene.lines(name);
}

function tell(scene: Scene, to: string, verb: Verb): void {
  scene.say("mallory", scene.addressOf(to), verb);
}

/** What mallory seals for alice as it should be, in some nick and to some nick. */
function letterFrom(scene: Scene, mallory: Voice, from: string, to: string): VerbOf<"direct"> {
  const body = mallory.letter({ id: ID, from, to }, scene.bundleOf("alice"), "psst");
  return { type: "direct", id: ID, from, to, body };
}

/** What mallory signs in some nick. */
function receiptFrom(
  mallory: Voice,
  id: string,
  from: string,
  said: Partial<Receipt> = {},
): VerbOf<"receipt"> {
  const receipt = mallory.identity.receipt(from, "alice", { id, edition: 0, outcome: "read", ...said });
  return { type: "receipt", from, to: "alice", ...receipt };
}

Deno.test("two clients talk", () => assertTheyTalk(withAliceAndBob().scene));

Deno.test("a receipt for a message that does not exist says nothing to anybody", () => {
  const { scene, mallory } = withAliceAndBob();
  tell(scene, "alice", receiptFrom(mallory, ID, "bob"));
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
        for (const outcome of OUTCOMES) tell(scene, "alice", receiptFrom(mallory, id, from, { outcome }));
      }
    }
    assertItStillWaits(scene);
  });
}

Deno.test("a receipt counts only with its recipient's signature, about this message and this sealing", () => {
  const { scene, mallory } = withAliceAndBob();
  register(scene, mallory);
  scene.act("alice", { type: "sendDirect", to: "mal", text: "hi" });
  scene.run(100);
  const { id } = heardLetters(mallory).at(-1)!;
  const genuine = receiptFrom(mallory, id, "mal");
  const stranger = scene.voice("stranger");
  const forgeries: readonly Partial<Receipt>[] = [
    { signature: NO_SIGNATURE },
    { signature: receiptFrom(stranger, id, "mal").signature },
    { signature: receiptFrom(mallory, TOP_ID, "mal").signature },
    { signature: receiptFrom(mallory, id, "bob").signature },
    { signature: receiptFrom(mallory, id, "mal", { outcome: "unreadable" }).signature },
    { outcome: "unreadable" },
    { outcome: "refused" },
    { edition: 1 },
    receiptFrom(mallory, id, "mal", { edition: 1 }),
    receiptFrom(mallory, id, "mal", { outcome: "released" }),
  ];
  for (const forgery of forgeries) tell(scene, "alice", { ...genuine, ...forgery });
  // Genuine, but somebody else brings it.
  scene.say("stranger", scene.addressOf("alice"), genuine);
  // Five hundred milliseconds without a receipt, and still none.
  scene.run(1000);
  assertEquals(scene.lines("alice"), [
    "[No ACK from mal, message sent to server.]",
    "[Message received by SERVER.]",
    "SERVER: [Message received by the server and saved]",
  ]);
  tell(scene, "alice", genuine);
  assertEquals(scene.lines("alice"), ["[Message received by mal.]"]);
});

Deno.test("what was not opened is sealed again, once; what is said of the first sealing is not about the second", () => {
  const { scene, mallory } = withAliceAndBob();
  register(scene, mallory);
  scene.act("alice", { type: "sendDirect", to: "mal", text: "hi" });
  scene.run(100);
  const [first] = heardLetters(mallory);
  const unreadable = receiptFrom(mallory, first!.id, "mal", { outcome: "unreadable" });
  for (let count = 0; count < 3; count++) tell(scene, "alice", unreadable);
  // The table is asked first whether mal has another prekey now.
  scene.run(500);
  const letters = heardLetters(mallory);
  assertEquals(letters.map(({ id, body }) => [id, body[0]]), [[first!.id, 0], [first!.id, 1]]);
  // It goes both ways, for mal has not answered for half a second.
  const stored = ["[Message received by SERVER.]", "SERVER: [Message received by the server and saved]"];
  assertEquals(scene.lines("alice"), stored);
  const again = receiptFrom(mallory, first!.id, "mal", { outcome: "unreadable", edition: 1 });
  tell(scene, "alice", again);
  assertEquals(scene.lines("alice"), [
    "[Message to mal failed: the recipient could not open it, sealed twice.]",
  ]);
  scene.run(60_000);
  assertEquals([heardLetters(mallory).length, scene.lines("alice")], [2, []]);
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
  scene.say("mallory", SERVER, {
    type: "post",
    id: ID,
    from: "alice",
    body: mallory.post(ID, "alice", "I am alice"),
  });
  const letter = { id: ID, from: "alice", to: "bob" };
  const body = mallory.letter(letter, scene.bundleOf("bob"), "I am alice");
  scene.say("mallory", SERVER, { type: "deposit", ...letter, body });
  scene.say("mallory", SERVER, { type: "saved", nick: "bob", stream: 1, position: 1 });
  scene.say("mallory", SERVER, receiptFrom(mallory, ID, "bob"));
  scene.say("mallory", SERVER, { type: "noted", nick: "bob", receipts: [{ id: ID, edition: 0 }] });
  scene.say("mallory", SERVER, { type: "keepAlive", nick: "alice" });
  assertEquals(mallory.heard.map((verb) => verb.type), Array(6).fill("notRegistered"));
  assertEquals([...scene.lines("alice"), ...scene.lines("bob")], []);
});

Deno.test("what a server says counts only from the server", () => {
  const { scene, mallory } = withAliceAndBob();
  register(scene, mallory);
  const says = (verb: Verb) => tell(scene, "alice", verb);
  says({ type: "replaced", nick: "alice" });
  says({ type: "notRegistered", nick: "alice" });
  says({ type: "deregistered", nick: "alice" });
  says({ type: "refused", nick: "alice", reason: "other key" });
  const since = { start: 2 ** 47, counter: 0 };
  // bob's messages are to go to mallory, and his own to count for nothing.
  const addresses = [scene.addressOf("mallory")];
  const row = { nick: "bob", ...mallory.bundle("bob"), ordinal: 1, online: true, addresses };
  says({ type: "rows", since, upTo: 1, newest: 1, rows: [row] });
  says({ type: "rows", since, upTo: 2, newest: 2, rows: [{ ...row, online: false }] });
  const place = { stream: 2 ** 47, position: 1, waited: true, id: ID, from: "bob" };
  says({
    type: "registered",
    nick: "alice",
    stream: 2 ** 47,
    version: since,
    members: 1,
    waiting: 1,
    dropped: 1,
  });
  says({ type: "letter", ...place, body: letterFrom(scene, mallory, "bob", "alice").body });
  says({ type: "channel", ...place, body: mallory.post(ID, "bob", "fake") });
  assertEquals(scene.lines("alice"), []);
  assertTheyTalk(scene);
});

Deno.test("stored, rejected, collected: who is not the server settles no message", () => {
  const { scene, mallory } = withAliceAndBob();
  assertTheyTalk(scene);
  scene.carried.length = 0;
  scene.cut.add("bob").add("SERVER");
  scene.act("alice", { type: "sendDirect", to: "bob", text: "hi" });
  scene.run(100);
  for (const id of idsFrom(scene, "alice")) {
    tell(scene, "alice", { type: "stored", id });
    tell(scene, "alice", { type: "rejected", id, reason: "unknown" });
    for (const outcome of OUTCOMES) {
      const receipts = [mallory.identity.receipt("bob", "alice", { id, edition: 0, outcome })];
      tell(scene, "alice", { type: "collected", to: "bob", receipts });
    }
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
      ["bob", "carol"],
    ] as const;
    for (const [from, to] of lies) tell(scene, "alice", letterFrom(scene, mallory, from, to));
    scene.run(2000);
    const heard = mallory.heard.filter(({ type }) => type !== "rows" && type !== "alive");
    assertEquals([heard, scene.lines("alice"), scene.lines("bob")], [[], [], []]);
    assertTheyTalk(scene);
  });
}

Deno.test("a member's message in its own nick is shown and receipted", () => {
  const { scene, mallory } = withAliceAndBob();
  register(scene, mallory);
  tell(scene, "alice", letterFrom(scene, mallory, "mal", "alice"));
  assertEquals(scene.lines("alice"), ["mal: psst"]);
  const receipt = mallory.heard.at(-1)!;
  assert(receipt.type === "receipt");
  const { id, from, to, edition, outcome } = receipt;
  assertEquals({ id, from, to, edition, outcome }, {
    id: ID,
    from: "alice",
    to: "mal",
    edition: 0,
    outcome: "read",
  });
  assert(isReceiptOf(primitives, scene.bundleOf("alice").identity, { from, to }, receipt));
});

Deno.test("who is deregistered answers nothing", () => {
  const { scene, mallory } = withAliceAndBob();
  scene.act("alice", { type: "deregister", nick: "alice" });
  scene.run(100);
  scene.lines("alice");
  tell(scene, "alice", letterFrom(scene, mallory, "bob", "alice"));
  assertEquals([mallory.heard, scene.lines("alice")], [[], []]);
});

function heardLetters(voice: Voice): VerbOf<"direct">[] {
  return voice.heard.filter((verb) => verb.type === "direct");
}

/** Of the direct messages that somebody has sent. */
function idsFrom(scene: Scene, name: string): string[] {
  const { host } = scene.addressOf(name);
  const ids = scene.carried.filter(({ from }) => from.host === host)
    .flatMap(({ to, bytes }) => opened(to, bytes).verbs)
    .flatMap((verb) => verb.type === "direct" ? [verb.id] : []);
  assert(ids.length > 0);
  return [...new Set(ids)];
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
  const body = mallory.post(next, "mal", "squat");
  scene.say("mallory", SERVER, { type: "post", id: next, from: "mal", body });
  scene.run(100);
  scene.lines("bob");
  scene.act("alice", { type: "sendChannel", text: "two" });
  scene.run(100);
  assertEquals(scene.lines("bob"), ["[Channel_Message alice: two]"]);
});
