/**
 * Test vectors of letters, posts, bundles, receipts and safety numbers, for whoever writes another client.
 * What goes over the wire is made by core, what lies in between by hand (`letter_by_hand.ts`). All bytes are
 * hexadecimal digits; secrets count 01, 02, 03 ... from where they begin. To write the file anew:
 *
 *     deno run --allow-write=docs tests/core/messages/letter_vectors.ts
 */
import { Writer } from "../../../core/base/bytes.ts";
import { primitives } from "../../../core/base/crypto.ts";
import { bundle as bundleField } from "../../../core/messages/field.ts";
import { type Bundle, Identity, NO_HASH, safetyNumber, textHash } from "../../../core/messages/identity.ts";
import { Sealer } from "../../../core/messages/letter.ts";
import { NO_MESSAGE } from "../../../core/messages/message_id.ts";
import { nickKey } from "../../../core/messages/nick.ts";
import { encodePost, postHash } from "../../../core/messages/post.ts";
import { bundleByHand, contentsByHand, letterByHand, postByHand, receiptByHand } from "./letter_by_hand.ts";

const NOW = 1_700_000_000_000;
const TEXT = "hello, Zoë";
const CHANNEL_KEY = counting(0x41, 32);
const POST_SALT = counting(0x21, 16);
const FIRST_EPHEMERAL = counting(0xc1, 32);
const SECOND_EPHEMERAL = counting(0xe1, 32);

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
  const open = post("open", 1, NO_HASH, undefined);
  return {
    about:
      "Made by tests/core/messages/letter_vectors.ts. What is what: core/letter.ts, core/post.ts, core/identity.ts. " +
      "Labels and nicks stand behind a length of one byte, except for the info of HKDF.",
    sender: ALICE.vector,
    recipient: BOB.vector,
    letters: [
      letter("the first message there is", 1, undefined, FIRST_EPHEMERAL, 0, "hi"),
      letter("a short text", 2, "hi", FIRST_EPHEMERAL, 0, TEXT),
      letter("a text of 256 bytes, which is not filled up", 3, TEXT, FIRST_EPHEMERAL, 0, "x".repeat(256)),
      letter("the short text, sealed again", 2, "hi", SECOND_EPHEMERAL, 1, TEXT),
    ],
    posts: [open, post("sealed under the channel key", 2, open.hash, CHANNEL_KEY)],
    receipt: receipt(),
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
  const sealer = new Sealer(primitives, () => ephemeralSecret, ALICE.identity.keyPair);
  const envelope = { id, from: ALICE.nick, to: BOB.nick };
  const contents = { after, afterHash, sentAt: NOW, text };
  const keys = { sender: ALICE.bundle, recipient: BOB.bundle };
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
    secret: byHand.secret.toHex(),
    messageKey: byHand.messageKey.toHex(),
    associated: byHand.associated.toHex(),
    plaintext: plaintext.toHex(),
    letter: sealer.seal(NOW, envelope, edition, keys, contents)!.toHex(),
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

function receipt() {
  const id = idOf(2);
  const said = { id, edition: 1, outcome: "read" } as const;
  const parts = { id: bytes(id), edition: 1, outcome: 0, from: nickKey(BOB.nick), to: nickKey(ALICE.nick) };
  const byHand = receiptByHand(BOB.identitySecret, parts);
  return { ...BOB.identity.receipt(BOB.nick, ALICE.nick, said), signed: byHand.signedBytes.toHex() };
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
