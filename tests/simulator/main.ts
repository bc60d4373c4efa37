/**
 * `deno task sim --seeds N --seed S`: simulates N worlds from seed S on; with one seed it tells what
 * happened.
 */
import { parseArgs } from "@std/cli/parse-args";
import { givenSeed } from "../kit/dice.ts";
import { Progress } from "../kit/progress.ts";
import { simulate } from "./simulation.ts";

const options = parseArgs(Deno.args, { string: ["seeds"], default: { seeds: "1" } });
const count = Number(options.seeds);
const first = givenSeed();
console.log(`seed ${first}, ${count} of them`);
const began = performance.now();
const progress = new Progress("seeds", count);
let [failed, messages, datagrams] = [0, 0, 0];
for (let seed = first; seed < first + count; seed++) {
  if (count > 1) progress.shows(seed - first);
  const result = simulate(seed, count === 1 ? console.log : undefined);
  messages += result.messages;
  datagrams += result.datagrams;
  if (result.failures.length === 0) continue;
  failed++;
  progress.clears();
  console.log(`seed ${seed} failed:\n  ${result.failures.slice(0, 10).join("\n  ")}`);
}
progress.clears();
const seconds = (performance.now() - began) / 1000;
console.log(
  `${count - failed} passed, ${failed} failed; ${messages} messages, ${datagrams} datagrams, ${
    (count / seconds).toFixed(1)
  } seeds/s`,
);
Deno.exit(failed === 0 ? 0 : 1);
