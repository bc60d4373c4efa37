/**
 * Framing: the outer grammar of a datagram on a plain link. Byte 0 is the version (high half) and the kind.
 *
 *     hello       kind, reply 8, zeros up to 32 bytes
 *     retry       kind, token 8 (the hello's reply), reply 8
 *     transport   kind, token 8, reply 8, session 4, number 4, count 1, [acked session 4, count x 4], verb
 *
 * A token is what the receiver gave out for the sender's address: a keyed hash, for which nothing is stored
 * (as in a Retry packet, RFC 9000 section 8.1.2). `reply` is the token the sender gives for the receiver's
 * address. Number 0 is a packet that asks for no acknowledgement.
 */
import { MALFORMED, type Malformed, Reader, Writer } from "./bytes.ts";
import { ACKS_PER_PACKET, DATAGRAM_BYTES, HELLO_BYTES } from "./limits.ts";

const VERSION = 1 << 4;
const HELLO = VERSION | 1;
const RETRY = VERSION | 2;
const TRANSPORT = VERSION | 3;

export const TOKEN_BYTES = 8;
export const SESSION_BYTES = 4;
const RETRY_BYTES = 1 + 2 * TOKEN_BYTES;
const TRANSPORT_BYTES = 1 + 2 * TOKEN_BYTES + SESSION_BYTES + 4 + 1;

/** 64 bits as hexadecimal digits. */
export type Token = string;

/** 32 random bits as hexadecimal digits: one life of one end of a link. */
export type Session = string;

export interface Transport {
  readonly type: "transport";
  readonly token: Token;
  readonly reply: Token;
  readonly session: Session;
  readonly number: number;
  readonly acked: Acknowledgement | undefined;
  /** Empty when the packet only acknowledges. */
  readonly verb: Uint8Array;
}

/** Packets that arrived, of one session of the receiver's. */
export interface Acknowledgement {
  readonly session: Session;
  readonly numbers: readonly number[];
}

export type Frame =
  | { readonly type: "hello"; readonly reply: Token }
  | { readonly type: "retry"; readonly token: Token; readonly reply: Token }
  | Transport;

export function encodeFrame(frame: Frame): Uint8Array {
  const writer = new Writer();
  switch (frame.type) {
    case "hello":
      writer.u8(HELLO);
      writer.hex(frame.reply);
      writer.zeros(HELLO_BYTES - writer.length);
      break;
    case "retry":
      writer.u8(RETRY);
      writer.hex(frame.token);
      writer.hex(frame.reply);
      break;
    case "transport":
      writer.u8(TRANSPORT);
      writer.hex(frame.token);
      writer.hex(frame.reply);
      writer.hex(frame.session);
      writer.u32(frame.number);
      writer.u8(frame.acked?.numbers.length ?? 0);
      if (frame.acked !== undefined) {
        writer.hex(frame.acked.session);
        for (const number of frame.acked.numbers) writer.u32(number);
      }
      writer.raw(frame.verb);
  }
  return writer.finish();
}

export function decodeFrame(bytes: Uint8Array): Frame | Malformed {
  if (bytes.length > DATAGRAM_BYTES) return MALFORMED;
  const reader = new Reader(bytes);
  switch (reader.u8()) {
    case HELLO:
      return bytes.length === HELLO_BYTES ? { type: "hello", reply: reader.hex(TOKEN_BYTES) } : MALFORMED;
    case RETRY:
      if (bytes.length !== RETRY_BYTES) return MALFORMED;
      return { type: "retry", token: reader.hex(TOKEN_BYTES), reply: reader.hex(TOKEN_BYTES) };
    case TRANSPORT:
      return decodeTransport(reader);
    default:
      return MALFORMED;
  }
}

function decodeTransport(reader: Reader): Transport | Malformed {
  const token = reader.hex(TOKEN_BYTES);
  const reply = reader.hex(TOKEN_BYTES);
  const session = reader.hex(SESSION_BYTES);
  const number = reader.u32();
  const count = reader.u8();
  if (count > ACKS_PER_PACKET) return MALFORMED;
  let acked: Acknowledgement | undefined;
  if (count > 0) {
    const ackedSession = reader.hex(SESSION_BYTES);
    acked = { session: ackedSession, numbers: Array.from({ length: count }, () => reader.u32()) };
  }
  const verb = reader.rest();
  return reader.failed ? MALFORMED : { type: "transport", token, reply, session, number, acked, verb };
}

/** How many acknowledgements fit into a packet beside a verb. */
export function ackRoom(verbBytes: number): number {
  const room = DATAGRAM_BYTES - TRANSPORT_BYTES - verbBytes - SESSION_BYTES;
  return Math.max(0, Math.min(ACKS_PER_PACKET, Math.floor(room / 4)));
}
