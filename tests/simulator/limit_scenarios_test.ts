/** How many, and what the user is told when it is too much. */
import { assert, assertEquals } from "@std/assert";
import {
  BODY_BYTES,
  MAILBOX_BYTES,
  MAILBOX_LETTERS,
  MAILBOX_SHARE,
  MEMBER_MESSAGES_BURST,
  TEXT_BYTES,
} from "../../core/base/limits.ts";
import { isAnothers, type Person } from "../kit/person.ts";
import { NO_LIMITS } from "../kit/samples.ts";
import type { World } from "../kit/world.ts";
import { scenario } from "./scenario.ts";

const WELCOME = "SERVER: [Welcome, you are registered.]";
const MAILBOX_FULL = "[Message to bob failed: the mailbox is full.]";
const STORED = ["[Message received by SERVER.]", "SERVER: [Message received by the server and saved]"];

scenario("nicks are the same whatever their case and form", (world) => {
  const { Ärger, bob } = world.clients("Ärger", "bob");
  for (const nick of ["ärger", "ÄRGER", "a\u0308rger", "Ärger"]) {
    bob.types(`send ${nick} hi`);
    world.runs(100);
    Ärger.sees("bob: hi");
    bob.sees("[Message received by Ärger.]");
  }
});

scenario("another spelling of a nick is the same nick, and belongs to the same key", (world) => {
  const { bob } = world.clients("bob");
  bob.types("dereg bob");
  world.runs(200);
  const other = world.client("BOB");
  other.starts();
  other.looks();
  world.runs(10);
  other.sees(...isAnothers("BOB"));
  other.hasEnded(1);
  const same = world.client("Bob");
  same.identity = bob.identity;
  same.starts();
  same.looks();
  world.runs(200);
  same.sees("SERVER: [Welcome, you are registered.]", ...world.table(same.online));
});

// ---- a full mailbox --------------------------------------------------------------------------------------

const SHARE = MAILBOX_LETTERS * MAILBOX_SHARE;

/** This one writes so many letters to bob, numbered from 1. */
function writes(world: World, person: Person, letters: number): void {
  for (let count = 1; count <= letters; count++) {
    person.types(`send bob ${count}`);
    if (count % 50 === 0) world.runs(100);
  }
  world.runs(1000);
}

/** bob is away, and four have written to him as much as each may, so that no more letters fit. */
function fillMailbox(world: World): { writers: Person[]; erin: Person; bob: Person } {
  const { alice, bob, carol, dave, eve, erin } = world.clients(
    "alice",
    "bob",
    "carol",
    "dave",
    "eve",
    "erin",
  );
  bob.types("dereg bob");
  world.runs(200);
  const writers = [alice, carol, dave, eve];
  assertEquals(writers.length * SHARE, MAILBOX_LETTERS);
  for (const writer of writers) writes(world, writer, SHARE);
  assertEquals(world.server.keeps("letter"), MAILBOX_LETTERS);
  world.everybodyLooks();
  return { writers, erin, bob };
}

scenario("a mailbox of 1,000 letters is full: the sender is told, and nothing is dropped", (world) => {
  const { writers, erin, bob } = fillMailbox(world);
  erin.types("send bob one too many");
  world.runs(100);
  erin.sees(MAILBOX_FULL);
  assertEquals(erin.unsettled, 0);
  bob.looks();
  bob.types("reg bob");
  world.runs(20_000);
  const letters = bob.looks();
  for (const writer of writers) {
    const ofWriter = letters.filter((line) => line.startsWith(`${writer.nick}: `));
    assertEquals(ofWriter.map((line) => Number(line.split(" ").at(-1))), from1To(SHARE));
    assertEquals(writer.looks().at(-1), `[bob has collected ${SHARE} messages.]`);
    assertEquals(writer.keeps("outbox"), 0);
  }
  erin.looks();
  erin.types("send bob next");
  world.runs(100);
  bob.sees("erin: next");
});

scenario("one sender may take a quarter of a mailbox, and then others still find room", (world) => {
  const { alice, bob, carol } = world.clients("alice", "bob", "carol");
  bob.types("dereg bob");
  world.runs(200);
  writes(world, alice, SHARE);
  world.everybodyLooks();
  alice.types("send bob one too many");
  carol.types("send bob hello");
  world.runs(100);
  alice.sees(MAILBOX_FULL);
  carol.sees(...STORED);
  assertEquals([world.server.keeps("letter"), alice.unsettled], [SHARE + 1, 0]);
  // What failed nobody waits for.
  bob.types("reg bob");
  world.runs(5000);
  bob.looks();
  alice.types("send bob next");
  world.runs(100);
  bob.sees("alice: next");
});

scenario("and a quarter of its bytes", (world) => {
  const { alice, bob, carol } = world.clients("alice", "bob", "carol");
  bob.types("dereg bob");
  world.runs(200);
  alice.looks();
  const fit = Math.floor(MAILBOX_BYTES * MAILBOX_SHARE / BODY_BYTES);
  const longest = "x".repeat(TEXT_BYTES);
  for (let count = 0; count < fit; count++) {
    alice.types(`send bob ${longest}`);
    world.runs(500);
    alice.sees(...STORED);
  }
  alice.types(`send bob ${longest}`);
  carol.types(`send bob ${longest}`);
  world.runs(500);
  alice.sees(MAILBOX_FULL);
  carol.looks();
  assertEquals([world.server.keeps("letter"), carol.keeps("outbox")], [fit + 1, 1]);
});

scenario("a mailbox has room again when a letter was collected", (world) => {
  const { writers: [alice], bob } = fillMailbox(world);
  bob.types("reg bob");
  world.runs(20_000);
  bob.types("dereg bob");
  world.runs(200);
  world.everybodyLooks();
  alice!.types("send bob there is room");
  world.runs(200);
  alice!.sees(...STORED);
});

scenario("the channel is never part of a mailbox", (world) => {
  const { writers: [alice], bob } = fillMailbox(world);
  alice!.types("send_all hi");
  world.runs(100);
  alice!.sees("[Message received by Server.]");
  bob.types("reg bob");
  world.runs(20_000);
  assert(bob.looks().at(-1)!.endsWith("hi]"));
});

function from1To(last: number): number[] {
  return Array.from({ length: last }, (_, count) => count + 1);
}

// ---- what the operator allows ----------------------------------------------------------------------------

const HOST = "10.0.9.1";

scenario("one address may register so many new nicks an hour, and old ones as often as it likes", (world) => {
  world.server.isKilled();
  world.server.limits = { ...NO_LIMITS, newNicksPerHour: 2 };
  world.server.starts();
  const [alice, bob, carol] = ["alice", "bob", "carol"].map((nick) => world.client(nick, { host: HOST }));
  alice!.starts(20_001);
  bob!.starts(20_002);
  world.runs(200);
  carol!.starts(20_003);
  carol!.looks();
  world.runs(10);
  carol!.sees("[The server takes no more new nicknames from your address for now.]");
  carol!.hasEnded(1);
  for (let count = 0; count < 10; count++) {
    alice!.types("dereg alice");
    world.runs(100);
    alice!.types("reg alice");
    world.runs(100);
    assertEquals(alice!.looks().includes(WELCOME), true);
  }
  const elsewhere = world.client("dave");
  elsewhere.starts();
  world.runs(200);
  assert(elsewhere.hasSeen(WELCOME));
  world.runs(1800_000);
  carol!.starts(20_003);
  world.runs(200);
  assert(carol!.hasSeen(WELCOME));
});

scenario("a server takes so many nicks in all", (world) => {
  world.server.isKilled();
  world.server.limits = { ...NO_LIMITS, nicks: 2 };
  world.server.starts();
  const { alice, bob } = world.clients("alice", "bob");
  const carol = world.client("carol");
  carol.starts();
  carol.looks();
  world.runs(10);
  carol.sees("[The server takes no more nicknames.]");
  carol.hasEnded(1);
  alice.types("send bob hi");
  world.runs(100);
  bob.sees("alice: hi");
});

scenario("who says more than the server takes from one member at once is heard a little later", (world) => {
  const nicks = Array.from({ length: 9 }, (_, count) => `away${count}`);
  const { alice } = world.clients("alice");
  const away = Object.values(world.clients(...nicks));
  for (const person of away) person.types(`dereg ${person.nick}`);
  world.runs(200);
  alice.looks();
  const began = world.schedule.now;
  const each = 240;
  assert(away.length * each > MEMBER_MESSAGES_BURST);
  for (const { nick } of away) {
    for (let count = 1; count <= each; count++) alice.types(`send ${nick} ${count}`);
    world.runs(1);
  }
  world.runs(900);
  assert(world.server.keeps("letter") < away.length * each);
  world.runs(2000);
  assertEquals([world.server.keeps("letter"), alice.unsettled], [away.length * each, 0]);
  assertEquals(alice.looks(), away.flatMap(() => Array.from({ length: each }, () => STORED).flat()));
  assert(world.sent({ from: world.server, to: alice, kind: "rejected" }, began).length > 0);
  const last = away.at(-1)!;
  last.types(`reg ${last.nick}`);
  world.runs(2000);
  const letters = last.looks().filter((line) => line.startsWith("alice: "));
  assertEquals(letters.map((line) => Number(line.split(" ").at(-1))).sort((a, b) => a - b), from1To(each));
});

// ---- commands that make no sense -------------------------------------------------------------------------

scenario("a command without its arguments prints its usage, an unknown one suggests the nearest", (world) => {
  const { alice } = world.clients("alice");
  alice.types("send bob");
  alice.sees("usage: send <nick> <message>");
  alice.types("dereg");
  alice.sees("usage: dereg <nick>");
  alice.types("sned bob hi");
  alice.sees("unknown command 'sned', did you mean 'send'?");
  alice.types("xyzzy");
  alice.sees("unknown command 'xyzzy', try 'help'");
  alice.types("help send");
  assertEquals(alice.looks()[0], "usage: send <nick> <message>");
});
