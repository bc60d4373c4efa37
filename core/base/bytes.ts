/**
 * Reading and writing bytes. All numbers are big-endian (docs/protocol.md). A number in a name counts bits:
 * `u24` is an integer of 24 bits, `text24` a text behind a length of 24 bits.
 *
 * No bytes can make a Reader throw: past the end, or at text that is not UTF-8, it returns zeros or an empty
 * text and remembers that it failed. So a decoder reads all its fields first, and asks once whether all were
 * good.
 */

/** The result of every decoder for bytes that are not what it decodes. */
export const MALFORMED = Symbol("malformed");
export type Malformed = typeof MALFORMED;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A writer begins with this much room: more than any datagram. */
const FIRST_BYTES = 2048;
const NO_BYTES = new Uint8Array(0);

/** Up to this length ASCII is encoded and decoded faster by a loop than by the runtime's coders. */
const SHORT_TEXT = 80;
const TWO_TO_32 = 2 ** 32;

/** The buffer of a writer that has finished, for the next one: a packet needs a writer for a moment only. */
const spare: Uint8Array[] = [];

/** Short-lived bytes are cut from a piece of this size: an allocation costs as much as sealing them. */
const PIECE_BYTES = 65_536;
let piece = NO_BYTES;

/**
 * Returns zeros for bytes that are done with as soon as this wake-up is over, such as a datagram. A caller
 * that keeps some of them longer has to `slice` them, or all that was cut from the same piece stays in
 * memory.
 */
export function shortLived(count: number): Uint8Array {
  if (piece.length < count) piece = new Uint8Array(Math.max(PIECE_BYTES, count));
  const bytes = piece.subarray(0, count);
  piece = piece.subarray(count);
  return bytes;
}

/**
 * Bytes in two pieces: a head, and a body that follows it. Many may share the body, so it is neither copied
 * nor changed.
 */
export class Pieces {
  constructor(readonly head: Uint8Array, readonly body: Uint8Array = NO_BYTES) {}

  get length(): number {
    return this.head.length + this.body.length;
  }

  /** Returns the bytes from one place up to another: a view, or a short-lived copy where the pieces meet. */
  cut(from: number, to: number): Uint8Array {
    const { head, body } = this;
    if (to <= head.length) return head.subarray(from, to);
    if (from >= head.length) return body.subarray(from - head.length, to - head.length);
    const bytes = shortLived(to - from);
    bytes.set(head.subarray(from));
    bytes.set(body.subarray(0, to - head.length), head.length - from);
    return bytes;
  }
}

/** Writes fields one behind the other. Values are not checked: the caller hands in only what fits. */
export class Writer {
  #bytes = spare.pop() ?? new Uint8Array(FIRST_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  u8(value: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  u16(value: number): void {
    this.#room(2);
    this.#bytes[this.#length++] = value >>> 8;
    this.#bytes[this.#length++] = value;
  }

  u24(value: number): void {
    this.u8(value >>> 16);
    this.u16(value);
  }

  u32(value: number): void {
    this.u16(value >>> 16);
    this.u16(value);
  }

  u48(value: number): void {
    this.u16(Math.floor(value / TWO_TO_32));
    this.u32(value % TWO_TO_32);
  }

  u64(value: number): void {
    this.u32(Math.floor(value / TWO_TO_32));
    this.u32(value % TWO_TO_32);
  }

  /** RFC 9000 section 16: an integer in 1, 2, 4 or 8 bytes; its first two bits say in how many. */
  varint(value: number): void {
    if (value < 2 ** 6) this.u8(value);
    else if (value < 2 ** 14) this.u16(0x4000 | value);
    else if (value < 2 ** 30) this.u32(0x8000_0000 + value);
    else {
      this.u32(0xc000_0000 + Math.floor(value / TWO_TO_32));
      this.u32(value % TWO_TO_32);
    }
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Bytes that the core holds as lower-case hexadecimal digits, such as keys and ids. */
  hex(digits: string): void {
    const count = digits.length / 2;
    this.#room(count);
    this.#bytes.subarray(this.#length, this.#length + count).setFromHex(digits);
    this.#length += count;
  }

  /** UTF-8 of at most 255 bytes, behind its length in one byte. */
  text8(text: string): void {
    const at = this.#length;
    this.u8(0);
    const length = this.#text(text);
    this.#bytes[at] = length;
  }

  /** UTF-8 of less than 16 MiB, behind its length in three bytes. */
  text24(text: string): void {
    const at = this.#length;
    this.u8(0);
    this.u16(0);
    const length = this.#text(text);
    this.#bytes[at] = length >>> 16;
    this.#bytes[at + 1] = length >>> 8;
    this.#bytes[at + 2] = length;
  }

  /** UTF-8 behind its length in a variable-length integer. */
  textV(text: string): void {
    // Mostly the number of letters tells how long the length will be, and the text is walked through once.
    const [least, most] = [varintBytes(text.length), varintBytes(3 * text.length)];
    if (least < most) {
      this.varint(utf8Length(text));
      this.#text(text);
      return;
    }
    const at = this.#length;
    this.varint(text.length);
    const length = this.#text(text);
    const end = this.#length;
    this.#length = at;
    this.varint(length);
    this.#length = end;
  }

  zeros(count: number): void {
    this.#room(count);
    this.#bytes.fill(0, this.#length, this.#length + count);
    this.#length += count;
  }

  /** Returns a copy of the bytes written. The writer must not be used any more: another gets its buffer. */
  finish(): Uint8Array {
    return this.view().slice();
  }

  /**
   * Returns the bytes written without a copy, for a caller that uses them up at once: the next writer gets
   * the buffer and writes over them. This writer must not be used any more.
   */
  view(): Uint8Array {
    const written = this.#bytes.subarray(0, this.#length);
    if (spare.length === 0) spare.push(this.#bytes);
    this.#bytes = NO_BYTES;
    return written;
  }

  /** Writes UTF-8 and returns its length in bytes. One UTF-16 code unit takes three bytes at most. */
  #text(text: string): number {
    this.#room(3 * text.length);
    if (text.length <= SHORT_TEXT && isAscii(text)) {
      for (let at = 0; at < text.length; at++) this.#bytes[this.#length++] = text.charCodeAt(at);
      return text.length;
    }
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(this.#length));
    this.#length += written;
    return written;
  }

  #room(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Reads fields one after the other. Ask `failed` or `done` before any of the values is used. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #failed = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bytes that are not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** Whether a field so far was cut short or malformed. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Whether all bytes were read and every field was good. Left-over bytes make an encoding malformed. */
  get done(): boolean {
    return !this.#failed && this.left === 0;
  }

  /** For a decoder that finds a value which is not allowed. */
  fail(): void {
    this.#failed = true;
  }

  u8(): number {
    if (this.left < 1) this.#failed = true;
    return this.#bytes[this.#at++] ?? 0;
  }

  u16(): number {
    return this.u8() * 256 + this.u8();
  }

  u24(): number {
    return this.u8() * 65536 + this.u16();
  }

  u32(): number {
    return this.u16() * 65536 + this.u16();
  }

  u48(): number {
    return this.u16() * TWO_TO_32 + this.u32();
  }

  /** Exact up to 2^53; above that the lowest bits are lost, so a caller that needs them must refuse. */
  u64(): number {
    return this.u32() * TWO_TO_32 + this.u32();
  }

  /** RFC 9000 section 16. Exact up to 2^53. */
  varint(): number {
    const first = this.u8();
    let value = first & 0x3f;
    for (let more = (1 << (first >> 6)) - 1; more > 0; more--) value = value * 256 + this.u8();
    return value;
  }

  /** Passes over all bytes of this value up to the next other one. */
  skip(value: number): void {
    while (this.#bytes[this.#at] === value) this.#at++;
  }

  /** Returns a view, not a copy: a caller that keeps it longer than the datagram has to `slice` it. */
  raw(count: number): Uint8Array {
    if (this.left < count) {
      this.#failed = true;
      return new Uint8Array(0);
    }
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  hex(count: number): string {
    return this.raw(count).toHex();
  }

  text8(): string {
    return this.#text(this.u8());
  }

  text24(): string {
    return this.#text(this.u24());
  }

  /** The text that `Writer.textV` writes, of at most so many bytes. */
  textV(most: number): string {
    const length = this.varint();
    if (length > most) this.fail();
    return this.#failed ? "" : this.#text(length);
  }

  rest(): Uint8Array {
    return this.raw(Math.max(0, this.left));
  }

  #text(count: number): string {
    const bytes = this.raw(count);
    if (count <= SHORT_TEXT && isAsciiBytes(bytes)) {
      return String.fromCharCode.apply(null, bytes as unknown as number[]);
    }
    try {
      return decoder.decode(bytes);
    } catch {
      this.#failed = true;
      return "";
    }
  }
}

/** Compares in a time that does not tell where bytes differ, so that nobody can guess a mac byte by byte. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let at = 0; at < a.length; at++) difference |= a[at]! ^ b[at]!;
  return difference === 0;
}

/** The length of a number as a variable-length integer. */
export function varintBytes(value: number): number {
  if (value < 2 ** 6) return 1;
  if (value < 2 ** 14) return 2;
  return value < 2 ** 30 ? 4 : 8;
}

/** The length of a text in bytes of UTF-8. */
export function utf8Length(text: string): number {
  return isAscii(text) ? text.length : encoder.encode(text).length;
}

function isAsciiBytes(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) if (bytes[at]! > 0x7f) return false;
  return true;
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}
