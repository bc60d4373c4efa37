import type { Millis } from "../../core/base/units.ts";

/**
 * The virtual clock: what is to happen, in the order of its instants; at one instant, in the order it was
 * asked for.
 */
export class Schedule {
  readonly #heap: { at: Millis; serial: number; run: () => void }[] = [];
  #serial = 0;
  #now: Millis;

  constructor(start: Millis) {
    this.#now = start;
  }

  get now(): Millis {
    return this.#now;
  }

  at(at: Millis, run: () => void): void {
    const heap = this.#heap;
    let child = heap.push({ at: Math.max(at, this.#now), serial: this.#serial++, run }) - 1;
    while (child > 0 && this.#isBefore(child, (child - 1) >> 1)) child = this.#swap(child, (child - 1) >> 1);
  }

  /** Runs what is due until the instant `end`. */
  runUntil(end: Millis): void {
    for (let first = this.#heap[0]; first !== undefined && first.at <= end; first = this.#heap[0]) {
      this.#pop();
      this.#now = first.at;
      first.run();
    }
    this.#now = end;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    heap[0] = last;
    for (let parent = 0;;) {
      let least = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2]) {
        if (child < heap.length && this.#isBefore(child, least)) least = child;
      }
      if (least === parent) return;
      parent = this.#swap(parent, least);
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a]!, this.#heap[b]!];
    return one.at < other.at || (one.at === other.at && one.serial < other.serial);
  }

  #swap(a: number, b: number): number {
    [this.#heap[a], this.#heap[b]] = [this.#heap[b]!, this.#heap[a]!];
    return b;
  }
}
