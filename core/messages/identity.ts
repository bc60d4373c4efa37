/**
 * Identities, and everything that is signed with them. A client is known to others by an Ed25519 key, its
 * identity. With it the client signs a bundle: the X25519 key of its links, and the prekey with which others
 * seal letters while it is away (a prekey bundle, X3DH section 3.2). It signs its receipts and posts as well.
 * The formats stand in docs/security.md, "Formats and key schedule".
 */
import {
  HASH_BYTES,
  KEY_BYTES,
  type KeyPair,
  labelled,
  type Primitives,
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
  /** Counts the bundles of this identity on its server: one with a lower counter is an old one. */
  readonly counter: number;
  /** A signature by `identity` over all of the above and the nick. */
  readonly signature: string;
}

/**
 * The end of a message: its recipient has read it; could not open the letter; refused it because the sender's
 * identity is not the one pinned; or cannot tell whether it came before, because ids of that time are
 * forgotten. Or the server released the recipient's nick before the message was read.
 */
export type Outcome = "read" | "unreadable" | "refused" | "released" | "forgotten";

/** The place in this list is the outcome's number on the wire and in signatures. It never changes. */
export const OUTCOMES: readonly Outcome[] = ["read", "unreadable", "refused", "released", "forgotten"];

/** The recipient's word on the outcome of a letter, which the server passes on. */
export interface Receipt {
  readonly id: MessageId;
  /** The letter that the recipient got: an edition, and the ephemeral key by which sealings differ. */
  readonly edition: number;
  readonly ephemeral: Key;
  readonly outcome: Outcome;
  /**
   * A mac under a key from the letter's secret, of whoever has opened it (32 bytes); a signature (64 bytes)
   * where the letter was not opened; nothing in `released`, which is the server's own word.
   */
  readonly proof: string;
}

/** An identity that has named its successor. Both have signed that, so neither of them can be made up. */
export interface Predecessor {
  /** The identity that has ended. */
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
  bundle(nick: Nick, prekey: Key, prekeyAt: Millis, counter: number): Bundle {
    const own = { identity: this.publicKey, key: this.keyPair.publicKey.toHex() };
    const unsigned = { ...own, prekey, prekeyAt, counter };
    return { ...unsigned, signature: this.sign(bundleBytes(nick, unsigned)).toHex() };
  }

  /** Vouches for the key of a link (X25519): whoever holds it may send in the name of our nick. */
  voucher(nick: Nick, linkKey: Key): string {
    return this.sign(voucherBytes(nick, linkKey)).toHex();
  }

  /** Signs a receipt. `own` is our nick, `to` the nick of the message's sender. */
  receipt(own: Nick, to: Nick, said: Omit<Receipt, "proof">): Receipt {
    return { ...said, proof: this.sign(receiptBytes(own, to, said)).toHex() };
  }

  /**
   * Signs a text that begins with a label of its own, so that no signature passes for one of another kind.
   */
  sign(message: Uint8Array): Uint8Array {
    return this.#signingKey.sign(message);
  }
}

/**
 * In the place of a bundle that its identity has not signed yet: since version 3 the nick is bound to it, and
 * its owner has not come back. Nobody can seal for it.
 */
export function noBundle(identity: Key): Bundle {
  return { identity, key: NO_KEY, prekey: NO_KEY, prekeyAt: 0, counter: 0, signature: NO_KEY + NO_KEY };
}

export function hasKeys({ key }: Bundle): boolean {
  return key !== NO_KEY;
}

/** Takes the bundle alone out of an object that has more, such as a row. */
export function bundleOf({ identity, key, prekey, prekeyAt, counter, signature }: Bundle): Bundle {
  return { identity, key, prekey, prekeyAt, counter, signature };
}

export function equalBundles(a: Bundle, b: Bundle): boolean {
  return a.signature === b.signature && a.identity === b.identity && a.key === b.key &&
    a.prekey === b.prekey && a.prekeyAt === b.prekeyAt && a.counter === b.counter;
}

/** Whether somebody who knows `known` must not take `bundle` for its identity's newest. */
export function isOlder(bundle: Bundle, known: Bundle): boolean {
  return bundle.identity === known.identity && bundle.counter <= known.counter &&
    !equalBundles(bundle, known);
}

/**
 * Whether a bundle was signed by its own identity, for this nick. It does not say whose identity that is.
 * Letters of version 3 have bundles of that version.
 */
export function isGenuine(primitives: Primitives, nick: Nick, bundle: Bundle, version: 3 | 4 = 4): boolean {
  return isSigned(primitives, bundle.identity, bundleBytes(nick, bundle, version), bundle.signature);
}

/** Whether `identity` vouches for the key of a link that is to send in the name of this nick. */
export function isVoucher(
  primitives: Primitives,
  identity: Key,
  nick: Nick,
  linkKey: Key,
  voucher: string,
): boolean {
  return isSigned(primitives, identity, voucherBytes(nick, linkKey), voucher);
}

/** Whether `identity` signed a receipt: `from` is the nick of the recipient, `to` that of the sender. */
export function isReceiptOf(
  primitives: Primitives,
  identity: Key,
  { from, to }: { from: Nick; to: Nick },
  receipt: Receipt,
): boolean {
  return isSigned(primitives, identity, receiptBytes(from, to, receipt), receipt.proof);
}

/**
 * The y coordinates of the points whose order divides 8, the cofactor of Ed25519. Without a secret anybody
 * can make signatures that pass under such a key. Source: libsodium, `ge25519_has_small_order` in
 * crypto_core/ed25519/ref10/ed25519_ref10.c, without the two that are not canonical.
 */
const SMALL_ORDER: ReadonlySet<Key> = new Set([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]);

/** The encodings of y from p = 2^255 - 19 on: RFC 8032 section 5.1.3 refuses them, most libraries do not. */
const NOT_CANONICAL = /^(?:e[d-f]|f.)(?:ff){30}7f$/;

/** Whether a key can be somebody's identity: it is the one encoding of its point, and has a large order. */
export function isIdentity(key: Key): boolean {
  // The highest bit is the sign of x.
  const y = key.slice(0, -2) + (parseInt(key.slice(-2), 16) & 0x7f).toString(16).padStart(2, "0");
  return !SMALL_ORDER.has(y) && !NOT_CANONICAL.test(y);
}

/** Whether `identity` made this signature over a labelled text. */
export function isSigned(
  { verify }: Primitives,
  identity: Key,
  message: Uint8Array,
  signature: string,
): boolean {
  return isIdentity(identity) && verify(Uint8Array.fromHex(identity), message, Uint8Array.fromHex(signature));
}

function bundleBytes(nick: Nick, unsigned: Omit<Bundle, "signature">, version: 3 | 4 = 4): Uint8Array {
  const { identity, key, prekey, prekeyAt, counter } = unsigned;
  const writer = labelled(`Parley ${version} bundle`);
  writer.text8(nickKey(nick));
  for (const part of [identity, key, prekey]) writer.hex(part);
  writer.u48(Math.floor(prekeyAt));
  if (version > 3) writer.u48(counter);
  return writer.finish();
}

function voucherBytes(nick: Nick, linkKey: Key): Uint8Array {
  const writer = labelled("Parley 4 sender");
  writer.text8(nickKey(nick));
  writer.hex(linkKey);
  return writer.finish();
}

/**
 * The text over which a receipt's proof is made. Receipts for letters of version 3 (`NO_KEY`) are those of
 * that version, so that the ones that its clients signed still count.
 */
export function receiptBytes(
  from: Nick,
  to: Nick,
  { id, edition, ephemeral, outcome }: Omit<Receipt, "proof">,
): Uint8Array {
  const writer = labelled(ephemeral === NO_KEY ? "Parley 3 receipt" : "Parley 4 receipt");
  writer.text8(nickKey(from));
  writer.text8(nickKey(to));
  writer.hex(id);
  writer.u8(edition);
  if (ephemeral !== NO_KEY) writer.hex(ephemeral);
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
    const writer = labelled("Parley 4 safety number");
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

/** Zeros stand for the hash where no message before is known, and for a key where there is none. */
export const NO_HASH: string = "0".repeat(2 * HASH_BYTES);
export const NO_KEY: Key = "0".repeat(2 * KEY_BYTES);
