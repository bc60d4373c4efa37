/**
 * The ordinary share of simulated worlds, in two halves for two processors.
 * `deno task test --seed S --seeds N` chooses others.
 * @module
 */
import { assertEquals } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import { givenSeed } from "../kit/dice.ts";
import { simulate } from "./simulation.ts";

const SEEDS = 2000;

const options = parseArgs(Deno.args, { string: ["seeds"] });
const count = options.seeds === undefined ? SEEDS : Number(options.seeds);
const given = givenSeed();

/** Declares the test of one half; returns its first seed. */
export function testHalf(half: 0 | 1): number {
  const [first, end] = [given + Math.ceil(count / 2) * half, given + Math.ceil(count / (2 - half))];
  Deno.test(`worlds from seed ${first} to ${end - 1}: safe under faults, complete after them`, () => {
    console.log(`seed ${first}, replay one with 'deno task sim --seed S'`);
    const failed = [];
    for (let seed = first; seed < end; seed++) {
      const { failures } = simulate(seed);
      if (failures.length > 0) failed.push({ seed, failures });
    }
    assertEquals(failed, []);
  });
  return first;
}
