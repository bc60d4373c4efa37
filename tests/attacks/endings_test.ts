/**
 * Attacks on the end of identities: only an identity itself, or one whose successor it is, can end it, and
 * only the identity itself names its successor.
 */
import { assertEquals, assertLessOrEqual } from "@std/assert";
import { type Primitives, primitives } from "../../core/base/crypto.ts";
import { Identity, NO_KEY, noBundle, SECRETS_BYTES } from "../../core/messages/identity.ts";
import { type Lineage, NO_LINEAGE, revocationOf, successionOf } from "../../core/messages/lineage.ts";
import type { RevocationAnswer, VerbOf } from "../../core/messages/verb.ts";
import { HostileServer, last } from "../kit/hostile_server.ts";
import type { Person } from "../kit/person.ts";
import { Speaker } from "../kit/speaker.ts";
import { Arena } from "./arena.ts";

const NO_SIGNATURE = NO_KEY + NO_KEY;

const FORGED = "[The server gives keys for bob that bob did not sign, they are not used.]";
const REVOKED = "[bob's identity was revoked by its owner.]";
const SUCCEEDED = "[bob has a new identity, signed by the old one.]";
const STORED = ["[Message received by SERVER.]", "SERVER: [Message received by the server and saved]"];

/** Says a revocation to the server, and returns the answer to it. */
function answerTo(arena: Arena, verb: VerbOf<"revoke">): RevocationAnswer | undefined {
  const stranger = new Speaker(arena, "stranger", { address: { host: "10.77.7.7", port: 7 } });
  stranger.says(arena.server, verb);
  arena.runs(2000);
  return stranger.heardOf("revoked").at(-1)?.answer;
}

function newIdentity(arena: Arena): Identity {
  return new Identity(primitives, arena.random(SECRETS_BYTES));
}

// ---- at the server ---------------------------------------------------------------------------------------

Deno.test("attack: hand in a revocation that the identity did not sign, or not for this nick: nothing changes", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  const other = newIdentity(arena);
  const bobs = bob.revocation;
  const before = arena.server.state;
  const tries: readonly [VerbOf<"revoke">, RevocationAnswer][] = [
    // Of an identity that has nothing to do with the nick.
    [{ ...bobs, ...revocationOf(other, "bob") }, "unknown"],
    // For a nick that the identity does not have, or that nobody has.
    [{ ...bobs, nick: "alice" }, "unknown"],
    [{ ...bobs, nick: "dave" }, "unknown"],
    // Signed by somebody else, for another nick, for another purpose, or not at all.
    [{ ...bobs, signature: revocationOf(other, "bob").signature }, "forged"],
    [{ ...bobs, signature: revocationOf(bob.identity, "alice").signature }, "forged"],
    [{ ...bobs, signature: successionOf(bob.identity, bob.identity, "bob").signature }, "forged"],
    [{ ...bobs, signature: arena.server.bundleOf("bob").signature }, "forged"],
    [{ ...bobs, signature: NO_SIGNATURE }, "forged"],
  ];
  for (const [verb, answer] of tries) assertEquals(answerTo(arena, verb), answer);
  assertEquals(arena.server.state, before);
  arena.theyTalk(alice, bob);
});

Deno.test("attack: replay a revocation at another server: it ends the identity where that has the nick, and nothing else", () => {
  const arena = new Arena();
  const { bob } = arena.clients("bob");
  const elsewhere = new Arena();
  // Somebody else is bob there.
  const namesake = elsewhere.client("bob", { identity: newIdentity(arena) });
  namesake.registers();
  elsewhere.runs(500);
  namesake.looks();
  const before = elsewhere.server.state;
  assertEquals(answerTo(elsewhere, bob.revocation), "unknown");
  assertEquals(elsewhere.server.state, before);
  namesake.sees();
  // bob has brought his identity to a third server: who stole it has it there as well.
  const third = new Arena();
  const same = third.client("bob", { identity: bob.identity });
  same.registers();
  third.runs(500);
  assertEquals(answerTo(third, bob.revocation), "done");
  assertEquals(same.looks().filter((line) => line.includes("has ended")).length, 1);
});

Deno.test("attack: revoke again and again: it is answered, and nothing changes any more", () => {
  const arena = new Arena();
  const { bob } = arena.clients("bob");
  assertEquals(answerTo(arena, bob.revocation), "done");
  const before = arena.server.state;
  arena.server.looks();
  for (let count = 0; count < 5; count++) assertEquals(answerTo(arena, bob.revocation), "done");
  assertEquals(arena.server.state, before);
  arena.server.sees();
});

Deno.test("attack: a flood of revocations, each over a link of its own: few are checked, none is kept", () => {
  let checked = 0;
  const counting: Primitives = {
    ...primitives,
    verify: (...parts) => {
      checked++;
      return primitives.verify(...parts);
    },
  };
  const arena = new Arena({ primitives: counting });
  const { alice, bob } = arena.clients("alice", "bob");
  const before = arena.server.state;
  checked = 0;
  const forged = { ...bob.revocation, signature: NO_SIGNATURE };
  const answers: (RevocationAnswer | undefined)[] = [];
  for (let count = 0; count < 100; count++) {
    const address = { host: "10.66.6.6", port: 7000 + count };
    const flooder = new Speaker(arena, "flooder", { address });
    flooder.says(arena.server, forged);
    arena.runs(50);
    answers.push(...flooder.heardOf("revoked").map(({ answer }) => answer));
  }
  assertEquals([...new Set(answers)].toSorted(), ["forged", "rate"]);
  // 5 at once, and one a second for 5 s.
  assertLessOrEqual(checked, 11);
  assertEquals(arena.server.state, before);
  arena.theyTalk(alice, bob);
  // From another address one gets through.
  const owner = new Speaker(arena, "owner", { address: { host: "10.7.7.7", port: 7 } });
  owner.says(arena.server, bob.revocation);
  arena.runs(100);
  assertEquals(owner.heardOf("revoked").map(({ answer }) => answer), ["done"]);
});

Deno.test("attack: succeed an identity that has not signed it, or whose successor is another one: 'other key'", () => {
  const arena = new Arena();
  const { alice, bob, carol } = arena.clients("alice", "bob", "carol");
  const mallory = new Speaker(arena, "mal");
  const mine = mallory.identity;
  const before = arena.server.state;
  const true_ = successionOf(bob.identity, carol.identity, "bob");
  const predecessors = [
    successionOf(mine, mine, "bob"),
    { ...successionOf(mine, mine, "bob"), identity: bob.identity.publicKey },
    { ...successionOf(mine, mine, "bob"), identity: bob.identity.publicKey, signature: true_.signature },
    // bob has named carol, or himself under another nick.
    true_,
    successionOf(bob.identity, mine, "bobby"),
    // The consent of the successor is somebody else's.
    { ...successionOf(bob.identity, mine, "bob"), consent: true_.consent },
  ];
  for (const predecessor of predecessors) {
    mallory.registers("bob", mallory.bundle("bob"), [predecessor]);
    assertEquals(last(mallory.heardOf("refused")).reason, "other key");
    arena.runs(2000);
  }
  // A successor whose link key is not his own gets no answer.
  mallory.heard.length = 0;
  mallory.registers("bob", { ...carol.identity.bundle("bob", mallory.key, arena.now, 1) }, [true_]);
  assertEquals([mallory.kindsHeard, arena.server.state], [[], before]);
  arena.theyTalk(alice, bob);
});

Deno.test("attack: a flood of successions that nobody signed: few are checked, and the owner still registers", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  const flooders = Array.from({ length: 30 }, (_, at) => {
    return new Speaker(arena, "mal", { address: { host: "10.66.6.6", port: 7000 + at } });
  });
  for (const flooder of flooders) {
    const { identity } = flooder;
    const predecessor = { ...successionOf(identity, identity, "bob"), identity: bob.identity.publicKey };
    flooder.registers("bob", flooder.bundle("bob"), [predecessor]);
  }
  // 5 at once, and one a second for 6 s.
  assertLessOrEqual(flooders.flatMap((flooder) => flooder.heardOf("refused")).length, 11);
  bob.isKilled();
  bob.registers();
  arena.runs(500);
  arena.theyTalk(alice, bob);
});

Deno.test("attack: a thief succeeds an identity after its owner has: refused; before: the owner's revocation ends both", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  arena.theyTalk(alice, bob);
  const [stolen, paper] = [bob.identity, bob.revocation];
  const thief = new Speaker(arena, "thief");
  const succession = successionOf(stolen, thief.identity, "bob");
  bob.isKilled();
  bob.succeeds();
  bob.registers();
  arena.runs(1000);
  thief.registers("bob", thief.bundle("bob"), [succession]);
  assertEquals(last(thief.heardOf("refused")).reason, "other key");
  arena.theyTalk(alice, bob);
  // The other way round.
  const other = new Arena();
  const { carol, dave } = other.clients("carol", "dave");
  other.theyTalk(carol, dave);
  const robber = new Speaker(other, "robber");
  const davesPaper = dave.revocation;
  robber.registers("dave", robber.bundle("dave"), [successionOf(dave.identity, robber.identity, "dave")]);
  assertEquals(robber.heardOf("registered").length, 1);
  other.runs(1000);
  carol.looks();
  assertEquals(answerTo(other, davesPaper), "done");
  assertEquals(carol.looks().at(-1), "[dave's identity was revoked by its owner.]");
  assertEquals(robber.heardOf("notRegistered").length, 1);
  robber.registers("dave");
  assertEquals(last(robber.heardOf("refused")).reason, "revoked");
  // Who has a stolen identity can always end it, but never have it for himself.
  assertEquals(answerTo(arena, paper), "done");
});

Deno.test("attack: name successors until the first identity is forgotten: there are three, and it ends them all", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  arena.theyTalk(alice, bob);
  const paper = bob.revocation;
  for (let count = 0; count < 3; count++) {
    bob.isKilled();
    bob.succeeds();
    bob.registers();
    arena.runs(2000);
  }
  arena.theyTalk(alice, bob);
  const thief = new Speaker(arena, "thief");
  thief.registers("bob", thief.bundle("bob"), [successionOf(bob.identity, thief.identity, "bob")]);
  assertEquals(last(thief.heardOf("refused")).reason, "other key");
  assertEquals(answerTo(arena, paper), "done");
  assertEquals(alice.looks().at(-1), REVOKED);
});

Deno.test("attack: speak directly with a revoked identity: refused, and nothing is shown", () => {
  const arena = new Arena();
  const { alice, bob, carol } = arena.clients("alice", "bob", "carol");
  arena.theyTalk(alice, bob);
  // The server cannot reach bob, who goes on speaking with alice, and begins to speak with carol.
  arena.loses({ from: arena.server, to: bob });
  assertEquals(answerTo(arena, bob.revocation), "done");
  arena.everybodyLooks();
  bob.writes("alice", "still me");
  bob.writes("carol", "I am bob");
  arena.runs(5000);
  assertEquals(alice.looks(), []);
  carol.sees(REVOKED);
  assertEquals(bob.looks().filter((line) => /(alice|carol) failed/.test(line)).length, 2);
});

// ---- a hostile server ------------------------------------------------------------------------------------

interface Situation {
  readonly arena: Arena;
  readonly alice: Person;
  readonly bob: Person;
  readonly server: HostileServer;
}

/** alice and bob know each other; bob is said to be away. */
function withHostileServer(): Situation {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  arena.theyTalk(alice, bob);
  const server = HostileServer.inThePlaceOfTheServer(arena);
  server.saysAway("bob");
  arena.everybodyLooks();
  return { arena, alice, bob, server };
}

function theyStillWrite({ arena, alice, bob, server }: Situation): void {
  alice.writes("bob", "hi");
  arena.runs(100);
  alice.sees(...STORED);
  server.hands(bob, "letter", last(server.lettersFrom("alice")));
  bob.sees("alice: hi");
}

Deno.test("attack: the server says that an identity was revoked or has a successor, without its word: not believed", () => {
  const scene = withHostileServer();
  const { alice, arena, bob, server } = scene;
  const [mine, his] = [newIdentity(arena), bob.identity];
  const forged: Partial<Lineage>[] = [
    { revocation: [{ identity: his.publicKey, signature: NO_SIGNATURE }] },
    { revocation: [revocationOf(mine, "bob")] },
    { revocation: [{ ...revocationOf(mine, "bob"), identity: his.publicKey }] },
    { revocation: [revocationOf(his, "bobby")] },
    // Somebody whose successor bob is said to be revokes himself.
    { predecessors: [{ ...successionOf(mine, mine, "bob") }], revocation: [revocationOf(mine, "bob")] },
    {
      predecessors: [{ ...successionOf(mine, his, "bob"), consent: NO_SIGNATURE }],
      revocation: [revocationOf(mine, "bob")],
    },
  ];
  for (const lineage of forged) {
    server.changesRow("bob", { ...NO_LINEAGE, ...lineage });
    alice.sees(FORGED);
  }
  // Its own keys in the place of bob's, with a succession that bob has not signed.
  const row = server.rowOf("bob");
  const bundle = mine.bundle("bob", mine.keyPair.publicKey.toHex(), arena.now, 1);
  const predecessors = [{ ...successionOf(mine, mine, "bob"), identity: his.publicKey }];
  server.changesRow("bob", { ...bundle, predecessors, revocation: [] });
  alice.sees(FORGED);
  // The same without a bundle, as of somebody who has not been there since version 3.
  const revocation = [{ identity: his.publicKey, signature: NO_SIGNATURE }];
  for (
    const lie of [
      { ...noBundle(his.publicKey), ...NO_LINEAGE, revocation },
      { ...noBundle(mine.publicKey), ...NO_LINEAGE, predecessors },
    ]
  ) {
    server.changesRow("bob", lie);
    alice.sees(FORGED);
  }
  server.changesRow("bob", { ...row, ...NO_LINEAGE });
  alice.sees();
  theyStillWrite(scene);
});

Deno.test("attack: the server takes a revocation back, or a succession: what was signed stays", () => {
  const { alice, arena, bob, server } = withHostileServer();
  const row = server.rowOf("bob");
  const successor = newIdentity(arena);
  const bundle = successor.bundle("bob", successor.keyPair.publicKey.toHex(), arena.now, 1);
  const predecessors = [successionOf(bob.identity, successor, "bob")];
  server.changesRow("bob", { ...bundle, predecessors });
  alice.sees(SUCCEEDED);
  server.changesRow("bob", { ...row, ...NO_LINEAGE });
  assertEquals(alice.looks()[0]?.startsWith("[bob has another key than the pinned one"), true);
  server.changesRow("bob", { ...bundle, predecessors, revocation: [revocationOf(bob.identity, "bob")] });
  alice.sees(REVOKED);
  const { length } = server.lettersFrom("alice");
  for (const change of [{ ...row, ...NO_LINEAGE }, { ...bundle, predecessors, revocation: [] }]) {
    server.changesRow("bob", change);
    alice.writes("bob", "hi");
    arena.runs(5000);
    assertEquals(alice.looks().length > 0, true);
    assertEquals(server.lettersFrom("alice").length, length);
  }
});
