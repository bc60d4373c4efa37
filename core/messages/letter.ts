/**
 * A direct message, sealed by its sender for its recipient and for nobody else: the key agreement of X3DH (The X3DH
 * Key Agreement Protocol, revision 1, without one-time prekeys), with a bundle in the place of its first message.
 *
 *     letter = sealing 1 | first bytes of the recipient's prekey 8 | ephemeral key 32 | sender's bundle 166 | sealed
 *     sealed = AEAD(message key, nonce 0, associated, after 16 | hash 32 | time 6 | length 3 | text | zeros)
 *
 *     DH1 = DH(sender's key, prekey)   DH2 = DH(ephemeral, recipient's key)   DH3 = DH(ephemeral, prekey)
 *     secret = HKDF-SHA256(salt: zeros, input: 32 bytes of ff | DH1 | DH2 | DH3, info: "Parley 3 letter")
 *     message key = HKDF-Expand(secret, "Parley 3 message" | id | sealing | SHA-256(associated))
 *     associated = "Parley 3 letter" | id | sender's nick | recipient's nick | what stands before `sealed`
 *                  | recipient's identity, key and prekey
 *
 * Labels and nicks (in NFKC and lower case) stand behind their length in one byte, but for HKDF's first `info`. So no
 * key ever seals twice: what is sealed once more under the same id is the same, or has a key of its own.
 *
 * The text is filled up with zeros to 256, 512, 1,024 ... bytes. The secret of one ephemeral key serves for an hour
 * of messages to one prekey: each has a message key of its own, so that they open in any order.
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
const F = new Uint8Array(KEY_BYTES).fill(0xff);
const SALT = new Uint8Array(KEY_BYTES);
const ONE = Uint8Array.of(1);
const LABEL = "Parley 3 letter";

/** What stands on the outside; the seal is bound to it. */
export interface Envelope {
  readonly id: MessageId;
  readonly from: Nick;
  readonly to: Nick;
}

/** What nobody but the recipient reads. */
export interface Contents {
  /** The sender's last message to this recipient that had not failed, and the hash of its text. */
  readonly after: MessageId;
  readonly afterHash: string;
  readonly sentAt: Millis;
  readonly text: string;
}

/** The outer grammar of a letter. */
export interface Letter {
  /** 0, or 1 when its sender has sealed the same message again. */
  readonly edition: number;
  readonly prekeyId: string;
  readonly ephemeral: Key;
  readonly sender: Bundle;
  readonly header: Uint8Array;
  readonly sealed: Uint8Array;
}

/** By which a letter names the prekey it was sealed for. */
export function prekeyId(prekey: Key): string {
  return prekey.slice(0, 2 * PREKEY_ID_BYTES);
}

/** Which sealing a letter says that it is; also of what is no letter, so that a receipt can be told from another one. */
export function editionOf(letter: Uint8Array): number {
  return letter[0] === 1 ? 1 : 0;
}

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

interface Secret {
  readonly ephemeral: Key;
  readonly secret: Uint8Array;
  readonly since: Millis;
}

/** Seals what we write. */
export class Sealer {
  readonly #primitives: Primitives;
  readonly #random: Random;
  readonly #keyPair: KeyPair;
  /** By the recipient's key and prekey; least recently made first. */
  readonly #secrets = new Map<string, Secret>();

  constructor(primitives: Primitives, random: Random, keyPair: KeyPair) {
    this.#primitives = primitives;
    this.#random = random;
    this.#keyPair = keyPair;
  }

  /** `undefined` when one of the recipient's keys is no key. */
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

  /** Forgets what is not used any more. */
  sweep(now: Millis): void {
    for (const [name, secret] of this.#secrets) if (!isFresh(now, secret)) this.#secrets.delete(name);
  }

  /** A message that is sealed again has a secret of its own. */
  #secretFor(now: Millis, { key, prekey }: Bundle, edition: number): Secret | undefined {
    const name = `${key} ${prekey}`;
    const known = this.#secrets.get(name);
    if (known !== undefined && edition === 0 && isFresh(now, known)) return known;
    const ephemeral = this.#primitives.keyPair(this.#random(KEY_BYTES));
    const [theirKey, theirPrekey] = [Uint8Array.fromHex(key), Uint8Array.fromHex(prekey)];
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

/** Opens what others wrote. */
export class Opener {
  readonly #primitives: Primitives;
  readonly #keyPair: KeyPair;
  /** By sender's key, ephemeral key and prekey; least recently made first. */
  readonly #secrets = new Map<string, Uint8Array>();

  constructor(primitives: Primitives, keyPair: KeyPair) {
    this.#primitives = primitives;
    this.#keyPair = keyPair;
  }

  /** `undefined` when it was not sealed like this, for us and this prekey. `identity` is our own. */
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
    // Only now it is proved to be somebody's who knows it: nobody fills the table with guesses.
    if (!this.#secrets.has(name)) remember(this.#secrets, name, secret, LETTER_SECRETS);
    return decode(plaintext);
  }

  /** Forgets everything, with what was agreed on under prekeys that are gone. */
  sweep(): void {
    this.#secrets.clear();
  }

  #agree(senderKey: Key, ephemeralKey: Key, prekey: KeyPair): Uint8Array | undefined {
    const [sender, ephemeral] = [Uint8Array.fromHex(senderKey), Uint8Array.fromHex(ephemeralKey)];
    const agreed = [prekey.agree(sender), this.#keyPair.agree(ephemeral), prekey.agree(ephemeral)];
    return derive(this.#primitives, agreed);
  }
}

/** A clock that was set back makes no secret last longer. */
function isFresh(now: Millis, { since }: Secret): boolean {
  return Math.abs(now - since) < LETTER_SECRET_MS;
}

/** X3DH, section 2.2 (KDF) and 3.3. */
function derive({ mac }: Primitives, agreed: readonly (Uint8Array | undefined)[]): Uint8Array | undefined {
  const known = agreed.filter((secret) => secret !== undefined);
  if (known.length < agreed.length) return undefined;
  return mac(mac(SALT, F, ...known), new TextEncoder().encode(LABEL), ONE);
}

function messageKey(
  { hash, mac }: Primitives,
  secret: Uint8Array,
  id: MessageId,
  edition: number,
  associated: Uint8Array,
): Uint8Array {
  const info = labelled("Parley 3 message");
  info.hex(id);
  info.u8(edition);
  info.raw(hash(associated));
  return mac(secret, info.finish(), ONE);
}

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

/** How many zeros fill a text up. */
export function paddingFor(bytes: number): number {
  let padded = PADDING_BYTES;
  while (padded < bytes) padded *= 2;
  return padded - bytes;
}
