/**
 * Attacks with what was recorded: every datagram of a session once more, at once and after restarts, has no
 * effect.
 */
import { assert, assertEquals } from "@std/assert";
import { equalAddresses } from "../../core/base/address.ts";
import { DROPPED_REPORT_MS } from "../../core/base/limits.ts";
import type { Address } from "../../core/base/units.ts";
import type { SeenDatagram } from "../kit/datagram.ts";
import type { Person } from "../kit/person.ts";
import type { Process } from "../kit/process.ts";
import { SERVER } from "../kit/surroundings.ts";
import { Arena } from "./arena.ts";

const STRANGER: Address = { host: "10.66.6.6", port: 6666 };

/** What changes by itself: how often somebody started, and when he initiated last. */
const OWN_BUSINESS = /^(identity|initiation|start|cursor|dropped)\//;

/** What a computer keeps of others. */
function kept({ state }: Process): string[] {
  return state.filter((record) => !OWN_BUSINESS.test(record));
}

const DROPPED = /^\d+ datagrams dropped/;

interface Recording {
  readonly arena: Arena;
  readonly alice: Person;
  readonly bob: Person;
  readonly carol: Person;
  readonly tape: readonly SeenDatagram[];
}

/**
 * Three register and talk in every way there is: directly, by mail, in parts, on the channel; one goes and
 * comes.
 */
function recorded(): Recording {
  const arena = new Arena();
  const { alice, bob, carol } = arena.clients("alice", "bob", "carol");
  alice.writes("bob", "one");
  bob.writes("alice", "two");
  alice.writes("bob", "long ".repeat(500));
  arena.runs(500);
  carol.deregisters();
  arena.runs(200);
  bob.writes("carol", "three");
  alice.writes("carol", "four");
  bob.posts("five");
  arena.runs(500);
  carol.registers();
  arena.runs(2000);
  alice.posts("six");
  carol.writes("alice", "seven");
  arena.runs(2000);
  arena.everybodyLooks();
  return { arena, alice, bob, carol, tape: [...arena.datagrams] };
}

/** Everything once more, to whoever it was for, as fast as it was. */
function replay(arena: Arena, tape: readonly SeenDatagram[], source: (from: Address) => Address): void {
  for (const [at, { from, to, bytes }] of tape.entries()) {
    arena.network.send(source(from), to, bytes);
    if (at % 20 === 0) arena.runs(5);
  }
  arena.runs(1000);
}

/** Nobody is shown anything; the server's log counts what it has dropped, and says nothing else. */
function assertNothingWasShown({ arena, alice, bob, carol }: Recording, when: string): void {
  for (const victim of [alice, bob, carol]) {
    assert(victim.isAlive, when);
    assertEquals(victim.looks(), [], `${victim.nick}, ${when}`);
  }
  const log = arena.server.looks();
  assertEquals(log.filter((line) => !DROPPED.test(line)), [], when);
  assert(log.some((line) => DROPPED.test(line)), `nothing reached the server, ${when}`);
}

const SOURCES: readonly [string, (from: Address) => Address][] = [
  ["from where it came", (from) => from],
  ["from elsewhere", () => STRANGER],
];

for (const [where, source] of SOURCES) {
  Deno.test(`attack: replay a whole session at once, ${where}: nothing is shown, stored or changed`, () => {
    const session = recorded();
    const { arena, alice, bob, carol, tape } = session;
    const computers = [arena.server, alice, bob, carol];
    const before = computers.map(kept);
    for (let count = 0; count < 2; count++) replay(arena, tape, source);
    arena.runs(DROPPED_REPORT_MS);
    assertNothingWasShown(session, where);
    assertEquals(computers.map(kept), before);
    arena.theyTalk(alice, bob);
    arena.theyTalk(bob, carol);
  });

  Deno.test(`attack: replay a whole session after restarts, ${where}: nothing is shown twice, stored or changed`, () => {
    const session = recorded();
    const { arena, alice, bob, carol, tape } = session;
    const computers = [arena.server, alice, bob, carol];
    const victims = [alice, bob, carol];
    const restarts: Record<string, () => void> = {
      "the server": () => arena.server.restarts(),
      "the clients": () =>
        victims.forEach((victim) => {
          victim.isKilled();
          victim.registers();
        }),
      "all": () => {
        arena.server.isKilled();
        for (const victim of victims) victim.isKilled();
        arena.server.starts();
        for (const victim of victims) victim.registers();
      },
    };
    for (const [who, restart] of Object.entries(restarts)) {
      const recordedSince = arena.datagrams.length;
      restart();
      // Before they have settled as well as when they have.
      replay(arena, tape, source);
      arena.runs(60_000);
      const shown = victims.flatMap((victim) => victim.looks());
      assertEquals(shown.filter((line) => /one|two|three|four|five|six|seven|long/.test(line)), [], who);
      arena.everybodyLooks();
      const before = computers.map(kept);
      replay(arena, [...tape, ...arena.datagrams.slice(recordedSince)], source);
      arena.runs(DROPPED_REPORT_MS);
      assertNothingWasShown(session, who);
      assertEquals(computers.map(kept), before, who);
    }
    arena.theyTalk(alice, bob);
    arena.theyTalk(bob, carol);
  });
}

Deno.test("attack: replay a registration to a server that has forgotten the link: nobody is moved or brought online", () => {
  const { arena, alice, bob, carol, tape } = recorded();
  alice.does({ type: "leave" });
  bob.deregisters();
  arena.runs(200);
  arena.server.restarts();
  arena.runs(200);
  arena.everybodyLooks();
  const before = arena.server.state.filter((record) => record.startsWith("nick/"));
  const toServer = tape.filter(({ to }) => equalAddresses(to, SERVER));
  assert(toServer.length > 20);
  for (const [, source] of SOURCES) replay(arena, toServer, source);
  assertEquals(arena.server.state.filter((record) => record.startsWith("nick/")), before);
  assertEquals(arena.server.looks().filter((line) => line.includes("registered")), []);
  carol.sees();
  // The same from alice herself.
  alice.registers();
  arena.runs(1000);
  assertEquals(arena.server.looks(), [`alice registered at ${alice.address.host}:${alice.address.port}`]);
});
