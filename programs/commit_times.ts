/** How long commits take, for the operator: a slow disk makes everybody wait. */
import type { Millis } from "../core/base/units.ts";
import type { Store } from "../core/machine.ts";

/** Since the start. Times are in milliseconds. */
export interface CommitTimes {
  readonly count: number;
  readonly totalMs: Millis;
  readonly lastMs: Millis;
  readonly longestMs: Millis;
}

export const NO_COMMITS: CommitTimes = { count: 0, totalMs: 0, lastMs: 0, longestMs: 0 };

/** A store that takes the time of each commit of another one. */
export class TimedStore implements Store {
  readonly #store: Store;
  readonly #now: () => Millis;
  times = NO_COMMITS;

  constructor(store: Store, now: () => Millis) {
    this.#store = store;
    this.#now = now;
  }

  read(): ReturnType<Store["read"]> {
    return this.#store.read();
  }

  commit(changes: Parameters<Store["commit"]>[0]): void {
    const began = this.#now();
    this.#store.commit(changes);
    const lastMs = this.#now() - began;
    const { count, totalMs, longestMs } = this.times;
    this.times = {
      count: count + 1,
      totalMs: totalMs + lastMs,
      lastMs,
      longestMs: Math.max(longestMs, lastMs),
    };
  }
}
