import { assertEquals } from "@std/assert";
import { progressText } from "./progress.ts";

const seeds = (done: number, elapsed: number) => progressText({ done, total: 4000, unit: "seeds", elapsed });

Deno.test("progress says what is done, how fast it goes, and how long it will take at that rate", () => {
  assertEquals(seeds(0, 0), "0 of 4,000 seeds");
  assertEquals(seeds(0, 500), "0 of 4,000 seeds");
  assertEquals(seeds(1250, 72_300), "1,250 of 4,000 seeds, 17.3/s, 2 min 40 s left");
  assertEquals(seeds(3999, 230_000), "3,999 of 4,000 seeds, 17.4/s, 1 s left");
  assertEquals(seeds(4000, 230_000), "4,000 of 4,000 seeds, 17.4/s, 0 s left");
});

Deno.test("what is slow has a rate per minute, and its time in hours", () => {
  assertEquals(
    progressText({ done: 1, total: 12, unit: "parts", elapsed: 600_000 }),
    "1 of 12 parts, 0.1/min, 1 h 50 min left",
  );
});

Deno.test("where only the time is limited the time left is what is left of it", () => {
  const standing = { done: 1_234_567, unit: "iterations", elapsed: 30_000, left: 29_100 };
  assertEquals(progressText(standing), "1,234,567 iterations, 41152.2/s, 30 s left");
});
