/**
 * What becomes of letters of others: read, unreadable or refused, and what the user and the sender hear of
 * it. `receiver_direct_test.ts` has the same for direct messages.
 */
import { assert, assertEquals } from "@std/assert";
import { Writer } from "../../../core/base/bytes.ts";
import { HASH_BYTES, labelled } from "../../../core/base/crypto.ts";
import { UNREADABLE_MESSAGES, UNTAKEN_PER_SECOND } from "../../../core/base/limits.ts";
import type { Key } from "../../../core/base/units.ts";
import { PREKEY } from "../../../core/durable/records.ts";
import { isReceiptOf, NO_KEY, type Outcome } from "../../../core/messages/identity.ts";
import type { VerbOf } from "../../../core/messages/verb.ts";
import { cheapPrimitives as primitives } from "../../kit/cheap_primitives.ts";
import { Disk } from "../../kit/disk.ts";
import { altered } from "../../kit/peer.ts";
import { BODY, idOf, TOP_ID } from "../../kit/samples.ts";
import type { Speaker } from "../../kit/speaker.ts";
import { START } from "../../kit/surroundings.ts";
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
 * What receipts say: the outcome, about which edition, and whether it is signed or proved by the letter. Each
 * has to be Bob's, for a message of this nick's.
 */
function said(stage: ClientStage, receipts: VerbOf<"receipt">[], to = "alice"): [Outcome, number, string][] {
  return receipts.map((receipt) => {
    const nicks = { from: stage.nick, to };
    assertEquals({ from: receipt.from, to: receipt.to }, nicks);
    const isProved = receipt.proof.length === 2 * HASH_BYTES;
    assert(isProved || isReceiptOf(primitives, stage.identity.publicKey, nicks, receipt));
    return [receipt.outcome, receipt.edition, isProved ? "proved" : "signed"];
  });
}

/** What the server heard; what a peer hears directly is no receipt. */
function receipts(stage: ClientStage, alice: Speaker): [Outcome, number, string][] {
  assertEquals(stage.receipts(alice), []);
  return said(stage, stage.receipts(stage.server));
}

// ---- read ------------------------------------------------------------------------------------------------

Deno.test("a letter is shown, and the server gets the proof that its sender expects", () => {
  const { stage, alice } = met();
  const writing = { id: ID, to: stage.nick, recipient: stage.bundle, text: "hello" };
  const { body, edition, ephemeral, proof } = alice.author.sealed(writing)!;
  stage.hands("letter", ID, "alice", body);
  assertEquals(stage.lines(), ["alice: hello"]);
  const said = { id: ID, edition, ephemeral, outcome: "read", proof } as const;
  assertEquals(stage.receipts(stage.server), [{ type: "receipt", from: "bob", to: "alice", ...said }]);
  assertEquals(stage.answers(alice), []);
});

Deno.test("a letter that was read is receipted each time that it comes, and shown once", () => {
  const { stage, alice } = met();
  const letter = letterOf(alice, ID, stage, "hello");
  for (let time = 0; time < 3; time++) stage.hands("letter", ID, "alice", letter);
  assertEquals(stage.lines(), ["alice: hello"]);
  assertEquals(receipts(stage, alice), Array(3).fill(["read", 0, "proved"]));
});

Deno.test("a message that was read is receipted as read for each of its letters", () => {
  const { stage, alice } = met();
  for (const edition of [0, 1, 0]) {
    stage.hands("letter", ID, "alice", letterOf(alice, ID, stage, "hello", { edition }));
  }
  assertEquals(stage.lines(), ["alice: hello"]);
  assertEquals(receipts(stage, alice), [0, 1, 0].map((edition) => ["read", edition, "proved"]));
});

Deno.test("a message that was read is signed as read if its letter does not open", () => {
  const { stage, alice } = met();
  const letter = letterOf(alice, ID, stage, "hello");
  stage.hands("letter", ID, "alice", letter);
  for (const body of [altered(letter), BODY, new Uint8Array(0)]) stage.hands("letter", ID, "alice", body);
  assertEquals(stage.lines(), ["alice: hello"]);
  // What is no letter is not answered at all.
  assertEquals(receipts(stage, alice), [["read", 0, "proved"], ["read", 0, "signed"]]);
});

Deno.test("a message that came directly is receipted as read when its letter comes: proved if it opens, otherwise signed", () => {
  const { stage, alice } = met();
  stage.says(alice, ID, "hello");
  const letter = letterOf(alice, ID, stage, "hello");
  stage.hands("letter", ID, "alice", altered(letter));
  stage.hands("letter", ID, "alice", letter);
  assertEquals(stage.lines(), ["alice: hello"]);
  assertEquals(receipts(stage, alice), [["read", 0, "signed"], ["read", 0, "proved"]]);
  assertEquals(stage.answers(alice), ["read 1"]);
});

Deno.test("a letter with other contents for an id that has come changes nothing", () => {
  const { stage, alice } = met();
  stage.says(alice, ID, "hello");
  stage.hands("letter", ID, "alice", letterOf(alice, ID, stage, "goodbye"));
  assertEquals(stage.lines(), ["alice: hello"]);
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

Deno.test("what is no letter is neither answered nor told of", () => {
  const { stage, alice } = met();
  for (const body of [BODY, new Uint8Array(0), Uint8Array.of(0x40), new Uint8Array(300).fill(7)]) {
    stage.hands("letter", ID, "alice", body);
  }
  assertEquals([stage.lines(), receipts(stage, alice)], [[], []]);
});

Deno.test("what was damaged, is for another prekey or under a forged bundle is unreadable", () => {
  const { stage, alice } = met();
  const otherPrekey = stage.identity.bundle(stage.nick, "5e".repeat(32), 1, 1);
  const forged = { ...alice.author.bundle, prekeyAt: 1, signature: "5a".repeat(64) };
  const bodies = [
    altered(letterOf(alice, idOf(1), stage, "x")),
    letterOf(alice, idOf(2), { nick: stage.nick, bundle: otherPrekey }, "x"),
    letterOf(alice, idOf(3), { nick: "carol", bundle: stage.bundle }, "x"),
    letterOf(alice, TOP_ID, stage, "x"),
    letterOf(alice, idOf(5), stage, "x", { sender: forged }),
  ];
  for (const [at, body] of bodies.entries()) {
    stage.hands("letter", idOf(1 + at), "alice", body);
    assertEquals(stage.lines(), [UNREADABLE], `${at}`);
    assertEquals(receipts(stage, alice), [["unreadable", 0, "signed"]], `${at}`);
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
    assertEquals(receipts(stage, alice), [["unreadable", 0, "signed"]], `${at}`);
  }
});

Deno.test("a letter that cannot be opened is told of once; it is receipted each time", () => {
  const { stage, alice } = met();
  const letter = altered(letterOf(alice, ID, stage, "hello"));
  for (let time = 0; time < 3; time++) stage.hands("letter", ID, "alice", letter);
  assertEquals(stage.lines(), [UNREADABLE]);
  assertEquals(receipts(stage, alice), Array(3).fill(["unreadable", 0, "signed"]));
});

Deno.test("a letter that cannot be opened says nothing about the direct way", () => {
  const { stage, alice } = met();
  stage.hands("letter", ID, "alice", altered(letterOf(alice, ID, stage, "hello")));
  stage.says(alice, ID, "hello");
  assertEquals(stage.lines(), [UNREADABLE, "alice: hello"]);
  assertEquals(receipts(stage, alice), [["unreadable", 0, "signed"]]);
  assertEquals(stage.answers(alice), ["read 1"]);
});

Deno.test("the same message sealed again is read; when that is unreadable too it is told of once more", () => {
  const { stage, alice } = met();
  stage.hands("letter", ID, "alice", altered(letterOf(alice, ID, stage, "hello")));
  const again = letterOf(alice, ID, stage, "hello", { edition: 1 });
  for (let time = 0; time < 2; time++) stage.hands("letter", ID, "alice", altered(again));
  const twice = "[A message from alice cannot be opened, it was sealed twice.]";
  assertEquals(stage.lines(), [UNREADABLE, twice]);
  const editions = [0, 1, 1].map((edition) => ["unreadable", edition, "signed"]);
  assertEquals(receipts(stage, alice), editions as [Outcome, number, string][]);
  stage.hands("letter", ID, "alice", again);
  assertEquals(stage.lines(), ["alice: hello"]);
  assertEquals(receipts(stage, alice), [["read", 1, "proved"]]);
});

Deno.test("of 1,024 letters that could not be opened it is remembered that they were told of", () => {
  const { stage, alice } = met();
  const hand = (count: number) => {
    stage.hands("letter", idOf(count), "alice", altered(letterOf(alice, idOf(count), stage, "x")));
    // So many are answered.
    stage.run(1000 / UNTAKEN_PER_SECOND);
    return stage.lines().length;
  };
  for (let count = 1; count <= UNREADABLE_MESSAGES; count++) assertEquals(hand(count), 1);
  assertEquals(hand(1), 0);
  assertEquals(hand(UNREADABLE_MESSAGES + 1), 1);
  assertEquals(hand(1), 1);
  assertEquals(hand(3), 0);
});

// ---- letters of version 3 --------------------------------------------------------------------------------

Deno.test("a letter of version 3 is read still, and its receipt is signed as that version signed it", () => {
  const secret = new Uint8Array(32).fill(9);
  const prekey = primitives.keyPair(secret).publicKey.toHex();
  const migrated = { secret: secret.toHex(), at: START, counter: 0, supersededAt: 0 };
  const stage = new ClientStage({ disk: new Disk([[PREKEY.key(prekey), PREKEY.encode(migrated)]]) });
  const alice = stage.peer("alice");
  stage.registered(row(alice));
  stage.lines();
  assert(stage.bundle.prekey !== prekey && stage.bundle.counter > 0);
  const letter = former(alice, stage, ID, "hello", prekey);
  stage.hands("letter", ID, "alice", letter);
  assertEquals(stage.lines(), ["alice: hello"]);
  const [receipt] = stage.receipts(stage.server);
  const { type: _, from, to, ...said } = receipt!;
  assertEquals([said.outcome, said.edition, said.ephemeral], ["read", 0, NO_KEY]);
  assert(isReceiptOf(primitives, stage.identity.publicKey, { from, to }, said));
  stage.hands("letter", idOf(2), "alice", letter);
  assertEquals(stage.lines(), [UNREADABLE]);
});

Deno.test("a letter of version 3 opens under no prekey of version 4: a thief of that could have made it", () => {
  const { stage, alice } = met();
  stage.hands("letter", ID, "alice", former(alice, stage, ID, "hello", stage.bundle.prekey));
  assertEquals(stage.lines(), [UNREADABLE]);
});

/** As a client of version 3 seals it: without the fourth agreement, under a bundle without a counter. */
function former(
  { author }: Speaker,
  { nick, bundle }: ClientStage,
  id: string,
  text: string,
  theirs: Key,
): Uint8Array {
  const { identity, key, prekey, prekeyAt } = author.bundle;
  const signed = labelled("Parley 3 bundle");
  signed.text8("alice");
  for (const part of [identity, key, prekey]) signed.hex(part);
  signed.u48(prekeyAt);
  const ephemeral = primitives.keyPair(author.secrets.slice(0, 32));
  const header = new Writer();
  header.u8(0);
  header.hex(theirs.slice(0, 16));
  header.raw(ephemeral.publicKey);
  for (const part of [identity, key, prekey]) header.hex(part);
  header.u48(prekeyAt);
  header.raw(author.identity.sign(signed.finish()));
  const before = header.finish();
  const [theirKey, theirPrekey] = [Uint8Array.fromHex(bundle.key), Uint8Array.fromHex(theirs)];
  const { keyPair } = author.identity;
  const agreed = [keyPair.agree(theirPrekey), ephemeral.agree(theirKey), ephemeral.agree(theirPrekey)];
  const input = primitives.mac(
    new Uint8Array(32),
    new Uint8Array(32).fill(0xff),
    ...agreed.map((secret) => secret!),
  );
  const secret = primitives.mac(input, new TextEncoder().encode("Parley 3 letter"), Uint8Array.of(1));
  const around = labelled("Parley 3 letter");
  around.hex(id);
  around.text8("alice");
  around.text8(nick);
  around.raw(before);
  for (const part of [bundle.identity, bundle.key, theirs]) around.hex(part);
  const associated = around.finish();
  const info = labelled("Parley 3 message");
  info.hex(id);
  info.u8(0);
  info.raw(primitives.hash(associated));
  const contents = new Writer();
  contents.zeros(16 + 32 + 6);
  contents.text24(text);
  const messageKey = primitives.mac(secret, info.finish(), Uint8Array.of(1));
  const sealed = primitives.seal(messageKey, 0, associated, contents.finish());
  return Uint8Array.of(...before, ...sealed);
}

// ---- refused ---------------------------------------------------------------------------------------------

/** Bob has heard from Alice; then somebody else has her nick. */
function exchanged(): { stage: ClientStage; alice: Speaker; mallory: Speaker } {
  const { stage, alice } = met();
  stage.hands("letter", ID, "alice", letterOf(alice, ID, stage, "hello"));
  stage.lines();
  stage.receipts(stage.server);
  return { stage, alice, mallory: stage.peer("alice") };
}

Deno.test("a letter of another identity than the one pinned is refused, and the user told once", () => {
  const { stage, mallory } = exchanged();
  for (const id of [idOf(2), idOf(3), idOf(2)]) {
    stage.hands("letter", id, "alice", letterOf(mallory, id, stage, "give me your money"));
  }
  assertEquals(stage.lines(), [CHANGED]);
  assertEquals(receipts(stage, mallory), Array(3).fill(["refused", 0, "signed"]));
  const third = stage.peer("alice");
  stage.hands("letter", idOf(4), "alice", letterOf(third, idOf(4), stage, "me too"));
  assertEquals(stage.lines(), [CHANGED]);
});

Deno.test("a letter that was refused is read once its identity is trusted", () => {
  const { stage, mallory } = exchanged();
  stage.shows(row(mallory));
  const letter = letterOf(mallory, idOf(2), stage, "I lost my keys");
  stage.hands("letter", idOf(2), "alice", letter);
  stage.acts({ type: "trust", nick: "alice" });
  stage.lines();
  stage.hands("letter", idOf(2), "alice", letter);
  assertEquals(stage.lines(), ["alice: I lost my keys"]);
  assertEquals(receipts(stage, mallory), [["refused", 0, "signed"], ["read", 0, "proved"]]);
});

Deno.test("whom an invitation names is pinned before the first letter", () => {
  const { alice, mallory } = exchanged();
  const stage = new ClientStage({ invited: [{ nick: "alice", identity: alice.identity.publicKey }] });
  stage.registered();
  stage.lines();
  stage.hands("letter", idOf(1), "alice", letterOf(mallory, idOf(1), stage, "x"));
  stage.hands("letter", idOf(2), "alice", letterOf(alice, idOf(2), stage, "hello"));
  assertEquals(stage.lines(), [CHANGED, "alice: hello"]);
  assertEquals(receipts(stage, alice), [["refused", 0, "signed"], ["read", 0, "proved"]]);
});
