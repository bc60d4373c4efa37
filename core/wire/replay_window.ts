import { REPLAY_WINDOW_PACKETS } from "../base/limits.ts";

const WORD_BITS = 32;
const WORDS = REPLAY_WINDOW_PACKETS / WORD_BITS;

/** Which packet numbers have been seen: RFC 6479, a ring of bits behind the newest number. Numbers begin at 1. */
export class ReplayWindow {
  /** The first word alone, until a number beyond it comes: under the sessions of a quiet link few packets do. */
  #bits: Uint32Array | number[] = [0];
  #newest = 0;

  get newest(): number {
    return this.#newest;
  }

  /** Marks a number; false when it was marked before, or is too old to tell. */
  mark(number: number): boolean {
    if (number < 1 || number + REPLAY_WINDOW_PACKETS - WORD_BITS <= this.#newest) return false;
    const word = Math.floor(number / WORD_BITS);
    if (word > 0 && this.#bits.length < WORDS) this.#grow();
    const newestWord = Math.floor(this.#newest / WORD_BITS);
    // The words between the old and the new newest number held numbers that are too old now.
    for (let clear = Math.max(newestWord + 1, word - WORDS + 1); clear <= word; clear++) {
      this.#bits[clear % WORDS] = 0;
    }
    if (number > this.#newest) this.#newest = number;
    const mask = 1 << (number % WORD_BITS);
    const index = word % WORDS;
    if ((this.#bits[index]! & mask) !== 0) return false;
    this.#bits[index]! |= mask;
    return true;
  }

  #grow(): void {
    const first = this.#bits;
    this.#bits = new Uint32Array(WORDS);
    this.#bits.set(first);
  }
}
