import { assert, assertEquals, assertFalse, assertNotEquals } from "@std/assert";
import { MALFORMED } from "../../../core/base/bytes.ts";
import { primitives } from "../../../core/base/crypto.ts";
import { AckTracker } from "../../../core/client/ack_tracker.ts";
import { KnownPeers } from "../../../core/client/known_peers.ts";
import type { OutgoingMessage } from "../../../core/client/outbox.ts";
import { PostChains } from "../../../core/client/post_chains.ts";
import { Prekeys } from "../../../core/client/prekeys.ts";
import { Sealing } from "../../../core/client/sealing.ts";
import { NO_HASH, NO_KEY, OUTCOMES, textHash } from "../../../core/messages/identity.ts";
import { type Contents, openLetter } from "../../../core/messages/letter.ts";
import { decodeLetter } from "../../../core/messages/letter_form.ts";
import { NO_MESSAGE, partsOf } from "../../../core/messages/message_id.ts";
import { decodePost, isAuthentic, type Post, postHash, textOf } from "../../../core/messages/post.ts";
import { type Row, Table } from "../../../core/messages/table.ts";
import { Author, flipped } from "../../kit/author.ts";
import { seededDice } from "../../kit/dice.ts";
import { Recorded, trueClock } from "../../kit/recorded.ts";
import { idOf, TOP_ID } from "../../kit/samples.ts";

const NOW = 1_700_000_000_000;
const CHANNEL_KEY = new Uint8Array(32).fill(0xc0);

/** Alice's process, with the messages that she wrote; Bob, and somebody else under his nick. */
class Desk {
  readonly dice = seededDice();
  readonly alice = new Author(primitives, this.dice, "Alice");
  readonly bob = new Author(primitives, this.dice, "Bob");
  readonly other = new Author(primitives, this.dice, "Bob");
  readonly recorded = new Recorded();
  readonly table = new Table();
  readonly prekeys: Prekeys;
  readonly knownPeers: KnownPeers;
  readonly postChains: PostChains;
  readonly tracker: AckTracker;
  readonly sealing: Sealing;
  #ids = 0;
  #versions = 0;

  constructor(channelKey: Uint8Array | undefined = undefined) {
    const { effects } = this.recorded;
    const { identity, nick } = this.alice;
    const random = (count: number) => this.dice.bytes(count);
    this.prekeys = new Prekeys({ primitives, random, effects, identity, nick });
    this.knownPeers = new KnownPeers(effects);
    this.postChains = new PostChains(effects);
    this.tracker = new AckTracker(effects, primitives, trueClock());
    const { postChains, knownPeers, prekeys, table, tracker } = this;
    const own = { primitives, random, nick, identity, channelKey };
    this.sealing = new Sealing({ ...own, prekeys, knownPeers, postChains, tracker, table });
  }

  /** What the server says of somebody. */
  shows(row: Row): void {
    this.table.apply({ start: 1, counter: this.#versions }, ++this.#versions, [row]);
  }

  writes(to: string | undefined, text: string): OutgoingMessage {
    return this.tracker.add(NOW, partsOf(idOf(++this.#ids)), to, text);
  }

  /** What of one kind is on the disk. */
  saved(kind: string): (readonly [string, Uint8Array])[] {
    this.recorded.perform(NOW);
    return this.recorded.records(kind);
  }

  /** What Bob reads in a message that was sealed. */
  read(message: OutgoingMessage, reader = this.bob): Contents | undefined {
    return this.opened(message, reader)?.contents;
  }

  /** The same, with the proof that it was read. */
  opened(
    { body, id }: OutgoingMessage,
    reader = this.bob,
  ): { contents: Contents; proof: string } | undefined {
    const letter = decodeLetter(body);
    assert(letter !== MALFORMED);
    return openLetter(primitives, { id, from: "Alice", to: "Bob" }, letter, reader.own);
  }

  /** A letter of Alice's to Bob, whom the table names. */
  sealed(): OutgoingMessage {
    this.shows(this.bob.row());
    const message = this.writes("bob", "hi");
    assertEquals(this.sealing.seal(NOW, message), "sealed");
    return message;
  }
}

function postOf({ body, id }: OutgoingMessage): Post {
  const post = decodePost(body);
  assert(post !== MALFORMED && isAuthentic(primitives, { id, from: "Alice" }, post));
  return post;
}

// ---- letters ---------------------------------------------------------------------------------------------

Deno.test("a message is sealed for who has the nick in the table, and names the one before it", () => {
  const desk = new Desk();
  desk.shows(desk.bob.row());
  const [first, second] = [desk.writes("bob", "one"), desk.writes("BOB", "two")];
  assertEquals(desk.sealing.seal(NOW, first), "sealed");
  assertEquals(desk.sealing.seal(NOW, second), "sealed");
  assertEquals(desk.read(first), { after: NO_MESSAGE, afterHash: NO_HASH, sentAt: NOW, text: "one" });
  const afterHash = textHash(primitives, first.id, "one");
  assertEquals(desk.read(second), { after: first.id, afterHash, sentAt: NOW, text: "two" });
});

Deno.test("the letter has the bundle of the day", () => {
  const desk = new Desk();
  desk.shows(desk.bob.row());
  const message = desk.writes("bob", "hi");
  desk.sealing.seal(NOW, message);
  const letter = decodeLetter(message.body);
  assert(letter !== MALFORMED);
  assertEquals(letter.sender, desk.prekeys.bundle(NOW));
});

Deno.test("a message is sealed once: it goes to the server as the same bytes each time", () => {
  const desk = new Desk();
  desk.shows(desk.bob.row());
  const message = desk.writes("bob", "hi");
  desk.sealing.seal(NOW, message);
  const { body } = message;
  desk.shows(desk.bob.row({ online: false }));
  assertEquals(desk.sealing.seal(NOW + 10 * 24 * 3600_000, message), "sealed");
  assertEquals(message.body, body);
});

Deno.test("what is to leave is saved, with the prekey that it names", () => {
  const desk = new Desk();
  desk.shows(desk.bob.row());
  const message = desk.writes("bob", "hi");
  assertEquals(desk.saved("outbox"), []);
  desk.sealing.seal(NOW, message);
  assertEquals(desk.saved("outbox").length, 1);
  assertEquals(desk.saved("prekey").length, 1);
  const later = new AckTracker(new Recorded(desk.saved("outbox")).effects, primitives, trueClock());
  const { body, ephemeral, proof } = later.messageWith(message.id)!;
  assertEquals([body, ephemeral, proof], [message.body, message.ephemeral, message.proof]);
});

Deno.test("the letter and its proof stay as they are for another prekey of the recipient, and after a restart", () => {
  const desk = new Desk();
  const message = desk.sealed();
  const { body, proof } = message;
  const prekey = primitives.keyPair(desk.dice.bytes(32)).publicKey.toHex();
  desk.shows(desk.bob.row(desk.bob.identity.bundle("Bob", prekey, NOW, 2)));
  assertEquals(desk.sealing.seal(NOW, message), "sealed");
  assertEquals([message.body, message.proof], [body, proof]);
  const records = desk.saved("outbox");
  const tracker = new AckTracker(new Recorded(records).effects, primitives, trueClock());
  const again = tracker.messageWith(message.id)!;
  assertEquals(desk.sealing.seal(NOW, again), "sealed");
  assertEquals([again.body, again.proof], [body, proof]);
});

Deno.test("each sealing has an ephemeral key of its own: after `trust`, and for edition 1", () => {
  const desk = new Desk();
  const message = desk.sealed();
  const keys = [message.ephemeral];
  desk.tracker.beginAnew(NOW, "bob");
  desk.sealing.seal(NOW, message);
  keys.push(message.ephemeral);
  desk.tracker.sealAgain(NOW, message);
  desk.sealing.seal(NOW, message);
  keys.push(message.ephemeral);
  const second = desk.writes("bob", "hi");
  desk.sealing.seal(NOW, second);
  keys.push(second.ephemeral);
  assertEquals(new Set(keys).size, 4);
});

Deno.test("for somebody whom the table does not name nothing is sealed", () => {
  const desk = new Desk();
  const message = desk.writes("bob", "hi");
  assertEquals(desk.sealing.seal(NOW, message), "waits");
  assertEquals(message.body.length, 0);
  desk.shows(desk.bob.row());
  assertEquals(desk.sealing.seal(NOW, message), "sealed");
  assertEquals(desk.read(message)?.text, "hi");
});

Deno.test("what is sealed does not leave while its recipient has another identity than the one pinned", () => {
  const desk = new Desk();
  desk.knownPeers.meet("bob", desk.bob.identity.publicKey);
  desk.shows(desk.bob.row());
  const message = desk.writes("bob", "hi");
  assertEquals(desk.sealing.seal(NOW, message), "sealed");
  const { body } = message;
  desk.shows(desk.other.row());
  assertEquals(desk.sealing.seal(NOW, message), "waits");
  desk.shows(desk.bob.row());
  assertEquals(desk.sealing.seal(NOW, message), "sealed");
  assertEquals(message.body, body);
});

Deno.test("for a recipient with another identity than the one pinned nothing is sealed", () => {
  const desk = new Desk();
  desk.knownPeers.meet("bob", desk.bob.identity.publicKey);
  desk.shows(desk.other.row());
  const message = desk.writes("bob", "hi");
  assert(desk.sealing.isHeldBack(message));
  assertEquals(desk.sealing.seal(NOW, message), "waits");
  assertEquals(message.body.length, 0);
  desk.knownPeers.pin("Bob", desk.other.identity.publicKey, false);
  assertFalse(desk.sealing.isHeldBack(message));
  assertEquals(desk.sealing.seal(NOW, message), "sealed");
  assertEquals([desk.read(message), desk.read(message, desk.other)?.text], [undefined, "hi"]);
});

Deno.test("a message to somebody whom nobody has pinned, or to the channel, is not held back", () => {
  const desk = new Desk();
  desk.shows(desk.bob.row());
  for (const to of ["bob", "nobody", undefined]) assertFalse(desk.sealing.isHeldBack(desk.writes(to, "hi")));
});

Deno.test("for a recipient whose keys are none nothing is sealed", () => {
  const desk = new Desk();
  desk.shows(desk.bob.row({ prekey: "00".repeat(32) }));
  const message = desk.writes("bob", "hi");
  assertEquals(desk.sealing.seal(NOW, message), "impossible");
  assertEquals(message.body.length, 0);
});

Deno.test("what its recipient could not open is sealed again, under another ephemeral key and as sealing 1", () => {
  const desk = new Desk();
  desk.shows(desk.bob.row());
  const message = desk.writes("bob", "hi");
  desk.sealing.seal(NOW, message);
  const first = decodeLetter(message.body);
  desk.tracker.sealAgain(NOW, message);
  assertEquals(desk.sealing.seal(NOW, message), "sealed");
  const second = decodeLetter(message.body);
  assert(first !== MALFORMED && second !== MALFORMED);
  assertEquals([first.edition, second.edition], [0, 1]);
  assertNotEquals(second.ephemeral, first.ephemeral);
  assertEquals(desk.read(message)?.text, "hi");
});

// ---- posts -----------------------------------------------------------------------------------------------

for (const [kind, channelKey] of [["open", undefined], ["under the channel key", CHANNEL_KEY]] as const) {
  Deno.test(`posts ${kind} leave one after the other, numbered, each naming the one before it`, () => {
    const desk = new Desk(channelKey);
    const [first, second] = [desk.writes(undefined, "one"), desk.writes(undefined, "two")];
    assertEquals(desk.sealing.seal(NOW, second), "waits");
    assertEquals(desk.sealing.seal(NOW, first), "sealed");
    assertEquals(desk.sealing.seal(NOW, second), "waits");
    desk.tracker.delivered(NOW, first);
    assertEquals(desk.sealing.seal(NOW, second), "sealed");
    const [one, two] = [postOf(first), postOf(second)];
    assertEquals([one.number, one.previous], [1, NO_HASH]);
    assertEquals([two.number, two.previous], [2, postHash(primitives, first.id, first.body)]);
    assertEquals([one.isSealed, two.isSealed], Array(2).fill(channelKey !== undefined));
    assertEquals(textOf(primitives, channelKey, first.id, one), "one");
    assertEquals(textOf(primitives, channelKey, second.id, two), "two");
  });
}

Deno.test("a post is numbered once, however often it leaves; post and number are saved together", () => {
  const desk = new Desk();
  const message = desk.writes(undefined, "one");
  desk.sealing.seal(NOW, message);
  const outputs = desk.recorded.effects.takeOutputs(NOW, []);
  assertEquals(outputs.map((output) => "key" in output && output.key).sort(), [
    `outbox/${message.id}`,
    "posted/last",
  ]);
  const { body } = message;
  assertEquals(desk.sealing.seal(NOW, message), "sealed");
  assertEquals(message.body, body);
  assertEquals(desk.postChains.nextPlace, { number: 2, previous: postHash(primitives, message.id, body) });
});

Deno.test("letters do not wait for posts, and have no number", () => {
  const desk = new Desk();
  desk.shows(desk.bob.row());
  const [post, letter] = [desk.writes(undefined, "one"), desk.writes("bob", "two")];
  assertEquals(desk.sealing.seal(NOW, letter), "sealed");
  assertEquals(desk.sealing.seal(NOW, post), "sealed");
  assertEquals(postOf(post).number, 1);
});

// ---- receipts --------------------------------------------------------------------------------------------

Deno.test("`read` counts with the proof of whoever has opened the letter, whatever signs it, about any key", () => {
  const desk = new Desk();
  const message = desk.sealed();
  const { sealing } = desk;
  const { proof } = desk.opened(message)!;
  const { id, edition, ephemeral } = message;
  const receipt = { id, edition, ephemeral, outcome: "read", proof } as const;
  assert(sealing.isReceiptFor(message, "Bob", receipt));
  assert(sealing.isReceiptFor(message, "BOB", receipt));
  assertFalse(sealing.isReceiptFor(message, "carol", receipt));
  for (const wrong of ["", "00".repeat(32), flipped(proof, 0), flipped(proof, 255), proof + proof]) {
    assertFalse(sealing.isReceiptFor(message, "bob", { ...receipt, proof: wrong }), wrong);
  }
  // It says nothing else than that the letter was read.
  for (const outcome of OUTCOMES.slice(1).filter((outcome) => outcome !== "released")) {
    assertFalse(sealing.isReceiptFor(message, "bob", { ...receipt, outcome }), outcome);
  }
});

Deno.test("`released` needs no proof, and counts for the recipient and this letter alone", () => {
  const desk = new Desk();
  const message = desk.sealed();
  const { sealing } = desk;
  const { id, edition, ephemeral } = message;
  const receipt = { id, edition, ephemeral, outcome: "released", proof: "" } as const;
  assert(sealing.isReceiptFor(message, "bob", receipt));
  assertFalse(sealing.isReceiptFor(message, "carol", receipt));
  for (const other of [{ edition: 1 }, { ephemeral: NO_KEY }]) {
    assertFalse(sealing.isReceiptFor(message, "bob", { ...receipt, ...other }));
  }
});

Deno.test("a proof counts for its own message and letter", () => {
  const desk = new Desk();
  const [message, other] = [desk.sealed(), desk.sealed()];
  const { proof } = desk.opened(other)!;
  const { id, edition, ephemeral } = message;
  const receipt = { id, edition, ephemeral, outcome: "read", proof } as const;
  assertFalse(desk.sealing.isReceiptFor(message, "bob", receipt));
  const before = desk.opened(message)!.proof;
  assert(desk.sealing.isReceiptFor(message, "bob", { ...receipt, proof: before }));
  desk.tracker.sealAgain(NOW, message);
  assertFalse(desk.sealing.isReceiptFor(message, "bob", { ...receipt, proof: before }));
  desk.sealing.seal(NOW, message);
  assertFalse(desk.sealing.isReceiptFor(message, "bob", { ...receipt, proof: before }));
});

Deno.test("a letter that is gone has its proof still, also after a restart", () => {
  const desk = new Desk();
  const message = desk.sealed();
  const { proof } = desk.opened(message)!;
  desk.tracker.stored(message);
  assertEquals(message.body.length, 0);
  const tracker = new AckTracker(new Recorded(desk.saved("outbox")).effects, primitives, trueClock());
  const { id, edition, ephemeral } = message;
  const receipt = { id, edition, ephemeral, outcome: "read", proof } as const;
  for (const one of [message, tracker.messageWith(id)!]) {
    assert(desk.sealing.isReceiptFor(one, "bob", receipt));
  }
});

Deno.test("other outcomes count with the signature of the recipient alone, about this letter", () => {
  const desk = new Desk();
  const message = desk.sealed();
  const { bob, other, sealing } = desk;
  desk.knownPeers.meet("carol", other.identity.publicKey);
  const { id, edition, ephemeral } = message;
  for (const outcome of ["unreadable", "refused", "forgotten"] as const) {
    const said = { id, edition, ephemeral, outcome };
    const receipt = bob.receipt("bob", "alice", said);
    assert(sealing.isReceiptFor(message, "Bob", receipt));
    const forgeries = [
      other.receipt("bob", "alice", said),
      bob.receipt("bob", "carol", said),
      bob.receipt("carol", "alice", said),
      { ...receipt, proof: "" },
      { ...receipt, proof: message.proof },
      { ...receipt, proof: "00".repeat(64) },
      { ...receipt, outcome: outcome === "refused" ? "unreadable" as const : "refused" as const },
      bob.receipt("bob", "alice", { ...said, edition: 1 }),
      bob.receipt("bob", "alice", { ...said, ephemeral: "77".repeat(32) }),
      { ...bob.receipt("bob", "alice", { ...said, id: TOP_ID }), id },
    ];
    for (const [at, forgery] of forgeries.entries()) {
      assertFalse(sealing.isReceiptFor(message, "bob", forgery), `${outcome} ${at}`);
    }
    assertFalse(sealing.isReceiptFor(message, "carol", other.receipt("carol", "alice", said)));
  }
});

Deno.test("`read` counts signed as well, whatever became of the letter: the message may have come directly", () => {
  const desk = new Desk();
  const message = desk.sealed();
  const { bob, other, sealing } = desk;
  const { id, edition, ephemeral } = message;
  const said = { id, edition, ephemeral, outcome: "read" } as const;
  assert(sealing.isReceiptFor(message, "bob", bob.receipt("bob", "alice", said)));
  desk.tracker.sealAgain(NOW, message);
  assert(sealing.isReceiptFor(message, "bob", bob.receipt("bob", "alice", said)));
  assertFalse(sealing.isReceiptFor(message, "bob", other.receipt("bob", "alice", said)));
});

Deno.test("the identity that is pinned signs receipts, not the one that the table gives", () => {
  const desk = new Desk();
  const message = desk.sealed();
  desk.knownPeers.meet("bob", desk.bob.identity.publicKey);
  desk.shows(desk.other.row());
  const { id, edition, ephemeral } = message;
  const said = { id, edition, ephemeral, outcome: "unreadable" } as const;
  const [his, others] = [desk.bob, desk.other].map((one) => one.receipt("bob", "alice", said));
  assert(desk.sealing.isReceiptFor(message, "bob", his!));
  assertFalse(desk.sealing.isReceiptFor(message, "bob", others!));
});

Deno.test("of a message to the channel, and of who is not known, no receipt counts", () => {
  const desk = new Desk();
  const { bob, sealing } = desk;
  for (const to of [undefined, "bob"]) {
    const message = desk.writes(to, "hi");
    const receipt = bob.receipt("bob", "alice", { id: message.id, outcome: "read" });
    assertFalse(sealing.isReceiptFor(message, "bob", receipt));
    // The proof of a message that was never sealed is nothing.
    assertFalse(sealing.isReceiptFor(message, "bob", { ...receipt, proof: "" }));
  }
});
