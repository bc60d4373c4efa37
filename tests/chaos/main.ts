/**
 * `deno task chaos --seconds N --seed S`: real programs are killed every 2 seconds, and nothing that they
 * have acknowledged may be lost, doubled or out of order.
 */
import { parseArgs } from "@std/cli/parse-args";
import { givenSeed } from "../kit/dice.ts";
import { chaos } from "./chaos.ts";

const { seconds } = parseArgs(Deno.args, { string: ["seconds"], default: { seconds: "60" } });
const seed = givenSeed();
console.log(`seed ${seed}`);
const { failures, accepted, repeats, late, kills } = await chaos(seed, Number(seconds), console.log);
for (const failure of failures.slice(0, 20)) console.log(failure);
console.log(
  `${kills} kills, ${accepted} messages, ${repeats} shown once more after a kill, ` +
    `${late} late as announced, ${failures.length} failures`,
);
Deno.exit(failures.length === 0 ? 0 : 1);
