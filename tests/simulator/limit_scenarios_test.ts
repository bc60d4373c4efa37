/** How many, and what the user is told when it is too much. */
import { assert, assertEquals } from "@std/assert";
import { MAILBOX_LETTERS } from "../../core/limits.ts";
import type { Person } from "./process.ts";
import { scenario, type World } from "./scenario.ts";

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

scenario("a client with another spelling of the same nick is another claim to the same nick", (world) => {
  const { bob } = world.clients("bob");
  bob.types("dereg bob");
  world.runs(200);
  const other = world.client("BOB");
  other.starts();
  other.looks();
  world.runs(200);
  other.sees("SERVER: [Welcome, you are registered.]", ...world.table(other.online));
});

// ---- a full mailbox --------------------------------------------------------------------------------------

/** bob is away, and alice has written to him until no more letters fit. */
function fillMailbox(world: World): { alice: Person; bob: Person } {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("dereg bob");
  world.runs(200);
  for (let count = 1; count <= MAILBOX_LETTERS; count++) {
    alice.types(`send bob ${count}`);
    if (count % 50 === 0) world.runs(100);
  }
  world.runs(1000);
  assertEquals(world.server.keeps("letter"), MAILBOX_LETTERS);
  alice.looks();
  return { alice, bob };
}

scenario("a mailbox of 1,000 letters is full: the sender is told, and nothing is dropped", (world) => {
  const { alice, bob } = fillMailbox(world);
  alice.types("send bob one too many");
  world.runs(100);
  alice.sees(MAILBOX_FULL);
  assertEquals(alice.unsettled, 0);
  bob.looks();
  bob.types("reg bob");
  world.runs(20_000);
  const letters = bob.looks().filter((line) => line.startsWith("alice: "));
  assertEquals(letters.map((line) => line.split(" ").at(-1)), numbers(1, MAILBOX_LETTERS));
  assertEquals(alice.looks().at(-1), "[bob has collected 1000 messages.]");
  alice.types("send bob next");
  world.runs(100);
  bob.sees("alice: next");
});

scenario("a mailbox has room again when a letter was collected", (world) => {
  const { alice, bob } = fillMailbox(world);
  bob.types("reg bob");
  world.runs(20_000);
  bob.types("dereg bob");
  world.runs(200);
  world.everybodyLooks();
  alice.types("send bob there is room");
  world.runs(200);
  alice.sees(...STORED);
});

scenario("the channel is never part of a mailbox", (world) => {
  const { alice, bob } = fillMailbox(world);
  alice.types("send_all hi");
  world.runs(100);
  alice.sees("[Message received by Server.]");
  bob.types("reg bob");
  world.runs(20_000);
  assert(bob.looks().at(-1)!.endsWith("hi]"));
});

function numbers(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, count) => `${first + count}`);
}

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
