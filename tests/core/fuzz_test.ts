/**
 * Any bytes into every decoder and machine: a short run of each target. `deno task fuzz` goes on for longer.
 */
import { assertEquals } from "@std/assert";
import { attempt } from "../fuzz/target.ts";
import { TARGETS } from "../fuzz/targets.ts";
import { seededDice } from "../kit/dice.ts";

for (const target of TARGETS) {
  Deno.test(`fuzz: ${target.name}`, () => {
    const seed = seededDice().below(2 ** 32);
    for (let iteration = 0; iteration < target.iterations; iteration++) {
      assertEquals(attempt(target, seed, iteration), undefined);
    }
  });
}
