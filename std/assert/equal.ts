/**
 * Whether two values look the same: the comparison behind `assertEquals`.
 * @module
 */

/**
 * Compares by structure: objects by class and properties, arrays, maps, sets, dates, bytes, text-like values.
 * A property that is `undefined` differs from one that is absent; `0` and `-0` are the same, so are `NaN`s;
 * an object without a prototype is the same as a plain one.
 *
 * @throws {TypeError} If both are a `WeakMap` or both a `WeakSet`, whose contents nobody can see.
 */
export function equal(a: unknown, b: unknown): boolean {
  return compare(a, b, new Map());
}

/** Pairs whose comparison has begun; met again inside themselves they count as equal. */
type Pairs = Map<object, object>;

/** Classes whose text says all. */
const TEXT_LIKE = [RegExp, URL, URLSearchParams];

function compare(a: unknown, b: unknown, pairs: Pairs): boolean {
  if (a === b || Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b) || prototypeOf(a) !== prototypeOf(b)) return false;
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime());
  if (ArrayBuffer.isView(a) && !(a instanceof DataView)) return sameElements(a, b);
  if (a instanceof ArrayBuffer) return sameElements(new Uint8Array(a), new Uint8Array(b as ArrayBuffer));
  if (TEXT_LIKE.some((type) => a instanceof type)) return String(a) === String(b);
  if (a instanceof WeakMap || a instanceof WeakSet) {
    throw new TypeError(`Cannot compare ${a.constructor.name} instances`);
  }
  if (pairs.get(a) === b) return true;
  pairs.set(a, b);
  const same = sameContents(a, b, pairs);
  if (!same) pairs.delete(a);
  return same;
}

function sameContents(a: object, b: object, pairs: Pairs): boolean {
  if (a instanceof Set) return sameSet(a, b as Set<unknown>, pairs);
  if (a instanceof Map) return sameMap(a, b as Map<unknown, unknown>, pairs);
  return sameProperties(a, b, pairs);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function prototypeOf(value: object): object {
  return Object.getPrototypeOf(value) ?? Object.prototype;
}

function sameElements(a: object, b: object): boolean {
  const [left, right] = [a as ArrayLike<unknown>, b as ArrayLike<unknown>];
  if (left.length !== right.length) return false;
  for (let at = 0; at < left.length; at++) {
    if (left[at] !== right[at] && !Object.is(left[at], right[at])) return false;
  }
  return true;
}

function sameSet(a: Set<unknown>, b: Set<unknown>, pairs: Pairs): boolean {
  if (a.size !== b.size) return false;
  const left = [...b].filter((value) => !a.has(value));
  return [...a].every((value) => b.has(value) || takeFirst(left, (it) => compare(value, it, pairs)));
}

function sameMap(a: Map<unknown, unknown>, b: Map<unknown, unknown>, pairs: Pairs): boolean {
  if (a.size !== b.size) return false;
  const left = [...b].filter(([key]) => !a.has(key));
  return [...a].every(([key, value]) =>
    b.has(key)
      ? compare(value, b.get(key), pairs)
      : takeFirst(left, ([otherKey, other]) => compare(key, otherKey, pairs) && compare(value, other, pairs))
  );
}

/** Removes the first element that fits; returns whether there was one. */
function takeFirst<T>(list: T[], fits: (value: T) => boolean): boolean {
  const at = list.findIndex(fits);
  if (at >= 0) list.splice(at, 1);
  return at >= 0;
}

function sameProperties(a: object, b: object, pairs: Pairs): boolean {
  if (Object.keys(a).length !== Object.keys(b).length) return false;
  for (const key of new Set([...keysOf(a), ...keysOf(b)])) {
    if (!(key in a) || !(key in b)) return false;
    if (!compare(Reflect.get(a, key), Reflect.get(b, key), pairs)) return false;
  }
  return true;
}

/**
 * The properties of plain objects and arrays that can be listed; those of others also if they are hidden or
 * computed by their class.
 */
function keysOf(value: object): (string | symbol)[] {
  const prototype = prototypeOf(value);
  if (prototype === Object.prototype || prototype === Array.prototype) return Reflect.ownKeys({ ...value });
  const keys = Reflect.ownKeys(value);
  for (let from = prototype; from !== Object.prototype; from = prototypeOf(from)) {
    keys.push(...Reflect.ownKeys(from));
  }
  return keys;
}
