/**
 * Posts: messages to the channel. A post is signed by its sender, numbered, and names the hash of the
 * sender's post before it, so that nobody can forge, alter, reorder or leave out one unseen. Everybody who
 * can register reads the open channel; with a channel key only those who have the key read it.
 *
 *     post = number 6 | previous 32 | time 6 | sealed 1 | identity 32 | length 3 | content | signature 64
 *     previous = SHA-256(id | post) of the sender's post before this one; zeros in the first
 *     signature of "Parley 4 channel" | id | nick | everything before the signature
 *     content = length 3 | text, or, sealed, AEAD(key, nonce 0, associated, length 3 | text | zeros)
 *     key = HMAC-SHA256(channel key, "Parley 4 channel key" | identity | id)
 *     associated = everything before `content`'s length
 *
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

/** A post taken apart. Nothing in it is proved before `isAuthentic`. */
export interface Post extends Place {
  readonly sentAt: Millis;
  readonly isSealed: boolean;
  readonly identity: Key;
  /** Everything before the content. */
  readonly header: Uint8Array;
  readonly content: Uint8Array;
  /** Everything before the signature. */
  readonly signed: Uint8Array;
  readonly signature: string;
}

/** Writes and signs a post. With a channel key its text is sealed. */
export function encodePost(
  primitives: Primitives,
  identity: Identity,
  channelKey: Uint8Array | undefined,
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
  head.u8(channelKey === undefined ? 0 : 1);
  head.hex(identity.publicKey);
  const header = head.finish();
  const plain = new Writer();
  plain.text24(text);
  if (channelKey !== undefined) plain.zeros(paddingFor(utf8Length(text)));
  const plaintext = plain.finish();
  const content = channelKey === undefined
    ? plaintext
    : primitives.seal(postKey(primitives, channelKey, identity.publicKey, id), 0, header, plaintext);
  const writer = new Writer();
  writer.raw(header);
  writer.u24(content.length);
  writer.raw(content);
  const signed = writer.finish();
  const post = new Uint8Array(signed.length + SIGNATURE_BYTES);
  post.set(signed);
  post.set(identity.sign(signedBytes(id, from, signed)), signed.length);
  return post;
}

export function decodePost(bytes: Uint8Array): Post | Malformed {
  const reader = new Reader(bytes);
  const number = reader.u48();
  const previous = reader.hex(HASH_BYTES);
  const sentAt = reader.u48();
  const sealed = reader.u8();
  const identity = reader.hex(KEY_BYTES);
  const header = bytes.subarray(0, bytes.length - reader.left);
  const content = reader.raw(reader.u24());
  const signed = bytes.subarray(0, bytes.length - reader.left);
  const signature = reader.hex(SIGNATURE_BYTES);
  if (!reader.done || sealed > 1) return MALFORMED;
  return { number, previous, sentAt, isSealed: sealed === 1, identity, header, content, signed, signature };
}

/**
 * Whether the identity in a post signed it, for this id and nick. The caller knows whose identity that is.
 */
export function isAuthentic(
  primitives: Primitives,
  { id, from }: { id: MessageId; from: Nick },
  { identity, signed, signature }: Post,
): boolean {
  return isSigned(primitives, identity, signedBytes(id, from, signed), signature);
}

/** The text of a post; `undefined` when it is sealed under a key that we do not have, or is malformed. */
export function textOf(
  primitives: Primitives,
  channelKey: Uint8Array | undefined,
  id: MessageId,
  { isSealed, identity, header, content }: Post,
): string | undefined {
  if (!isSealed) return decodeText(content);
  if (channelKey === undefined) return undefined;
  const plaintext = primitives.open(postKey(primitives, channelKey, identity, id), 0, header, content);
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

function signedBytes(id: MessageId, from: Nick, signed: Uint8Array): Uint8Array {
  const writer = labelled("Parley 4 channel");
  writer.hex(id);
  writer.text8(nickKey(from));
  writer.raw(signed);
  return writer.finish();
}

/** The key of one post: it depends on sender and id, so that it seals once and its nonce is always 0. */
function postKey({ mac }: Primitives, channelKey: Uint8Array, identity: Key, id: MessageId): Uint8Array {
  const writer = labelled("Parley 4 channel key");
  writer.hex(identity);
  writer.hex(id);
  return mac(channelKey, writer.finish());
}
