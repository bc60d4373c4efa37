/** Floods of messages: what they cost their recipient for good is bounded, and nothing of others is lost. */
import { assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import {
  FLOOD_LINES_BURST,
  FLOOD_LINES_PER_SECOND,
  MAILBOX_LETTERS,
  MAILBOX_SHARE,
  UNTAKEN_BURST,
  UNTAKEN_PER_SECOND,
} from "../../core/base/limits.ts";
import { altered } from "../kit/peer.ts";
import type { Person } from "../kit/person.ts";
import { idOf } from "../kit/samples.ts";
import type { Speaker } from "../kit/speaker.ts";
import { Arena } from "./arena.ts";

const UNREADABLE = "[A message from alice cannot be opened, it will be sealed again.]";
const MORE = /^\[(\d+) more from mal\.\]$/;

interface Scene {
  readonly arena: Arena;
  readonly alice: Person;
  readonly bob: Person;
  readonly mallory: Speaker;
}

/** alice and bob, who have talked, and mallory, who is a member like them. */
function withMallory(): Scene {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  arena.theyTalk(alice, bob);
  const mallory = arena.member("mal");
  arena.runs(1000);
  arena.everybodyLooks();
  mallory.heard.length = 0;
  return { arena, alice, bob, mallory };
}

/** A letter to bob that looks like one, and does not open. */
function junk({ arena, mallory }: Scene, id: string): Uint8Array {
  return altered(mallory.letter({ id, to: "bob", recipient: arena.server.bundleOf("bob"), text: "x" }));
}

/** mallory deposits so many letters, some each millisecond. */
function deposits({ arena, mallory }: Scene, count: number, bodyOf: (id: string) => Uint8Array): void {
  for (let number = 1; number <= count; number++) {
    const id = idOf(number);
    mallory.says(arena.server, { type: "deposit", id, from: "mal", to: "bob", body: bodyOf(id) });
    if (number % 10 === 0) arena.runs(1);
  }
}

/** How many of mallory's letters bob has signed receipts for: the server tells her of each. */
function signed({ mallory }: Scene): number {
  return new Set(mallory.heardOf("collected").flatMap(({ receipts }) => receipts.map(({ id }) => id))).size;
}

Deno.test("attack: 2,000 empty letters and posts: nobody sees or signs anything, and none is kept", () => {
  const scene = withMallory();
  const { arena, alice, bob, mallory } = scene;
  deposits(scene, 2000, () => new Uint8Array(0));
  for (let number = 1; number <= 2000; number++) {
    const id = idOf(number, 7);
    mallory.says(arena.server, { type: "post", id, from: "mal", body: new Uint8Array(0) });
    if (number % 10 === 0) arena.runs(1);
  }
  arena.runs(30_000);
  for (const person of [alice, bob]) person.sees();
  assertEquals([signed(scene), arena.server.keeps("letter"), arena.server.keeps("channel")], [0, 0, 0]);
  assertEquals(mallory.heard, []);
});

Deno.test("attack: letters that do not open, as many as the server takes: few a second are tried, and told of", () => {
  const scene = withMallory();
  const { arena, alice, bob } = scene;
  const began = arena.now;
  deposits(scene, 400, (id) => junk(scene, id));
  arena.runs(2000);
  const seconds = (arena.now - began) / 1000;
  const atMost = UNTAKEN_BURST + UNTAKEN_PER_SECOND * seconds;
  assertLessOrEqual(signed(scene), atMost);
  assertGreaterOrEqual(signed(scene), UNTAKEN_BURST);
  const lines = bob.looks();
  assertLessOrEqual(lines.length, atMost);
  // What others write comes as ever, by way of the server too.
  arena.cutBetween(alice, bob);
  alice.writes("bob", "hello");
  arena.runs(3000);
  assertEquals(bob.looks().filter((line) => line.startsWith("alice: ")).length, 1);
  // The rest comes again, and in the end all of it is answered: none stays at the server.
  arena.runs(180_000);
  assertLessOrEqual(signed(scene), UNTAKEN_BURST + UNTAKEN_PER_SECOND * 185);
  assertEquals(arena.server.keeps("letter"), 0);
});

Deno.test("an honest mailbox whose letters open no more is answered within two minutes, and read", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  arena.theyTalk(alice, bob);
  bob.does({ type: "quit" });
  arena.runs(500);
  const count = MAILBOX_LETTERS * MAILBOX_SHARE;
  for (let number = 1; number <= count; number++) {
    alice.writes("bob", `letter ${number}`);
    arena.runs(10);
  }
  arena.runs(1000);
  // An old copy of the folder: the letters' prekey is not in it.
  for (const key of bob.disk.keys().filter((key) => key.startsWith("prekey/"))) {
    bob.disk.commit([{ type: "forget", key }]);
  }
  bob.looks();
  bob.registers();
  arena.runs(150_000);
  const lines = bob.looks();
  assertEquals(lines.filter((line) => line === UNREADABLE).length, count);
  const read = new Set(lines.flatMap((line) => /letter \d+$/.exec(line)?.[0] ?? []));
  bob.isKilled();
  bob.registers();
  arena.runs(1000);
  for (const line of bob.looks()) for (const text of /letter \d+$/.exec(line) ?? []) read.add(text);
  assertEquals(read.size, count);
  assertEquals(alice.outbox, []);
});

Deno.test("attack: 3,000 direct messages in 2 s: a screen shows the first, then counts; others are shown among them", () => {
  const { arena, alice, bob, mallory } = withMallory();
  for (let number = 1; number <= 3000; number++) {
    mallory.says(bob, arena.direct(mallory, "bob", "x", { id: idOf(number) }));
    if (number % 3 === 0) arena.runs(2);
    if (number === 1500) alice.writes("bob", "can you read this?");
  }
  arena.runs(5000);
  const lines = bob.looks();
  const shown = lines.filter((line) => line.startsWith("mal: ")).length;
  const folded = lines.flatMap((line) => MORE.exec(line)?.[1] ?? []).map(Number);
  assertLessOrEqual(shown, FLOOD_LINES_BURST + 2 * FLOOD_LINES_PER_SECOND);
  assertLessOrEqual(folded.length, 2);
  assertEquals(shown + folded.reduce((sum, count) => sum + count), 3000);
  assertEquals(lines.filter((line) => line === "alice: can you read this?").length, 1);
  assertLessOrEqual(lines.length, shown + folded.length + 2);
});
