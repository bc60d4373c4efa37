/**
 * Framing: a transport packet holds frames, one behind the other (docs/protocol.md, section 3).
 *
 *     padding      0
 *     ping         1
 *     ack          2  largest, delay in 1/16 ms, ranges - 1, length of the first, then pairs: gap, length
 *     challenge    3  8 bytes (RFC 9000 section 8.2)
 *     response     4  the same 8 bytes
 *     told         5  length, verb: not sent again when the packet is lost
 *     unordered    6  parcel number, length, verb
 *     ordered      7  parcel number, length, verb; length 0 means that the parcel was cancelled
 *     part         8  parcel number, index 1, parts 1, length, bytes: a piece of an ordered parcel
 *
 * Numbers and lengths are variable-length integers (RFC 9000 section 16), except where their bytes are given.
 * Ranges are those of an ACK frame (RFC 9000 section 19.3), challenge and response are PATH_CHALLENGE and
 * PATH_RESPONSE (sections 19.17, 19.18). Padding is one byte, as in QUIC (section 19.1), and means nothing.
 * Every frame but an ack and padding asks for acknowledgement.
 */
import { MALFORMED, type Malformed, Reader, type Writer } from "../base/bytes.ts";
import { ACK_RANGES, PARCEL_PARTS, PART_BYTES } from "../base/limits.ts";
import type { Millis } from "../base/units.ts";

const PADDING = 0;
const PING = 1;
const ACK = 2;
const CHALLENGE = 3;
const RESPONSE = 4;
const TOLD = 5;
const UNORDERED = 6;
const ORDERED = 7;
const PART = 8;

export const CHALLENGE_BYTES = 8;

/** The delay of an ack is in sixteenths of a millisecond: far finer than any timer that uses it. */
const DELAY_UNITS_PER_MS = 16;

/** Acknowledged packet numbers: disjoint ranges, the highest first, with both ends included. */
export type Ranges = readonly (readonly [low: number, high: number])[];

/** The longest beginning of a frame that carries bytes: type 1, number 8, index 1, parts 1, length 2. */
export const FRAME_HEADER_BYTES = 1 + 8 + 1 + 1 + 2;

/** Decoded frames, without padding. `verb` and `bytes` are views into the packet. */
export type Frame =
  | { readonly type: "ping" }
  | { readonly type: "ack"; readonly ranges: Ranges; readonly delay: Millis }
  | { readonly type: "challenge" | "response"; readonly data: Uint8Array }
  | { readonly type: "told"; readonly verb: Uint8Array }
  | { readonly type: "unordered" | "ordered"; readonly number: number; readonly verb: Uint8Array }
  | PartFrame;

/** A piece of a parcel. Every part but the last has `PART_BYTES` bytes, so its index gives its place. */
export interface PartFrame {
  readonly type: "part";
  readonly number: number;
  readonly index: number;
  readonly parts: number;
  readonly bytes: Uint8Array;
}

export function writeFrame(writer: Writer, frame: Frame): void {
  switch (frame.type) {
    case "ping":
      return writer.u8(PING);
    case "ack":
      return writeAck(writer, frame.ranges, frame.delay);
    case "challenge":
    case "response":
      writer.u8(frame.type === "challenge" ? CHALLENGE : RESPONSE);
      return writer.raw(frame.data);
    case "told":
      writer.u8(TOLD);
      return writeBytes(writer, frame.verb);
    case "unordered":
    case "ordered":
      writer.u8(frame.type === "ordered" ? ORDERED : UNORDERED);
      writer.varint(frame.number);
      return writeBytes(writer, frame.verb);
    case "part":
      writer.u8(PART);
      writer.varint(frame.number);
      writer.u8(frame.index);
      writer.u8(frame.parts);
      writeBytes(writer, frame.bytes);
  }
}

/** Writes so many frames of padding. */
export function writePadding(writer: Writer, count: number): void {
  // A frame of padding is its type alone, which is 0.
  writer.zeros(count);
}

function writeBytes(writer: Writer, bytes: Uint8Array): void {
  writer.varint(bytes.length);
  writer.raw(bytes);
}

/**
 * RFC 9000 section 19.3.1: a range is written as its length less one, and a gap as the count of missing
 * numbers less one, since neither can be empty. `ranges` is not empty.
 */
function writeAck(writer: Writer, ranges: Ranges, delay: Millis): void {
  writer.u8(ACK);
  writer.varint(ranges[0]![1]);
  writer.varint(Math.floor(Math.max(0, delay) * DELAY_UNITS_PER_MS));
  writer.varint(ranges.length - 1);
  let lowest: number | undefined;
  for (const [low, high] of ranges) {
    if (lowest !== undefined) writer.varint(lowest - high - 2);
    writer.varint(high - low);
    lowest = low;
  }
}

/** Reads all frames of a packet but padding. One malformed frame makes the whole packet malformed. */
export function readFrames(bytes: Uint8Array): Frame[] | Malformed {
  const reader = new Reader(bytes);
  const frames: Frame[] = [];
  for (reader.skip(PADDING); reader.left > 0; reader.skip(PADDING)) {
    const frame = readFrame(reader);
    if (frame === MALFORMED || reader.failed) return MALFORMED;
    frames.push(frame);
  }
  return frames;
}

function readFrame(reader: Reader): Frame | Malformed {
  switch (reader.u8()) {
    case PING:
      return { type: "ping" };
    case ACK:
      return readAck(reader);
    case CHALLENGE:
      return { type: "challenge", data: reader.raw(CHALLENGE_BYTES) };
    case RESPONSE:
      return { type: "response", data: reader.raw(CHALLENGE_BYTES) };
    case TOLD:
      return { type: "told", verb: readBytes(reader) };
    case UNORDERED:
      return { type: "unordered", number: reader.varint(), verb: readBytes(reader) };
    case ORDERED:
      return { type: "ordered", number: reader.varint(), verb: readBytes(reader) };
    case PART:
      return readPart(reader);
    default:
      return MALFORMED;
  }
}

function readBytes(reader: Reader): Uint8Array {
  return reader.raw(reader.varint());
}

/** Refuses parts that no sender makes, so that a parcel cannot claim more room than its parts fill. */
function readPart(reader: Reader): Frame | Malformed {
  const [number, index, parts] = [reader.varint(), reader.u8(), reader.u8()];
  const bytes = readBytes(reader);
  const isLast = index === parts - 1;
  const fits = isLast ? bytes.length > 0 && bytes.length <= PART_BYTES : bytes.length === PART_BYTES;
  if (parts < 2 || parts > PARCEL_PARTS || index >= parts || !fits) return MALFORMED;
  return { type: "part", number, index, parts, bytes };
}

/** RFC 9000 section 19.3.1: a range that would go below 0 makes the frame malformed. */
function readAck(reader: Reader): Frame | Malformed {
  const largest = reader.varint();
  const delay = reader.varint() / DELAY_UNITS_PER_MS;
  const more = reader.varint();
  if (more >= ACK_RANGES) return MALFORMED;
  let low = largest - reader.varint();
  const ranges: [number, number][] = [[low, largest]];
  for (let count = 0; count < more; count++) {
    const high = low - reader.varint() - 2;
    low = high - reader.varint();
    ranges.push([low, high]);
  }
  return low < 0 ? MALFORMED : { type: "ack", ranges, delay };
}
