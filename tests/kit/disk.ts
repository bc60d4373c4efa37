import type { Change, Records, Store } from "../../core/machine.ts";

/** A disk that outlives its process: what was committed is there, nothing else; a commit can fail. */
export class Disk implements Store {
  readonly #records: Map<string, Uint8Array>;
  failing = false;
  /** Called after each commit. */
  onCommit: (changes: readonly Change[]) => void = () => {};

  constructor(records: Records = []) {
    this.#records = new Map(records);
  }

  get size(): number {
    return this.#records.size;
  }

  keys(): string[] {
    return [...this.#records.keys()];
  }

  get(key: string): Uint8Array | undefined {
    return this.#records.get(key);
  }

  read(): Records {
    return [...this.#records].sort(([a], [b]) => a < b ? -1 : 1);
  }

  commit(changes: readonly Change[]): void {
    if (this.failing) throw new Error("the disk is full");
    for (const change of changes) {
      if (change.type === "save") this.#records.set(change.key, change.value.slice());
      else this.#records.delete(change.key);
    }
    this.onCommit(changes);
  }
}
