/**
 * Posts: messages to the channel. A post is signed by its sender, numbered, and names the hash of the
 * sender's post before it, so that nobody can forge, alter, reorder or leave out one unseen. Everybody who
 * can register reads the open channel; with a channel key only those who have the key read it.
 *
 *     post = number 6 | previous 32 | time 6 | kind 1 | identity 32 | salt | length 3 | content |
 *            signature 64
 *     kind = 40 for an open post, 41 for a sealed one (hexadecimal)
 *     salt = 16 random bytes in a sealed post, nothing in an open one
 *     previous = SHA-256(id | post) of the sender's post before this one; zeros in the first
 *     signature of "Parley 4 channel" | id | nick | everything before the signature
 *     content = length 3 | text, or, sealed, AEAD(key, nonce 0, associated, length 3 | text | zeros)
 *     key = HMAC-SHA256(channel key, "Parley 4 channel key" | identity | id | salt)
 *     associated = everything before `content`'s length
 *
 * Posts of version 3 are still read: their kinds are 0 and 1, their labels say 3, and they have no salt.
 * Labels and nicks (in NFKC and lower case) stand behind their length in one byte. `|` is concatenation; see
 * docs/security.md, "Formats and key schedule".
 */
import { MALFORMED, type Malformed, Reader, utf8Length, Writer } from "../base/bytes.ts";
import { HASH_BYTES, KEY_BYTES, labelled, type Primitives, SIGNATURE_BYTES } from "../base/crypto.ts";
import { TEXT_BYTES } from "../base/limits.ts";
import type { Key, Millis } from "../base/units.ts";
import { type Identity, isSigned } from "./identity.ts";
import { paddingFor } from "./letter.ts";
import type { MessageId } from "./message_id.ts";
import { type Nick, nickKey } from "./nick.ts";

/** The place of a post in its sender's chain. */
export interface Place {
  /** Counts the posts of the sender from one state folder, from 1. */
  readonly number: number;
  /** The `postHash` of the sender's post before, or `NO_HASH`. */
  readonly previous: string;
}

export const POST_SALT_BYTES = 16;

/** The labels of signatures and of keys, by the version of the post. */
const SIGNATURE_LABELS = { 3: "Parley 3 channel", 4: "Parley 4 channel" } as const;
const KEY_LABELS = { 3: "Parley 3 channel key", 4: "Parley 4 channel key" } as const;

type PostVersion = keyof typeof KEY_LABELS;

const OPEN = 0x40;
const SEALED = 0x41;

/** The meanings of the byte `kind`. */
const KINDS = new Map<number, { version: PostVersion; isSealed: boolean; saltBytes: number }>([
  [OPEN, { version: 4, isSealed: false, saltBytes: 0 }],
  [SEALED, { version: 4, isSealed: true, saltBytes: POST_SALT_BYTES }],
  [0, { version: 3, isSealed: false, saltBytes: 0 }],
  [1, { version: 3, isSealed: true, saltBytes: 0 }],
]);

/** The channel key, and random bytes that no other post has. */
export interface PostSeal {
  readonly channelKey: Uint8Array;
  readonly salt: Uint8Array;
}

/** A post taken apart. Nothing in it is proved before `isAuthentic`. */
export interface Post extends Place {
  readonly sentAt: Millis;
  readonly version: PostVersion;
  readonly isSealed: boolean;
  readonly identity: Key;
  readonly salt: Uint8Array;
  /** Everything before the content. */
  readonly header: Uint8Array;
  readonly content: Uint8Array;
  /** Everything before the signature. */
  readonly signed: Uint8Array;
  readonly signature: string;
}

/** Writes and signs a post. Its text is sealed if `seal` is given. */
export function encodePost(
  primitives: Primitives,
  identity: Identity,
  seal: PostSeal | undefined,
  { id, from, sentAt, text, number, previous }: Place & {
    readonly id: MessageId;
    readonly from: Nick;
    readonly sentAt: Millis;
    readonly text: string;
  },
): Uint8Array {
  const head = new Writer();
  head.u48(number);
  head.hex(previous);
  head.u48(Math.floor(sentAt));
  head.u8(seal === undefined ? OPEN : SEALED);
  head.hex(identity.publicKey);
  if (seal !== undefined) head.raw(seal.salt);
  const header = head.finish();
  const plain = new Writer();
  plain.text24(text);
  if (seal !== undefined) plain.zeros(paddingFor(utf8Length(text)));
  const plaintext = plain.finish();
  const content = seal === undefined ? plaintext : primitives.seal(
    postKey(primitives, seal.channelKey, id, { version: 4, identity: identity.publicKey, salt: seal.salt }),
    0,
    header,
    plaintext,
  );
  const writer = new Writer();
  writer.raw(header);
  writer.u24(content.length);
  writer.raw(content);
  const signed = writer.finish();
  const post = new Uint8Array(signed.length + SIGNATURE_BYTES);
  post.set(signed);
  post.set(identity.sign(signedBytes(4, id, from, signed)), signed.length);
  return post;
}

export function decodePost(bytes: Uint8Array): Post | Malformed {
  const reader = new Reader(bytes);
  const number = reader.u48();
  const previous = reader.hex(HASH_BYTES);
  const sentAt = reader.u48();
  const kind = KINDS.get(reader.u8());
  if (kind === undefined) return MALFORMED;
  const { version, isSealed, saltBytes } = kind;
  const identity = reader.hex(KEY_BYTES);
  const salt = reader.raw(saltBytes);
  const header = bytes.subarray(0, bytes.length - reader.left);
  const content = reader.raw(reader.u24());
  const signed = bytes.subarray(0, bytes.length - reader.left);
  const signature = reader.hex(SIGNATURE_BYTES);
  if (!reader.done) return MALFORMED;
  return {
    number,
    previous,
    sentAt,
    version,
    isSealed,
    identity,
    salt,
    header,
    content,
    signed,
    signature,
  };
}

/**
 * Whether the identity in a post signed it, for this id and nick. The caller knows whose identity that is.
 */
export function isAuthentic(
  primitives: Primitives,
  { id, from }: { id: MessageId; from: Nick },
  { version, identity, signed, signature }: Post,
): boolean {
  return isSigned(primitives, identity, signedBytes(version, id, from, signed), signature);
}

/** The text of a post; `undefined` when it is sealed under a key that we do not have, or is malformed. */
export function textOf(
  primitives: Primitives,
  channelKey: Uint8Array | undefined,
  id: MessageId,
  post: Post,
): string | undefined {
  if (!post.isSealed) return decodeText(post.content);
  if (channelKey === undefined) return undefined;
  const key = postKey(primitives, channelKey, id, post);
  const plaintext = primitives.open(key, 0, post.header, post.content);
  return plaintext === undefined ? undefined : decodeText(plaintext);
}

/** The hash of a post, which the sender's next post names as `previous`. */
export function postHash({ hash }: Primitives, id: MessageId, post: Uint8Array): string {
  return hash(Uint8Array.fromHex(id), post).toHex();
}

function decodeText(bytes: Uint8Array): string | undefined {
  const reader = new Reader(bytes);
  const text = reader.text24();
  return reader.failed || utf8Length(text) > TEXT_BYTES ? undefined : text;
}

function signedBytes(version: PostVersion, id: MessageId, from: Nick, signed: Uint8Array): Uint8Array {
  const writer = labelled(SIGNATURE_LABELS[version]);
  writer.hex(id);
  writer.text8(nickKey(from));
  writer.raw(signed);
  return writer.finish();
}

/**
 * The key of one post. It depends on sender, id and salt, so that it seals once and its nonce is always 0,
 * even if a state folder that was restored from a copy gives one id to two posts.
 */
function postKey(
  { mac }: Primitives,
  channelKey: Uint8Array,
  id: MessageId,
  { version, identity, salt }: Pick<Post, "version" | "identity" | "salt">,
): Uint8Array {
  const writer = labelled(KEY_LABELS[version]);
  writer.hex(identity);
  writer.hex(id);
  writer.raw(salt);
  return mac(channelKey, writer.finish());
}
