/** Randomness that one number decides, so that a failing run can be repeated. */
export class Random {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed;
  }

  /** An integer from 0 to below `end` (mulberry32). */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (((mixed ^ (mixed >>> 14)) >>> 0) * end) / 2 ** 32 >>> 0;
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.below(choices.length)] ?? choices[0];
  }

  /** Some text of at most `longest` of these pieces. */
  text(pieces: readonly [string, ...string[]], longest: number): string {
    return Array.from({ length: this.below(longest + 1) }, () => this.pick(pieces)).join("");
  }
}

/** Prints and returns the seed of a random run: that of `deno test ... -- --seed N`, or a new one. */
export function seed(): number {
  const given = Deno.args.indexOf("--seed");
  const value = given < 0 ? Math.trunc(Math.random() * 2 ** 32) : Number(Deno.args[given + 1]);
  console.log(`seed ${value}`);
  return value;
}
