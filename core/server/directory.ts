/** Finds nicks by what they begin with, and by what they look like. */
import { COMPLETIONS } from "../base/limits.ts";
import type { Key } from "../base/units.ts";
import { type Nick, type NickKey, nickKey } from "../messages/nick.ts";

/** A nick with its owner and its skeleton. */
interface Entry {
  readonly nick: Nick;
  readonly skeleton: string;
  readonly identity: Key;
  /** Counts nicks in the order in which they were registered. */
  readonly ordinal: number;
}

export class Directory<Found extends Entry> {
  /** All keys in their order, once somebody has asked for it. */
  #sorted: NickKey[] | undefined;
  /**
   * For each skeleton the nick that was registered first. When that one is gone, the next one has its place
   * from its next registration on.
   */
  readonly #firsts = new Map<string, Found>();

  /** The nick is new, or its skeleton is. */
  add(entry: Found, isNew: boolean): void {
    const first = this.#firsts.get(entry.skeleton);
    const isFirst = first === undefined || first.skeleton !== entry.skeleton || entry.ordinal < first.ordinal;
    if (isFirst) this.#firsts.set(entry.skeleton, entry);
    const name = nickKey(entry.nick);
    if (isNew && this.#sorted !== undefined) this.#sorted.splice(placeOf(this.#sorted, name), 0, name);
  }

  remove(entry: Found): void {
    if (this.#firsts.get(entry.skeleton) === entry) this.#firsts.delete(entry.skeleton);
    const name = nickKey(entry.nick);
    const place = placeOf(this.#sorted ?? [], name);
    if (this.#sorted?.[place] === name) this.#sorted.splice(place, 1);
  }

  /** The older nick of somebody else that looks like this one. */
  firstLike({ identity, ordinal, skeleton }: Entry): Found | undefined {
    const first = this.#firsts.get(skeleton);
    const isOther = first !== undefined && first.skeleton === skeleton && first.ordinal < ordinal;
    return isOther && first.identity !== identity ? first : undefined;
  }

  /** The keys of the first nicks that begin with this. `all` are those of all nicks. */
  beginningWith(prefix: string, all: Iterable<NickKey>): NickKey[] {
    const sorted = this.#sorted ??= [...all].sort();
    const begin = nickKey(prefix);
    const found: NickKey[] = [];
    for (let at = placeOf(sorted, begin); at < sorted.length && found.length < COMPLETIONS; at++) {
      if (!sorted[at]!.startsWith(begin)) break;
      found.push(sorted[at]!);
    }
    return found;
  }
}

/** Where a name stands among sorted ones, or would stand. */
function placeOf(sorted: readonly string[], name: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < name) low = middle + 1;
    else high = middle;
  }
  return low;
}
