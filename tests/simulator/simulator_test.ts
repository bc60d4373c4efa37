/** The ordinary share of simulated worlds. `deno task test -- --seed S --seeds N` chooses others. */
import { assertEquals } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import { simulate } from "./world.ts";

const SEEDS = 500;

const options = parseArgs(Deno.args, { string: ["seed", "seeds"] });
const first = options.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(options.seed);
const count = options.seeds === undefined ? SEEDS : Number(options.seeds);

Deno.test(`${count} worlds from seed ${first}: safe under faults, complete after them`, () => {
  console.log(`seed ${first}, replay one with 'deno task sim --seed S'`);
  const failed = [];
  for (let seed = first; seed < first + count; seed++) {
    const { failures } = simulate(seed);
    if (failures.length > 0) failed.push({ seed, failures });
  }
  assertEquals(failed, []);
});

Deno.test("one seed is one run", () => {
  const tell = (seed: number) => {
    const lines: string[] = [];
    simulate(seed, (line) => lines.push(line));
    return lines;
  };
  assertEquals(tell(first), tell(first));
});
