/** The first half of the simulated worlds, and that a seed is enough to see one again. */
import { assertEquals } from "@std/assert";
import { testHalf } from "./share.ts";
import { simulate } from "./simulation.ts";

const first = testHalf(0);

Deno.test("one seed is one run", () => {
  const tell = (seed: number) => {
    const lines: string[] = [];
    simulate(seed, (line) => lines.push(line));
    return lines;
  };
  assertEquals(tell(first), tell(first));
});
