/** A minute of `deno task chaos`, and short forms of it with scripts and listeners. */
import { assertEquals } from "@std/assert";
import { givenSeed } from "../kit/dice.ts";
import { chaos } from "./chaos.ts";
import { listens } from "./listens.ts";
import { FROM_PROGRAMS, sends } from "./sends.ts";

const SECONDS = 60;

Deno.test("programs are killed all the time: what was accepted comes, once and in order", async () => {
  const seed = givenSeed();
  console.log(`seed ${seed}, repeat its dice with 'deno task chaos --seed S'`);
  const { failures } = await chaos(seed, SECONDS, console.log);
  assertEquals(failures, []);
});

Deno.test("what scripts are told is true on the disks, while everything is killed", async () => {
  const seed = givenSeed();
  console.log(`seed ${seed}, repeat its dice with 'deno test ... -- --seed S'`);
  // A machine that has no time for this does less, and that is right as well.
  const plan = { most: 500, leastKills: 50, seconds: 180, ...FROM_PROGRAMS };
  const { failures, kills, statuses } = await sends(seed, plan, console.log);
  console.log(
    `${kills} kills, ${[...statuses].map(([status, count]) => `${count} with ${status}`).join(", ")}`,
  );
  assertEquals(failures, []);
});

Deno.test("a listener with a name is killed all the time: nothing is lost, and only the last comes again", async () => {
  const seed = givenSeed();
  console.log(`seed ${seed}, repeat its dice with 'deno task chaos --listens 50 --seed S'`);
  const { failures, kills, messages, repeats } = await listens(
    seed,
    { kills: 50, seconds: 180 },
    console.log,
  );
  console.log(`${kills} kills, ${messages} messages, ${repeats} came again`);
  assertEquals(failures, []);
});
