/**
 * What somebody says over a link of his own has no effect when it is not his to say: a link proves a key, and
 * nicks, ids and answers count only from the key whose they are.
 */
import { assert, assertArrayIncludes, assertEquals, assertFalse, assertNotEquals } from "@std/assert";
import type { Key, Millis } from "../../../core/base/units.ts";
import { peopleTag } from "../../../core/messages/direct.ts";
import { NO_KEY, type Outcome, OUTCOMES, type Receipt } from "../../../core/messages/identity.ts";
import { NO_LINEAGE } from "../../../core/messages/lineage.ts";
import { letterNameOf, NO_LETTER } from "../../../core/messages/letter_form.ts";
import { idOf, prefixOf, sequenceOf } from "../../../core/messages/message_id.ts";
import type { Verb, VerbOf } from "../../../core/messages/verb.ts";
import { aliceBobAndMallory, type Cast } from "../../kit/cast.ts";
import { cheapPrimitives as primitives } from "../../kit/cheap_primitives.ts";
import { ID, TOP_ID, WHOLE_TABLE } from "../../kit/samples.ts";
import { Speaker } from "../../kit/speaker.ts";

/** alice's message reaches bob and is receipted. */
function assertTheyTalk({ world, alice, bob }: Cast): void {
  alice.does({ type: "sendDirect", to: "bob", text: "still here" });
  world.runs(100);
  assertEquals(bob.looks(), ["alice: still here"]);
  assertEquals(alice.looks(), ["[Message received by bob.]"]);
}

/** alice's "hi" is not settled, and arrives as soon as it can. */
function assertItStillWaits({ world, alice, bob }: Cast): void {
  world.runs(1000);
  assertEquals(alice.looks(), ["[No ACK from bob, message sent to server.]"]);
  world.mend(bob, world.server);
  world.runs(5000);
  assertEquals(bob.looks(), ["alice: hi"]);
  assertNotEquals(alice.looks(), []);
}

/** mallory is a member like all others, under the nick mal. */
function register({ world, mallory }: Cast, candidates: VerbOf<"register">["candidates"] = []): void {
  const bundle = mallory.bundle("mal");
  mallory.tells(world.server, {
    type: "register",
    nick: "mal",
    turn: 1,
    asked: true,
    bundle,
    candidates,
    predecessors: [],
  });
  world.runs(200);
  assertArrayIncludes(mallory.kindsHeard, ["registered"]);
  world.everybodyLooks();
}

/** What mallory writes to alice as it should be, in some nick and to some nick. */
function directFrom({ world, mallory }: Cast, from: string, to: string): VerbOf<"direct"> {
  const { identity, prekey } = world.server.bundleOf("alice");
  return mallory.direct({
    from,
    to: { nick: to, identity, prekey },
    text: "psst",
    serverKey: world.server.key,
  });
}

/**
 * What mallory answers to messages of alice's in some nick: everything that is not hers to know is as it
 * should be.
 */
function gotFrom(
  { world, mallory }: Cast,
  ids: readonly string[],
  { from, identity = mallory.identity.publicKey, outcome = "read" }: {
    from: string;
    identity?: Key;
    outcome?: Outcome;
  },
): VerbOf<"got"> {
  const alice = { nick: "alice", identity: world.server.bundleOf("alice").identity };
  const people = peopleTag(primitives, world.server.key, { nick: from, identity }, alice);
  const runs = ids.map(sequenceOf).map((sequence) => ({ from: sequence, to: sequence }));
  return { type: "got", from, to: "alice", people, outcome, prefix: prefixOf(ids[0]!), runs };
}

/** What mallory signs in some nick. */
function receiptFrom(
  mallory: Speaker,
  id: string,
  from: string,
  said: Partial<Receipt> = {},
): VerbOf<"receipt"> {
  return { type: "receipt", from, to: "alice", ...mallory.receipt(from, "alice", { id, ...said }) };
}

/** The id of the last message that mallory was sent directly. */
function lastIdHeard(mallory: Speaker): string {
  const { prefix, messages } = mallory.heardOf("direct").at(-1)!;
  return idOf({ prefix, sequence: messages.at(-1)!.sequence });
}

Deno.test("two clients talk", () => assertTheyTalk(aliceBobAndMallory()));

Deno.test("an answer about messages that do not exist says nothing to anybody", () => {
  const cast = aliceBobAndMallory();
  const { alice, mallory } = cast;
  register(cast);
  mallory.tells(alice, gotFrom(cast, [ID], { from: "mal" }));
  mallory.tells(alice, { ...gotFrom(cast, [ID], { from: "mal" }), runs: [{ from: 0, to: 2 ** 48 - 1 }] });
  assertEquals(alice.looks(), []);
  assertTheyTalk(cast);
});

for (const isMember of [false, true]) {
  Deno.test(`an answer counts only from the recipient's link${isMember ? ", not from another member's" : ""}`, () => {
    const cast = aliceBobAndMallory();
    const { world, alice, bob, mallory } = cast;
    if (isMember) register(cast);
    assertTheyTalk(cast);
    const began = world.now;
    world.cut(bob, world.server);
    alice.does({ type: "sendDirect", to: "bob", text: "hi" });
    world.runs(100);
    // The id is known: it is in the packet that bob never got.
    const ids = idsFrom(cast, began);
    for (const from of ["mal", "mallory", "alice", "bob", "BOB"]) {
      for (const identity of [mallory.identity.publicKey, bob.identity.publicKey]) {
        for (const outcome of OUTCOMES) mallory.says(alice, gotFrom(cast, ids, { from, identity, outcome }));
      }
    }
    world.runs(50);
    assertItStillWaits(cast);
  });
}

Deno.test("an answer counts only for the two people, about messages that went to this recipient", () => {
  const cast = aliceBobAndMallory();
  const { world, alice, bob, mallory } = cast;
  register(cast);
  assertTheyTalk(cast);
  alice.does({ type: "sendDirect", to: "mal", text: "hi" });
  world.runs(100);
  const began = world.now;
  world.cutBetween(alice, bob);
  alice.does({ type: "sendDirect", to: "bob", text: "for bob" });
  world.runs(100);
  const id = lastIdHeard(mallory);
  const genuine = gotFrom(cast, [id], { from: "mal" });
  const stranger = new Speaker(world, "stranger", { address: { host: "10.66.6.7", port: 7 } });
  const forgeries: readonly VerbOf<"got">[] = [
    { ...genuine, people: "00".repeat(16) },
    gotFrom(cast, [id], { from: "mal", identity: bob.identity.publicKey }),
    { ...genuine, people: mallory.heardOf("direct").at(-1)!.people },
    { ...genuine, prefix: prefixOf(TOP_ID) },
    { ...genuine, runs: [{ from: 7, to: 9 }] },
    // These outcomes are said of letters alone.
    { ...genuine, outcome: "unreadable" },
    { ...genuine, outcome: "released" },
    // Genuine, but about what went to bob.
    gotFrom(cast, idsFrom(cast, began), { from: "mal" }),
  ];
  for (const forgery of forgeries) mallory.tells(alice, forgery);
  // Genuine, but somebody else brings it, or it does not come directly.
  stranger.tells(alice, genuine);
  mallory.tells(alice, receiptFrom(mallory, id, "mal"));
  // Five hundred milliseconds without an answer, and still none.
  world.runs(1000);
  const lines = alice.looks();
  assert(lines.includes("[No ACK from mal, message sent to server.]"));
  assertFalse(lines.some((line) => /received by mal|failed/.test(line)), lines.join());
  mallory.tells(alice, genuine);
  assertEquals(alice.looks(), ["[Message received by mal.]"]);
});

Deno.test("`refused` and `forgotten` end a message at once", () => {
  for (const outcome of ["refused", "forgotten"] as const) {
    const cast = aliceBobAndMallory();
    const { world, alice, mallory } = cast;
    register(cast);
    alice.does({ type: "sendDirect", to: "mal", text: "hi" });
    world.runs(100);
    mallory.tells(alice, gotFrom(cast, [lastIdHeard(mallory)], { from: "mal", outcome }));
    const [line, ...more] = alice.looks();
    assert(line?.startsWith("[Message to mal failed: "), line);
    world.runs(60_000);
    assertEquals([more, alice.looks(), alice.outbox], [[], [], []]);
  }
});

Deno.test("a letter that was not opened is sealed again, once; what is said of the first one is not about the second", () => {
  const cast = aliceBobAndMallory();
  const { world, alice, mallory } = cast;
  register(cast);
  alice.does({ type: "sendDirect", to: "mal", text: "hi" });
  world.runs(1000);
  alice.looks();
  const unreadable = (at: number): VerbOf<"receipt"> => {
    const { id, body } = mallory.heardOf("letter")[at]!;
    return receiptFrom(mallory, id, "mal", { ...letterNameOf(body), outcome: "unreadable" });
  };
  for (let count = 0; count < 3; count++) mallory.tells(world.server, unreadable(0));
  world.runs(1000);
  const letters = mallory.heardOf("letter").map(({ body }) => letterNameOf(body));
  assertEquals(letters.map(({ edition }) => edition), [0, 1]);
  assertNotEquals(letters[0]!.ephemeral, letters[1]!.ephemeral);
  const stored = ["[Message received by SERVER.]", "SERVER: [Message received by the server and saved]"];
  assertEquals(alice.looks(), stored);
  mallory.tells(world.server, unreadable(1));
  assertEquals(alice.looks(), [
    "[Message to mal failed: the recipient could not open it, sealed twice.]",
  ]);
  world.runs(60_000);
  assertEquals([mallory.heardOf("letter").length, alice.looks()], [2, []]);
});

for (const type of ["deregister", "leave"] as const) {
  Deno.test(`${type} in the name of somebody else takes nobody offline`, () => {
    const cast = aliceBobAndMallory();
    const { world, bob, mallory } = cast;
    mallory.tells(world.server, { type, nick: "alice", turn: 9 });
    world.runs(5000);
    assertEquals(mallory.kindsHeard, type === "leave" ? [] : ["deregistered"]);
    assertEquals([...world.server.looks(), ...bob.looks()], []);
    assertTheyTalk(cast);
  });
}

Deno.test("verbs of a member from another link than its own are answered 'not registered', and do nothing", () => {
  const { world, alice, bob, mallory } = aliceBobAndMallory();
  mallory.tells(world.server, {
    type: "post",
    id: ID,
    from: "alice",
    body: mallory.post({ from: "alice", text: "I am alice" }),
  });
  const letter = { id: ID, from: "alice", to: "bob" };
  const recipient = world.server.bundleOf("bob");
  const body = mallory.letter({ ...letter, text: "I am alice", recipient });
  mallory.tells(world.server, { type: "deposit", ...letter, body });
  mallory.tells(world.server, { type: "saved", nick: "bob", stream: 1, position: 1 });
  mallory.tells(world.server, receiptFrom(mallory, ID, "bob"));
  mallory.tells(world.server, {
    type: "noted",
    nick: "bob",
    receipts: [{ id: ID, edition: 0, ephemeral: NO_KEY }],
  });
  mallory.tells(world.server, { type: "keepAlive", nick: "alice" });
  assertEquals(mallory.kindsHeard, Array(6).fill("notRegistered"));
  assertEquals([...alice.looks(), ...bob.looks()], []);
});

Deno.test("what a server says counts only from the server", () => {
  const cast = aliceBobAndMallory();
  const { world, alice, mallory } = cast;
  register(cast);
  const says = (verb: Verb) => mallory.tells(alice, verb);
  says({ type: "replaced", nick: "alice" });
  says({ type: "notRegistered", nick: "alice" });
  says({ type: "deregistered", nick: "alice" });
  says({ type: "refused", nick: "alice", reason: "other key" });
  const since = { start: 2 ** 47, counter: 0 };
  // bob's messages are to go to mallory, and his own to count for nothing.
  const addresses = [mallory.address];
  const row = {
    nick: "bob",
    skeleton: "bob",
    ...mallory.bundle("bob"),
    ordinal: 1,
    online: true,
    addresses,
    ...NO_LINEAGE,
  };
  says({ type: "rows", since, upTo: 1, newest: 1, rows: [row] });
  says({ type: "rows", since, upTo: 2, newest: 2, rows: [{ ...row, online: false }] });
  const place = { stream: 2 ** 47, position: 1, waited: true, id: ID, from: "bob" };
  says({
    type: "registered",
    nick: "alice",
    stream: 2 ** 47,
    version: since,
    members: 1,
    ...WHOLE_TABLE,
    waiting: 1,
    dropped: 1,
  });
  const recipient = world.server.bundleOf("alice");
  const body = mallory.letter({ from: "bob", to: "alice", text: "fake", recipient });
  says({ type: "letter", ...place, body });
  says({ type: "channel", ...place, body: mallory.post({ from: "bob", text: "fake" }) });
  assertEquals(alice.looks(), []);
  assertTheyTalk(cast);
});

Deno.test("stored, rejected, collected: who is not the server settles no message", () => {
  const cast = aliceBobAndMallory();
  const { world, alice, bob, mallory } = cast;
  assertTheyTalk(cast);
  const began = world.now;
  world.cut(bob, world.server);
  alice.does({ type: "sendDirect", to: "bob", text: "hi" });
  world.runs(100);
  for (const id of idsFrom(cast, began)) {
    mallory.tells(alice, { type: "stored", id, ...NO_LETTER });
    mallory.tells(alice, { type: "rejected", id, ...NO_LETTER, reason: "unknown" });
    for (const outcome of OUTCOMES) {
      const receipts = [mallory.receipt("bob", "alice", { id, outcome })];
      mallory.tells(alice, { type: "collected", to: "bob", receipts });
    }
  }
  assertItStillWaits(cast);
});

for (const isMember of [false, true]) {
  const who = isMember ? "another member" : "a stranger";
  Deno.test(`nobody shows or answers what ${who} writes in a nick that is not his, or to another nick`, () => {
    const cast = aliceBobAndMallory();
    const { world, alice, bob, mallory } = cast;
    if (isMember) register(cast);
    mallory.heard.length = 0;
    const lies = [
      ["bob", "alice"],
      ["BOB", "alice"],
      ["alice", "alice"],
      ["nobody", "alice"],
      ["mal", "bob"],
      ["bob", "carol"],
    ] as const;
    for (const [from, to] of lies) mallory.tells(alice, directFrom(cast, from, to));
    world.runs(2000);
    const heard = mallory.heard.filter(({ type }) => type !== "rows" && type !== "alive");
    assertEquals([heard, alice.looks(), bob.looks()], [[], [], []]);
    assertTheyTalk(cast);
  });
}

Deno.test("a member's message in its own nick is shown and answered", () => {
  const cast = aliceBobAndMallory();
  const { world, alice, mallory } = cast;
  register(cast);
  mallory.tells(alice, directFrom(cast, "mal", "alice"));
  assertEquals(alice.looks(), ["mal: psst"]);
  const { type: _, people, ...got } = mallory.heardOf("got").at(-1)!;
  const runs = [{ from: sequenceOf(ID), to: sequenceOf(ID) }];
  assertEquals(got, { from: "alice", to: "mal", outcome: "read", prefix: prefixOf(ID), runs });
  const [own, his] = ["alice", "mal"].map((nick) => {
    return { nick, identity: world.server.bundleOf(nick).identity };
  });
  assertEquals(people, peopleTag(primitives, world.server.key, own!, his!));
});

Deno.test("who is deregistered answers nothing", () => {
  const cast = aliceBobAndMallory();
  const { world, alice, mallory } = cast;
  alice.does({ type: "deregister", nick: "alice" });
  world.runs(100);
  alice.looks();
  mallory.tells(alice, directFrom(cast, "bob", "alice"));
  assertEquals([mallory.heard, alice.looks()], [[], []]);
});

/** The ids of the direct messages that alice has sent since. */
function idsFrom({ world, alice }: Cast, since: Millis): string[] {
  const ids = world.sent({ from: alice, kind: "direct" }, since)
    .flatMap(({ verbs }) => verbs)
    .flatMap((verb) => verb.type === "direct" ? [verb] : [])
    .flatMap(({ prefix, messages }) => messages.map(({ sequence }) => idOf({ prefix, sequence })));
  assert(ids.length > 0);
  return [...new Set(ids)];
}

Deno.test("what is meant for the server goes to no client that claims the server's address", () => {
  const cast = aliceBobAndMallory();
  const { world, alice, mallory } = cast;
  register(cast, [world.server.address]);
  alice.does({ type: "sendDirect", to: "mal", text: "hi" });
  world.runs(2000);
  assertArrayIncludes(mallory.kindsHeard, ["direct"]);
  world.cut(world.server);
  alice.does({ type: "sendChannel", text: "x" });
  world.runs(2400);
  assertEquals(mallory.heard.filter(({ type }) => type === "register" || type === "post"), []);
});

Deno.test("what is meant for a peer goes to nobody else who claims its address", () => {
  const cast = aliceBobAndMallory();
  const { world, alice, bob, mallory } = cast;
  register(cast, [bob.address]);
  assertTheyTalk(cast);
  assertEquals(mallory.heard.filter(({ type }) => type === "direct"), []);
  world.cut(mallory);
  alice.does({ type: "sendDirect", to: "mal", text: "hi" });
  world.runs(3000);
  assertEquals(bob.looks(), []);
  assertFalse(alice.looks().includes("[Message received by mal.]"));
});

Deno.test("nobody can use up the next id of somebody else", () => {
  const cast = aliceBobAndMallory();
  const { world, alice, bob, mallory } = cast;
  register(cast);
  alice.does({ type: "sendChannel", text: "one" });
  world.runs(100);
  const heard = mallory.heard.find((verb) => verb.type === "channel");
  assert(heard?.type === "channel");
  const next = heard.id.slice(0, -1) + "2";
  const body = mallory.post({ id: next, text: "squat" });
  mallory.tells(world.server, { type: "post", id: next, from: "mal", body });
  world.runs(100);
  bob.looks();
  alice.does({ type: "sendChannel", text: "two" });
  world.runs(100);
  assertEquals(bob.looks(), ["[Channel_Message alice: two]"]);
});
