/**
 * A message to the channel: signed by its sender, numbered, and chained to his message before it. The open channel
 * is read by whoever may register; under a channel key only by those who share it.
 *
 *     post = number 6 | previous 32 | time 6 | sealed 1 | identity 32 | length 3 | content | signature 64
 *     previous = SHA-256(id | post) of the sender's post before this one; zeros in his first
 *     signature = of "Parley 3 channel" | id | nick | everything before it
 *     content = length 3 | text, or, sealed, AEAD(key, nonce 0, associated, length 3 | text | zeros)
 *     key = HMAC-SHA256(channel key, "Parley 3 channel key" | identity | id)
 *     associated = everything before `content`'s length
 *
 * Labels and nicks (in NFKC and lower case) stand behind their length in one byte.
 */
import { MALFORMED, type Malformed, Reader, utf8Length, Writer } from "../base/bytes.ts";
import { HASH_BYTES, KEY_BYTES, labelled, type Primitives, SIGNATURE_BYTES } from "../base/crypto.ts";
import { TEXT_BYTES } from "../base/limits.ts";
import type { Key, Millis } from "../base/units.ts";
import { type Identity, isSigned } from "./identity.ts";
import { paddingFor } from "./letter.ts";
import type { MessageId } from "./message_id.ts";
import { type Nick, nickKey } from "./nick.ts";

/** Where a post stands among its sender's. */
export interface Place {
  readonly number: number;
  readonly previous: string;
}

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

/** Writes and signs a post; with a channel key it is sealed. */
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

/** Whether the holder of the identity in a post wrote it, under this id and nick. */
export function isAuthentic(
  primitives: Primitives,
  { id, from }: { id: MessageId; from: Nick },
  { identity, signed, signature }: Post,
): boolean {
  return isSigned(primitives, identity, signedBytes(id, from, signed), signature);
}

/** What it says; `undefined` when it is sealed under another key than ours, or says nothing. */
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

/** What the sender's next post names. */
export function postHash({ hash }: Primitives, id: MessageId, post: Uint8Array): string {
  return hash(Uint8Array.fromHex(id), post).toHex();
}

function decodeText(bytes: Uint8Array): string | undefined {
  const reader = new Reader(bytes);
  const text = reader.text24();
  return reader.failed || utf8Length(text) > TEXT_BYTES ? undefined : text;
}

function signedBytes(id: MessageId, from: Nick, signed: Uint8Array): Uint8Array {
  const writer = labelled("Parley 3 channel");
  writer.hex(id);
  writer.text8(nickKey(from));
  writer.raw(signed);
  return writer.finish();
}

function postKey({ mac }: Primitives, channelKey: Uint8Array, identity: Key, id: MessageId): Uint8Array {
  const writer = labelled("Parley 3 channel key");
  writer.hex(identity);
  writer.hex(id);
  return mac(channelKey, writer.finish());
}
