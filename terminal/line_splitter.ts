/**
 * Cuts a stream of bytes into lines.
 * @module
 */

import { TEXT_BYTES } from "../core/base/limits.ts";

/** Longer than any message with its command; what a line has beyond is dropped, so that memory stays bounded. */
export const LINE_LIMIT_BYTES = TEXT_BYTES + 256;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export class LineSplitter {
  /** The line so far, cut to the limit, and whether it was cut. */
  readonly #line = new Uint8Array(LINE_LIMIT_BYTES);
  #length = 0;
  #isCut = false;

  /** The lines that these bytes complete, one by one: a large read need not become as many strings at once. */
  *push(bytes: Uint8Array): Generator<string> {
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      this.#append(bytes.subarray(start, end));
      start = end + 1;
      yield this.#takeLine();
    }
    this.#append(bytes.subarray(start));
  }

  /** The last line, if it had no line break. */
  *end(): Generator<string> {
    if (this.#length > 0) yield this.#takeLine();
  }

  #append(bytes: Uint8Array): void {
    const room = LINE_LIMIT_BYTES - this.#length;
    this.#line.set(bytes.subarray(0, room), this.#length);
    this.#length += Math.min(bytes.length, room);
    this.#isCut ||= bytes.length > room;
  }

  /** The line as text, without the CR of a CR LF. Bytes that are no UTF-8 become U+FFFD. */
  #takeLine(): string {
    const isReturned = !this.#isCut && this.#line[this.#length - 1] === CARRIAGE_RETURN;
    const bytes = this.#line.subarray(0, this.#length - (isReturned ? 1 : 0));
    // In a stream a character that is not complete is kept for later: here it is what the cut left of one.
    const text = new TextDecoder().decode(bytes, { stream: this.#isCut });
    this.#length = 0;
    this.#isCut = false;
    return text;
  }
}
