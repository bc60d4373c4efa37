/** A minute of `deno task chaos`. */
import { assertEquals } from "@std/assert";
import { givenSeed } from "../kit/dice.ts";
import { chaos } from "./chaos.ts";

const SECONDS = 60;

Deno.test("programs are killed all the time: what was accepted comes, once and in order", async () => {
  const seed = givenSeed();
  console.log(`seed ${seed}, repeat its dice with 'deno task chaos --seed S'`);
  const { failures } = await chaos(seed, SECONDS, console.log);
  assertEquals(failures, []);
});
