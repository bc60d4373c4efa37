import { assert, assertEquals, assertFalse, assertLessOrEqual } from "@std/assert";
import { SEEN_LIFE_MS, SEEN_RUNS } from "../../core/limits.ts";
import { SeenIds } from "../../core/seen_ids.ts";
import { Recorded } from "./effects.ts";
import { seededDice } from "./seed.ts";

const idOf = (prefix: string, count: number) => prefix.padEnd(16, "0") + count.toString(16).padStart(16, "0");
const FROM = "alice";
const RUN_BYTES = 12;
const HEADER_BYTES = 6;

function loaded(recorded: Recorded): SeenIds {
  const seen = new SeenIds(new Recorded().effects);
  for (const [key, value] of recorded.records("seen")) seen.load(key, value);
  return seen;
}

Deno.test("an id is seen once it was added, and no other", () => {
  const seen = new SeenIds(new Recorded().effects);
  assertFalse(seen.has(FROM, idOf("a", 5)));
  seen.add(0, FROM, idOf("a", 5));
  assert(seen.has(FROM, idOf("a", 5)));
  for (const other of [idOf("a", 4), idOf("a", 6), idOf("b", 5)]) assertFalse(seen.has(FROM, other));
});

Deno.test("a conversation without gaps is one run, in whatever order it came", () => {
  const recorded = new Recorded();
  const seen = new SeenIds(recorded.effects);
  for (const count of [2, 4, 3, 1, 5, 3, 1, 5]) seen.add(0, FROM, idOf("a", count));
  recorded.performAll(1);
  const [, value] = recorded.records("seen")[0]!;
  assertEquals(value.length, HEADER_BYTES + RUN_BYTES);
});

Deno.test("ids agree with a set, whatever comes in whatever order, also after a restart", () => {
  const dice = seededDice();
  for (let round = 0; round < 40; round++) {
    const recorded = new Recorded();
    const seen = new SeenIds(recorded.effects);
    const model = new Set<string>();
    // So few numbers that there are never more runs than are remembered.
    for (let step = 0; step < 150; step++) {
      const id = idOf(dice.pick(["a", "b"]), 1 + dice.below(2 * SEEN_RUNS));
      assertEquals(seen.has(FROM, id), model.has(id));
      seen.add(step, FROM, id);
      model.add(id);
    }
    recorded.performAll(200);
    const again = loaded(recorded);
    for (const prefix of ["a", "b"]) {
      for (let count = 1; count <= 2 * SEEN_RUNS; count++) {
        const id = idOf(prefix, count);
        assertEquals(seen.has(FROM, id), model.has(id));
        assertEquals(again.has(FROM, id), model.has(id));
      }
    }
  }
});

Deno.test("of too many runs the lowest is forgotten first", () => {
  const recorded = new Recorded();
  const seen = new SeenIds(recorded.effects);
  for (let run = 1; run <= SEEN_RUNS + 1; run++) seen.add(0, FROM, idOf("a", 2 * run));
  assertFalse(seen.has(FROM, idOf("a", 2)));
  assert(seen.has(FROM, idOf("a", 4)));
  assert(seen.has(FROM, idOf("a", 2 * SEEN_RUNS + 2)));
  recorded.performAll(1);
  assertLessOrEqual(recorded.records("seen")[0]![1].length, HEADER_BYTES + SEEN_RUNS * RUN_BYTES);
});

Deno.test("ids are remembered for 45 days after the last one of their process", () => {
  const recorded = new Recorded();
  const seen = new SeenIds(recorded.effects);
  seen.add(0, FROM, idOf("a", 1));
  seen.add(1000, FROM, idOf("a", 2));
  seen.sweep(SEEN_LIFE_MS + 999);
  assert(seen.has(FROM, idOf("a", 1)));
  recorded.performAll(SEEN_LIFE_MS + 999);
  seen.sweep(SEEN_LIFE_MS + 1000);
  assertFalse(seen.has(FROM, idOf("a", 2)));
  recorded.performAll(SEEN_LIFE_MS + 1000);
  assertEquals(recorded.records("seen"), []);
});

Deno.test("a damaged record is as good as none", () => {
  const seen = new SeenIds(new Recorded().effects);
  seen.load("seen/00", new Uint8Array(7));
  assertFalse(seen.has(FROM, idOf("00", 0)));
});
