/** Keeps a count for each name, and finds the name with the largest count without a walk over all names. */
export class Largest<Name> {
  readonly #counts = new Map<Name, number>();
  /** The names that have each count. Among equals the one that has had the count longest comes first. */
  readonly #names: (Set<Name> | undefined)[] = [];

  /** A name with the largest count; `undefined` when all counts are 0. */
  get name(): Name | undefined {
    return this.#names.at(-1)?.keys().next().value;
  }

  /** Sets a count. A name whose count is 0 is forgotten. */
  set(name: Name, count: number): void {
    const before = this.#counts.get(name) ?? 0;
    if (count === before) return;
    const equals = this.#names[before];
    if (equals?.delete(name) && equals.size === 0) this.#names[before] = undefined;
    if (count === 0) this.#counts.delete(name);
    else {
      this.#counts.set(name, count);
      this.#names[count] = (this.#names[count] ?? new Set()).add(name);
    }
    while (this.#names.length > 0 && this.#names.at(-1) === undefined) this.#names.pop();
  }
}
