/**
 * Packets: the outer grammar of a datagram (docs/protocol.md, section 1). The high half of byte 0 is the
 * version, the low half the kind:
 *
 *     discover       1  nonce 16, zeros up to the length of its answer, 98 or more
 *     announce       2  nonce 16 (the discover's), public key 32, name 1 + 32, zeros, mac1 16
 *     initiation     3  sender 4, Noise message 114, mac1 16, mac2 16
 *     response       4  sender 4, receiver 4, Noise message 60, mac1 16
 *     cookie reply   5  receiver 4, salt 32, sealed cookie 32
 *     transport      6  receiver 4, number 8, sealed frames
 *     versions       0  version 0: the versions known, one byte each
 *
 * Initiation, response, cookie reply and transport are WireGuard's (whitepaper sections 5.4.2, 5.4.3, 5.4.7,
 * 5.4.6), but big-endian and without the reserved bytes. `sender` is an index that the sender of the packet
 * has drawn, and `receiver` is one that the receiver has drawn: each side finds its handshake or session by
 * its own index. No answer is longer than the packet that it answers, so that nobody can use us to flood a
 * third party (RFC 9000 section 8).
 */
import { MALFORMED, type Malformed, Reader, Writer } from "../base/bytes.ts";
import { KEY_BYTES, TAG_BYTES } from "../base/crypto.ts";
import { DATAGRAM_BYTES, SERVER_NAME_BYTES } from "../base/limits.ts";
import { VERSION } from "../base/version.ts";
import { EPOCH_BYTES } from "./epoch.ts";

const VERSIONS = 0;
const DISCOVER = VERSION << 4 | 1;
const ANNOUNCE = VERSION << 4 | 2;
const INITIATION = VERSION << 4 | 3;
const RESPONSE = VERSION << 4 | 4;
const COOKIE_REPLY = VERSION << 4 | 5;
const TRANSPORT = VERSION << 4 | 6;

export const NONCE_BYTES = 16;
export const MAC_BYTES = 16;
export const SALT_BYTES = 32;

/** A number that differs at each start of its sender's program, so that the peer notices the restart. */
export const PROCESS_BYTES = 4;

/**
 * The Noise messages: the keys, and a payload of time (6 bytes), process and epoch in an initiation, of
 * process and epoch in a response (docs/protocol.md, section 2).
 */
export const INITIATION_NOISE_BYTES = KEY_BYTES + KEY_BYTES + TAG_BYTES + 6 + PROCESS_BYTES + EPOCH_BYTES +
  TAG_BYTES;
const RESPONSE_NOISE_BYTES = KEY_BYTES + PROCESS_BYTES + EPOCH_BYTES + TAG_BYTES;

/** The shortest discover and announce. */
export const ANNOUNCE_BYTES = 1 + NONCE_BYTES + KEY_BYTES + 1 + SERVER_NAME_BYTES + MAC_BYTES;
const INITIATION_BYTES = 1 + 4 + INITIATION_NOISE_BYTES + 2 * MAC_BYTES;
const RESPONSE_BYTES = 1 + 4 + 4 + RESPONSE_NOISE_BYTES + MAC_BYTES;
const WAIT_BYTES = 2;
const SEALED_COOKIE_BYTES = MAC_BYTES + WAIT_BYTES + TAG_BYTES;
const COOKIE_REPLY_BYTES = 1 + 4 + SALT_BYTES + SEALED_COOKIE_BYTES;
export const TRANSPORT_HEADER_BYTES = 1 + 4 + 8;

/** The bytes of a transport packet that are not frames, and the room for frames in the largest one. */
export const OVERHEAD_BYTES = TRANSPORT_HEADER_BYTES + TAG_BYTES;
export const FRAMES_BYTES = DATAGRAM_BYTES - OVERHEAD_BYTES;

/** The question for a server's key. */
export interface Discover {
  readonly type: "discover";
  readonly nonce: Uint8Array;
  /** The length of the datagram, and of the answer. */
  readonly length: number;
}

/** A server's answer to a discover: its key and name. It is not authentic, for everybody can make one. */
export interface Announce {
  readonly type: "announce";
  /** The nonce of the discover. */
  readonly nonce: Uint8Array;
  readonly key: Uint8Array;
  readonly name: string;
  /** The whole datagram: mac1 covers everything before itself. */
  readonly bytes: Uint8Array;
}

/** The first message of a handshake. */
export interface Initiation {
  readonly type: "initiation";
  readonly sender: number;
  readonly noise: Uint8Array;
  readonly mac1: Uint8Array;
  /** The whole datagram: each mac covers everything before itself. */
  readonly bytes: Uint8Array;
}

/** The second message of a handshake. */
export interface Response {
  readonly type: "response";
  readonly sender: number;
  readonly receiver: number;
  readonly noise: Uint8Array;
  /** The whole datagram: mac1 covers everything before itself. */
  readonly bytes: Uint8Array;
}

/** A responder's answer to an initiation without a cookie, when it is under load. */
export interface CookieReply {
  readonly type: "cookieReply";
  readonly receiver: number;
  readonly salt: Uint8Array;
  readonly sealed: Uint8Array;
}

/** A packet under a session. */
export interface Transport {
  readonly type: "transport";
  readonly receiver: number;
  /**
   * The packet number, which is the nonce as well. Above 2^53 it is not exact, and the session refuses it.
   */
  readonly number: number;
  readonly sealed: Uint8Array;
}

/** A decoded datagram. Byte arrays are views into it. */
export type Packet =
  | Discover
  | Announce
  | Initiation
  | Response
  | CookieReply
  | Transport
  | { readonly type: "versions"; readonly known: readonly number[] }
  /** A packet of a version that we do not know. */
  | { readonly type: "foreign"; readonly version: number };

/**
 * A discover is padded to the length of its answer, so that the answer amplifies nothing. A longer one asks
 * whether datagrams of that length get through, there and back.
 */
export function encodeDiscover(nonce: Uint8Array, length = ANNOUNCE_BYTES): Uint8Array {
  const writer = new Writer();
  writer.u8(DISCOVER);
  writer.raw(nonce);
  writer.zeros(length - writer.length);
  return writer.finish();
}

/**
 * `name` has at most `SERVER_NAME_BYTES` bytes, and `length` is that of the discover. mac1 is zeros until
 * `setMac1`.
 */
export function encodeAnnounce(
  nonce: Uint8Array,
  key: Uint8Array,
  name: string,
  length = ANNOUNCE_BYTES,
): Uint8Array {
  const writer = new Writer();
  writer.u8(ANNOUNCE);
  writer.raw(nonce);
  writer.raw(key);
  writer.text8(name);
  writer.zeros(length - writer.length);
  return writer.finish();
}

/** Both macs are zeros until `setMac1` and `setMac2`. */
export function encodeInitiation(sender: number, noise: Uint8Array): Uint8Array {
  const writer = new Writer();
  writer.u8(INITIATION);
  writer.u32(sender);
  writer.raw(noise);
  writer.zeros(2 * MAC_BYTES);
  return writer.finish();
}

/** mac1 is zeros until `setMac1`. */
export function encodeResponse(sender: number, receiver: number, noise: Uint8Array): Uint8Array {
  const writer = new Writer();
  writer.u8(RESPONSE);
  writer.u32(sender);
  writer.u32(receiver);
  writer.raw(noise);
  writer.zeros(MAC_BYTES);
  return writer.finish();
}

export function encodeCookieReply(receiver: number, salt: Uint8Array, sealed: Uint8Array): Uint8Array {
  const writer = new Writer();
  writer.u8(COOKIE_REPLY);
  writer.u32(receiver);
  writer.raw(salt);
  writer.raw(sealed);
  return writer.finish();
}

/** Writes the header of a transport packet into the first `TRANSPORT_HEADER_BYTES` of its datagram. */
export function writeTransportHeader(datagram: Uint8Array, receiver: number, number: number): void {
  const writer = new Writer();
  writer.u8(TRANSPORT);
  writer.u32(receiver);
  writer.u64(number);
  datagram.set(writer.view());
}

/** RFC 8999 section 6: a packet of version 0 names the versions that its sender speaks. */
export function encodeVersions(): Uint8Array {
  return Uint8Array.of(VERSIONS, VERSION);
}

/** Takes a datagram apart and checks lengths alone: nothing in the result is authentic. */
export function decodePacket(bytes: Uint8Array): Packet | Malformed {
  if (bytes.length < 2 || bytes.length > DATAGRAM_BYTES) return MALFORMED;
  const reader = new Reader(bytes);
  const kind = reader.u8();
  if (kind === VERSIONS) return { type: "versions", known: [...reader.rest()] };
  if (kind >> 4 === 0) return MALFORMED;
  if (kind >> 4 !== VERSION) return { type: "foreign", version: kind >> 4 };
  switch (kind) {
    case DISCOVER:
      return bytes.length >= ANNOUNCE_BYTES
        ? { type: "discover", nonce: reader.raw(NONCE_BYTES), length: bytes.length }
        : MALFORMED;
    case ANNOUNCE:
      return bytes.length >= ANNOUNCE_BYTES ? decodeAnnounce(reader, bytes) : MALFORMED;
    case INITIATION:
      return bytes.length === INITIATION_BYTES
        ? {
          type: "initiation",
          sender: reader.u32(),
          noise: reader.raw(INITIATION_NOISE_BYTES),
          mac1: reader.raw(MAC_BYTES),
          bytes,
        }
        : MALFORMED;
    case RESPONSE:
      return bytes.length === RESPONSE_BYTES
        ? {
          type: "response",
          sender: reader.u32(),
          receiver: reader.u32(),
          noise: reader.raw(RESPONSE_NOISE_BYTES),
          bytes,
        }
        : MALFORMED;
    case COOKIE_REPLY:
      return bytes.length === COOKIE_REPLY_BYTES
        ? {
          type: "cookieReply",
          receiver: reader.u32(),
          salt: reader.raw(SALT_BYTES),
          sealed: reader.raw(SEALED_COOKIE_BYTES),
        }
        : MALFORMED;
    case TRANSPORT:
      return bytes.length >= TRANSPORT_HEADER_BYTES + TAG_BYTES
        ? { type: "transport", receiver: reader.u32(), number: reader.u64(), sealed: reader.rest() }
        : MALFORMED;
    default:
      return MALFORMED;
  }
}

function decodeAnnounce(reader: Reader, bytes: Uint8Array): Packet | Malformed {
  const nonce = reader.raw(NONCE_BYTES);
  const key = reader.raw(KEY_BYTES);
  const padded = new Reader(reader.raw(1 + SERVER_NAME_BYTES));
  const name = padded.text8();
  return padded.failed ? MALFORMED : { type: "announce", nonce, key, name, bytes };
}
