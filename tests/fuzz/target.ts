/**
 * What the fuzzer runs: targets, in iterations that each have dice of their own, so that one can be repeated
 * alone.
 */

import { Dice } from "../kit/dice.ts";

/** Is told of all bytes before they are handed over. */
export type Note = (bytes: Uint8Array) => void;

export interface Target {
  readonly name: string;
  /** Iterations in the ordinary tests: less than a second's worth. */
  readonly iterations: number;
  /** One iteration; throws when a property does not hold. */
  run(dice: Dice, note: Note): void;
}

const SEEDS = 2 ** 32;
const ITERATIONS = 2 ** 21;

/** Runs one iteration; returns what is to be said when it failed. `onInput` is called for each input. */
export function attempt(
  target: Target,
  seed: number,
  iteration: number,
  onInput = () => {},
): string | undefined {
  let last = new Uint8Array(0);
  const dice = new Dice(seed % SEEDS + (iteration % ITERATIONS) * SEEDS);
  try {
    target.run(dice, (bytes) => {
      last = bytes.slice();
      onInput();
    });
  } catch (error) {
    const stack = error instanceof Error ? error.stack : String(error);
    return `target ${target.name}, seed ${seed}, iteration ${iteration}, bytes ${last.toHex()}\n${stack}`;
  }
  return undefined;
}
