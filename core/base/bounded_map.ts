/**
 * Puts an entry into a map as its newest. When there are more than `most`, the oldest entry is deleted, so
 * that a map stays bounded which others can fill.
 */
export function remember<Key, Value>(map: Map<Key, Value>, key: Key, value: Value, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > most) map.delete(map.keys().next().value!);
}
