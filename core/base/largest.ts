/** Tells which name has the largest count, without a walk over all names. */
export class Largest {
  readonly #counts = new Map<string, number>();
  /** The names of each count, those that have had it longest first. */
  readonly #names: (Set<string> | undefined)[] = [];

  /** One with the largest count, or `undefined` when no name has any. */
  get name(): string | undefined {
    return this.#names.at(-1)?.keys().next().value;
  }

  set(name: string, count: number): void {
    const before = this.#counts.get(name) ?? 0;
    if (count === before) return;
    this.#names[before]?.delete(name);
    if (count === 0) this.#counts.delete(name);
    else {
      this.#counts.set(name, count);
      this.#names[count] = (this.#names[count] ?? new Set()).add(name);
    }
    while (this.#names.length > 0 && (this.#names.at(-1)?.size ?? 0) === 0) this.#names.pop();
  }
}
