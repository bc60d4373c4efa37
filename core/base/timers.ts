import type { Millis } from "./units.ts";

/** The heap is cleaned up when it has twice as many entries as there are keys, and this many more. */
const MOST_STALE = 64;

/**
 * Timers by key: each key has at most one instant at which it is due. The instants stand in a binary heap. An
 * entry whose key was cleared or postponed stays in the heap and is passed over when it comes up. So to
 * postpone a timer, which happens with almost every packet, costs one write into a map.
 */
export class Timers<Key> {
  readonly #due = new Map<Key, Millis>();
  /** The instant of each key's valid heap entry; it may be earlier than `#due`. Other entries are stale. */
  readonly #queued = new Map<Key, Millis>();
  readonly #heap: { at: Millis; key: Key }[] = [];

  /** The next instant at which a key may be due. A stale entry can make it too early, never too late. */
  get deadline(): Millis {
    return this.#heap[0]?.at ?? Infinity;
  }

  /** Whether a timer is set for the key. */
  has(key: Key): boolean {
    return this.#due.has(key);
  }

  /** Sets the key's timer, in the place of the one it has. `Infinity` clears it. */
  set(key: Key, at: Millis): void {
    if (at === Infinity) return this.clear(key);
    this.#due.set(key, at);
    if ((this.#queued.get(key) ?? Infinity) > at) this.#push(key, at);
  }

  clear(key: Key): void {
    this.#due.delete(key);
  }

  /** Clears the timer of one key that is due and returns the key, or `undefined` when none is. */
  next(now: Millis): Key | undefined {
    for (let first = this.#heap[0]; first !== undefined && first.at <= now; first = this.#heap[0]) {
      const { key, at } = this.#pop();
      if (this.#queued.get(key) !== at) continue;
      this.#queued.delete(key);
      const due = this.#due.get(key);
      if (due === undefined) continue;
      // The timer was postponed since this entry was made.
      if (due > now) {
        this.#push(key, due);
        continue;
      }
      this.#due.delete(key);
      return key;
    }
    return undefined;
  }

  #push(key: Key, at: Millis): void {
    if (this.#heap.length > 2 * this.#due.size + MOST_STALE) this.#compact();
    this.#queued.set(key, at);
    const heap = this.#heap;
    let child = heap.push({ at, key }) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (heap[parent]!.at <= heap[child]!.at) break;
      [heap[parent], heap[child]] = [heap[child]!, heap[parent]!];
      child = parent;
    }
  }

  /** Builds the heap anew without stale entries. A sorted list is a valid heap. */
  #compact(): void {
    this.#heap.length = 0;
    this.#queued.clear();
    for (const [key, at] of this.#due) {
      this.#heap.push({ at, key });
      this.#queued.set(key, at);
    }
    this.#heap.sort((a, b) => a.at - b.at);
  }

  #pop(): { at: Millis; key: Key } {
    const heap = this.#heap;
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return top;
    heap[0] = last;
    for (let parent = 0;;) {
      const left = 2 * parent + 1;
      const right = left + 1;
      let least = parent;
      if (left < heap.length && heap[left]!.at < heap[least]!.at) least = left;
      if (right < heap.length && heap[right]!.at < heap[least]!.at) least = right;
      if (least === parent) return top;
      [heap[parent], heap[least]] = [heap[least]!, heap[parent]!];
      parent = least;
    }
  }
}
