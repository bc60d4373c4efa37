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
  /** 172 bytes; 166 in a letter of version 3. */
  readonly senderBundle: Bytes;
  readonly recipient: Omit<Keys, "prekeyAt" | "counter">;
  readonly plaintext: Bytes;
  /** 4, unless it says otherwise: letters of version 3 still open. */
  readonly version?: 3 | 4;
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
  const dh4 = agreed(senderSecret, recipient.key);
  const { version = 4 } = parts;
  const input = joined(new Uint8Array(32).fill(0xff), dh1, dh2, dh3, ...(version === 4 ? [dh4] : []));
  const secret = new Uint8Array(
    hkdfSync("sha256", input, new Uint8Array(32), `Parley ${version} letter`, 32),
  );
  const prekeyId = recipient.prekey.subarray(0, 8);
  const ephemeral = publicKeyOf(ephemeralSecret);
  const first = version === 4 ? 0x40 + edition : edition;
  const header = joined(Uint8Array.of(first), prekeyId, ephemeral, senderBundle);
  const associated = joined(
    short(`Parley ${version} letter`),
    id,
    short(from),
    short(to),
    header,
    recipient.identity,
    recipient.key,
    recipient.prekey,
  );
  const info = joined(short(`Parley ${version} message`), id, Uint8Array.of(edition), sha256(associated));
  const messageKey = expanded(secret, info);
  const letter = joined(header, sealed(messageKey, associated, plaintext));
  const receiptKey = expanded(secret, short("Parley 4 receipt key"));
  const said = { from: to, to: from, id, edition, ephemeral, outcome: 0 };
  const proof = hmac(receiptKey, receiptBytesByHand(said));
  return { dh1, dh2, dh3, dh4, secret, messageKey, receiptKey, proof, associated, plaintext, letter };
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
  /** The letter's; without it the receipt is for a letter of version 3. */
  readonly ephemeral: Bytes | undefined;
  /** 0 for read, 1 for unreadable, 2 for refused. */
  readonly outcome: number;
}

export function receiptByHand(secret: Bytes, parts: ReceiptParts) {
  const signedBytes = receiptBytesByHand(parts);
  return { signedBytes, signature: signed(secret, signedBytes) };
}

/** The bytes over which the proof of a receipt is made. */
function receiptBytesByHand({ from, id, outcome, edition, ephemeral, to }: ReceiptParts): Bytes {
  const label = short(`Parley ${ephemeral === undefined ? 3 : 4} receipt`);
  const key = ephemeral ?? new Uint8Array(0);
  return joined(label, short(from), short(to), id, Uint8Array.of(edition), key, Uint8Array.of(outcome));
}

// ---- direct messages -------------------------------------------------------------------------------------

export interface PersonByHand {
  readonly nick: string;
  readonly identity: Bytes;
}

export interface DirectMessageByHand {
  readonly sequence: number;
  /** Nothing stands for the message with the sequence before. */
  readonly after: Bytes | undefined;
  readonly sentAt: number;
  readonly text: string;
}

export function peopleByHand(serverKey: Bytes, sender: PersonByHand, recipient: PersonByHand): Bytes {
  const people = [sender, recipient].flatMap(({ nick, identity }) => [short(nick), identity]);
  return sha256(short("Parley 4 direct"), serverKey, ...people).subarray(0, 16);
}

/** A `direct` verb, behind its tag. The nicks are given as they are written. */
export function directByHand(
  { from, to, people, prekey, prefix, messages }: {
    from: string;
    to: string;
    people: Bytes;
    prekey: Bytes;
    prefix: Bytes;
    messages: readonly DirectMessageByHand[];
  },
): Bytes {
  const first = messages[0]!.sentAt;
  const parts = messages.flatMap(({ sequence, after, sentAt, text }, at) => {
    const step = at === 0 ? sequence : sequence - messages[at - 1]!.sequence - 1;
    return [
      varint(2 * zigzag(step) + (after === undefined ? 1 : 0)),
      after ?? new Uint8Array(0),
      at === 0 ? number(6, sentAt) : varint(zigzag(sentAt - first)),
      varint(new TextEncoder().encode(text).length),
      new TextEncoder().encode(text),
    ];
  });
  const head = joined(Uint8Array.of(34), short(from), short(to), people, prekey.subarray(0, 8), prefix);
  return joined(head, ...parts);
}

/** A number that may be negative as one that is not. */
function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

/** QUIC's (RFC 9000, section 16). */
function varint(value: number): Bytes {
  if (value < 2 ** 6) return number(1, value);
  if (value < 2 ** 14) return number(2, value + 2 ** 14);
  if (value < 2 ** 30) return number(4, value + 2 ** 31);
  return Uint8Array.fromHex((BigInt(value) + 3n * 2n ** 62n).toString(16).padStart(16, "0"));
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
