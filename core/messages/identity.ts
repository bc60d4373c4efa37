/**
 * Identities, and everything that is signed with them. A client is known to others by an Ed25519 key, its
 * identity. With it the client signs a bundle: the X25519 key of its links, and the prekey with which others
 * seal letters while it is away (a prekey bundle, X3DH section 3.2). It signs its receipts and posts as well.
 * The formats stand in docs/security.md, "Formats and key schedule".
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

/** The length of an identity's two secrets, one behind the other: Ed25519, then X25519. */
export const SECRETS_BYTES = 64;

/** Everything that others need to write to a client. Keys and signature are hexadecimal digits. */
export interface Bundle {
  /** The Ed25519 key that signs. */
  readonly identity: Key;
  /** The X25519 key of links and letters. In X3DH it is the identity key, IK. */
  readonly key: Key;
  /** The X25519 key of the day, for letters. In X3DH it is the signed prekey, SPK. */
  readonly prekey: Key;
  /** When the prekey was made, by its owner's clock. */
  readonly prekeyAt: Millis;
  /** A signature by `identity` over all of the above and the nick. */
  readonly signature: string;
}

/**
 * The end of a message: its recipient has read it, could not open it, or refused it because the sender's
 * identity is not the one pinned; or the server released the recipient's nick before the message was read.
 */
export type Outcome = "read" | "unreadable" | "refused" | "released";

/** The place in this list is the outcome's number on the wire and in signatures. It never changes. */
export const OUTCOMES: readonly Outcome[] = ["read", "unreadable", "refused", "released"];

/** The recipient's signed word on the outcome of a message. */
export interface Receipt {
  readonly id: MessageId;
  /** The edition that the recipient got: a late receipt for edition 0 says nothing about edition 1. */
  readonly edition: number;
  readonly outcome: Outcome;
  /** The recipient's, or zeros for `released`, which is the server's word and is not signed. */
  readonly signature: string;
}

/** An identity that has named its successor. Both have signed that, so neither of them can be made up. */
export interface Predecessor {
  readonly identity: Key;
  /** The signature by `identity`. */
  readonly signature: string;
  /** The signature by the successor. */
  readonly consent: string;
}

/** Our own identity, with its secrets. */
export class Identity {
  readonly keyPair: KeyPair;
  readonly publicKey: Key;
  /** The identities whose successor it is, oldest first. */
  readonly predecessors: readonly Predecessor[];
  readonly #signingKey: SigningKey;

  /** `secrets` has the 32 bytes of the Ed25519 key, then the 32 of the X25519 key. */
  constructor(primitives: Primitives, secrets: Uint8Array, predecessors: readonly Predecessor[] = []) {
    this.predecessors = predecessors;
    this.#signingKey = primitives.signingKey(secrets.slice(0, SECRETS_BYTES / 2));
    this.keyPair = primitives.keyPair(secrets.slice(SECRETS_BYTES / 2));
    this.publicKey = this.#signingKey.publicKey.toHex();
  }

  /** Signs a bundle for our nick. */
  bundle(nick: Nick, prekey: Key, prekeyAt: Millis): Bundle {
    const unsigned = { identity: this.publicKey, key: this.keyPair.publicKey.toHex(), prekey, prekeyAt };
    return { ...unsigned, signature: this.sign(bundleBytes(nick, unsigned)).toHex() };
  }

  /** Signs a receipt. `own` is our nick, `to` the nick of the message's sender. */
  receipt(own: Nick, to: Nick, said: Omit<Receipt, "signature">): Receipt {
    return { ...said, signature: this.sign(receiptBytes(own, to, said)).toHex() };
  }

  /**
   * Signs a text that begins with a label of its own, so that no signature passes for one of another kind.
   */
  sign(message: Uint8Array): Uint8Array {
    return this.#signingKey.sign(message);
  }
}

/** Takes the bundle alone out of an object that has more, such as a row. */
export function bundleOf({ identity, key, prekey, prekeyAt, signature }: Bundle): Bundle {
  return { identity, key, prekey, prekeyAt, signature };
}

export function equalBundles(a: Bundle, b: Bundle): boolean {
  return a.signature === b.signature && a.identity === b.identity && a.key === b.key &&
    a.prekey === b.prekey &&
    a.prekeyAt === b.prekeyAt;
}

/** Whether a bundle was signed by its own identity, for this nick. It does not say whose identity that is. */
export function isGenuine(primitives: Primitives, nick: Nick, bundle: Bundle): boolean {
  return isSigned(primitives, bundle.identity, bundleBytes(nick, bundle), bundle.signature);
}

/** Whether `identity` signed a receipt: `from` is the nick of the recipient, `to` that of the sender. */
export function isReceiptOf(
  primitives: Primitives,
  identity: Key,
  { from, to }: { from: Nick; to: Nick },
  receipt: Receipt,
): boolean {
  return isSigned(primitives, identity, receiptBytes(from, to, receipt), receipt.signature);
}

/** Whether `identity` made this signature over a labelled text. */
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

/** Each half of a safety number has six groups of five digits, each made of five bytes of a hash. */
const SAFETY_GROUPS = 6;
const GROUP_BYTES = 5;
const GROUP = 100_000;

/**
 * A number of 60 digits that two people compare by other means, such as a call: both ends show the same one,
 * and another one if somebody has put other keys between them. Each half comes from 240 bits of a hash of one
 * nick and its identity. The smaller half comes first, so that the order of the two people does not matter.
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

/**
 * The hash of a message's id and text. The sender's next letter names it, so that an exchanged text shows.
 */
export function textHash({ hash }: Primitives, id: MessageId, text: string): string {
  return hash(Uint8Array.fromHex(id), new TextEncoder().encode(text)).toHex();
}

/** Zeros stand for the hash where there is no message before, and for a signature of the server's word. */
export const NO_HASH: string = "0".repeat(2 * HASH_BYTES);
export const NO_SIGNATURE: string = "0".repeat(2 * SIGNATURE_BYTES);
