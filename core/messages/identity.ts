/**
 * Who somebody is: the holder of an Ed25519 key, his identity. It signs the X25519 key of his links, and a prekey
 * that others seal mail with while he is away: together a prekey bundle (X3DH, section 3.2), in one signature.
 */
import {
  HASH_BYTES,
  type KeyPair,
  labelled,
  type Primitives,
  SIGNATURE_BYTES,
  type SigningKey,
} from "../base/crypto.ts";
import type { Key, Millis } from "../base/units.ts";
import type { MessageId } from "./message_id.ts";
import { type Nick, nickKey } from "./nick.ts";

/** Both secrets of an identity, one behind the other. */
export const SECRETS_BYTES = 64;

/** What others have to know of somebody to write to him. Keys and signature as hexadecimal digits. */
export interface Bundle {
  /** Ed25519. */
  readonly identity: Key;
  /** X25519, of links and of letters: X3DH's identity key. */
  readonly key: Key;
  /** X25519: X3DH's signed prekey. */
  readonly prekey: Key;
  /** When that was made, by its owner's clock. */
  readonly prekeyAt: Millis;
  /** By `identity`, over all of this and the nick. */
  readonly signature: string;
}

/** What became of a message at its recipient, or of its recipient. */
export type Outcome = "read" | "unreadable" | "refused" | "released";

/** As numbered in what is signed and on the wire. */
export const OUTCOMES: readonly Outcome[] = ["read", "unreadable", "refused", "released"];

/** A recipient's word on a message. */
export interface Receipt {
  readonly id: MessageId;
  /** Which of its two sealings this is about. */
  readonly edition: number;
  readonly outcome: Outcome;
  /** Zeros from a server that says that a nick was `released`. */
  readonly signature: string;
}

/** Our own identity. */
export class Identity {
  readonly keyPair: KeyPair;
  readonly publicKey: Key;
  readonly #signingKey: SigningKey;

  /** `secrets`: the Ed25519 key's 32 bytes, then the X25519 key's. */
  constructor(primitives: Primitives, secrets: Uint8Array) {
    this.#signingKey = primitives.signingKey(secrets.slice(0, SECRETS_BYTES / 2));
    this.keyPair = primitives.keyPair(secrets.slice(SECRETS_BYTES / 2));
    this.publicKey = this.#signingKey.publicKey.toHex();
  }

  bundle(nick: Nick, prekey: Key, prekeyAt: Millis): Bundle {
    const unsigned = { identity: this.publicKey, key: this.keyPair.publicKey.toHex(), prekey, prekeyAt };
    return { ...unsigned, signature: this.sign(bundleBytes(nick, unsigned)).toHex() };
  }

  /** `own`: our nick; `to`: whose message it was. */
  receipt(own: Nick, to: Nick, said: Omit<Receipt, "signature">): Receipt {
    return { ...said, signature: this.sign(receiptBytes(own, to, said)).toHex() };
  }

  /** What is signed begins with a label of its own, so that no signature serves two purposes. */
  sign(message: Uint8Array): Uint8Array {
    return this.#signingKey.sign(message);
  }
}

/** A bundle out of something that has more. */
export function bundleOf({ identity, key, prekey, prekeyAt, signature }: Bundle): Bundle {
  return { identity, key, prekey, prekeyAt, signature };
}

export function equalBundles(a: Bundle, b: Bundle): boolean {
  return a.signature === b.signature && a.identity === b.identity && a.key === b.key &&
    a.prekey === b.prekey &&
    a.prekeyAt === b.prekeyAt;
}

/** Whether the owner of a bundle made it, for this nick. */
export function isGenuine(primitives: Primitives, nick: Nick, bundle: Bundle): boolean {
  return isSigned(primitives, bundle.identity, bundleBytes(nick, bundle), bundle.signature);
}

/** Whether a receipt is its recipient's: `from` is who says it, `to` whose message it was. */
export function isReceiptOf(
  primitives: Primitives,
  identity: Key,
  { from, to }: { from: Nick; to: Nick },
  receipt: Receipt,
): boolean {
  return isSigned(primitives, identity, receiptBytes(from, to, receipt), receipt.signature);
}

export function isSigned(
  { verify }: Primitives,
  identity: Key,
  message: Uint8Array,
  signature: string,
): boolean {
  return verify(Uint8Array.fromHex(identity), message, Uint8Array.fromHex(signature));
}

function bundleBytes(nick: Nick, { identity, key, prekey, prekeyAt }: Omit<Bundle, "signature">): Uint8Array {
  const writer = labelled("Parley 3 bundle");
  writer.text8(nickKey(nick));
  for (const part of [identity, key, prekey]) writer.hex(part);
  writer.u48(Math.floor(prekeyAt));
  return writer.finish();
}

function receiptBytes(
  from: Nick,
  to: Nick,
  { id, edition, outcome }: Omit<Receipt, "signature">,
): Uint8Array {
  const writer = labelled("Parley 3 receipt");
  writer.text8(nickKey(from));
  writer.text8(nickKey(to));
  writer.hex(id);
  writer.u8(edition);
  writer.u8(OUTCOMES.indexOf(outcome));
  return writer.finish();
}

/** Digits of a safety number for each of the two. */
const SAFETY_GROUPS = 6;
const GROUP_BYTES = 5;
const GROUP = 100_000;

/**
 * A number of 60 digits in groups of five that two people compare by other means: the same at both ends, and another
 * one for any other pair of keys. Each half is made of 240 bits of a hash of one nick and its identity; the smaller
 * half comes first.
 */
export function safetyNumber(
  { hash }: Primitives,
  ...people: readonly [{ nick: Nick; identity: Key }, { nick: Nick; identity: Key }]
): string {
  const halves = people.map(({ nick, identity }) => {
    const writer = labelled("Parley 3 safety number");
    writer.text8(nickKey(nick));
    writer.hex(identity);
    const digest = hash(writer.finish());
    return Array.from({ length: SAFETY_GROUPS }, (_, at) => {
      const bytes = digest.subarray(at * GROUP_BYTES, (at + 1) * GROUP_BYTES);
      const number = bytes.reduce((value, byte) => value * 256 + byte, 0);
      return String(number % GROUP).padStart(5, "0");
    }).join(" ");
  });
  return halves.sort().join(" ");
}

/** What `after` is joined with: a hash of the message's id and text. */
export function textHash({ hash }: Primitives, id: MessageId, text: string): string {
  return hash(Uint8Array.fromHex(id), new TextEncoder().encode(text)).toHex();
}

/** What stands where there is nothing to hash, or nobody who signs. */
export const NO_HASH: string = "0".repeat(2 * HASH_BYTES);
export const NO_SIGNATURE: string = "0".repeat(2 * SIGNATURE_BYTES);
