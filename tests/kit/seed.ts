/** Dice for random tests. The seed is printed first; `deno test ... -- --seed S` throws the same dice again. */
import { Dice } from "../simulator/random.ts";

export type { Dice };

const given = Deno.args.indexOf("--seed");

export function seededDice(): Dice {
  const seed = given < 0 ? Math.floor(Math.random() * 2 ** 32) : Number(Deno.args[given + 1]);
  console.log(`seed ${seed}`);
  return new Dice(seed);
}
