import type { Millis } from "./units.ts";

/** Stale entries are not worth cleaning up below this. */
const MOST_STALE = 64;

/**
 * When to do what: one instant per key. A binary heap of instants in which stale entries stay until they come
 * up, so that moving a deadline back (the usual case: somebody was heard) costs one map write.
 */
export class Timers<Key> {
  readonly #due = new Map<Key, Millis>();
  /** The earliest heap entry of each key. */
  readonly #queued = new Map<Key, Millis>();
  readonly #heap: { at: Millis; key: Key }[] = [];

  /** Never later than the next instant that is due; sometimes earlier, which does no harm. */
  get deadline(): Millis {
    return this.#heap[0]?.at ?? Infinity;
  }

  has(key: Key): boolean {
    return this.#due.has(key);
  }

  set(key: Key, at: Millis): void {
    if (at === Infinity) return this.clear(key);
    this.#due.set(key, at);
    if ((this.#queued.get(key) ?? Infinity) > at) this.#push(key, at);
  }

  clear(key: Key): void {
    this.#due.delete(key);
  }

  /** Takes one key that is due, or `undefined` when nothing is. */
  next(now: Millis): Key | undefined {
    for (let first = this.#heap[0]; first !== undefined && first.at <= now; first = this.#heap[0]) {
      const { key, at } = this.#pop();
      if (this.#queued.get(key) !== at) continue;
      this.#queued.delete(key);
      const due = this.#due.get(key);
      if (due === undefined) continue;
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

  /** Begins again with what is really due; sorted is a heap, too. */
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
