import { RenewedMap } from "./renewed_map.ts";
import type { Millis } from "./units.ts";

/** The heap is cleaned up when it has twice as many entries as there are keys, and this many more. */
const MOST_STALE = 64;

/** The instant at which a key is due. */
interface Entry<Key> {
  readonly key: Key;
  /** Its place in the heap. */
  at: Millis;
  /** The key is due then: not before `at`. */
  due: Millis;
}

/**
 * Timers by key: each key has at most one instant at which it is due. The instants stand in a binary heap. An
 * entry whose key was cleared or postponed stays in the heap and is passed over when it comes up. So to
 * postpone a timer, which happens with almost every packet, costs one look into a map.
 */
export class Timers<Key> {
  readonly #entries = new RenewedMap<Key, Entry<Key>>();
  /** The entries by instant. Those that are not in the map any more are stale. */
  readonly #heap: Entry<Key>[] = [];

  /** The next instant at which a key may be due. A stale entry can make it too early, never too late. */
  get deadline(): Millis {
    return this.#heap[0]?.at ?? Infinity;
  }

  /** Whether a timer is set for the key. */
  has(key: Key): boolean {
    return this.#entries.has(key);
  }

  /** Sets the key's timer, in the place of the one it has. `Infinity` clears it. */
  set(key: Key, at: Millis): void {
    if (at === Infinity) return this.clear(key);
    const known = this.#entries.get(key);
    if (known !== undefined && known.at <= at) known.due = at;
    else this.#push({ key, at, due: at });
  }

  clear(key: Key): void {
    this.#entries.delete(key);
  }

  /** Clears the timer of one key that is due and returns the key, or `undefined` when none is. */
  next(now: Millis): Key | undefined {
    for (let first = this.#heap[0]; first !== undefined && first.at <= now; first = this.#heap[0]) {
      this.#pop();
      const { key, due } = first;
      if (this.#entries.get(key) !== first) continue;
      // The timer was postponed since this entry was made.
      if (due > now) {
        first.at = due;
        this.#push(first);
        continue;
      }
      this.#entries.delete(key);
      return key;
    }
    return undefined;
  }

  #push(entry: Entry<Key>): void {
    this.#entries.set(entry.key, entry);
    const heap = this.#heap;
    if (heap.length > 2 * this.#entries.size + MOST_STALE) return this.#compact();
    let child = heap.push(entry) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (heap[parent]!.at <= entry.at) break;
      heap[child] = heap[parent]!;
      child = parent;
    }
    heap[child] = entry;
  }

  /** Builds the heap anew without stale entries. A sorted list is a valid heap. */
  #compact(): void {
    this.#heap.length = 0;
    for (const entry of this.#entries.values()) this.#heap.push(entry);
    this.#heap.sort((a, b) => a.at - b.at);
  }

  /** Takes the first entry out of the heap. */
  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++;
      if (heap[child]!.at >= last.at) break;
      heap[parent] = heap[child]!;
      parent = child;
    }
    heap[parent] = last;
  }
}
