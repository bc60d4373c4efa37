/**
 * Letters, posts, receipts and bundles, with the real primitives: of what their owners sealed and signed
 * nothing counts any more as soon as a bit of it is another one, and what others make never counts.
 */
import { NO_LINEAGE } from "../../core/messages/lineage.ts";
import { assert, assertEquals } from "@std/assert";
import { equalBytes, MALFORMED } from "../../core/base/bytes.ts";
import { primitives } from "../../core/base/crypto.ts";
import { COLLECTED_RECEIPTS, TEXT_BYTES } from "../../core/base/limits.ts";
import {
  type Bundle,
  equalBundles,
  isGenuine,
  isReceiptOf,
  NO_HASH,
  NO_KEY,
  OUTCOMES,
  type Receipt,
} from "../../core/messages/identity.ts";
import type { Contents, Envelope } from "../../core/messages/letter.ts";
import { decodeLetter, isSameLetter } from "../../core/messages/letter_form.ts";
import { NO_MESSAGE } from "../../core/messages/message_id.ts";
import { type Nick, sameNick } from "../../core/messages/nick.ts";
import { decodePost, isAuthentic, textOf } from "../../core/messages/post.ts";
import { decodeVerb, encodeVerb, type Verb } from "../../core/messages/verb.ts";
import { Author } from "../kit/author.ts";
import type { Dice } from "../kit/dice.ts";
import { BUNDLE, idOf, IPV4, KEY, LONGEST_NICK, SIGNATURE } from "../kit/samples.ts";
import { anyBytes, anyId } from "./hostile.ts";
import type { Note, Target } from "./target.ts";

const INPUTS = 50;
const GENUINE = 6;
/** What is as long as it can be costs a hundred times as much. */
const LONG = 0.01;
const LENGTHS = [0, 1, 64, 255, 256, 257, 1000];
/** mal is not among them: in his own name he may write. */
const NICKS: readonly Nick[] = ["alice", "ALICE", "bob", "Bob", LONGEST_NICK];

/** Nobody's keys: with them everybody would agree on the same secret. */
const LOW_ORDER: readonly Uint8Array[] = [
  new Uint8Array(32),
  Uint8Array.of(1, ...new Uint8Array(31)),
  Uint8Array.fromHex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
  Uint8Array.fromHex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
  Uint8Array.fromHex(`ec${"ff".repeat(30)}7f`),
];

/** Sealing, prekey; then the ephemeral key, and behind it the bundle: identity, key, prekey. */
const EPHEMERAL_AT = 1 + 8;
const BUNDLE_AT = EPHEMERAL_AT + 32;
const SENDER_KEY_AT = BUNDLE_AT + 32;
const SEALED_AT = BUNDLE_AT + 172;

/** The order of Ed25519's group, which may be added to the second half of a signature if nobody looks. */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const SIGNATURE_BYTES = 64;

interface Genuine {
  readonly envelope: Envelope;
  readonly bytes: Uint8Array;
}

function people(dice: Dice): [alice: Author, bob: Author, mal: Author] {
  const [alice, bob, mal] = ["alice", "bob", "mal"].map((nick) => new Author(primitives, dice, nick));
  return [alice!, bob!, mal!];
}

/** What was made of these, and is not as it was; or, for once, is. */
function hostile(dice: Dice, genuine: readonly Uint8Array[], ...made: (() => Uint8Array)[]): Uint8Array {
  const sample = dice.pick(genuine);
  const others = [
    () => anyBytes(dice, genuine),
    () => anyBytes(dice, genuine),
    () => withBit(dice, sample),
    () => malleated(sample),
    ...made,
  ];
  return dice.pick(others)();
}

/** One bit is another one. */
function withBit(dice: Dice, bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy[dice.below(copy.length)]! ^= 1 << dice.below(8);
  return copy;
}

/** The signature at the end once more, as another number of the same remainder (RFC 8032, section 8.4). */
function malleated(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  let carry = ORDER;
  for (let at = copy.length - SIGNATURE_BYTES / 2; at < copy.length; at++) {
    carry += BigInt(copy[at] ?? 0);
    copy[at] = Number(carry & 0xffn);
    carry >>= 8n;
  }
  return copy;
}

function overwritten(bytes: Uint8Array, at: number, part: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy.set(part.subarray(0, Math.max(0, copy.length - at)), at);
  return copy;
}

/** Two of the three are mostly as they were. */
function anyEnvelope(dice: Dice, { id, from, to }: Envelope): Envelope {
  return {
    id: dice.happens(0.1) ? anyId(dice) : id,
    from: dice.happens(0.1) ? dice.pick(NICKS) : from,
    to: dice.happens(0.1) ? dice.pick(NICKS) : to,
  };
}

function equalEnvelopes(a: Envelope, b: Envelope): boolean {
  return a.id === b.id && sameNick(a.from, b.from) && sameNick(a.to, b.to);
}

function anyText(dice: Dice): string {
  return dice.pick(["x", "é", "\0"]).repeat(dice.pick(LENGTHS));
}

// ---- letters ---------------------------------------------------------------------------------------------

function contentsOf(text: string): Contents {
  return { after: NO_MESSAGE, afterHash: NO_HASH, sentAt: 2 ** 48 - 1, text };
}

/** As mal seals them: with his keys, for bob, and with whatever bundle may pass for alice's. */
function fromMal(dice: Dice, envelope: Envelope, [alice, bob, mal]: readonly [Author, Author, Author]) {
  const { key, identity } = mal.bundle;
  const sender: Bundle = dice.pick([
    alice.bundle,
    { ...alice.bundle, key },
    { ...alice.bundle, key, identity },
    { ...mal.bundleFor("alice"), identity: alice.bundle.identity },
    { ...mal.bundle, signature: alice.bundle.signature },
    mal.bundle,
  ]);
  return mal.letter({
    ...envelope,
    text: "I am alice",
    recipient: bob.bundle,
    sender,
    edition: dice.below(2),
  });
}

const LETTERS: Target = {
  name: "letter",
  iterations: 8,
  run(dice: Dice, note: Note): void {
    const all = people(dice);
    const [alice, bob, mal] = all;
    const genuine = Array.from({ length: GENUINE }, (_, count): Genuine & { contents: Contents } => {
      const envelope = { id: idOf(count), from: "alice", to: "bob" };
      const contents = contentsOf(dice.happens(LONG) ? "m".repeat(TEXT_BYTES) : anyText(dice));
      const bytes = alice.letter({ ...envelope, ...contents, recipient: bob.bundle, edition: dice.below(2) });
      return { envelope, bytes, contents };
    });
    for (const { envelope, bytes, contents } of genuine.toReversed()) {
      assertEquals(bob.open(envelope, bytes), contents);
      for (const other of [alice, mal]) assertEquals(other.open(envelope, bytes), undefined);
    }
    if (dice.happens(LONG)) assertTooLong(alice, bob);
    const samples = genuine.map(({ bytes }) => bytes);
    for (let input = 0; input < INPUTS; input++) {
      const envelope = anyEnvelope(dice, dice.pick(genuine).envelope);
      const bytes = hostile(
        dice,
        samples,
        () => fromMal(dice, envelope, all),
        () => overwritten(dice.pick(samples), SEALED_AT, dice.pick(samples).subarray(SEALED_AT)),
        () => overwritten(dice.pick(samples), EPHEMERAL_AT, dice.pick(LOW_ORDER)),
        () => overwritten(dice.pick(samples), SENDER_KEY_AT, dice.pick(LOW_ORDER)),
        // As if it were one of version 3.
        () => overwritten(dice.pick(samples), 0, Uint8Array.of(dice.below(2))),
      );
      note(bytes);
      const copy = bytes.slice();
      const original = genuine.find((one) =>
        equalEnvelopes(one.envelope, envelope) && equalBytes(one.bytes, bytes)
      );
      assertEquals(bob.open(envelope, bytes), original?.contents, "a letter opens that was not sealed so");
      assert(equalBytes(bytes, copy), "opening has changed a letter");
    }
  },
};

/** Nobody writes that much, so nobody reads it. */
function assertTooLong(alice: Author, bob: Author): void {
  const envelope = { id: idOf(99), from: "alice", to: "bob" };
  const text = "m".repeat(TEXT_BYTES + 1);
  const bytes = alice.letter({ ...envelope, text, recipient: bob.bundle });
  assert(decodeLetter(bytes) !== MALFORMED);
  assertEquals(bob.open(envelope, bytes), undefined);
}

// ---- posts -----------------------------------------------------------------------------------------------

const POSTS: Target = {
  name: "post",
  iterations: 20,
  run(dice: Dice, note: Note): void {
    const [alice, , mal] = people(dice);
    const [ours, others] = [dice.bytes(32), dice.bytes(32)];
    const genuine = Array.from({ length: GENUINE }, (_, count) => {
      const envelope = { id: idOf(count), from: "alice", to: "" };
      const text = dice.happens(LONG) ? "m".repeat(TEXT_BYTES) : anyText(dice);
      const key = dice.happens(0.5) ? ours : undefined;
      return { envelope, text, key, bytes: alice.post({ ...envelope, text }, key) };
    });
    const samples = genuine.map(({ bytes }) => bytes);
    for (let input = 0; input < INPUTS; input++) {
      const { id, from } = anyEnvelope(dice, dice.pick(genuine).envelope);
      const bytes = dice.happens(0.1) ? dice.pick(samples) : hostile(
        dice,
        samples,
        () => mal.postAs({ id, from, text: "I am alice" }, alice.identity.publicKey),
      );
      note(bytes);
      const post = decodePost(bytes);
      if (post === MALFORMED) continue;
      const original = genuine.find((one) =>
        one.envelope.id === id && sameNick(one.envelope.from, from) && equalBytes(one.bytes, bytes)
      );
      const isAlices = post.identity === alice.identity.publicKey;
      assertEquals(isAuthentic(primitives, { id, from }, post) && isAlices, original !== undefined);
      // What its sender did not write throws nothing, either.
      for (const key of [ours, others, undefined]) {
        const text = textOf(primitives, key, id, post);
        if (original !== undefined) {
          assertEquals(text, original.key === undefined || original.key === key ? original.text : undefined);
        }
      }
    }
  },
};

// ---- receipts and bundles --------------------------------------------------------------------------------

/** Of a letter of version 3, whose receipts name none, and of one of version 4. */
const EPHEMERALS = [NO_KEY, KEY];

/** bob's receipts for alice, some of them of each outcome. */
function receiptsOf(bob: Author): Receipt[] {
  return OUTCOMES.flatMap((outcome, at) =>
    [0, 1].map((edition) =>
      bob.receipt("bob", "alice", { id: idOf(at), edition, ephemeral: EPHEMERALS[edition]!, outcome })
    )
  );
}

function receiptsIn(verb: Verb): { from: Nick; to: Nick; receipts: readonly Receipt[] } | undefined {
  if (verb.type === "receipt") return { from: verb.from, to: verb.to, receipts: [verb] };
  return verb.type === "collected" ? { from: verb.to, to: "alice", receipts: verb.receipts } : undefined;
}

const PROOFS = ["", KEY, SIGNATURE];

const RECEIPTS: Target = {
  name: "receipts",
  iterations: 20,
  run(dice: Dice, note: Note): void {
    const [, bob, mal] = people(dice);
    const genuine = receiptsOf(bob);
    const nicks = { from: "bob", to: "alice" };
    const lies = genuine.map(({ proof: _, ...said }) =>
      dice.pick([
        mal.receipt("bob", "alice", said),
        bob.receipt("bob", "mal", said),
        { ...said, outcome: dice.pick(OUTCOMES), proof: dice.pick(genuine).proof },
        { ...said, ephemeral: dice.pick(EPHEMERALS), proof: dice.pick(genuine).proof },
        { ...said, proof: dice.pick(PROOFS) },
      ])
    );
    const samples = [
      ...[...genuine, ...lies].map((receipt): Verb => ({ type: "receipt", ...nicks, ...receipt })),
      ...[genuine, lies].map((all): Verb => (
        { type: "collected", to: "bob", receipts: all.slice(0, COLLECTED_RECEIPTS) }
      )),
    ].map(encodeVerb);
    for (let input = 0; input < INPUTS; input++) {
      const bytes = hostile(dice, samples);
      note(bytes);
      const verb = decodeVerb(bytes);
      const said = verb === MALFORMED ? undefined : receiptsIn(verb);
      for (const receipt of said?.receipts ?? []) {
        const { from, to } = said!;
        const isHis = sameNick(from, "bob") && sameNick(to, "alice") &&
          genuine.some((one) => isSameReceipt(one, receipt));
        assertEquals(isReceiptOf(primitives, bob.identity.publicKey, { from, to }, receipt), isHis);
      }
    }
  },
};

function isSameReceipt(a: Receipt, b: Receipt): boolean {
  return a.id === b.id && isSameLetter(a, b) && a.outcome === b.outcome && a.proof === b.proof;
}

const BUNDLES: Target = {
  name: "bundles",
  iterations: 20,
  run(dice: Dice, note: Note): void {
    const all = people(dice);
    const [alice, , mal] = all;
    const known = [...all.map(({ nick, bundle }) => ({ nick, bundle })), {
      nick: "alice",
      bundle: mal.bundleFor("alice"),
    }];
    const lies = [
      BUNDLE,
      { ...alice.bundle, key: mal.key },
      { ...mal.bundle, identity: alice.bundle.identity },
      { ...alice.bundle, identity: mal.bundle.identity },
      { ...alice.bundle, prekey: mal.bundle.prekey },
    ];
    const rows = [...known, ...lies.map((bundle) => ({ nick: "alice", bundle }))].map((row, ordinal) => (
      {
        nick: row.nick,
        skeleton: row.nick,
        ...row.bundle,
        ordinal,
        online: true,
        addresses: [IPV4],
        ...NO_LINEAGE,
      }
    ));
    const samples = [
      ...rows.map((row): Verb => ({
        type: "rows",
        since: { start: 1, counter: 0 },
        upTo: 1,
        newest: 1,
        rows: [row],
      })),
      ...rows.map(({ nick, ...bundle }): Verb => (
        { type: "register", nick, turn: 1, asked: true, bundle, candidates: [], predecessors: [] }
      )),
    ].map(encodeVerb);
    for (let input = 0; input < INPUTS; input++) {
      const bytes = hostile(dice, samples);
      note(bytes);
      const verb = decodeVerb(bytes);
      if (verb === MALFORMED) continue;
      const said = verb.type === "rows"
        ? verb.rows.map((row) => ({ nick: row.nick, bundle: row }))
        : verb.type === "register"
        ? [verb]
        : [];
      for (const { nick, bundle } of said) {
        const isHis = known.some((one) => sameNick(one.nick, nick) && equalBundles(one.bundle, bundle));
        assertEquals(isGenuine(primitives, nick, bundle), isHis);
      }
    }
  },
};

export const LETTER_TARGETS: readonly Target[] = [LETTERS, POSTS, RECEIPTS, BUNDLES];
