/**
 * A map that is on disk as well: what it begins with, what of a change is durable when, and what gives way.
 */
import { assert, assertEquals, assertFalse } from "@std/assert";
import { SAVE_LATER_MS } from "../../../core/base/limits.ts";
import { byName, byNick, DurableMap } from "../../../core/durable/durable_map.ts";
import { Effects } from "../../../core/durable/effects.ts";
import { CHAIN, CHANNEL, CURSOR, firstOf } from "../../../core/durable/records.ts";
import { Recorded } from "../../kit/recorded.ts";
import { BODY } from "../../kit/samples.ts";

const HASH = "c0".repeat(32);
const endOf = (number: number) => ({ number, hash: HASH });

/** The numbers of members, by nick. */
function cursorsOf(recorded: Recorded): DurableMap<string, { readonly number: number }> {
  return new DurableMap(recorded.effects, byNick(CURSOR));
}

/** Ends of chains, in groups by the first part of their names; at most three of each. */
function chainsOf(
  recorded: Recorded,
): DurableMap<string, { readonly number: number; readonly hash: string }> {
  return new DurableMap(recorded.effects, { ...byName(CHAIN), groupOf: firstOf, most: 3 });
}

function onDisk(recorded: Recorded): string[] {
  return [...recorded.disk.keys()].sort();
}

// ---- the start -------------------------------------------------------------------------------------------

Deno.test("a map begins with the records of its kind, as their keys sort; it takes no others", () => {
  const recorded = new Recorded([
    [CURSOR.keyFor("x"), CURSOR.encode({ number: 2 })],
    [CHAIN.key("x/1"), CHAIN.encode(endOf(9))],
    [CURSOR.keyFor("ZOË"), CURSOR.encode({ number: 1 })],
  ]);
  const cursors = cursorsOf(recorded);
  assertEquals([...cursors.entries()], [["x", { number: 2 }], ["zoë", { number: 1 }]]);
  assertEquals([cursors.size, [...cursors.values()].map(({ number }) => number)], [2, [2, 1]]);
  assertEquals([...chainsOf(recorded).entries()], [["x/1", endOf(9)]]);
});

Deno.test("a record that is damaged is none, and stays on disk", () => {
  const recorded = new Recorded([
    [CURSOR.keyFor("x"), new Uint8Array(5)],
    [CURSOR.keyFor("y"), CURSOR.encode({ number: 1 })],
  ]);
  assertEquals([...cursorsOf(recorded).entries()], [["y", { number: 1 }]]);
  recorded.performAll(0);
  assertEquals(onDisk(recorded), ["cursor/x", "cursor/y"]);
});

Deno.test("to begin changes nothing on disk, unless there are more than a group may have", () => {
  const names = ["a/1", "a/2", "a/3", "a/4", "b/1"];
  for (const some of [names.slice(0, 3), names]) {
    const recorded = new Recorded(some.map((name) => [CHAIN.key(name), CHAIN.encode(endOf(1))] as const));
    const chains = chainsOf(recorded);
    recorded.performAll(0);
    assertEquals(onDisk(recorded), [...chains.entries()].map(([name]) => CHAIN.key(name)));
    assertEquals(chains.size, Math.min(some.length, 4));
    assertEquals(chains.get("a/1") === undefined, some === names);
  }
});

Deno.test("the records of a kind are handed out once", () => {
  const recorded = new Recorded([[CURSOR.keyFor("x"), CURSOR.encode({ number: 2 })]]);
  assertEquals([cursorsOf(recorded).size, cursorsOf(recorded).size], [1, 0]);
});

// ---- changes ---------------------------------------------------------------------------------------------

Deno.test("what is set is there and saved at once; what replaces it as well", () => {
  const recorded = new Recorded();
  const cursors = cursorsOf(recorded);
  for (const number of [1, 2]) {
    cursors.set("x", { number });
    assertEquals(recorded.effects.takeOutputs(0, []), [
      { type: "save", key: "cursor/x", value: CURSOR.encode({ number }) },
    ]);
    assertEquals(cursors.get("x"), { number });
  }
  assertEquals([cursors.size, cursors.get("y")], [1, undefined]);
});

Deno.test("what is set for later is there at once and saved a little later, once, as it is then", () => {
  const recorded = new Recorded();
  const map = new DurableMap(recorded.effects, {
    ...byName(CURSOR),
    entryOf: (name, { number }) => [name, { number }],
    recordOf: (value: { number: number }) => value,
  });
  map.setLater(0, "x", { number: 1 });
  const value = { number: 2 };
  map.setLater(1, "x", value);
  value.number = 3;
  assertEquals([map.get("x"), recorded.effects.takeOutputs(1, [])], [value, []]);
  assertEquals(recorded.effects.takeOutputs(SAVE_LATER_MS, []), [
    { type: "save", key: "cursor/x", value: CURSOR.encode({ number: 3 }) },
  ]);
});

Deno.test("what is set unsaved is there, and on disk once it is saved", () => {
  const recorded = new Recorded();
  const cursors = cursorsOf(recorded);
  cursors.setUnsaved("x", { number: 1 });
  recorded.performAll(0);
  assertEquals([cursors.get("x"), onDisk(recorded)], [{ number: 1 }, []]);
  cursors.save("x");
  recorded.perform(0);
  assertEquals(onDisk(recorded), ["cursor/x"]);
});

Deno.test("what is not there is neither saved nor deleted", () => {
  const recorded = new Recorded();
  const cursors = cursorsOf(recorded);
  cursors.save("x");
  assertFalse(cursors.delete("x"));
  cursors.deleteLater(0, "x");
  cursors.destroy("x");
  assertEquals([recorded.effects.takeOutputs(0, []), recorded.effects.deadline], [[], Infinity]);
});

Deno.test("what is deleted is gone at once; on disk at once, later, or without a trace", () => {
  const recorded = new Recorded();
  const cursors = cursorsOf(recorded);
  for (const nick of ["x", "y", "z"]) cursors.set(nick, { number: 1 });
  recorded.perform(0);
  assert(cursors.delete("x"));
  cursors.deleteLater(0, "y");
  cursors.destroy("z");
  assertEquals([...cursors.values()], []);
  assertEquals(recorded.effects.takeOutputs(0, []), [
    { type: "forget", key: "cursor/x" },
    { type: "destroy", key: "cursor/z" },
  ]);
  assertEquals(recorded.effects.takeOutputs(SAVE_LATER_MS, []), [{ type: "forget", key: "cursor/y" }]);
});

Deno.test("an entry may be called otherwise here than on disk", () => {
  const row = { number: 7, id: "ab".repeat(16), from: "x", storedAt: 5, body: BODY };
  const rowsOf = ({ effects }: Recorded) =>
    new DurableMap(effects, {
      kind: CHANNEL,
      nameOf: (_number: number, { order }: typeof row & { order: number }) => order,
      entryOf: (name, record) => [record.number, { ...record, order: Number(name) }],
      recordOf: (value) => value,
    });
  const recorded = new Recorded();
  rowsOf(recorded).set(7, { ...row, order: 12 });
  recorded.perform(0);
  assertEquals(onDisk(recorded), [CHANNEL.key(12)]);
  const again = recorded.restarted();
  const rows = rowsOf(again);
  assertEquals([...rows.entries()], [[7, { ...row, order: 12 }]]);
  rows.delete(7);
  again.perform(0);
  assertEquals(onDisk(again), []);
});

// ---- order, and groups -----------------------------------------------------------------------------------

Deno.test("what was set last is last; what is saved as it is stays where it was", () => {
  const cursors = cursorsOf(new Recorded());
  for (const nick of ["a", "b", "c"]) cursors.set(nick, { number: 1 });
  cursors.save("a");
  assertEquals([...cursors.entries()].map(([nick]) => nick), ["a", "b", "c"]);
  cursors.set("a", { number: 2 });
  cursors.setLater(0, "b", { number: 2 });
  assertEquals([...cursors.entries()].map(([nick]) => nick), ["c", "a", "b"]);
});

Deno.test("entries of a group are found together, also after a restart; a group without any is none", () => {
  const recorded = new Recorded();
  const chains = chainsOf(recorded);
  for (const [at, name] of ["a/1", "b/1", "a/2"].entries()) chains.set(name, endOf(at));
  recorded.perform(0);
  for (const map of [chains, chainsOf(recorded.restarted())]) {
    assertEquals([...map.group("a")], [["a/1", endOf(0)], ["a/2", endOf(2)]]);
    assertEquals([[...map.groups.keys()], map.group("c").size], [["a", "b"], 0]);
    map.delete("b/1");
    assertEquals([...map.groups.keys()], ["a"]);
    map.set("a/1", endOf(7));
    assertEquals([...map.group("a").keys()], ["a/2", "a/1"]);
  }
});

Deno.test("of too many in one group the one that was set longest ago gives way, here and on disk", () => {
  const recorded = new Recorded();
  const chains = chainsOf(recorded);
  for (const name of ["b/1", "a/1", "a/2", "a/3"]) chains.set(name, endOf(1));
  chains.set("a/1", endOf(2));
  chains.set("a/4", endOf(1));
  recorded.perform(0);
  assertEquals([...chains.group("a").keys()], ["a/3", "a/1", "a/4"]);
  assertEquals(onDisk(recorded), ["chain/a/1", "chain/a/3", "chain/a/4", "chain/b/1"]);
  chains.setLater(0, "a/5", endOf(1));
  assertEquals([...chains.group("a").keys()], ["a/1", "a/4", "a/5"]);
});

Deno.test("where nothing outlives the process a map is a map", () => {
  const effects = new Effects(false);
  const cursors = new DurableMap(effects, byNick(CURSOR));
  cursors.set("x", { number: 1 });
  cursors.setLater(0, "y", { number: 2 });
  assertEquals([cursors.get("x"), cursors.get("y")], [{ number: 1 }, { number: 2 }]);
  cursors.delete("x");
  assertEquals([cursors.size, effects.takeOutputs(1000, [])], [1, []]);
});
