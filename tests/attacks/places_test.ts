/** Attacks by somebody who has a copy of a client's identity, on the place that its owner has. */
import { assert, assertEquals } from "@std/assert";
import type { Person } from "../kit/person.ts";
import { Arena } from "./arena.ts";

const YEARS_MS = 730 * 24 * 3600_000;
const WELCOME = "SERVER: [Welcome, you are registered.]";
const REPLACED = "[You were registered as 'bob' from another place, this one is offline now.]";

/** Another machine with bob's identity, and nothing else of his. */
function copyOf(arena: Arena, bob: Person, skew = 0): Person {
  const copy = arena.client("bob");
  copy.identity = bob.identity;
  copy.setsClock(skew);
  return copy;
}

Deno.test("attack: take a place with a clock that is two years ahead: the owner hears of it at once, and has it back", () => {
  const arena = new Arena();
  const { bob } = arena.clients("alice", "bob");
  const thief = copyOf(arena, bob, YEARS_MS);
  thief.starts();
  arena.runs(300);
  bob.sees(REPLACED);
  bob.types("reg bob");
  arena.runs(1000);
  assert(bob.hasSeen(WELCOME));
  arena.runs(35_000);
  assert(thief.hasSeen(REPLACED));
});

Deno.test("a second machine whose clock is two years behind takes over", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  const other = copyOf(arena, bob, -YEARS_MS);
  other.starts();
  arena.runs(1000);
  assert(other.hasSeen(WELCOME));
  bob.sees(REPLACED);
  arena.everybodyLooks();
  alice.types("send bob hi");
  arena.runs(1000);
  assert(other.hasSeen("alice: hi"));
});

Deno.test("two places of one identity: the older one types again, and is told and stays out until 'reg'", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  const other = copyOf(arena, bob);
  other.starts();
  arena.runs(300);
  bob.sees(REPLACED);
  other.looks();
  bob.types("send alice hi");
  bob.sees("[You are offline, 'reg bob' first.]");
  arena.runs(30_000);
  alice.looks();
  alice.types("send bob where are you?");
  arena.runs(200);
  alice.sees("[Message received by bob.]");
  other.sees("alice: where are you?");
});

Deno.test("two places of one identity: the word of it is lost, and the older one hears it with its next packet", () => {
  const arena = new Arena();
  const { bob } = arena.clients("alice", "bob");
  const other = copyOf(arena, bob);
  arena.cut(bob);
  other.starts();
  arena.runs(300);
  other.looks();
  arena.mend(bob);
  bob.sees();
  arena.runs(60_000);
  assertEquals(bob.looks(), [REPLACED]);
  assert(other.isAlive);
});
