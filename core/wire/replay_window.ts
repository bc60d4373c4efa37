import { REPLAY_WINDOW_PACKETS } from "../base/limits.ts";

const WORD_BITS = 32;
const WORDS = REPLAY_WINDOW_PACKETS / WORD_BITS;

/**
 * Remembers the packet numbers that were received under a session, so that a repeated packet is recognised: a
 * ring of bits behind the newest number (RFC 6479, as in WireGuard section 5.4.6). Numbers begin at 1. Only
 * numbers of packets that were opened may be marked, or anybody could move the window.
 */
export class ReplayWindow {
  /**
   * The ring, which is one word long until a number beyond that word comes. Most sessions of quiet links end
   * before that, so that idle links save memory.
   */
  #bits: Uint32Array | number[] = [0];
  #newest = 0;

  /** The highest number marked so far, or 0. */
  get newest(): number {
    return this.#newest;
  }

  /**
   * Marks a number. False when it was marked before, or is so far behind the newest that nobody knows. The
   * last word of the ring is always partly reused, so the window is one word shorter than the ring.
   */
  mark(number: number): boolean {
    if (number < 1 || number + REPLAY_WINDOW_PACKETS - WORD_BITS <= this.#newest) return false;
    const word = Math.floor(number / WORD_BITS);
    if (word > 0 && this.#bits.length < WORDS) this.#grow();
    const newestWord = Math.floor(this.#newest / WORD_BITS);
    // The words between the newest number so far and this one hold bits of numbers that are too old now.
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
