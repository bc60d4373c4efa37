/**
 * Letters, posts and what is signed, made once more from what the heads of `core/letter.ts` and
 * `core/post.ts` say: with `node:crypto` and nothing of core, so that what core makes has something to be
 * compared with. Labels and nicks stand behind a length of one byte (only HKDF's own `info` does not); nicks
 * are given as they are compared.
 */
import { Buffer } from "node:buffer";
import {
  createCipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
  sign,
} from "node:crypto";

const X25519 = "6e";
const ED25519 = "70";

type Bytes = Uint8Array;

/** The public keys of a bundle, when its prekey was made, and its counter. */
export interface Keys {
  readonly identity: Bytes;
  readonly key: Bytes;
  readonly prekey: Bytes;
  readonly prekeyAt: number;
  readonly counter: number;
}

/** All that a letter is made of. Secrets are X25519. */
export interface LetterParts {
  readonly id: Bytes;
  readonly from: string;
  readonly to: string;
  readonly edition: number;
  readonly senderSecret: Bytes;
  readonly ephemeralSecret: Bytes;
  /** 172 bytes. */
  readonly senderBundle: Bytes;
  readonly recipient: Omit<Keys, "prekeyAt" | "counter">;
  readonly plaintext: Bytes;
}

export interface PostParts {
  readonly id: Bytes;
  readonly from: string;
  readonly number: number;
  readonly previous: Bytes;
  readonly sentAt: number;
  /** Ed25519. */
  readonly secret: Bytes;
  readonly channelKey: Bytes | undefined;
  /** 16 bytes, which stand in sealed posts of version 4 alone. */
  readonly salt: Bytes;
  readonly text: string;
  /** 4, unless it is said to be 3. */
  readonly version?: 3 | 4;
}

export function publicKeyOf(secret: Bytes): Bytes {
  return exported(privateKey(X25519, secret));
}

export function identityOf(secret: Bytes): Bytes {
  return exported(privateKey(ED25519, secret));
}

// ---- letters ---------------------------------------------------------------------------------------------

export function letterByHand(parts: LetterParts) {
  const { id, ephemeralSecret, from, plaintext, recipient, edition, senderBundle, senderSecret, to } = parts;
  const dh1 = agreed(senderSecret, recipient.prekey);
  const dh2 = agreed(ephemeralSecret, recipient.key);
  const dh3 = agreed(ephemeralSecret, recipient.prekey);
  const input = joined(new Uint8Array(32).fill(0xff), dh1, dh2, dh3);
  const secret = new Uint8Array(hkdfSync("sha256", input, new Uint8Array(32), "Parley 4 letter", 32));
  const prekeyId = recipient.prekey.subarray(0, 8);
  const header = joined(Uint8Array.of(edition), prekeyId, publicKeyOf(ephemeralSecret), senderBundle);
  const associated = joined(
    short("Parley 4 letter"),
    id,
    short(from),
    short(to),
    header,
    recipient.identity,
    recipient.key,
    recipient.prekey,
  );
  const info = joined(short("Parley 4 message"), id, Uint8Array.of(edition), sha256(associated));
  const messageKey = expanded(secret, info);
  const letter = joined(header, sealed(messageKey, associated, plaintext));
  return { dh1, dh2, dh3, secret, messageKey, associated, plaintext, letter };
}

/** What is sealed of a letter. */
export function contentsByHand(
  { after, afterHash, sentAt, text }: { after: Bytes; afterHash: Bytes; sentAt: number; text: string },
): Bytes {
  return joined(after, afterHash, number(6, sentAt), filledUp(text));
}

/** A text behind its length, filled up with zeros. */
function filledUp(text: string): Bytes {
  const bytes = new TextEncoder().encode(text);
  const padded = 2 ** Math.max(8, Math.ceil(Math.log2(Math.max(1, bytes.length))));
  return joined(number(3, bytes.length), bytes, new Uint8Array(padded - bytes.length));
}

// ---- posts -----------------------------------------------------------------------------------------------

export function postByHand(parts: PostParts) {
  const { channelKey, from, id, number: count, previous, salt, secret, sentAt, text, version = 4 } = parts;
  const identity = identityOf(secret);
  const kind = Uint8Array.of((version === 4 ? 0x40 : 0) + (channelKey === undefined ? 0 : 1));
  const inClear = channelKey === undefined || version === 3 ? new Uint8Array(0) : salt;
  const header = joined(number(6, count), previous, number(6, sentAt), kind, identity, inClear);
  const bytes = new TextEncoder().encode(text);
  const plaintext = channelKey === undefined ? joined(number(3, bytes.length), bytes) : filledUp(text);
  const key = channelKey === undefined
    ? undefined
    : hmac(channelKey, joined(short(`Parley ${version} channel key`), identity, id, inClear));
  const content = key === undefined ? plaintext : sealed(key, header, plaintext);
  const body = joined(header, number(3, content.length), content);
  const signedBytes = joined(short(`Parley ${version} channel`), id, short(from), body);
  const signature = signed(secret, signedBytes);
  const post = joined(body, signature);
  return { associated: header, key, plaintext, signedBytes, signature, post, hash: sha256(id, post) };
}

// ---- what is signed --------------------------------------------------------------------------------------

/** `secret`: Ed25519. */
export function bundleByHand(secret: Bytes, nick: string, bundle: Keys) {
  const { identity, key, prekey, prekeyAt, counter } = bundle;
  const keys = joined(identity, key, prekey, number(6, prekeyAt), number(6, counter));
  const signedBytes = joined(short("Parley 4 bundle"), short(nick), keys);
  const signature = signed(secret, signedBytes);
  return { signedBytes, signature, bundle: joined(keys, signature) };
}

export interface ReceiptParts {
  readonly from: string;
  readonly to: string;
  readonly id: Bytes;
  readonly edition: number;
  /** 0 for read, 1 for unreadable, 2 for refused. */
  readonly outcome: number;
}

export function receiptByHand(secret: Bytes, { from, id, outcome, edition, to }: ReceiptParts) {
  const rest = Uint8Array.of(edition, outcome);
  const signedBytes = joined(short("Parley 4 receipt"), short(from), short(to), id, rest);
  return { signedBytes, signature: signed(secret, signedBytes) };
}

export function safetyNumberByHand(...people: { nick: string; identity: Bytes }[]): string {
  const halves = people.map(({ nick, identity }) => {
    const hash = sha256(short("Parley 4 safety number"), short(nick), identity).toHex();
    const groups = [0, 1, 2, 3, 4, 5].map((at) =>
      BigInt(`0x${hash.slice(10 * at, 10 * at + 10)}`) % 100_000n
    );
    return groups.map((group) => String(group).padStart(5, "0")).join(" ");
  });
  return halves.sort().join(" ");
}

export function textHashByHand(id: Bytes, text: string): Bytes {
  return sha256(id, new TextEncoder().encode(text));
}

// ---- what all of that is made of -------------------------------------------------------------------------

function privateKey(algorithm: string, secret: Bytes): KeyObject {
  const key = Buffer.from(`302e020100300506032b65${algorithm}04220420${secret.toHex()}`, "hex");
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}

function exported(key: KeyObject): Bytes {
  return Uint8Array.from(createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32));
}

function agreed(secret: Bytes, other: Bytes): Bytes {
  const key = Buffer.from(`302a300506032b65${X25519}032100${other.toHex()}`, "hex");
  const publicKey = createPublicKey({ key, format: "der", type: "spki" });
  return Uint8Array.from(diffieHellman({ privateKey: privateKey(X25519, secret), publicKey }));
}

function signed(secret: Bytes, message: Bytes): Bytes {
  return Uint8Array.from(sign(null, message, privateKey(ED25519, secret)));
}

function sha256(...parts: Bytes[]): Bytes {
  return Uint8Array.from(createHash("sha256").update(joined(...parts)).digest());
}

function hmac(key: Bytes, message: Bytes): Bytes {
  return Uint8Array.from(createHmac("sha256", key).update(message).digest());
}

/** HKDF-Expand (RFC 5869, section 2.3), one block of it. */
function expanded(key: Bytes, info: Bytes): Bytes {
  return hmac(key, joined(info, Uint8Array.of(1)));
}

/** Under nonce 0: ciphertext and tag. */
function sealed(key: Bytes, associated: Bytes, plaintext: Bytes): Bytes {
  const cipher = createCipheriv("chacha20-poly1305", key, new Uint8Array(12), { authTagLength: 16 });
  cipher.setAAD(associated, { plaintextLength: plaintext.length });
  const ciphertext = Uint8Array.from(cipher.update(plaintext));
  cipher.final();
  return joined(ciphertext, Uint8Array.from(cipher.getAuthTag()));
}

/** A number in so many bytes. */
function number(bytes: number, value: number): Bytes {
  return Uint8Array.fromHex(value.toString(16).padStart(2 * bytes, "0"));
}

/** UTF-8 behind a length of one byte. */
function short(text: string): Bytes {
  const bytes = new TextEncoder().encode(text);
  return joined(Uint8Array.of(bytes.length), bytes);
}

function joined(...parts: Bytes[]): Bytes {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
