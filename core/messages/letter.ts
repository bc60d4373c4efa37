/**
 * Letters: direct messages, sealed by the sender for the recipient and for nobody else. The key agreement is
 * that of X3DH (The X3DH Key Agreement Protocol, revision 1) without one-time prekeys. Where X3DH's initial
 * message has the sender's identity key, a letter has the sender's whole bundle.
 *
 *     letter = edition 1 | prekey id 8 | ephemeral key 32 | sender's bundle 172 | sealed
 *     sealed = AEAD(message key, nonce 0, associated, after 16 | hash 32 | time 6 | length 3 | text | zeros)
 *
 *     DH1 = DH(sender's key, prekey)   DH2 = DH(ephemeral, recipient's key)   DH3 = DH(ephemeral, prekey)
 *     secret = HKDF-SHA256(salt: zeros, input: 32 bytes of ff | DH1 | DH2 | DH3, info: "Parley 4 letter")
 *     message key = HKDF-Expand(secret, "Parley 4 message" | id | edition | SHA-256(associated))
 *     associated = "Parley 4 letter" | id | sender's nick | recipient's nick | everything before `sealed`
 *                  | recipient's identity, key and prekey
 *
 * Labels and nicks (in NFKC and lower case) stand behind their length in one byte, except the label that is
 * HKDF's first `info`. `|` is concatenation; see docs/security.md, "Formats and key schedule".
 *
 * The text is padded with zeros to 256, 512, 1,024 ... bytes. One ephemeral key and its secret serve an hour
 * of letters to one prekey. Each letter has a message key of its own, so letters open in any order. The
 * message key depends on id, edition and all that stands around the seal. The second edition has a new
 * ephemeral key. So no key ever seals two different texts under nonce 0.
 */
import { remember } from "../base/bounded_map.ts";
import { MALFORMED, type Malformed, Reader, utf8Length, Writer } from "../base/bytes.ts";
import { HASH_BYTES, KEY_BYTES, type KeyPair, labelled, type Primitives } from "../base/crypto.ts";
import { LETTER_SECRET_MS, LETTER_SECRETS, PADDING_BYTES, TEXT_BYTES } from "../base/limits.ts";
import type { Key, Millis, Random } from "../base/units.ts";
import { bundle as bundleField } from "./field.ts";
import type { Bundle } from "./identity.ts";
import { ID_BYTES, type MessageId } from "./message_id.ts";
import { type Nick, nickKey } from "./nick.ts";

const PREKEY_ID_BYTES = 8;

/** X3DH section 2.2: 32 bytes of ff stand before the agreed secrets, and the salt of HKDF is zeros. */
const F = new Uint8Array(KEY_BYTES).fill(0xff);
const SALT = new Uint8Array(KEY_BYTES);

/**
 * HKDF-Expand counts its blocks from 1 (RFC 5869 section 2.3). One block of 32 bytes is all that is needed.
 */
const ONE = Uint8Array.of(1);
const LABEL = "Parley 4 letter";

/** The parts of a message that travel in clear, in the verb around the letter. The seal is bound to them. */
export interface Envelope {
  readonly id: MessageId;
  readonly from: Nick;
  readonly to: Nick;
}

/** The parts of a message that only its recipient can read. */
export interface Contents {
  /** The sender's message before this one to the same recipient that has not failed; `NO_MESSAGE` if none. */
  readonly after: MessageId;
  /** The `textHash` of that message. */
  readonly afterHash: string;
  /** An instant of the sender's clock. */
  readonly sentAt: Millis;
  readonly text: string;
}

/** A letter taken apart, still sealed. Nothing in it is proved before it opens. */
export interface Letter {
  /** 0, or 1 when its sender has sealed the same message again. */
  readonly edition: number;
  /** Names the recipient's prekey that the letter is sealed for. */
  readonly prekeyId: string;
  readonly ephemeral: Key;
  readonly sender: Bundle;
  /** All bytes of the letter before `sealed`. */
  readonly header: Uint8Array;
  readonly sealed: Uint8Array;
}

/** The first 8 bytes of a prekey: they tell it from the recipient's other prekeys. */
export function prekeyId(prekey: Key): string {
  return prekey.slice(0, 2 * PREKEY_ID_BYTES);
}

/** The edition that a letter claims, even if it is malformed: the receipt for it has to name one. */
export function editionOf(letter: Uint8Array): number {
  return letter[0] === 1 ? 1 : 0;
}

/** Takes a letter apart. It opens nothing and checks no signature. */
export function decodeLetter(bytes: Uint8Array): Letter | Malformed {
  const reader = new Reader(bytes);
  const edition = reader.u8();
  const prekey = reader.hex(PREKEY_ID_BYTES);
  const ephemeral = reader.hex(KEY_BYTES);
  const sender = bundleField.read(reader);
  const header = bytes.subarray(0, bytes.length - reader.left);
  if (reader.failed || edition > 1) return MALFORMED;
  return { edition, prekeyId: prekey, ephemeral, sender, header, sealed: reader.rest() };
}

/** One ephemeral key of ours, and the X3DH secret agreed on with it. */
interface Secret {
  readonly ephemeral: Key;
  readonly secret: Uint8Array;
  readonly since: Millis;
}

/**
 * Seals the letters that we write. It keeps the secrets agreed on, so that not every letter costs three DHs.
 */
export class Sealer {
  readonly #primitives: Primitives;
  readonly #random: Random;
  readonly #keyPair: KeyPair;
  /** Secrets by the recipient's key and prekey; least recently made first. */
  readonly #secrets = new Map<string, Secret>();

  constructor(primitives: Primitives, random: Random, keyPair: KeyPair) {
    this.#primitives = primitives;
    this.#random = random;
    this.#keyPair = keyPair;
  }

  /** Makes a letter. `undefined` when a key in the recipient's bundle is not valid (of low order). */
  seal(
    now: Millis,
    envelope: Envelope,
    edition: number,
    { sender, recipient }: { sender: Bundle; recipient: Bundle },
    contents: Contents,
  ): Uint8Array | undefined {
    const made = this.#secretFor(now, recipient, edition);
    if (made === undefined) return undefined;
    const writer = new Writer();
    writer.u8(edition);
    writer.hex(prekeyId(recipient.prekey));
    writer.hex(made.ephemeral);
    bundleField.write(writer, sender);
    const header = writer.finish();
    const around = associated(envelope, header, recipient);
    const key = messageKey(this.#primitives, made.secret, envelope.id, edition, around);
    const sealed = this.#primitives.seal(key, 0, around, encode(contents));
    const letter = new Uint8Array(header.length + sealed.length);
    letter.set(header);
    letter.set(sealed, header.length);
    return letter;
  }

  /** Forgets secrets that are an hour old, or all when `now` is Infinity. */
  forgetOldSecrets(now: Millis): void {
    for (const [name, secret] of this.#secrets) if (!isFresh(now, secret)) this.#secrets.delete(name);
  }

  /** The secret for this hour and this prekey. A message that is sealed again gets a new ephemeral key. */
  #secretFor(now: Millis, { key, prekey }: Bundle, edition: number): Secret | undefined {
    const name = `${key} ${prekey}`;
    const known = this.#secrets.get(name);
    if (known !== undefined && edition === 0 && isFresh(now, known)) return known;
    const ephemeral = this.#primitives.keyPair(this.#random(KEY_BYTES));
    const [theirKey, theirPrekey] = [Uint8Array.fromHex(key), Uint8Array.fromHex(prekey)];
    // X3DH section 3.3: DH1, DH2 and DH3 as Alice, the initiator, computes them.
    const secret = derive(this.#primitives, [
      this.#keyPair.agree(theirPrekey),
      ephemeral.agree(theirKey),
      ephemeral.agree(theirPrekey),
    ]);
    if (secret === undefined) return undefined;
    const made = { ephemeral: ephemeral.publicKey.toHex(), secret, since: now };
    remember(this.#secrets, name, made, LETTER_SECRETS);
    return made;
  }
}

/** Opens the letters that others wrote to us. */
export class Opener {
  readonly #primitives: Primitives;
  readonly #keyPair: KeyPair;
  /** Secrets by the sender's key, the ephemeral key and our prekey; least recently made first. */
  readonly #secrets = new Map<string, Uint8Array>();

  constructor(primitives: Primitives, keyPair: KeyPair) {
    this.#primitives = primitives;
    this.#keyPair = keyPair;
  }

  /**
   * Returns the contents, or `undefined` if this is not what the holder of the sender's key sealed in this
   * envelope for us and for this prekey. `identity` is our own. The sender's bundle has to be checked by the
   * caller.
   */
  open(
    envelope: Envelope,
    { edition, ephemeral, sender, header, sealed }: Letter,
    { identity, prekey }: { identity: Key; prekey: KeyPair },
  ): Contents | undefined {
    const own = { identity, key: this.#keyPair.publicKey.toHex(), prekey: prekey.publicKey.toHex() };
    const name = `${sender.key} ${ephemeral} ${own.prekey}`;
    const secret = this.#secrets.get(name) ?? this.#agree(sender.key, ephemeral, prekey);
    if (secret === undefined) return undefined;
    const around = associated(envelope, header, own);
    const key = messageKey(this.#primitives, secret, envelope.id, edition, around);
    const plaintext = this.#primitives.open(key, 0, around, sealed);
    if (plaintext === undefined) return undefined;
    // Only now is it proved that the sender knows the secret: guesses do not get into the map.
    if (!this.#secrets.has(name)) remember(this.#secrets, name, secret, LETTER_SECRETS);
    return decode(plaintext);
  }

  /** Forgets all secrets, so that none outlives for long the prekey that it was agreed on with. */
  forgetSecrets(): void {
    this.#secrets.clear();
  }

  /** X3DH section 3.4: the same three DHs as the sender's, in the same order. */
  #agree(senderKey: Key, ephemeralKey: Key, prekey: KeyPair): Uint8Array | undefined {
    const [sender, ephemeral] = [Uint8Array.fromHex(senderKey), Uint8Array.fromHex(ephemeralKey)];
    const agreed = [prekey.agree(sender), this.#keyPair.agree(ephemeral), prekey.agree(ephemeral)];
    return derive(this.#primitives, agreed);
  }
}

/** Counts an hour in both directions: a clock that was set back does not make a secret last longer. */
function isFresh(now: Millis, { since }: Secret): boolean {
  return Math.abs(now - since) < LETTER_SECRET_MS;
}

/**
 * X3DH's KDF (section 2.2), written out as HKDF-SHA256 with one block (RFC 5869): extract with `SALT`, expand
 * with `LABEL`. `undefined` when one of the agreements failed.
 */
function derive({ mac }: Primitives, agreed: readonly (Uint8Array | undefined)[]): Uint8Array | undefined {
  const known = agreed.filter((secret) => secret !== undefined);
  if (known.length < agreed.length) return undefined;
  return mac(mac(SALT, F, ...known), new TextEncoder().encode(LABEL), ONE);
}

/**
 * The key of one letter: HKDF-Expand of the secret, with one block. It seals once, so its nonce is always 0.
 */
function messageKey(
  { hash, mac }: Primitives,
  secret: Uint8Array,
  id: MessageId,
  edition: number,
  associated: Uint8Array,
): Uint8Array {
  const info = labelled("Parley 4 message");
  info.hex(id);
  info.u8(edition);
  info.raw(hash(associated));
  return mac(secret, info.finish(), ONE);
}

/**
 * X3DH section 3.3: the associated data bind the seal to both parties' keys. Here they name the nicks, the id
 * and the rest of the letter as well, so that the server cannot put a letter into another envelope.
 */
function associated(
  { id, from, to }: Envelope,
  header: Uint8Array,
  recipient: Pick<Bundle, "identity" | "key" | "prekey">,
): Uint8Array {
  const writer = labelled(LABEL);
  writer.hex(id);
  writer.text8(nickKey(from));
  writer.text8(nickKey(to));
  writer.raw(header);
  for (const key of [recipient.identity, recipient.key, recipient.prekey]) writer.hex(key);
  return writer.finish();
}

function encode({ after, afterHash, sentAt, text }: Contents): Uint8Array {
  const writer = new Writer();
  writer.hex(after);
  writer.hex(afterHash);
  writer.u48(Math.floor(sentAt));
  writer.text24(text);
  writer.zeros(paddingFor(utf8Length(text)));
  return writer.finish();
}

/** The bytes behind the text are padding, whatever they are. */
function decode(plaintext: Uint8Array): Contents | undefined {
  const reader = new Reader(plaintext);
  const contents = {
    after: reader.hex(ID_BYTES),
    afterHash: reader.hex(HASH_BYTES),
    sentAt: reader.u48(),
    text: reader.text24(),
  };
  return reader.failed || utf8Length(contents.text) > TEXT_BYTES ? undefined : contents;
}

/** The number of zeros behind a text of so many bytes: they fill it up to 256, 512, 1,024 ... bytes. */
export function paddingFor(bytes: number): number {
  let padded = PADDING_BYTES;
  while (padded < bytes) padded *= 2;
  return padded - bytes;
}
