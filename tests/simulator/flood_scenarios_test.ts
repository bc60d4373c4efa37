/** Much from one sender at once: a person's screen folds it, a pipe does not, and nothing is lost. */
import { assertEquals, assertLessOrEqual } from "@std/assert";
import { FLOOD_LINES_BURST, FLOOD_LINES_PER_SECOND } from "../../core/base/limits.ts";
import type { Person } from "../kit/person.ts";
import type { World } from "../kit/world.ts";
import { scenario } from "./scenario.ts";

const WRITTEN = FLOOD_LINES_BURST + 412;

function texts(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, count) => `${from + count}`);
}

/** Without the date in front of what was kept. */
function linesOf(person: Person, from: string): string[] {
  const lines = person.looks().filter((line) => line.startsWith(`${from}: `) || line.startsWith("["));
  return lines.map((line) => line.replace(/: \d{4}-\d\d-\d\d \S+ /, ": "));
}

/** How many messages of mallory's were shown, and what the lines count that fold the rest. */
function countsOf(lines: readonly string[]): { shown: number; folded: number[] } {
  const counts = lines.map((line) => /^\[(\d+) more from mallory\.\]$/.exec(line)?.[1]);
  const folded = counts.filter((count) => count !== undefined).map(Number);
  return { shown: lines.filter((line) => /mallory: /.test(line)).length, folded };
}

function flooded(world: World, count = WRITTEN): { alice: Person; bob: Person; mallory: Person } {
  const people = world.clients("alice", "bob", "mallory");
  for (let at = 1; at <= count; at += WRITTEN) {
    for (const text of texts(at, Math.min(count, at + WRITTEN - 1))) people.mallory.types(`send bob ${text}`);
    world.runs(count > WRITTEN ? 300 : 0);
  }
  return people;
}

scenario("the first lines of a flood are shown, then one that counts the rest", (world) => {
  const { alice, bob, mallory } = flooded(world);
  world.runs(500);
  // Nobody else is folded.
  alice.types("send bob hi");
  world.runs(300);
  bob.sees(...texts(1, FLOOD_LINES_BURST).map((text) => `mallory: ${text}`), "alice: hi");
  world.runs(1000);
  bob.sees("[412 more from mallory.]");
  assertEquals(mallory.keeps("outbox"), 0, "all of it was answered");
  world.runs(5000);
  mallory.types("send bob and now slowly");
  world.runs(100);
  bob.sees("mallory: and now slowly");
});

scenario("what was folded is shown at the next start, once and in order", (world) => {
  const { alice, bob } = flooded(world);
  world.runs(3000);
  bob.looks();
  bob.types("quit");
  world.runs(200);
  alice.types("send bob in the meantime");
  world.runs(200);
  bob.looks();
  bob.starts();
  world.runs(1000);
  assertEquals(linesOf(bob, "mallory").slice(0, 413), [
    "[While you were away]",
    ...texts(FLOOD_LINES_BURST + 1, WRITTEN).map((text) => `mallory: ${text}`),
  ]);
  bob.types("quit");
  world.runs(200);
  bob.looks();
  bob.starts();
  world.runs(1000);
  assertEquals(linesOf(bob, "mallory").filter((line) => line !== "[Client table updated.]"), []);
});

scenario("of a client that is killed in a flood everything is shown, there or by the next one", (world) => {
  const { bob } = flooded(world);
  world.runs(60);
  bob.isKilled();
  const seen = new Set(linesOf(bob, "mallory"));
  bob.starts();
  world.runs(20_000);
  for (const line of linesOf(bob, "mallory")) seen.add(line);
  bob.types("quit");
  world.runs(200);
  bob.starts();
  world.runs(1000);
  for (const line of linesOf(bob, "mallory")) seen.add(line);
  assertEquals(texts(1, WRITTEN).filter((text) => !seen.has(`mallory: ${text}`)), []);
});

scenario(
  "a flood that goes on is told of every five seconds, and a client that ends tells of the rest",
  (world) => {
    const { bob, mallory } = world.clients("bob", "mallory");
    for (let count = 1; count <= 1100; count++) {
      mallory.types(`send bob ${count}`);
      world.runs(10);
    }
    bob.types("quit");
    world.runs(100);
    const { shown, folded } = countsOf(bob.looks());
    // At 3.6 s the first is folded; at 8.6 s that is told, and what was saved up meanwhile lasts to 10.7 s.
    assertEquals(folded.length, 2);
    assertEquals(shown + folded.reduce((sum, count) => sum + count), 1100);
    assertLessOrEqual(shown, FLOOD_LINES_BURST + 11 * FLOOD_LINES_PER_SECOND);
  },
);

scenario("a pipe gets every line", (world) => {
  const { mallory } = world.clients("mallory");
  const bob = world.client("bob", { isAttended: false });
  bob.starts();
  world.runs(1000);
  bob.looks();
  for (const text of texts(1, WRITTEN)) mallory.types(`send bob ${text}`);
  world.runs(3000);
  bob.sees(...texts(1, WRITTEN).map((text) => `mallory: ${text}`));
});

scenario("without a state folder nothing is folded, for it could not be shown again", (world) => {
  const { mallory } = world.clients("mallory");
  const bob = world.client("bob", { durable: false });
  bob.starts();
  world.runs(1000);
  bob.looks();
  for (const text of texts(1, WRITTEN)) mallory.types(`send bob ${text}`);
  world.runs(3000);
  bob.sees(...texts(1, WRITTEN).map((text) => `mallory: ${text}`));
});

scenario("a full mailbox is no flood: what has waited is shown as it is", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("quit");
  world.runs(200);
  for (const text of texts(1, 250)) {
    alice.types(`send bob ${text}`);
    world.runs(10);
  }
  world.runs(2000);
  bob.looks();
  bob.starts();
  world.runs(3000);
  const lines = linesOf(bob, "alice").filter((line) => line.startsWith("alice: "));
  assertEquals(lines, texts(1, 250).map((text) => `alice: ${text}`));
});

scenario("a flood in the channel is folded as well", (world) => {
  const { bob, mallory } = world.clients("bob", "mallory");
  for (const text of texts(1, WRITTEN)) mallory.types(`send_all ${text}`);
  world.runs(5000);
  const { shown, folded: [folded = 0, ...more] } = countsOf(bob.looks());
  assertEquals([shown + folded, more], [WRITTEN, []]);
  assertLessOrEqual(shown, FLOOD_LINES_BURST + FLOOD_LINES_PER_SECOND);
});

scenario("long messages are shown, and what is said behind one, but not many a second", (world) => {
  const { bob, mallory } = world.clients("bob", "mallory");
  const lines = "line\n".repeat(1000);
  for (let count = 1; count <= 3; count++) mallory.types(`send bob ${count} ${lines}end`);
  mallory.types("send bob what do you say?");
  world.runs(1000);
  assertEquals(bob.looks().filter((line) => line.startsWith("mallory: ")).length, 4);
  for (let count = 1; count <= 60; count++) mallory.types(`send bob ${"x".repeat(5000)}`);
  world.runs(3000);
  assertLessOrEqual(bob.looks().filter((line) => line.startsWith("mallory: ")).length, 30);
});
