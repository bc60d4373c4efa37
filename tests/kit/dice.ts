/** The one source of chance in the tests. */
import { parseArgs } from "@std/cli/parse-args";

/** Reproducible randomness: one seed, one run (sfc32, a small generator that passes PractRand). */
export class Dice {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#a = 0;
    this.#b = seed >>> 0;
    this.#c = Math.floor(seed / 2 ** 32) >>> 0;
    for (let warm = 0; warm < 12; warm++) this.#next();
  }

  /** A number from 0 up to 1. */
  next(): number {
    return this.#next() / 2 ** 32;
  }

  /** Whether something of this probability happens. */
  happens(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number from 0 up to `below`. */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.#next() & 0xff);
  }

  /** Independent dice, so that what one part rolls does not move what another one rolls. */
  fork(): Dice {
    return new Dice(this.#next() * 2 ** 20 + (this.#next() >>> 12));
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum | 0;
    return sum >>> 0;
  }
}

/** The seed that `--seed S` gives, or a new one. */
export function givenSeed(): number {
  const { seed } = parseArgs(Deno.args, { string: ["seed"] });
  return seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(seed);
}

/**
 * Dice for a random test. The seed is printed first; `deno test ... -- --seed S` throws the same dice again.
 */
export function seededDice(): Dice {
  const seed = givenSeed();
  console.log(`seed ${seed}`);
  return new Dice(seed);
}
