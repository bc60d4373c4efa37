import { assert, assertEquals, assertFalse, assertLessOrEqual } from "@std/assert";
import { SEEN_PREFIXES, SEEN_PREFIXES_PER_SENDER, SEEN_RUNS } from "../../../core/base/limits.ts";
import { SEEN } from "../../../core/durable/records.ts";
import { SeenIds } from "../../../core/durable/seen_ids.ts";
import { idOf as textOf } from "../../../core/messages/message_id.ts";
import { seededDice } from "../../kit/dice.ts";
import { Recorded } from "../../kit/recorded.ts";

const idOf = (prefix: string, sequence: number) => ({ prefix: prefix.padEnd(20, "0"), sequence });
const FROM = "alice";
const RUN_BYTES = 12;
const HEADER_BYTES = 12;

function loaded(recorded: Recorded): SeenIds {
  return new SeenIds(recorded.restarted().effects);
}

Deno.test("an id is seen once it was added, and no other", () => {
  const seen = new SeenIds(new Recorded().effects);
  assertFalse(seen.hasSeen(FROM, idOf("a", 5)));
  seen.add(0, FROM, idOf("a", 5));
  assert(seen.hasSeen(FROM, idOf("a", 5)));
  for (const other of [idOf("a", 4), idOf("a", 6), idOf("b", 5)]) assertFalse(seen.hasSeen(FROM, other));
});

Deno.test("a conversation without gaps is one run, in whatever order it came", () => {
  const recorded = new Recorded();
  const seen = new SeenIds(recorded.effects);
  for (const count of [2, 4, 3, 1, 5, 3, 1, 5]) seen.add(0, FROM, idOf("a", count));
  recorded.performAll(1);
  const [, value] = recorded.records("seen")[0]!;
  assertEquals(value.length, HEADER_BYTES + RUN_BYTES);
});

Deno.test("ids agree with a set, whatever comes and is taken back, in whatever order, also after a restart", () => {
  const dice = seededDice();
  for (let round = 0; round < 40; round++) {
    const recorded = new Recorded();
    const seen = new SeenIds(recorded.effects);
    const model = new Set<string>();
    // So few numbers that there are never more runs than are remembered.
    for (let step = 0; step < 150; step++) {
      const id = idOf(dice.pick(["a", "b"]), 1 + dice.below(2 * SEEN_RUNS));
      assertEquals(seen.hasSeen(FROM, id), model.has(textOf(id)));
      if (dice.happens(0.2)) {
        seen.remove(FROM, id);
        model.delete(textOf(id));
      } else {
        seen.add(step, FROM, id);
        model.add(textOf(id));
      }
    }
    recorded.performAll(200);
    const again = loaded(recorded);
    for (const prefix of ["a", "b"]) {
      for (let count = 1; count <= 2 * SEEN_RUNS; count++) {
        const id = idOf(prefix, count);
        assertEquals(seen.hasSeen(FROM, id), model.has(textOf(id)));
        assertEquals(again.hasSeen(FROM, id), model.has(textOf(id)));
      }
    }
  }
});

Deno.test("of too many runs the lowest is forgotten first", () => {
  const recorded = new Recorded();
  const seen = new SeenIds(recorded.effects);
  for (let run = 1; run <= SEEN_RUNS + 1; run++) seen.add(0, FROM, idOf("a", 2 * run));
  assertFalse(seen.hasSeen(FROM, idOf("a", 2)));
  assert(seen.hasSeen(FROM, idOf("a", 4)));
  // Up to there nobody knows what was seen and what was not; also after a restart.
  recorded.performAll(1);
  for (const one of [seen, loaded(recorded)]) {
    const forgotten = [1, 2, 3, 4, 5].map((count) => one.isForgotten(FROM, idOf("a", count)));
    assertEquals(forgotten, [true, true, false, false, false]);
    assertFalse(one.isForgotten(FROM, idOf("b", 1)));
  }
  assert(seen.hasSeen(FROM, idOf("a", 2 * SEEN_RUNS + 2)));
  recorded.performAll(1);
  assertLessOrEqual(recorded.records("seen")[0]![1].length, HEADER_BYTES + SEEN_RUNS * RUN_BYTES);
});

Deno.test("ids of a process are forgotten when the last one was seen at an instant or before it", () => {
  const recorded = new Recorded();
  const seen = new SeenIds(recorded.effects);
  seen.add(0, FROM, idOf("a", 1));
  seen.add(1000, FROM, idOf("a", 2));
  seen.forgetOldIds(999);
  assert(seen.hasSeen(FROM, idOf("a", 1)));
  recorded.performAll(1000);
  assertEquals(recorded.records("seen").length, 1);
  seen.forgetOldIds(1000);
  assertFalse(seen.hasSeen(FROM, idOf("a", 2)));
  recorded.performAll(1001);
  assertEquals(recorded.records("seen"), []);
});

Deno.test("ids are remembered apart for each sender, whose name is written in any way", () => {
  const recorded = new Recorded();
  const seen = new SeenIds(recorded.effects);
  seen.add(0, "Zoë", idOf("a", 1));
  recorded.performAll(1);
  for (const one of [seen, loaded(recorded)]) {
    assert(one.hasSeen("ZOË", idOf("a", 1)));
    for (const other of ["bob", "#Zoë", "zo"]) assertFalse(one.hasSeen(other, idOf("a", 1)));
  }
});

Deno.test("of one sender 2,000 processes are remembered; the one used least recently is forgotten first", () => {
  const recorded = new Recorded();
  const seen = new SeenIds(recorded.effects);
  const prefixOf = (count: number) => "aaaaaa" + count.toString(16).padStart(8, "0");
  seen.add(0, "bob", idOf("b", 1));
  for (let count = 1; count <= SEEN_PREFIXES_PER_SENDER; count++) seen.add(0, FROM, idOf(prefixOf(count), 1));
  // Used again, so that the second one is the oldest.
  seen.add(0, FROM, idOf(prefixOf(1), 2));
  seen.add(0, FROM, idOf("c", 1));
  recorded.performAll(1);
  for (const one of [seen, loaded(recorded)]) {
    const ids = [1, 2, 3, 4].map((count) => idOf(prefixOf(count), 1));
    // What is remembered of the folder takes a place as well.
    assertEquals(ids.map((id) => one.hasSeen(FROM, id)), [true, false, false, true]);
    // Of its processes up to there nobody knows what was seen, nor of those that were never heard.
    assertEquals(ids.map((id) => one.isForgotten(FROM, id)), [false, true, true, false]);
    assert(one.hasSeen(FROM, idOf("c", 1)));
    // Nobody uses up what is another's.
    assert(one.hasSeen("bob", idOf("b", 1)));
  }
  assertEquals(recorded.records("seen").length, SEEN_PREFIXES_PER_SENDER + 1);
});

Deno.test("of all senders 100,000 processes are remembered; whoever has most makes room", () => {
  const seen = new SeenIds(new Recorded().effects);
  const senders = SEEN_PREFIXES / SEEN_PREFIXES_PER_SENDER;
  const prefixOf = (count: number) => "aaaaaa" + count.toString(16).padStart(8, "0");
  seen.add(0, "bob", idOf("b", 1));
  for (let count = 0; count < SEEN_PREFIXES_PER_SENDER; count++) {
    for (let sender = 0; sender < senders; sender++) seen.add(0, `n${sender}`, idOf(prefixOf(count), 1));
  }
  const forgotten = Array.from({ length: senders }, (_, sender) => sender)
    .filter((sender) => !seen.hasSeen(`n${sender}`, idOf(prefixOf(0), 1)));
  assertEquals(forgotten.length, 1);
  seen.add(0, "bob", idOf("c", 1));
  for (const prefix of ["b", "c"]) assert(seen.hasSeen("bob", idOf(prefix, 1)));
});

// ---- as if it had not been seen --------------------------------------------------------------------------

Deno.test("what is removed was not seen, and nothing else is forgotten, at once and after a restart", () => {
  for (const removed of [1, 3, 5]) {
    const recorded = new Recorded();
    const seen = new SeenIds(recorded.effects);
    for (let count = 1; count <= 5; count++) seen.add(0, FROM, idOf("a", count));
    seen.add(0, FROM, idOf("b", removed));
    seen.add(0, "bob", idOf("a", removed));
    seen.remove("ALICE", idOf("a", removed));
    recorded.performAll(1);
    for (const one of [seen, loaded(recorded)]) {
      const left = [1, 2, 3, 4, 5].filter((count) => one.hasSeen(FROM, idOf("a", count)));
      assertEquals(left, [1, 2, 3, 4, 5].filter((count) => count !== removed));
      assert(one.hasSeen(FROM, idOf("b", removed)));
      assert(one.hasSeen("bob", idOf("a", removed)));
    }
  }
});

Deno.test("what is removed is so durably at once; what was added before it as well", () => {
  const recorded = new Recorded();
  const seen = new SeenIds(recorded.effects);
  for (const count of [1, 2]) seen.add(0, FROM, idOf("a", count));
  seen.remove(FROM, idOf("a", 1));
  recorded.perform(0);
  const again = loaded(recorded);
  assertEquals([again.hasSeen(FROM, idOf("a", 1)), again.hasSeen(FROM, idOf("a", 2))], [false, true]);
});

Deno.test("what was not seen cannot be removed; what was removed may be seen again", () => {
  const seen = new SeenIds(new Recorded().effects);
  seen.remove(FROM, idOf("a", 1));
  seen.add(0, FROM, idOf("a", 1));
  seen.remove(FROM, idOf("a", 2));
  seen.remove(FROM, idOf("b", 1));
  assert(seen.hasSeen(FROM, idOf("a", 1)));
  seen.remove(FROM, idOf("a", 1));
  assertFalse(seen.hasSeen(FROM, idOf("a", 1)));
  seen.add(1, FROM, idOf("a", 1));
  assert(seen.hasSeen(FROM, idOf("a", 1)));
});

Deno.test("a damaged record is as good as none", () => {
  const key = `seen/${FROM}/${idOf("a", 0).prefix}`;
  const whole = Uint8Array.fromHex("000000000000" + "000000000000" + "000000000001" + "000000000002");
  for (const length of [1, 7, 13, 23]) {
    const seen = new SeenIds(new Recorded([[key, whole.subarray(0, length)]]).effects);
    assertFalse(seen.hasSeen(FROM, idOf("a", 1)));
  }
  const seen = new SeenIds(new Recorded([[key, whole]]).effects);
  assertEquals([1, 2, 3].map((count) => seen.hasSeen(FROM, idOf("a", count))), [true, true, false]);
});

Deno.test("an id with the highest number there is can be removed", () => {
  const seen = new SeenIds(new Recorded().effects);
  const id = idOf("0011", 2 ** 48 - 1);
  seen.add(0, FROM, id);
  seen.remove(FROM, id);
  assertFalse(seen.hasSeen(FROM, id));
});

Deno.test("a disk with more prefixes than the bound, of many senders, is cut down to it", () => {
  const value = SEEN.encode({ at: 1, floor: 0, runs: [{ from: 1, to: 1 }] });
  const records = Array.from({ length: SEEN_PREFIXES + 5 }, (_, number) => {
    return [SEEN.key(`s${number}/${number.toString(16).padStart(20, "0")}`), value] as const;
  });
  const recorded = new Recorded(records);
  const seen = new SeenIds(recorded.effects);
  seen.add(2, FROM, idOf("a", 1));
  recorded.performAll(2);
  assertEquals(recorded.records("seen").length, SEEN_PREFIXES);
  assert(seen.hasSeen(FROM, idOf("a", 1)));
});
