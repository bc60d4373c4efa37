/** A map by growing numbers, as far as a walk needs it. */
interface Numbered<Value> {
  readonly size: number;
  get(number: number): Value | undefined;
  entries(): Iterable<readonly [number, Value]>;
}

/**
 * The values from one number up to another, in their order. The shorter of two walks is taken: over the
 * numbers, of which many may be gone, or over all entries.
 */
export function* valuesBetween<Value>(
  map: Numbered<Value>,
  first: number,
  last: number,
): Iterable<Value> {
  if (last - first >= map.size) {
    for (const [number, value] of map.entries()) if (number >= first && number <= last) yield value;
    return;
  }
  for (let number = first; number <= last; number++) {
    const value = map.get(number);
    if (value !== undefined) yield value;
  }
}
