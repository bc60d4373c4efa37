import { assertEquals } from "@std/assert";
import { Largest } from "../../../core/base/largest.ts";
import { seededDice } from "../../kit/dice.ts";

Deno.test("where no name has any, none has most", () => {
  const largest = new Largest<string>();
  assertEquals(largest.name, undefined);
  largest.set("a", 0);
  assertEquals(largest.name, undefined);
  largest.set("a", 3);
  largest.set("a", 0);
  assertEquals(largest.name, undefined);
});

Deno.test("of several names with most it is the one that has had so many for longest", () => {
  const largest = new Largest<string>();
  for (const name of ["a", "b", "c"]) largest.set(name, 2);
  largest.set("a", 2);
  assertEquals(largest.name, "a");
  largest.set("a", 1);
  largest.set("a", 2);
  assertEquals(largest.name, "b");
});

Deno.test("it agrees with a walk over all names, whatever their counts become", () => {
  const dice = seededDice();
  for (let round = 0; round < 100; round++) {
    const largest = new Largest<string>();
    const counts = new Map<string, number>();
    for (let step = 0; step < 100; step++) {
      const [name, count] = [dice.pick(["a", "b", "c", "d"]), dice.below(6)];
      largest.set(name, count);
      counts.set(name, count);
      assertEquals(counts.get(largest.name ?? "") ?? 0, Math.max(...counts.values()));
    }
  }
});
