/**
 * `deno task chaos --seconds N --seed S`: real programs are killed every 2 seconds, and nothing that they
 * have acknowledged may be lost, doubled or out of order. With `--sends N` scripts send so many messages
 * while engines, server and scripts are killed, and what they are told is held against the disks. With
 * `--listens N` listeners are killed so often, and each message must have been dealt with.
 */
import { parseArgs } from "@std/cli/parse-args";
import { givenSeed } from "../kit/dice.ts";
import { chaos } from "./chaos.ts";
import { listens } from "./listens.ts";
import { FROM_A_SHELL, sends } from "./sends.ts";

const options = parseArgs(Deno.args, { string: ["seconds", "sends", "listens"], default: { seconds: "60" } });
const seed = givenSeed();
console.log(`seed ${seed}`);
Deno.exit(await run());

function run(): Promise<number> {
  if (options.listens !== undefined) return listeners(Number(options.listens));
  return options.sends === undefined ? people() : scripts(Number(options.sends));
}

async function people(): Promise<number> {
  const { failures, accepted, repeats, late, kills } = await chaos(
    seed,
    Number(options.seconds),
    console.log,
  );
  console.log(
    `${kills} kills, ${accepted} messages, ${repeats} shown once more after a kill, ${late} late as announced`,
  );
  return statusFor(failures);
}

async function scripts(most: number): Promise<number> {
  const { cuts, failures, kills, statuses } = await sends(
    seed,
    { most, leastKills: 0, seconds: 7200, ...FROM_A_SHELL },
    console.log,
  );
  const ended = [...statuses].map(([status, count]) => `${count} with ${status}`).join(", ");
  console.log(`${kills} kills, ${cuts} times everything at once; sends ended: ${ended}`);
  return statusFor(failures);
}

async function listeners(most: number): Promise<number> {
  const { failures, kills, messages, repeats } = await listens(
    seed,
    { kills: most, seconds: 7200 },
    console.log,
  );
  console.log(`${kills} kills, ${messages} messages, ${repeats} came again that were not confirmed`);
  return statusFor(failures);
}

function statusFor(failures: readonly string[]): number {
  for (const failure of failures.slice(0, 20)) console.log(failure);
  console.log(`${failures.length} failures`);
  return failures.length === 0 ? 0 : 1;
}
