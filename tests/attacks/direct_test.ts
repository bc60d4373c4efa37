/**
 * Attacks on the direct way, and between it and the way by the server: a session proves a key, and everything
 * else that a message depends on is proved beside it.
 */
import { assert, assertEquals, assertLessOrEqual, assertNotEquals } from "@std/assert";
import { KEY_BYTES, type KeyPair, labelled, primitives } from "../../core/base/crypto.ts";
import { DIRECT_MESSAGES, GOT_RUNS, RETRY_FIRST_MS } from "../../core/base/limits.ts";
import { RenewedMap } from "../../core/base/renewed_map.ts";
import { PREKEY } from "../../core/durable/records.ts";
import { peopleTag } from "../../core/messages/direct.ts";
import { type Bundle, Identity, type Receipt, SECRETS_BYTES } from "../../core/messages/identity.ts";
import { sealLetter } from "../../core/messages/letter.ts";
import { letterNameOf, prekeyId } from "../../core/messages/letter_form.ts";
import { NO_MESSAGE, prefixOf } from "../../core/messages/message_id.ts";
import type { Nick } from "../../core/messages/nick.ts";
import type { VerbOf } from "../../core/messages/verb.ts";
import { Disk } from "../kit/disk.ts";
import { HostileServer, last } from "../kit/hostile_server.ts";
import type { Person } from "../kit/person.ts";
import { ID, idOf, KEY } from "../kit/samples.ts";
import { Speaker } from "../kit/speaker.ts";
import { SERVER } from "../kit/surroundings.ts";
import { Arena } from "./arena.ts";

const UNREADABLE = "[A message from alice cannot be opened, it will be sealed again.]";
const REPLACED = "[You were registered as 'bob' from another place, this one is offline now.]";
const ANSWERED = "[Message received by bob.]";
const STORED = ["[Message received by SERVER.]", "SERVER: [Message received by the server and saved]"];

const otherKeyOf = (nick: Nick) =>
  `[${nick} has another key than the pinned one: somebody else may have the nick. ` +
  `Nothing is sent to ${nick} until you say 'trust ${nick}'.]`;

/** Somebody whose secrets the test knows. */
function withSecrets(arena: Arena, nick: Nick): { person: Person; secrets: Uint8Array } {
  const secrets = arena.random(SECRETS_BYTES);
  return { person: arena.client(nick, { identity: new Identity(primitives, secrets) }), secrets };
}

/**
 * What mallory can sign without any secret of its owner: a bundle of his own identity that names somebody's
 * public link key.
 */
function naming(mallory: Speaker, linkSecret: Uint8Array, nick: Nick, prekey: string): Bundle {
  const secrets = Uint8Array.of(...mallory.author.secrets.subarray(0, SECRETS_BYTES / 2), ...linkSecret);
  return new Identity(primitives, secrets).bundle(nick, prekey, 1, 1);
}

/** The answer of a member to a message of somebody's, under any tag. */
function got(from: Nick, to: Nick, people: string, { prefix, messages }: VerbOf<"direct">): VerbOf<"got"> {
  const runs = messages.map(({ sequence }) => ({ from: sequence, to: sequence }));
  return { type: "got", from, to, people, outcome: "read", prefix, runs };
}

const personOf = ({ nick, identity }: { nick: Nick; identity: Identity }) => ({
  nick,
  identity: identity.publicKey,
});

// ---- another identity named for a known link key ---------------------------------------------------------

/** alice and bob have not met, and the server means no good. */
function strangers() {
  const arena = new Arena();
  const [alice, bob] = [withSecrets(arena, "alice"), withSecrets(arena, "bob")];
  for (const { person } of [alice, bob]) {
    person.registers();
    arena.runs(500);
  }
  const server = HostileServer.inThePlaceOfTheServer(arena);
  const mallory = new Speaker(arena, "mal");
  arena.everybodyLooks();
  return { arena, alice, bob, server, mallory };
}

Deno.test("attack: the server names another identity for the recipient's link key: he takes nothing that is for that one", () => {
  const { arena, alice: { person: alice }, bob: { person: bob, secrets }, server, mallory } = strangers();
  // Even his prekey is named, so that the place is his own.
  const { prekey } = server.rowOf("bob");
  server.changesRow("bob", naming(mallory, secrets.subarray(KEY_BYTES), "bob", prekey));
  arena.everybodyLooks();
  const since = arena.now;
  alice.writes("bob", "for mal, as alice was told");
  arena.runs(400);
  assert(arena.sent({ from: alice, to: bob }, since).length > 0);
  bob.sees();
  alice.sees();
  assertEquals([bob.keeps("inbox"), bob.keeps("known_peer")], [0, 0]);
  // By way of the server it does not open either, because the seal is bound to the identity.
  arena.runs(1000);
  alice.sees("[No ACK from bob, message sent to server.]", ...STORED);
  server.hands(bob, "letter", last(server.lettersFrom("alice")));
  bob.sees(UNREADABLE);
});

Deno.test("attack: the server names another identity for the sender's link key: what she writes does not count as that one's", () => {
  const { arena, alice: { person: alice, secrets }, bob: { person: bob }, server, mallory } = strangers();
  const { prekey } = server.rowOf("alice");
  server.changesRow("alice", naming(mallory, secrets.subarray(KEY_BYTES), "alice", prekey));
  arena.everybodyLooks();
  alice.writes("bob", "hi");
  arena.runs(400);
  bob.sees();
  alice.sees();
  assertEquals([bob.keeps("inbox"), bob.keeps("known_peer")], [0, 0]);
  arena.runs(1000);
  server.hands(bob, "letter", last(server.lettersFrom("alice")));
  bob.sees(otherKeyOf("alice"));
});

Deno.test("attack: a member's bundle names somebody's link key for his own nick: that one takes nothing and answers nothing", () => {
  const { arena, alice: { person: alice }, bob: { person: bob, secrets }, server, mallory } = strangers();
  const { prekey } = server.rowOf("bob");
  mallory.registers("mal", naming(mallory, secrets.subarray(KEY_BYTES), "mal", prekey));
  server.changesRow("mal", { addresses: [bob.address] });
  arena.everybodyLooks();
  const since = arena.now;
  alice.writes("mal", "for mal");
  arena.runs(400);
  assert(arena.sent({ from: alice, to: bob }, since).length > 0);
  bob.sees();
  alice.sees();
  // bob is reached as before, over the same link.
  alice.writes("bob", "for bob");
  arena.runs(100);
  bob.sees("alice: for bob");
  assert(alice.looks().includes(ANSWERED));
});

// ---- carried elsewhere -----------------------------------------------------------------------------------

Deno.test("attack: carry messages and answers between two servers where the same people are: they count at their own alone", () => {
  const arena = new Arena();
  const { bob } = arena.clients("bob");
  const alice = arena.member("alice");
  const elsewhere = "e5".repeat(KEY_BYTES);
  // alice is at another server too, with the same keys, and a session between her there and bob here is easy.
  for (const [at, serverKey] of [elsewhere, arena.server.key].entries()) {
    alice.says(bob, arena.direct(alice, "bob", `for server ${at}`, { id: idOf(1, at), serverKey }));
    arena.runs(2000);
  }
  bob.sees("alice: for server 1");
  assertEquals(alice.heardOf("got").length, 1);
  bob.writes("alice", "hi");
  arena.runs(100);
  const direct = last(alice.heardOf("direct"));
  for (const serverKey of [elsewhere, arena.server.key]) {
    bob.sees();
    const people = peopleTag(primitives, serverKey, personOf(alice), personOf(bob));
    alice.tells(bob, got("alice", "bob", people, direct));
  }
  bob.sees("[Message received by alice.]");
});

Deno.test("attack: turn a tag round: a message back to its sender as his own, an answer as if it were hers, count for nothing", () => {
  const arena = new Arena();
  const { bob } = arena.clients("bob");
  const alice = arena.member("alice");
  bob.writes("alice", "hi");
  arena.runs(100);
  const direct = last(alice.heardOf("direct"));
  // Back over the same link, as it is; under her own nick; and with the tag of the other direction.
  alice.says(bob, direct);
  alice.says(bob, { ...direct, from: "alice", to: "bob" });
  alice.says(bob, got("alice", "bob", direct.people, direct));
  arena.runs(300);
  bob.sees();
  assertEquals(alice.heardOf("got"), []);
});

Deno.test("attack: a message for a new place of an identity reaches its former one, under the same link key: it answers nothing", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  arena.theyTalk(alice, bob);
  const second = arena.client("bob", { identity: bob.identity, host: "10.0.9.9" });
  arena.cut(bob);
  second.registers();
  arena.runs(300);
  arena.mend(bob);
  arena.everybodyLooks();
  // alice's session is still the one with the former place, which has not heard that it was replaced.
  const since = arena.now;
  alice.writes("bob", "for the new place");
  arena.runs(5);
  assert(arena.sent({ from: alice, to: bob }, since).length > 0);
  // What counts as received has been saved by the new place.
  assertEquals([bob.keeps("inbox"), second.keeps("inbox")], [0, 1]);
  alice.sees(ANSWERED);
  arena.runs(30_000);
  bob.sees(REPLACED);
  assertEquals(second.looks().filter((line) => line.startsWith("alice:")).length, 1);
  assertEquals(bob.keeps("inbox"), 0);
});

Deno.test("attack: ... and what has come to the former place before is answered there, and shown once", () => {
  const arena = new Arena();
  const { bob } = arena.clients("bob");
  const alice = arena.member("alice");
  const to = { nick: "bob", ...arena.server.bundleOf("bob") };
  alice.tells(bob, arena.direct(alice, "bob", "hi", { to }));
  bob.sees("alice: hi");
  alice.heard.length = 0;
  const elsewhere = { ...to, prekey: KEY };
  alice.tells(bob, arena.direct(alice, "bob", "hi", { to: elsewhere }));
  alice.tells(bob, arena.direct(alice, "bob", "new", { to: elsewhere, id: idOf(2) }));
  arena.runs(1000);
  bob.sees();
  assertEquals(alice.heardOf("got").map(({ outcome, runs }) => [outcome, runs[0]!.from]), [
    ["read", parseInt(ID.slice(20), 16)],
  ]);
});

// ---- answers ---------------------------------------------------------------------------------------------

Deno.test("attack: a former holder of a nick answers what was written to it: nothing of that counts, before 'trust' or after", () => {
  const arena = new Arena();
  const { alice } = arena.clients("alice");
  const mallory = arena.member("bob");
  alice.looks();
  alice.writes("bob", "hi");
  arena.runs(100);
  const direct = last(mallory.heardOf("direct"));
  const tag = (identity: Identity) => (
    peopleTag(primitives, arena.server.key, { nick: "bob", identity: identity.publicKey }, personOf(alice))
  );
  arena.server.releases("bob");
  arena.runs(30_000);
  const bob = arena.client("bob");
  bob.registers();
  arena.runs(30_000);
  assert(alice.looks().includes(otherKeyOf("bob")));
  const answers = () => {
    for (const { identity } of [mallory, bob]) {
      mallory.tells(alice, got("bob", "alice", tag(identity), direct));
    }
    assertEquals(alice.looks().filter((line) => line === ANSWERED), []);
    assertEquals(alice.outbox.length, 1);
  };
  answers();
  arena.network.cut(bob.host);
  alice.does({ type: "trust", nick: "bob" });
  answers();
  arena.network.mend(bob.host);
  arena.runs(60_000);
  assertEquals(bob.looks().filter((line) => line.endsWith("hi")).length, 1);
  assertEquals(alice.outbox, []);
});

// ---- the same id by both ways ----------------------------------------------------------------------------

for (const first of ["directly", "by way of the server"]) {
  Deno.test(`attack: the same id with other contents by the second way (first ${first}): the first one stands`, () => {
    const arena = new Arena();
    const { bob } = arena.clients("bob");
    const mallory = arena.member("mal");
    bob.looks();
    const writes = (way: string, text: string) => {
      const recipient = arena.server.bundleOf("bob");
      const about = { id: ID, to: "bob" };
      const body = mallory.letter({ ...about, text, recipient });
      if (way === "directly") mallory.tells(bob, arena.direct(mallory, "bob", text));
      else mallory.tells(arena.server, { type: "deposit", from: "mal", ...about, body });
      arena.runs(500);
    };
    const second = first === "directly" ? "by way of the server" : "directly";
    writes(first, "what bob reads");
    bob.sees("mal: what bob reads");
    writes(second, "what mal claims later");
    writes(first, "and later still");
    arena.runs(10_000);
    bob.sees();
    // Each copy is answered the way by which it came: bob has read this id.
    const collected = mallory.heardOf("collected").flatMap(({ receipts }) => receipts);
    const outcomes = [...mallory.heardOf("got"), ...collected].map(({ outcome }) => outcome);
    assertEquals([...new Set(outcomes)], ["read"]);
    assertEquals([mallory.heardOf("got").length > 0, collected.length > 0], [true, true]);
  });
}

// ---- a stolen prekey -------------------------------------------------------------------------------------

/** What a thief finds in bob's state folder, beside which bob's identity lies under a passphrase. */
function stolenPrekey(bob: Person, publicKey: string): KeyPair {
  const found = [...PREKEY.read(bob.disk.read())].find(([name]) => name === publicKey);
  return primitives.keyPair(Uint8Array.fromHex(found![1].secret));
}

const ENVELOPE = { id: ID, from: "alice", to: "bob" };
const FORGED = { after: NO_MESSAGE, afterHash: "00".repeat(32), sentAt: 0, text: "forged" };

Deno.test("attack: with a stolen prekey write in the name of anybody: it does not open, because the prekey is not enough", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  arena.theyTalk(alice, bob);
  const server = HostileServer.inThePlaceOfTheServer(arena);
  const mallory = new Speaker(arena, "mal");
  arena.everybodyLooks();
  const [sender, recipient] = [server.rowOf("alice"), server.rowOf("bob")];
  const [aliceKey, bobKey] = [sender.key, recipient.key].map((key) => Uint8Array.fromHex(key));
  const prekey = stolenPrekey(bob, recipient.prekey);
  const ephemeral = primitives.keyPair(arena.random(KEY_BYTES));
  /** Agrees as alice's key does, as far as a thief can: with the prekey; and with bob's key as he guesses. */
  const forged = (guess: Uint8Array | undefined) => {
    const keyPair: KeyPair = {
      publicKey: aliceKey!,
      agree: (key) => key.toHex() === recipient.prekey ? prekey.agree(aliceKey!) : guess,
    };
    const { body } = sealLetter(primitives, ephemeral, ENVELOPE, 0, { keyPair, sender, recipient }, FORGED)!;
    return { id: ID, from: "alice", body };
  };
  const guesses = [
    new Uint8Array(KEY_BYTES),
    prekey.agree(aliceKey!),
    prekey.agree(bobKey!),
    ephemeral.agree(bobKey!),
    mallory.identity.keyPair.agree(bobKey!),
    mallory.identity.keyPair.agree(aliceKey!),
  ];
  for (const guess of guesses) server.hands(bob, "letter", forged(guess));
  assertEquals([...new Set(server.receiptsFrom("bob").map(({ outcome }) => outcome))], ["unreadable"]);
  bob.sees(UNREADABLE);
  // All else was right: with what only alice's key can agree on it opens.
  server.hands(bob, "letter", forged(alice.identity.keyPair.agree(bobKey!)));
  bob.sees("alice: forged");
});

/** A letter as version 3 sealed it, from secrets that are agreed on already: there is no DH4 among them. */
function letterOfVersion3(
  sender: Omit<Bundle, "counter">,
  recipient: Bundle,
  ephemeral: Uint8Array,
  agreed: readonly (Uint8Array | undefined)[],
): Uint8Array {
  const { hash, mac } = primitives;
  const one = Uint8Array.of(1);
  const at = new DataView(new ArrayBuffer(8));
  at.setBigUint64(0, BigInt(sender.prekeyAt));
  const keys = [sender.identity, sender.key, sender.prekey].join("");
  const made = new Uint8Array(at.buffer).subarray(2).toHex();
  const bundle = keys + made + sender.signature;
  const header = Uint8Array.fromHex(`00${prekeyId(recipient.prekey)}${ephemeral.toHex()}${bundle}`);
  const around = labelled("Parley 3 letter");
  around.hex(ENVELOPE.id);
  around.text8(ENVELOPE.from);
  around.text8(ENVELOPE.to);
  around.raw(header);
  for (const key of [recipient.identity, recipient.key, recipient.prekey]) around.hex(key);
  const associated = around.finish();
  const input = [new Uint8Array(KEY_BYTES).fill(0xff), ...agreed.map((secret) => secret!)];
  const label = new TextEncoder().encode("Parley 3 letter");
  const secret = mac(mac(new Uint8Array(KEY_BYTES), ...input), label, one);
  const info = labelled("Parley 3 message");
  info.hex(ENVELOPE.id);
  info.u8(0);
  info.raw(hash(associated));
  const text = new TextEncoder().encode(FORGED.text);
  const plaintext = new Uint8Array(16 + 32 + 6 + 3 + 256);
  plaintext[16 + 32 + 6 + 2] = text.length;
  plaintext.set(text, 16 + 32 + 6 + 3);
  const sealed = primitives.seal(mac(secret, info.finish(), one), 0, associated, plaintext);
  return Uint8Array.of(...header, ...sealed);
}

/** The bundle that somebody once signed, when he had version 3. */
function bundleOfVersion3({ identity }: Person, nick: Nick, { prekey }: Bundle): Omit<Bundle, "counter"> {
  const bundle = {
    identity: identity.publicKey,
    key: identity.keyPair.publicKey.toHex(),
    prekey,
    prekeyAt: 5,
  };
  const writer = labelled("Parley 3 bundle");
  writer.text8(nick);
  for (const key of [bundle.identity, bundle.key, bundle.prekey]) writer.hex(key);
  writer.u48(bundle.prekeyAt);
  return { ...bundle, signature: identity.sign(writer.finish()).toHex() };
}

for (const counter of [1, 0]) {
  const which = counter === 0 ? "of version 3: there it is enough" : "of version 4: it does not open";
  Deno.test(`attack: the same with a letter of version 3, which has no such agreement, under a prekey ${which}`, () => {
    const arena = new Arena();
    const { alice, bob } = arena.clients("alice", "bob");
    arena.theyTalk(alice, bob);
    const server = HostileServer.inThePlaceOfTheServer(arena);
    const recipient = server.rowOf("bob");
    // What the change from version 3 leaves of its prekeys: they have no counter.
    if (counter === 0) {
      bob.isKilled();
      for (const [name, record] of PREKEY.read(bob.disk.read())) {
        const value = PREKEY.encode({ ...record, counter });
        bob.disk.commit([{ type: "save", key: PREKEY.key(name), value }]);
      }
      bob.registers();
      arena.runs(1000);
      // He does not use it any more.
      assertNotEquals(server.rowOf("bob").prekey, recipient.prekey);
    }
    arena.everybodyLooks();
    const ephemeral = primitives.keyPair(arena.random(KEY_BYTES));
    const sender = bundleOfVersion3(alice, "alice", server.rowOf("alice"));
    const body = letterOfVersion3(sender, recipient, ephemeral.publicKey, [
      stolenPrekey(bob, recipient.prekey).agree(Uint8Array.fromHex(sender.key)),
      ephemeral.agree(Uint8Array.fromHex(recipient.key)),
      ephemeral.agree(Uint8Array.fromHex(recipient.prekey)),
    ]);
    server.hands(bob, "letter", { id: ID, from: "alice", body });
    bob.sees(counter === 0 ? "alice: forged" : UNREADABLE);
  });
}

// ---- sealing again ---------------------------------------------------------------------------------------

/** A copy of all that is on somebody's disk. */
function copyOf(person: Person): Disk {
  return new Disk([...person.disk.read()]);
}

/** The receipts of bob for letters that the server hands him, which it does not pass on. */
function readBy(bob: Person, server: HostileServer, letter: VerbOf<"deposit">): Receipt {
  server.hands(bob, "letter", letter);
  return last(server.receiptsFrom("bob"));
}

Deno.test("attack: make a sender seal an id again (restart, restored folder, second edition, 'trust'): no key seals twice", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  const server = HostileServer.inThePlaceOfTheServer(arena);
  const mallory = new Speaker(arena, "mal");
  server.saysAway("bob");
  arena.everybodyLooks();
  alice.writes("bob", "one");
  arena.runs(100);
  // A copy of her folder, in which the last message has not gone to the server yet.
  server.away.delete("bob");
  server.changesRow("bob", {});
  arena.network.cut(bob.host);
  alice.writes("bob", "two");
  arena.runs(100);
  const [, id = ""] = alice.outbox;
  const copy = copyOf(alice);
  server.stores = false;
  arena.runs(5000);
  // A restart sends the same bytes.
  alice.isKilled();
  alice.registers();
  arena.runs(5000);
  const letters = () => server.lettersFrom("alice").filter((letter) => letter.id === id);
  const sealings = () => new Set(letters().map(({ body }) => body.toHex())).size;
  assertEquals(sealings(), 1);
  // The folder that was restored knows nothing of it, and the message before has another place.
  const changed = [...copy.read()].map(([key, value]) => [key, value] as const);
  alice.isKilled();
  alice.disk.commit(alice.disk.keys().map((key) => ({ type: "forget", key } as const)));
  alice.disk.commit(changed.map(([key, value]) => ({ type: "save", key, value })));
  alice.registers();
  arena.runs(5000);
  assertEquals(sealings(), 2);
  // The second edition.
  const { edition, ephemeral } = letterNameOf(last(letters()).body);
  const unreadable = bob.identity.receipt("bob", "alice", { id, edition, ephemeral, outcome: "unreadable" });
  server.tells(alice, { type: "collected", to: "bob", receipts: [unreadable] });
  arena.runs(RETRY_FIRST_MS);
  assertEquals(sealings(), 3);
  // Another identity, to which the message before it means nothing: `after` is another one.
  server.changesRow("bob", mallory.bundle("bob"));
  alice.does({ type: "trust", nick: "bob" });
  arena.runs(5000);
  assertEquals(sealings(), 4);
  const ephemerals = new Set(letters().map(({ body }) => letterNameOf(body).ephemeral));
  assertEquals(ephemerals.size, 4);
});

Deno.test("attack: the server says 'collected' with the proof for another letter of the same id: the message waits on", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  const server = HostileServer.inThePlaceOfTheServer(arena);
  arena.everybodyLooks();
  arena.cutBetween(alice, bob);
  alice.writes("bob", "hi");
  arena.runs(100);
  const [id = ""] = alice.outbox;
  const copy = copyOf(alice);
  arena.runs(1000);
  const first = readBy(bob, server, last(server.lettersFrom("alice")));
  assertEquals([first.outcome, first.proof.length], ["read", 64]);
  // Of her own folder there is only a copy from before that letter.
  alice.isKilled();
  alice.disk.commit(alice.disk.keys().map((key) => ({ type: "forget", key } as const)));
  alice.disk.commit([...copy.read()].map(([key, value]) => ({ type: "save", key, value })));
  alice.registers();
  arena.runs(2000);
  const again = last(server.lettersFrom("alice"));
  const { ephemeral } = letterNameOf(again.body);
  assertNotEquals(ephemeral, first.ephemeral);
  const proofs = [first.proof, KEY, "00".repeat(KEY_BYTES), "", first.proof + first.proof];
  const receipts = proofs.flatMap((proof) => [{ ...first, proof }, { ...first, ephemeral, proof }]);
  for (const receipt of receipts) server.tells(alice, { type: "collected", to: "bob", receipts: [receipt] });
  assertEquals([alice.outbox, server.heardOf("noted")], [[id], []]);
  // bob has read it, does not show it again, and proves it for this letter too.
  bob.looks();
  const second = readBy(bob, server, again);
  bob.sees();
  server.tells(alice, { type: "collected", to: "bob", receipts: [second] });
  arena.runs(1000);
  assertEquals(alice.outbox, []);
});

Deno.test("attack: the server lets a recipient sign that he could not open what was never sealed: the message goes on", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  const server = HostileServer.inThePlaceOfTheServer(arena);
  arena.everybodyLooks();
  arena.cutBetween(alice, bob);
  alice.writes("bob", "hi");
  arena.runs(100);
  const [id = ""] = alice.outbox;
  // Rubbish under her message's id, before she has sealed anything; as if it were one sealing and the other.
  for (const edition of [0x40, 0x41, 0, 1]) {
    const body = new Uint8Array(300);
    body[0] = edition;
    server.hands(bob, "letter", { id, from: "alice", body });
    server.tells(alice, { type: "collected", to: "bob", receipts: [last(server.receiptsFrom("bob"))] });
  }
  arena.losesNothing();
  arena.runs(3000);
  bob.looks();
  assertEquals(alice.looks().filter((line) => line.includes("failed")), []);
  assertEquals(alice.outbox.length, 0);
});

// ---- the server itself -----------------------------------------------------------------------------------

Deno.test("attack: a line of the table has the server's own link key: nothing is said to it in the open", () => {
  const { arena, alice: { person: alice }, server, mallory } = strangers();
  const { prekey } = mallory.bundle("bob");
  const bundle = naming(mallory, arena.server.secret, "bob", prekey);
  assertEquals(bundle.key, server.key);
  server.changesRow("bob", { ...bundle, addresses: [SERVER] });
  alice.looks();
  alice.writes("bob", "for whoever bob is");
  arena.runs(10_000);
  assertEquals(server.heardOf("direct"), []);
  assertEquals(new Set(server.lettersFrom("alice").map(({ to }) => to)), new Set(["bob"]));
  // Nor does it speak as bob, with a tag that everybody can compute.
  const [id = ""] = [...server.lettersFrom("alice")].map((letter) => letter.id);
  const bob = { nick: "bob", identity: bundle.identity };
  const people = peopleTag(primitives, server.key, bob, personOf(alice));
  const runs = [{ from: 0, to: 2 ** 48 - 1 }];
  server.tells(alice, {
    type: "got",
    from: "bob",
    to: "alice",
    people,
    outcome: "read",
    prefix: prefixOf(id),
    runs,
  });
  assertEquals(alice.looks().filter((line) => line === ANSWERED), []);
});

Deno.test("attack: a line of the table has one's own link key, at one's own address: few datagrams, and nothing is taken", () => {
  const { arena, alice: { person: alice, secrets }, server, mallory } = strangers();
  const { prekey } = server.rowOf("alice");
  const bundle = naming(mallory, secrets.subarray(KEY_BYTES), "bob", prekey);
  assertEquals(bundle.key, alice.key);
  server.changesRow("bob", { ...bundle, addresses: [alice.address] });
  alice.looks();
  const since = arena.now;
  alice.writes("bob", "for whoever bob is");
  arena.runs(60_000);
  assertLessOrEqual(arena.sent({ from: alice, to: alice }, since).length, 20);
  assertEquals(alice.looks().filter((line) => line.startsWith("bob:")), []);
  assertEquals(alice.keeps("inbox"), 0);
});

// ---- bounds ----------------------------------------------------------------------------------------------

Deno.test("attack: answers that name enormous runs: no more is looked up than one can have sent, and nothing else is meant", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  const mallory = arena.member("mal");
  arena.runs(500);
  arena.everybodyLooks();
  for (let count = 0; count < 100; count++) alice.writes("mal", `${count}`);
  arena.network.cut(bob.host);
  alice.writes("bob", "for bob");
  arena.runs(200);
  const direct = last(mallory.heardOf("direct"));
  const people = peopleTag(primitives, arena.server.key, personOf(mallory), personOf(alice));
  const run = { from: 0, to: 2 ** 48 - 1 };
  const many = Array(GOT_RUNS).fill(run);
  const answer = { ...got("mal", "alice", people, direct), runs: many };
  // What she never sent has been answered by nobody.
  const bobs = alice.outbox.map(prefixOf).filter((prefix) => prefix !== direct.prefix);
  assertEquals(bobs.length, 1);
  for (const prefix of ["00".repeat(10), "ff".repeat(10), ...bobs]) {
    mallory.tells(alice, { ...answer, prefix, runs: [run] });
  }
  // A letter that was not opened says nothing here: it could be said again and again.
  for (let count = 0; count < 50; count++) mallory.tells(alice, { ...answer, outcome: "unreadable" });
  alice.looks();
  mallory.tells(alice, answer);
  assertEquals(alice.looks(), Array(100).fill("[Message received by mal.]"));
  arena.network.mend(bob.host);
  arena.runs(5000);
  assertEquals(bob.looks()[0], "alice: for bob");
});

Deno.test("attack: fill packets with answers that name 2^48 messages each: no more is looked up than waits", () => {
  const arena = new Arena();
  const { alice } = arena.clients("alice");
  const mallory = arena.member("mal");
  alice.writes("mal", "hi");
  arena.runs(200);
  const [direct] = mallory.heardOf("direct");
  const people = peopleTag(primitives, arena.server.key, personOf(mallory), personOf(alice));
  // Not the message that waits, or it would wait no more.
  const runs = [{ from: direct!.messages[0]!.sequence + 1, to: 2 ** 48 - 1 }];
  const { get } = RenewedMap.prototype;
  let looked = 0;
  RenewedMap.prototype.get = function (name) {
    looked++;
    return get.call(this, name);
  };
  try {
    for (let count = 0; count < 28; count++) {
      mallory.says(alice, { ...got("mal", "alice", people, direct!), runs });
    }
    arena.runs(200);
  } finally {
    RenewedMap.prototype.get = get;
  }
  assertLessOrEqual(looked, 1000);
  assertEquals(alice.outbox.length, 1);
});

Deno.test("attack: 256 tiny messages in a verb, again and again: shown once, and answered by no more bytes than came", () => {
  const arena = new Arena();
  // No screen folds what comes.
  const bob = arena.client("bob", { isAttended: false });
  bob.starts();
  arena.runs(500);
  const mallory = arena.member("mal");
  arena.runs(500);
  bob.looks();
  const one = arena.direct(mallory, "bob", "", { id: idOf(1) });
  // Each second number is left out, so that nothing can be answered by one run.
  const messages = Array.from({ length: DIRECT_MESSAGES }, (_, at) => ({
    ...one.messages[0]!,
    sequence: 2 * at + 1,
    after: at === 0 ? NO_MESSAGE : undefined,
  }));
  const since = arena.now;
  for (let count = 0; count < 40; count++) mallory.tells(bob, { ...one, messages });
  arena.runs(10_000);
  assertEquals(bob.looks().filter((line) => line.startsWith("mal:")).length, DIRECT_MESSAGES);
  assertEquals([bob.keeps("inbox"), bob.keeps("known_peer")], [0, 1]);
  const bytes = (datagrams: readonly { bytes: Uint8Array }[]) =>
    datagrams.reduce((sum, datagram) => sum + datagram.bytes.length, 0);
  const came = bytes(arena.sent({ from: mallory, to: bob }, since));
  assertLessOrEqual(bytes(arena.sent({ from: bob, to: mallory }, since)), came);
  // What says no more than that it is too long is no verb at all.
  const tooMany = [...messages, { ...messages[0]!, sequence: 1001 }];
  mallory.heard.length = 0;
  mallory.tells(bob, { ...one, messages: tooMany });
  assertEquals(mallory.heardOf("got"), []);
});
