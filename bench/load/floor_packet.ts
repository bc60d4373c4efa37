/** Datagrams of the floors: messages of 64 bytes, each with its number, sealed with one AEAD or not. */
import { KEY_BYTES, TAG_BYTES } from "../../core/base/crypto.ts";
import { systemPrimitives } from "../../transport/native_aead.ts";
import { TEXT_BYTES } from "./seat.ts";

/** In the place of a number: a client is there, or is welcome. */
export const GREETING = 0xffff_ffff;

/** Messages that fit into a datagram. */
export const FULL_PACKET = 15;

const HEADER_BYTES = 8;
const MESSAGE_BYTES = 4 + TEXT_BYTES;
/** Nothing here is secret: what is measured is the work. */
const primitives = systemPrimitives();
const KEY = new Uint8Array(KEY_BYTES).fill(7);
const NONE = new Uint8Array(0);
let packets = 0;

export function encodeFloor(numbers: readonly number[], isSealed: boolean): Uint8Array {
  const length = MESSAGE_BYTES * numbers.length;
  const datagram = new Uint8Array(HEADER_BYTES + length + (isSealed ? TAG_BYTES : 0));
  const plain = isSealed ? new Uint8Array(length) : datagram.subarray(HEADER_BYTES);
  const view = new DataView(plain.buffer, plain.byteOffset);
  for (const [at, number] of numbers.entries()) {
    plain.fill(109, at * MESSAGE_BYTES, (at + 1) * MESSAGE_BYTES);
    view.setUint32(at * MESSAGE_BYTES, number);
  }
  new DataView(datagram.buffer).setUint32(0, ++packets);
  if (isSealed) primitives.sealInto(datagram.subarray(HEADER_BYTES), KEY, packets, NONE, plain);
  return datagram;
}

export function decodeFloor(datagram: Uint8Array, isSealed: boolean): number[] {
  const packet = new DataView(datagram.buffer, datagram.byteOffset).getUint32(0);
  const rest = datagram.subarray(HEADER_BYTES);
  const plain = isSealed ? primitives.open(KEY, packet, NONE, rest) : rest;
  if (plain === undefined) throw new Error("a packet does not open");
  const view = new DataView(plain.buffer, plain.byteOffset);
  return Array.from({ length: plain.length / MESSAGE_BYTES }, (_, at) => view.getUint32(at * MESSAGE_BYTES));
}
