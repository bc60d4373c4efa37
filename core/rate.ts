import type { Millis } from "./machine.ts";

/** At most so many a second, in bursts of a second's worth: a token bucket. */
export class Rate {
  readonly #perSecond: number;
  #left: number;
  #at: Millis = -Infinity;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#left = perSecond;
  }

  /** False when there have been too many. */
  take(now: Millis): boolean {
    const gained = Math.max(0, now - this.#at) * this.#perSecond / 1000;
    this.#left = Math.min(this.#perSecond, this.#left + gained);
    this.#at = Math.max(this.#at, now);
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
