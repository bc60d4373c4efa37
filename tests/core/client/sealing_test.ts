import { assert, assertEquals, assertFalse, assertNotEquals } from "@std/assert";
import { MALFORMED } from "../../../core/base/bytes.ts";
import { primitives } from "../../../core/base/crypto.ts";
import { AckTracker } from "../../../core/client/ack_tracker.ts";
import { KnownPeers } from "../../../core/client/known_peers.ts";
import type { OutgoingMessage } from "../../../core/client/outbox.ts";
import { PostChains } from "../../../core/client/post_chains.ts";
import { Prekeys } from "../../../core/client/prekeys.ts";
import { Sealing } from "../../../core/client/sealing.ts";
import { NO_HASH, NO_SIGNATURE, OUTCOMES, textHash } from "../../../core/messages/identity.ts";
import { type Contents, decodeLetter, Opener } from "../../../core/messages/letter.ts";
import { NO_MESSAGE } from "../../../core/messages/message_id.ts";
import { decodePost, isAuthentic, type Post, postHash, textOf } from "../../../core/messages/post.ts";
import { type Row, Table } from "../../../core/messages/table.ts";
import { Author } from "../../kit/author.ts";
import { seededDice } from "../../kit/dice.ts";
import { Recorded } from "../../kit/recorded.ts";
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
    this.tracker = new AckTracker(effects, primitives);
    const { postChains, knownPeers, prekeys, table, tracker } = this;
    const own = { primitives, random, nick, identity, channelKey };
    this.sealing = new Sealing({ ...own, prekeys, knownPeers, postChains, tracker, table });
  }

  /** What the server says of somebody. */
  shows(row: Row): void {
    this.table.apply({ start: 1, counter: this.#versions }, ++this.#versions, [row]);
  }

  writes(to: string | undefined, text: string): OutgoingMessage {
    return this.tracker.add(NOW, idOf(++this.#ids), to, text);
  }

  /** What of one kind is on the disk. */
  saved(kind: string): (readonly [string, Uint8Array])[] {
    this.recorded.perform(NOW);
    return this.recorded.records(kind);
  }

  /** What Bob reads in a message that was sealed. */
  read({ body, id }: OutgoingMessage, reader = this.bob): Contents | undefined {
    const letter = decodeLetter(body);
    assert(letter !== MALFORMED);
    const opener = new Opener(primitives, reader.identity.keyPair);
    return opener.open({ id, from: "Alice", to: "Bob" }, letter, reader.own);
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

Deno.test("a message is sealed once: it leaves as the same bytes on every way and each time", () => {
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
  const later = new AckTracker(new Recorded(desk.saved("outbox")).effects, primitives);
  assertEquals(later.messageWith(message.id)?.body, message.body);
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

Deno.test("a receipt counts for this message and sealing, and from its recipient alone", () => {
  const desk = new Desk();
  desk.shows(desk.bob.row());
  const message = desk.writes("bob", "hi");
  desk.sealing.seal(NOW, message);
  const { bob, other, sealing } = desk;
  const said = { id: message.id, edition: 0, outcome: "read" } as const;
  const receipt = bob.identity.receipt("bob", "alice", said);
  assert(sealing.isReceiptFor(message, "Bob", receipt));
  assert(sealing.isReceiptFor(message, "BOB", receipt));
  assertFalse(sealing.isReceiptFor(message, "carol", receipt));
  desk.knownPeers.meet("carol", other.identity.publicKey);
  const carols = other.identity.receipt("carol", "alice", said);
  assertFalse(sealing.isReceiptFor(message, "carol", carols));
  assertFalse(sealing.isReceiptFor(message, "bob", other.identity.receipt("bob", "alice", said)));
  assertFalse(sealing.isReceiptFor(message, "bob", bob.identity.receipt("bob", "carol", said)));
  assertFalse(sealing.isReceiptFor(message, "bob", bob.identity.receipt("carol", "alice", said)));
  assertFalse(sealing.isReceiptFor(message, "bob", { ...receipt, signature: NO_SIGNATURE }));
  for (const outcome of OUTCOMES.slice(1)) {
    assertFalse(sealing.isReceiptFor(message, "bob", { ...receipt, outcome }), outcome);
  }
  const unreadable = bob.identity.receipt("bob", "alice", { ...said, outcome: "unreadable" });
  assert(sealing.isReceiptFor(message, "bob", unreadable));
});

Deno.test("a receipt for another message, or for its other sealing, does not count", () => {
  const desk = new Desk();
  desk.shows(desk.bob.row());
  const message = desk.writes("bob", "hi");
  desk.sealing.seal(NOW, message);
  const { bob, sealing, tracker } = desk;
  const receipts = [0, 1].map((count) =>
    bob.identity.receipt("bob", "alice", { id: message.id, edition: count, outcome: "read" })
  );
  const counts = () => receipts.map((receipt) => sealing.isReceiptFor(message, "bob", receipt));
  assertEquals(counts(), [true, false]);
  tracker.sealAgain(NOW, message);
  assertEquals(counts(), [false, true]);
  const another = bob.identity.receipt("bob", "alice", { id: TOP_ID, edition: 1, outcome: "read" });
  assertFalse(sealing.isReceiptFor(message, "bob", { ...another, id: message.id }));
});

Deno.test("the identity that is pinned signs receipts, not the one that the table gives", () => {
  const desk = new Desk();
  desk.shows(desk.bob.row());
  desk.knownPeers.meet("bob", desk.bob.identity.publicKey);
  const message = desk.writes("bob", "hi");
  desk.sealing.seal(NOW, message);
  desk.shows(desk.other.row());
  const said = { id: message.id, edition: 0, outcome: "read" } as const;
  const [his, others] = [desk.bob, desk.other].map(({ identity }) => identity.receipt("bob", "alice", said));
  assert(desk.sealing.isReceiptFor(message, "bob", his!));
  assertFalse(desk.sealing.isReceiptFor(message, "bob", others!));
});

Deno.test("of a message to the channel, and of who is not known, no receipt counts", () => {
  const desk = new Desk();
  const { bob, sealing } = desk;
  for (const to of [undefined, "bob"]) {
    const message = desk.writes(to, "hi");
    const receipt = bob.identity.receipt("bob", "alice", { id: message.id, edition: 0, outcome: "read" });
    assertFalse(sealing.isReceiptFor(message, "bob", receipt));
  }
});
