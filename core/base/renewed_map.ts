/**
 * A map whose entries come and go all the time. A `Map` of V8 makes a larger or a cleaned table of its own
 * when the present one is full of deleted entries, and the old table points to the new one, for iterators. If
 * an old table has lived long enough to be collected seldom, it keeps everything alive that came after it. So
 * with many entries that come and go the garbage of a minute stays in memory, and each collection takes long.
 * This one takes a new `Map` before that happens.
 *
 * A walk over the entries sees those of the moment at which it began, less the ones that were deleted before
 * the map was renewed.
 */
export class RenewedMap<Key, Value> implements Entries<Key, Value> {
  #map = new Map<Key, Value>();
  /** How many entries were deleted since the map was renewed. */
  #deleted = 0;

  get size(): number {
    return this.#map.size;
  }

  get(key: Key): Value | undefined {
    return this.#map.get(key);
  }

  has(key: Key): boolean {
    return this.#map.has(key);
  }

  set(key: Key, value: Value): void {
    this.#map.set(key, value);
  }

  delete(key: Key): boolean {
    if (!this.#map.delete(key)) return false;
    // A table has room for twice as many entries as it had when it was made, deleted ones included.
    if (++this.#deleted > this.#map.size / 2 + LEAST_DELETED) {
      this.#map = new Map(this.#map);
      this.#deleted = 0;
    }
    return true;
  }

  keys(): MapIterator<Key> {
    return this.#map.keys();
  }

  values(): MapIterator<Value> {
    return this.#map.values();
  }

  entries(): MapIterator<[Key, Value]> {
    return this.#map.entries();
  }

  [Symbol.iterator](): MapIterator<[Key, Value]> {
    return this.#map.entries();
  }
}

/** The entries of a map, for a caller that only reads. */
export type Entries<Key, Value> =
  & Pick<ReadonlyMap<Key, Value>, "size" | "get" | "has" | "keys" | "values" | "entries">
  & Iterable<[Key, Value]>;

/** A small map is not renewed more often than this. */
const LEAST_DELETED = 1;
