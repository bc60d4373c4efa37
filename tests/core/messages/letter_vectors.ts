/**
 * Test vectors of letters, direct messages, posts, bundles, receipts and safety numbers, for whoever writes
 * another client. What goes over the wire is made by core, what lies in between by hand
 * (`letter_by_hand.ts`). All bytes are hexadecimal digits; secrets count 01, 02, 03 ... from where they
 * begin. To write the file anew:
 *
 *     deno run --allow-write=docs tests/core/messages/letter_vectors.ts
 */
import { Writer } from "../../../core/base/bytes.ts";
import { primitives } from "../../../core/base/crypto.ts";
import { bundle as bundleField } from "../../../core/messages/field.ts";
import {
  type Bundle,
  Identity,
  NO_HASH,
  type Outcome,
  OUTCOMES,
  safetyNumber,
  textHash,
} from "../../../core/messages/identity.ts";
import { peopleTag } from "../../../core/messages/direct.ts";
import { sealLetter } from "../../../core/messages/letter.ts";
import { prekeyId } from "../../../core/messages/letter_form.ts";
import { NO_MESSAGE, prefixOf } from "../../../core/messages/message_id.ts";
import { nickKey } from "../../../core/messages/nick.ts";
import { encodePost, postHash } from "../../../core/messages/post.ts";
import { encodeVerb } from "../../../core/messages/verb.ts";
import { bundleByHand, contentsByHand, letterByHand, postByHand, receiptByHand } from "./letter_by_hand.ts";

const NOW = 1_700_000_000_000;
const TEXT = "hello, Zoë";
const CHANNEL_KEY = counting(0x41, 32);
const POST_SALT = counting(0x21, 16);
/** Each sealing has an ephemeral key of its own. */
const EPHEMERAL = [0xc1, 0xd1, 0xe1, 0xf1].map((first) => counting(first, 32));
const SERVER_KEY = primitives.keyPair(counting(0x11, 32)).publicKey.toHex();

class Correspondent {
  readonly nick: string;
  readonly secrets: Uint8Array;
  readonly prekeySecret: Uint8Array;
  readonly identity: Identity;
  readonly bundle: Bundle;

  /** Three secrets of 32 bytes that go on from `first`. */
  constructor(nick: string, first: number, prekeyAt: number, counter: number) {
    this.nick = nick;
    this.secrets = counting(first, 64);
    this.prekeySecret = counting(first + 64, 32);
    this.identity = new Identity(primitives, this.secrets);
    const prekey = primitives.keyPair(this.prekeySecret).publicKey.toHex();
    this.bundle = this.identity.bundle(nick, prekey, prekeyAt, counter);
  }

  get identitySecret(): Uint8Array {
    return this.secrets.subarray(0, 32);
  }

  get keySecret(): Uint8Array {
    return this.secrets.subarray(32);
  }

  get bundleBytes(): Uint8Array {
    const writer = new Writer();
    bundleField.write(writer, this.bundle);
    return writer.finish();
  }

  get keys() {
    const { identity, key, prekey, prekeyAt, counter } = this.bundle;
    return { identity: bytes(identity), key: bytes(key), prekey: bytes(prekey), prekeyAt, counter };
  }

  get vector() {
    const { identity, key, prekey, prekeyAt, counter, signature } = this.bundle;
    return {
      nick: this.nick,
      nickAsCompared: nickKey(this.nick),
      identitySecret: this.identitySecret.toHex(),
      keySecret: this.keySecret.toHex(),
      prekeySecret: this.prekeySecret.toHex(),
      identity,
      key,
      prekey,
      prekeyAt,
      counter,
      signed: bundleByHand(this.identitySecret, nickKey(this.nick), this.keys).signedBytes.toHex(),
      signature,
      bundle: this.bundleBytes.toHex(),
    };
  }
}

const ALICE = new Correspondent("Alice", 0x01, NOW - 3600_000, 1);
const BOB = new Correspondent("bob", 0x61, NOW - 7200_000, 300);
/** Of Alice's messages to Bob: the first, the second ... */
const idOf = (count: number): string => `01020300000001a1a2a3${String(count).padStart(12, "0")}`;
const postIdOf = (count: number): string => `01020300000001b1b2b3${String(count).padStart(12, "0")}`;

/** All of the vectors, as they stand in the file. */
export function letterVectors() {
  const [first, second, third, fourth] = EPHEMERAL;
  const open = post("open", 1, NO_HASH, undefined);
  return {
    about:
      "Made by tests/core/messages/letter_vectors.ts. What is what: core/messages/letter.ts, direct.ts, post.ts, identity.ts. " +
      "Labels and nicks stand behind a length of one byte, except for the info of HKDF.",
    sender: ALICE.vector,
    recipient: BOB.vector,
    letters: [
      letter("the first message there is", 1, undefined, first!, 0, "hi"),
      letter("a short text", 2, "hi", second!, 0, TEXT),
      letter("a text of 256 bytes, which is not filled up", 3, TEXT, third!, 0, "x".repeat(256)),
      letter("the short text, sealed again", 2, "hi", fourth!, 1, TEXT),
    ],
    posts: [open, post("sealed under the channel key", 2, open.hash, CHANNEL_KEY)],
    receipts: [receipt(second!, 0, "refused"), receipt(fourth!, 1, "unreadable")],
    direct: direct(),
    safetyNumber: safetyNumber(
      primitives,
      { nick: ALICE.nick, identity: ALICE.identity.publicKey },
      { nick: BOB.nick, identity: BOB.identity.publicKey },
    ),
  };
}

/** `count`: which of Alice's messages to Bob; `before`: what the one before it said. */
function letter(
  about: string,
  count: number,
  before: string | undefined,
  ephemeralSecret: Uint8Array,
  edition: number,
  text: string,
) {
  const id = idOf(count);
  const after = before === undefined ? NO_MESSAGE : idOf(count - 1);
  const afterHash = before === undefined ? NO_HASH : textHash(primitives, after, before);
  const envelope = { id, from: ALICE.nick, to: BOB.nick };
  const contents = { after, afterHash, sentAt: NOW, text };
  const keys = { keyPair: ALICE.identity.keyPair, sender: ALICE.bundle, recipient: BOB.bundle };
  const ephemeral = primitives.keyPair(ephemeralSecret);
  const made = sealLetter(primitives, ephemeral, envelope, edition, keys, contents)!;
  const plaintext = contentsByHand({ after: bytes(after), afterHash: bytes(afterHash), sentAt: NOW, text });
  const byHand = letterByHand({
    id: bytes(id),
    from: nickKey(ALICE.nick),
    to: nickKey(BOB.nick),
    edition,
    senderSecret: ALICE.keySecret,
    ephemeralSecret,
    senderBundle: ALICE.bundleBytes,
    recipient: BOB.keys,
    plaintext,
  });
  return {
    about,
    id,
    edition,
    ephemeralSecret: ephemeralSecret.toHex(),
    ...contents,
    dh1: byHand.dh1.toHex(),
    dh2: byHand.dh2.toHex(),
    dh3: byHand.dh3.toHex(),
    dh4: byHand.dh4.toHex(),
    secret: byHand.secret.toHex(),
    messageKey: byHand.messageKey.toHex(),
    associated: byHand.associated.toHex(),
    plaintext: plaintext.toHex(),
    letter: made.body.toHex(),
    receiptKey: byHand.receiptKey.toHex(),
    proof: made.proof,
  };
}

function post(about: string, number: number, previous: string, channelKey: Uint8Array | undefined) {
  const id = postIdOf(number);
  const place = { id, from: ALICE.nick, number, previous, sentAt: NOW, text: TEXT };
  const seal = channelKey === undefined ? undefined : { channelKey, salt: POST_SALT };
  const made = encodePost(primitives, ALICE.identity, seal, place);
  const byHand = postByHand({
    ...place,
    id: bytes(id),
    from: nickKey(ALICE.nick),
    previous: bytes(previous),
    secret: ALICE.identitySecret,
    channelKey,
    salt: POST_SALT,
  });
  return {
    about,
    id,
    number,
    previous,
    sentAt: NOW,
    text: TEXT,
    channelKey: channelKey?.toHex() ?? null,
    salt: seal?.salt.toHex() ?? null,
    key: byHand.key?.toHex() ?? null,
    associated: byHand.associated.toHex(),
    plaintext: byHand.plaintext.toHex(),
    signed: byHand.signedBytes.toHex(),
    signature: byHand.signature.toHex(),
    post: made.toHex(),
    hash: postHash(primitives, id, made),
  };
}

/** What Bob signs when he has not opened a letter. The proof that he has read one stands with the letter. */
function receipt(ephemeralSecret: Uint8Array, edition: number, outcome: Outcome) {
  const id = idOf(2);
  const ephemeral = primitives.keyPair(ephemeralSecret).publicKey;
  const byHand = receiptByHand(BOB.identitySecret, {
    id: bytes(id),
    edition,
    ephemeral,
    outcome: OUTCOMES.indexOf(outcome),
    from: nickKey(BOB.nick),
    to: nickKey(ALICE.nick),
  });
  const said = { id, edition, ephemeral: ephemeral.toHex(), outcome };
  return { ...BOB.identity.receipt(BOB.nick, ALICE.nick, said), signed: byHand.signedBytes.toHex() };
}

/** Three messages of Alice's in one verb: the first, the next one, and one behind one that failed. */
function direct() {
  const [sender, recipient] = [ALICE, BOB].map(({ nick, identity }) => ({
    nick,
    identity: identity.publicKey,
  }));
  const people = peopleTag(primitives, SERVER_KEY, sender!, recipient!);
  const messages = [
    { sequence: 1, after: NO_MESSAGE, sentAt: NOW, text: "hi" },
    { sequence: 2, after: undefined, sentAt: NOW + 40, text: TEXT },
    { sequence: 4, after: idOf(2), sentAt: NOW - 1_000, text: "the clock was set back" },
  ];
  const place = prekeyId(BOB.bundle.prekey);
  const prefix = prefixOf(idOf(1));
  const verb = { type: "direct", from: ALICE.nick, to: BOB.nick, people, place, prefix, messages } as const;
  return {
    serverKey: SERVER_KEY,
    people,
    place,
    prefix,
    messages: messages.map(({ after, ...message }) => ({ ...message, after: after ?? null })),
    verb: encodeVerb(verb).toHex(),
  };
}

/** So many bytes that count up from the first. */
function counting(first: number, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, at) => first + at);
}

function bytes(digits: string): Uint8Array {
  return Uint8Array.fromHex(digits);
}

if (import.meta.main) {
  const file = new URL("../../../docs/letter-vectors.json", import.meta.url);
  Deno.writeTextFileSync(file, `${JSON.stringify(letterVectors(), undefined, 2)}\n`);
}
