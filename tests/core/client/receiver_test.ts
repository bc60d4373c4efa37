/**
 * What becomes of what others wrote: read, unreadable or refused, and what the user and the sender hear of
 * it.
 */
import { assert, assertEquals, assertFalse } from "@std/assert";
import { STRANGERS_BYTES, STRANGERS_MESSAGES, UNREADABLE_MESSAGES } from "../../../core/base/limits.ts";
import { isReceiptOf, type Outcome } from "../../../core/messages/identity.ts";
import type { VerbOf } from "../../../core/messages/verb.ts";
import { cheapPrimitives as primitives } from "../../kit/cheap_primitives.ts";
import { altered } from "../../kit/peer.ts";
import { BODY, idOf, TOP_ID } from "../../kit/samples.ts";
import type { Speaker } from "../../kit/speaker.ts";
import { ClientStage, letterOf, row } from "./receiver_scene.ts";

const ID = idOf(1);
const UNREADABLE = "[A message from alice cannot be opened, it will be sealed again.]";
const CHANGED = "[alice has another key than the pinned one: somebody else may have the nick. " +
  "Nothing is sent to alice until you say 'trust alice'.]";

/** Bob, who is registered, and Alice, whom he knows from the table. */
function met(): { stage: ClientStage; alice: Speaker } {
  const stage = new ClientStage();
  const alice = stage.peer("alice");
  stage.registered(row(alice));
  stage.lines();
  return { stage, alice };
}

/**
 * What receipts say: the outcome, and about which sealing. Each has to be Bob's, for a message of this
 * nick's.
 */
function said(stage: ClientStage, receipts: VerbOf<"receipt">[], to = "alice"): [Outcome, number][] {
  return receipts.map((receipt) => {
    const nicks = { from: stage.nick, to };
    assertEquals({ from: receipt.from, to: receipt.to }, nicks);
    assert(isReceiptOf(primitives, stage.identity.publicKey, nicks, receipt));
    return [receipt.outcome, receipt.edition];
  });
}

/** What Alice heard directly, and what the server heard. */
function answers(
  stage: ClientStage,
  alice: Speaker,
): { alice: [Outcome, number][]; server: [Outcome, number][] } {
  return {
    alice: said(stage, stage.receipts(alice)),
    server: said(stage, stage.receipts(stage.server)),
  };
}

// ---- read ------------------------------------------------------------------------------------------------

Deno.test("a letter that comes directly is shown, and receipted to its sender", () => {
  const { stage, alice } = met();
  stage.says(alice, ID, letterOf(alice, ID, stage, "hello"));
  assertEquals(stage.lines(), ["alice: hello"]);
  assertEquals(answers(stage, alice), { alice: [["read", 0]], server: [] });
});

Deno.test("a letter that comes by way of the server is shown, and receipted to the server", () => {
  const { stage, alice } = met();
  stage.hands("letter", ID, "alice", letterOf(alice, ID, stage, "hello"));
  assertEquals(stage.lines(), ["alice: hello"]);
  assertEquals(answers(stage, alice), { alice: [], server: [["read", 0]] });
});

Deno.test("a letter that was read is receipted again on whatever way it comes again, and shown once", () => {
  const { stage, alice } = met();
  const letter = letterOf(alice, ID, stage, "hello");
  stage.says(alice, ID, letter);
  stage.says(alice, ID, letter);
  stage.hands("letter", ID, "alice", letter);
  assertEquals(stage.lines(), ["alice: hello"]);
  assertEquals(answers(stage, alice), { alice: [["read", 0], ["read", 0]], server: [["read", 0]] });
});

Deno.test("a letter that was read is receipted as read also when it comes as its other sealing", () => {
  const { stage, alice } = met();
  stage.says(alice, ID, letterOf(alice, ID, stage, "hello"));
  stage.says(alice, ID, letterOf(alice, ID, stage, "hello", { edition: 1 }));
  assertEquals(stage.lines(), ["alice: hello"]);
  assertEquals(answers(stage, alice).alice, [["read", 0], ["read", 1]]);
});

Deno.test("a letter that was read is receipted as read also when it could not be opened any more", () => {
  const { stage, alice } = met();
  const letter = letterOf(alice, ID, stage, "hello");
  stage.says(alice, ID, letter);
  stage.hands("letter", ID, "alice", altered(letter));
  assertEquals(stage.lines(), ["alice: hello"]);
  assertEquals(answers(stage, alice), { alice: [["read", 0]], server: [["read", 0]] });
});

Deno.test("the sender is shown as the table writes him, and his case does not matter to the seal", () => {
  const { stage, alice } = met();
  stage.says(alice, ID, letterOf(alice, ID, stage, "hello"), { from: "ALICE", to: "BOB" });
  assertEquals(stage.lines(), ["alice: hello"]);
  assertEquals(answers(stage, alice).alice, [["read", 0]]);
});

Deno.test("the first letter pins its sender's identity, also of one who is not in the table", () => {
  const stage = new ClientStage();
  const alice = stage.peer("alice");
  stage.registered();
  assertEquals(stage.saved("known_peer"), []);
  stage.hands("letter", ID, "alice", letterOf(alice, ID, stage, "hello"));
  assertEquals(stage.saved("known_peer"), ["known_peer/alice"]);
  stage.lines();
  stage.shows(row(stage.peer("alice")));
  assertEquals(stage.lines(), [CHANGED]);
});

Deno.test("a letter under a bundle of another day is read, as long as the identity is the same", () => {
  const { stage, alice } = met();
  const sender = alice.identity.bundle("alice", "5e".repeat(32), 1, 1);
  stage.hands("letter", ID, "alice", letterOf(alice, ID, stage, "hello", { sender }));
  assertEquals(stage.lines(), ["alice: hello"]);
});

// ---- unreadable ------------------------------------------------------------------------------------------

Deno.test("what is no letter, was damaged, is for another prekey or under a forged bundle is unreadable", () => {
  const { stage, alice } = met();
  const otherPrekey = stage.identity.bundle(stage.nick, "5e".repeat(32), 1, 1);
  const forged = { ...alice.author.bundle, prekeyAt: 1, signature: "5a".repeat(64) };
  const bodies = [
    BODY,
    new Uint8Array(0),
    altered(letterOf(alice, idOf(3), stage, "x")),
    letterOf(alice, idOf(4), { nick: stage.nick, bundle: otherPrekey }, "x"),
    letterOf(alice, idOf(5), { nick: "carol", bundle: stage.bundle }, "x"),
    letterOf(alice, TOP_ID, stage, "x"),
    letterOf(alice, idOf(7), stage, "x", { sender: forged }),
  ];
  for (const [at, body] of bodies.entries()) {
    stage.hands("letter", idOf(1 + at), "alice", body);
    assertEquals(stage.lines(), [UNREADABLE], `${at}`);
    assertEquals(answers(stage, alice).server, [["unreadable", 0]], `${at}`);
  }
  assertEquals(stage.saved("known_peer"), []);
});

Deno.test("nobody but the holder of the keys in the table writes under a nick, whatever bundle he borrows", () => {
  const { stage, alice } = met();
  const mallory = stage.peer("alice");
  const { key } = mallory;
  // The whole bundle is Alice's, and so the secret of its key is not known; or the key alone is Mallory's; or
  // the identity as well, with Alice's signature.
  const senders = [
    alice.author.bundle,
    { ...alice.author.bundle, key },
    { ...mallory.author.bundle, signature: alice.author.bundle.signature },
  ];
  for (const [at, sender] of senders.entries()) {
    const id = idOf(1 + at);
    stage.hands("letter", id, "alice", letterOf(mallory, id, stage, "give me your money", { sender }));
    assertEquals(stage.lines(), [UNREADABLE], `${at}`);
    assertEquals(answers(stage, alice).server, [["unreadable", 0]], `${at}`);
  }
});

Deno.test("of a letter that cannot be opened is told once, on whatever ways it comes; it is receipted each time", () => {
  const { stage, alice } = met();
  const letter = altered(letterOf(alice, ID, stage, "hello"));
  stage.says(alice, ID, letter);
  stage.says(alice, ID, letter);
  stage.hands("letter", ID, "alice", letter);
  assertEquals(stage.lines(), [UNREADABLE]);
  const told: [Outcome, number] = ["unreadable", 0];
  assertEquals(answers(stage, alice), { alice: [told, told], server: [told] });
});

Deno.test("the same message sealed again is read; when that is unreadable too it is told of once more", () => {
  const { stage, alice } = met();
  stage.says(alice, ID, altered(letterOf(alice, ID, stage, "hello")));
  const again = letterOf(alice, ID, stage, "hello", { edition: 1 });
  for (let time = 0; time < 2; time++) stage.says(alice, ID, altered(again));
  const twice = "[A message from alice cannot be opened, it was sealed twice.]";
  assertEquals(stage.lines(), [UNREADABLE, twice]);
  const receipts = answers(stage, alice).alice;
  assertEquals(receipts, [["unreadable", 0], ["unreadable", 1], ["unreadable", 1]]);
  stage.says(alice, ID, again);
  assertEquals(stage.lines(), ["alice: hello"]);
  assertEquals(answers(stage, alice).alice, [["read", 1]]);
});

Deno.test("of 1,024 letters that could not be opened it is remembered that they were told of", () => {
  const { stage } = met();
  const hand = (count: number) => {
    stage.hands("letter", idOf(count), "alice", BODY);
    return stage.lines().length;
  };
  for (let count = 1; count <= UNREADABLE_MESSAGES; count++) assertEquals(hand(count), 1);
  assertEquals(hand(1), 0);
  assertEquals(hand(UNREADABLE_MESSAGES + 1), 1);
  assertEquals(hand(1), 1);
  assertEquals(hand(3), 0);
});

// ---- refused ---------------------------------------------------------------------------------------------

/** Bob has heard from Alice; then somebody else has her nick. */
function exchanged(): { stage: ClientStage; alice: Speaker; mallory: Speaker } {
  const { stage, alice } = met();
  stage.says(alice, ID, letterOf(alice, ID, stage, "hello"));
  stage.lines();
  stage.receipts(alice);
  return { stage, alice, mallory: stage.peer("alice") };
}

Deno.test("a letter of another identity than the one pinned is refused, and the user told once", () => {
  const { stage, mallory } = exchanged();
  for (const id of [idOf(2), idOf(3), idOf(2)]) {
    stage.hands("letter", id, "alice", letterOf(mallory, id, stage, "give me your money"));
  }
  assertEquals(stage.lines(), [CHANGED]);
  assertEquals(said(stage, stage.receipts(stage.server)), Array(3).fill(["refused", 0]));
  const third = stage.peer("alice");
  stage.hands("letter", idOf(4), "alice", letterOf(third, idOf(4), stage, "me too"));
  assertEquals(stage.lines(), [CHANGED]);
});

Deno.test("a row with another identity is told of once, and letters from there are refused as well", () => {
  const { stage, mallory } = exchanged();
  stage.shows(row(mallory));
  assertEquals(stage.lines(), [CHANGED]);
  stage.says(mallory, idOf(2), letterOf(mallory, idOf(2), stage, "x"));
  stage.shows(row(mallory, { online: false }));
  assertEquals(stage.lines(), []);
  assertEquals(said(stage, stage.receipts(mallory)), [["refused", 0]]);
});

Deno.test("a letter that was refused is read once its identity is trusted", () => {
  const { stage, mallory } = exchanged();
  stage.shows(row(mallory));
  const letter = letterOf(mallory, idOf(2), stage, "I lost my keys");
  stage.says(mallory, idOf(2), letter);
  stage.acts({ type: "trust", nick: "alice" });
  stage.lines();
  stage.says(mallory, idOf(2), letter);
  assertEquals(stage.lines(), ["alice: I lost my keys"]);
  assertEquals(said(stage, stage.receipts(mallory)), [["refused", 0], ["read", 0]]);
});

Deno.test("whom an invitation names is pinned before the first letter", () => {
  const { alice, mallory } = exchanged();
  const stage = new ClientStage({ invited: [{ nick: "alice", identity: alice.identity.publicKey }] });
  stage.registered();
  stage.lines();
  stage.hands("letter", idOf(1), "alice", letterOf(mallory, idOf(1), stage, "x"));
  stage.hands("letter", idOf(2), "alice", letterOf(alice, idOf(2), stage, "hello"));
  assertEquals(stage.lines(), [CHANGED, "alice: hello"]);
  assertEquals(said(stage, stage.receipts(stage.server)), [["refused", 0], ["read", 0]]);
});

// ---- strangers -------------------------------------------------------------------------------------------

Deno.test("a letter from whom the table does not name waits until the server says who that is", () => {
  const stage = new ClientStage();
  const alice = stage.peer("alice");
  stage.registered();
  stage.lines();
  const asked = stage.questions;
  stage.says(alice, ID, letterOf(alice, ID, stage, "hello"));
  assertEquals([stage.lines(), answers(stage, alice).alice], [[], []]);
  assertEquals(stage.questions, asked + 1);
  stage.shows(row(alice));
  assertEquals(stage.lines(), ["alice: hello"]);
  assertEquals(answers(stage, alice), { alice: [["read", 0]], server: [] });
});

Deno.test("a letter from another key than the one in the table is never taken", () => {
  const { stage, alice } = met();
  const mallory = stage.peer("mallory");
  stage.says(mallory, ID, letterOf(alice, ID, stage, "hello"), { from: "alice" });
  stage.shows(row(mallory));
  assertEquals(stage.lines(), []);
  assertEquals([stage.receipts(mallory), stage.receipts(alice)], [[], []]);
});

Deno.test("a letter for another nick is not taken", () => {
  const { stage, alice } = met();
  stage.says(alice, ID, letterOf(alice, ID, { nick: "carol", bundle: stage.bundle }, "hello"), {
    to: "carol",
  });
  assertEquals([stage.lines(), stage.receipts(alice)], [[], []]);
});

Deno.test("1,024 letters of strangers wait, and of what finds no room nobody hears", () => {
  const stage = new ClientStage();
  const alice = stage.peer("alice");
  stage.registered();
  stage.lines();
  for (let count = 1; count <= STRANGERS_MESSAGES + 1; count++) stage.says(alice, idOf(count), BODY);
  stage.shows(row(alice));
  stage.run(2000);
  assertEquals(stage.lines().length, STRANGERS_MESSAGES);
  const ids = stage.receipts(alice).map(({ id }) => id);
  assertEquals(ids.length, STRANGERS_MESSAGES);
  assertFalse(ids.includes(idOf(STRANGERS_MESSAGES + 1)));
  // Now there is room again.
  stage.says(alice, idOf(STRANGERS_MESSAGES + 1), BODY);
  assertEquals(said(stage, stage.receipts(alice)), [["unreadable", 0]]);
});

Deno.test("of the letters of strangers 4 MiB wait, each time", () => {
  const stage = new ClientStage();
  const [alice, carol] = [stage.peer("alice"), stage.peer("carol")];
  stage.registered();
  // No letters: their first byte says so.
  const body = new Uint8Array(64 * 1024).fill(9);
  const most = STRANGERS_BYTES / body.length;
  for (const peer of [alice, carol]) {
    for (let count = 1; count <= most + 1; count++) {
      stage.says(peer, idOf(count), body);
      stage.run(200);
    }
    stage.says(peer, idOf(most + 2), new Uint8Array(0));
    stage.shows(row(peer));
    stage.run(1000);
    const ids = stage.receipts(peer).map(({ id }) => id).sort();
    const expected = Array.from({ length: most }, (_, at) => idOf(at + 1));
    assertEquals(ids, [...expected, idOf(most + 2)]);
  }
});
