/**
 * Cuts a stream of bytes into lines.
 * @module
 */

import { utf8Length } from "../core/base/bytes.ts";
import { TEXT_BYTES } from "../core/base/limits.ts";

/**
 * More than the longest message and its command. Only the length of the rest of a line is kept, to bound the
 * memory; a line with such a rest is refused.
 */
export const LINE_LIMIT_BYTES = TEXT_BYTES + 256;

const SPACE = 0x20;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export class LineSplitter {
  /** The line so far, cut to the limit, and whether it was cut. */
  readonly #line = new Uint8Array(LINE_LIMIT_BYTES);
  #length = 0;
  #isCut = false;
  /** The bytes of the line up to its last one that is no blank, and all of them. */
  #wordsLength = 0;
  #wholeLength = 0;
  #omitted = 0;

  /** How many bytes the line that was yielded last lacks; blanks at its end do not count. */
  get omitted(): number {
    return this.#omitted;
  }

  /** Yields the lines that these bytes complete, one at a time: a large read fills no memory with them. */
  *push(bytes: Uint8Array): Generator<string> {
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      this.#append(bytes.subarray(start, end));
      start = end + 1;
      yield this.#takeLine();
    }
    this.#append(bytes.subarray(start));
  }

  /** Yields the last line, if it had no line break. */
  *end(): Generator<string> {
    if (this.#length > 0) yield this.#takeLine();
  }

  #append(bytes: Uint8Array): void {
    const room = LINE_LIMIT_BYTES - this.#length;
    this.#line.set(bytes.subarray(0, room), this.#length);
    this.#length += Math.min(bytes.length, room);
    this.#isCut ||= bytes.length > room;
    const words = bytes.findLastIndex((byte) => byte > SPACE) + 1;
    if (words > 0) this.#wordsLength = this.#wholeLength + words;
    this.#wholeLength += bytes.length;
  }

  /** The line as text, without the CR of a CR LF. Bytes that are not UTF-8 become U+FFFD. */
  #takeLine(): string {
    const isReturned = !this.#isCut && this.#line[this.#length - 1] === CARRIAGE_RETURN;
    const bytes = this.#line.subarray(0, this.#length - (isReturned ? 1 : 0));
    // The limit may have cut a character in two. With `stream` its bytes are dropped instead of shown.
    const text = new TextDecoder().decode(bytes, { stream: this.#isCut });
    this.#omitted = this.#wordsLength > LINE_LIMIT_BYTES ? this.#wordsLength - utf8Length(text) : 0;
    this.#length = this.#wordsLength = this.#wholeLength = 0;
    this.#isCut = false;
    return text;
  }
}
