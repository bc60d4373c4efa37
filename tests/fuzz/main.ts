/**
 * `deno task fuzz --seconds N --seed S`: any bytes into every decoder and machine, in turn, until the time is
 * over; without seconds as many iterations as the ordinary tests have. A target that fails is not run any
 * more. `--target T --iteration I` repeats one iteration of one target.
 */
import { parseArgs } from "@std/cli/parse-args";
import { givenSeed } from "../kit/dice.ts";
import { Progress } from "../kit/progress.ts";
import { attempt, type Target } from "./target.ts";
import { TARGETS } from "./targets.ts";

/** Between two looks at the clock. */
const SLICE_MS = 250;

const options = parseArgs(Deno.args, { string: ["seconds", "target", "iteration"] });
const seed = givenSeed();
const first = Number(options.iteration ?? 0);
const end = performance.now() + Number(options.seconds ?? 0) * 1000;
const chosen = TARGETS.filter(({ name }) => options.target === undefined || options.target === name);
console.log(`seed ${seed}`);
if (chosen.length === 0) {
  console.log(`no target '${options.target}': ${TARGETS.map(({ name }) => name).join(" ")}`);
}

const done = new Map(chosen.map((target) => [target, 0]));
const isTimed = options.seconds !== undefined;
const total = chosen.reduce((sum, { iterations }) => sum + iterations, 0);
const progress = new Progress("iterations", isTimed ? undefined : total);
let all = 0;
let inputs = 0;
const failed = new Set<Target>();

function run(target: Target, more: (count: number) => boolean): void {
  for (let count = 0; !failed.has(target) && more(count); count++) {
    const iteration = first + done.get(target)!;
    const failure = attempt(target, seed, iteration, () => inputs++);
    done.set(target, done.get(target)! + 1);
    progress.shows(++all, isTimed ? end - performance.now() : undefined);
    if (failure === undefined) continue;
    failed.add(target);
    progress.clears();
    console.log(failure);
  }
}

if (options.iteration !== undefined) { for (const target of chosen) run(target, (count) => count < 1); }
else if (!isTimed) {
  for (const target of chosen) run(target, (count) => count < target.iterations);
} else {
  while (performance.now() < end && failed.size < chosen.length) {
    for (const target of chosen) {
      const sliceEnd = Math.min(end, performance.now() + SLICE_MS);
      run(target, () => performance.now() < sliceEnd);
    }
  }
}
progress.clears();
for (const [target, count] of done) {
  console.log(`${target.name}: ${count} iterations${failed.has(target) ? ", failed" : ""}`);
}
console.log(`${inputs} inputs`);
Deno.exit(failed.size > 0 || chosen.length === 0 ? 1 : 0);
