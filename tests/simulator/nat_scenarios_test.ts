/** People behind translators of addresses (NATs): which way their messages take, and how soon they come. */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { addressKey, equalAddresses } from "../../core/base/address.ts";
import {
  CHECK_PACE_MS,
  INTRODUCED_MS,
  LINK_IDLE_MS,
  REKEY_AFTER_MS,
  SEEK_MS,
} from "../../core/base/limits.ts";
import type { Address, Millis } from "../../core/base/units.ts";
import { Nat, NAT_KINDS, type NatKind } from "../kit/nat.ts";
import type { ClientSettings, Person } from "../kit/person.ts";
import { SERVER } from "../kit/surroundings.ts";
import type { World } from "../kit/world.ts";
import { scenario } from "./scenario.ts";

/** From anybody to anybody, one way. */
const DELAY: Millis = 20;
const [OUTSIDE_ALICE, OUTSIDE_BOB] = ["198.51.100.1", "203.0.113.1"] as const;

/** Somebody who has just registered from behind a NAT. */
function behind(world: World, nick: string, kind: NatKind, outside: string): Person {
  const person = world.client(nick);
  world.network.translate(new Nat(kind, outside, [person.host]));
  registers(world, person);
  return person;
}

function registers(world: World, person: Person): void {
  person.starts();
  world.runs(500);
  world.everybodyLooks();
}

function makeFar(world: World): void {
  world.network.weather = { ...world.network.weather, delay: DELAY };
}

/** Alice and bob, each behind a NAT of this kind; the server is outside. */
function bothBehind(world: World, ofAlice: NatKind, ofBob: NatKind): { alice: Person; bob: Person } {
  makeFar(world);
  const alice = behind(world, "alice", ofAlice, OUTSIDE_ALICE);
  const bob = behind(world, "bob", ofBob, OUTSIDE_BOB);
  alice.looks();
  return { alice, bob };
}

/** Sends a message, waits for it, and returns how long that took. */
function timeOf(world: World, from: Person, to: Person, text: string): Millis {
  from.types(`send ${to.nick} ${text}`);
  const isShown = (line: string) => line.startsWith(`${from.nick}: `) && line.endsWith(` ${text}`);
  return world.runsUntil(() => to.looks().some(isShown), 2000);
}

/**
 * With two of these one has to guess the other's next port: it is another one for everybody, and the other
 * side lets nobody in whom it has not sent to.
 */
function isOutOfReach(one: NatKind, other: NatKind): boolean {
  const needsPort = (kind: NatKind) => kind === "symmetric" || kind === "port-restricted";
  return (one === "symmetric" && needsPort(other)) || (other === "symmetric" && needsPort(one));
}

for (const ofAlice of NAT_KINDS) {
  for (const ofBob of NAT_KINDS) {
    const isDirect = !isOutOfReach(ofAlice, ofBob);
    scenario(`${ofAlice} writes to ${ofBob}: ${isDirect ? "directly" : "by the mailbox"}`, (world) => {
      const { alice, bob } = bothBehind(world, ofAlice, ofBob);
      const times = Array.from({ length: 10 }, (_, count) => {
        const time = timeOf(world, alice, bob, `number ${count}`);
        world.runs(1000);
        return time;
      });
      const lines = alice.looks();
      if (isDirect) {
        assertEquals(new Set(lines), new Set(["[Message received by bob.]"]));
        assertEquals(world.sent({ kind: "deposit" }), []);
        // Question, introduction, initiation, response; then a packet that finds out where the other one is.
        assertLessOrEqual(times[0]!, 7 * DELAY);
        assertEquals(times.slice(1), Array(9).fill(DELAY));
      } else {
        // The first one waits for 500 ms, the others leave both ways at once and have one line.
        assertEquals(times, [500 + 2 * DELAY, ...Array(9).fill(2 * DELAY)]);
        const stored = [
          "[Message received by SERVER.]",
          "SERVER: [Message received by the server and saved]",
        ];
        const first = [
          "[No ACK from bob, message sent to server.]",
          ...stored,
          "[bob has collected 1 message.]",
        ];
        assertEquals(lines, [...first, ...Array(9).fill("[Message received by bob.]")]);
      }
      // Nobody is doubled, and the other direction works as well.
      assertEquals(bob.looks(), []);
      assertLessOrEqual(timeOf(world, bob, alice, "back"), isDirect ? DELAY : 500 + 2 * DELAY);
    });
  }
}

for (const apart of [0, 10, 20, 40, 60, 80]) {
  scenario(
    `two behind port-restricted NATs write first, ${apart} ms apart: both messages come once`,
    (world) => {
      const { alice, bob } = bothBehind(world, "port-restricted", "port-restricted");
      alice.types("send bob hi");
      world.runs(apart);
      bob.types("send alice ho");
      world.runs(30_000);
      assertEquals(alice.looks().toSorted(), ["[Message received by bob.]", "bob: ho"]);
      assertEquals(bob.looks().toSorted(), ["[Message received by alice.]", "alice: hi"]);
      assertEquals(world.sent({ kind: "deposit" }), []);
    },
  );
}

// ---- several addresses -----------------------------------------------------------------------------------

/** On every machine with docker, and of no use to anybody else. */
const DOCKER: Address = { host: "172.17.0.1", port: 20_000 };

/** Both behind one NAT, each with the useless address before the one that works. */
function neighbours(world: World): { alice: Person; bob: Person } {
  makeFar(world);
  const [alice, bob] = (["alice", "bob"] as const).map((nick, count) => {
    const address = { host: `192.168.7.${1 + count}`, port: 20_000 };
    const settings: ClientSettings = { ...address, candidates: [DOCKER, address] };
    return world.client(nick, settings);
  }) as [Person, Person];
  world.network.translate(new Nat("port-restricted", OUTSIDE_ALICE, [alice.host, bob.host]));
  registers(world, alice);
  registers(world, bob);
  return { alice, bob };
}

scenario(
  "both behind one NAT, which sends nothing back inside: they meet at the address that works",
  (world) => {
    const { alice, bob } = neighbours(world);
    const began = world.schedule.now;
    assertLessOrEqual(timeOf(world, alice, bob, "hi"), 2 * CHECK_PACE_MS + 5 * DELAY);
    world.runs(1000);
    assertEquals(timeOf(world, alice, bob, "ho"), DELAY);
    world.runs(1000);
    alice.sees("[Message received by bob.]", "[Message received by bob.]");
    const tried = world.sent({ kind: "initiation" }, began).filter(({ to }) => !alice.isAt(to));
    const places = tried.slice(0, 3).map(({ at, to }) => [at - began, to.host]);
    assertEquals(places, [
      [0, OUTSIDE_ALICE],
      [CHECK_PACE_MS, DOCKER.host],
      [2 * CHECK_PACE_MS, bob.host],
    ]);
  },
);

scenario("the address that worked is tried first, long after the link was dropped", (world) => {
  const { alice, bob } = neighbours(world);
  timeOf(world, alice, bob, "hi");
  world.runs(LINK_IDLE_MS + 60_000);
  const began = world.schedule.now;
  assertLessOrEqual(timeOf(world, alice, bob, "ho"), 5 * DELAY);
  const [first] = world.sent({ kind: "initiation" }, began);
  assertEquals([first!.at, addressKey(first!.to)], [began, addressKey(bob.address)]);
});

scenario(
  "two ways work, the NAT's and a shorter one: the first that is found stays, also under new keys",
  (world) => {
    makeFar(world);
    const people = (["alice", "bob"] as const).map((nick, count) => {
      const address = { host: `192.168.7.${1 + count}`, port: 20_000 };
      return world.client(nick, { ...address, candidates: [address] });
    });
    const [alice, bob] = people as [Person, Person];
    world.network.translate(new Nat("full cone", OUTSIDE_ALICE, people.map(({ host }) => host), true));
    for (const person of people) registers(world, person);
    const began = world.schedule.now;
    timeOf(world, alice, bob, "hi");
    world.runs(1000);
    // From now on only the shorter way has an answer to a handshake.
    world.passes = ({ kinds, to }) => !(kinds.includes("initiation") && to.host === OUTSIDE_ALICE);
    for (let count = 0; count < 2 * REKEY_AFTER_MS / 5000; count++) {
      assertEquals(timeOf(world, alice, bob, `${count}`), DELAY);
      bob.types("send alice hi");
      world.runs(5000);
    }
    const between = world.sent({}, began).filter(({ from, to }) =>
      from.host !== SERVER.host && to.host !== SERVER.host
    );
    const initiations = between.filter(({ kinds }) => kinds.includes("initiation"));
    assert(initiations.some(({ to }) => !equalAddresses(to, initiations[0]!.to)));
    const places = between.filter(({ kinds }) =>
      !kinds.includes("initiation") && !kinds.includes("response")
    );
    assertEquals(new Set(places.map(({ to }) => to.host)), new Set([OUTSIDE_ALICE]));
  },
);

for (const begins of ["alice", "bob"] as const) {
  scenario(
    `the server on alice's machine, and bob behind a NAT: they write directly if ${begins} begins`,
    (world) => {
      const server = { host: "127.0.0.1", port: 9999 };
      world.server.isKilled();
      world.network.loopbackHost = world.server.host;
      world.server.starts(server);
      const alice = world.client("alice", { host: server.host, server });
      registers(world, alice);
      const bob = behind(world, "bob", "port-restricted", OUTSIDE_BOB);
      const [one, other] = begins === "alice" ? [alice, bob] : [bob, alice];
      one.looks();
      assertLessOrEqual(timeOf(world, one, other, "hi"), 10);
      world.runs(1000);
      one.sees(`[Message received by ${other.nick}.]`);
    },
  );
}

// ---- for how long ----------------------------------------------------------------------------------------

scenario(
  "a peer is looked for although the server has delivered, and the next message goes directly",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    world.cutBetween(alice, bob);
    alice.types("send bob hi");
    world.runs(3000);
    assertEquals(alice.looks().at(-1), "[bob has collected 1 message.]");
    world.losesNothing();
    world.runs(10_000);
    const began = world.schedule.now;
    assertLessOrEqual(timeOf(world, alice, bob, "ho"), 1);
    assertEquals(world.sent({ kind: "initiation" }, began), []);
  },
);

scenario("who is not found is left alone after a while, by both", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.cutBetween(alice, bob);
  const began = world.schedule.now;
  alice.types("send bob hi");
  world.runs(200_000);
  const byAlice = world.sent({ from: alice, to: bob }, began).map(({ at }) => at - began);
  const byBob = world.sent({ from: bob, to: alice }, began).map(({ at }) => at - began);
  assertLessOrEqual(Math.max(...byAlice), SEEK_MS);
  assertLessOrEqual(Math.max(...byBob), INTRODUCED_MS + 10);
  assertEquals([byAlice.length <= 13, byBob.length <= 5], [true, true]);
});

scenario(
  "the server's word that a peer looks for us was lost: it is said again with a later message",
  (world) => {
    const { alice, bob } = bothBehind(world, "port-restricted", "port-restricted");
    world.loses({ kind: "introduce" });
    timeOf(world, alice, bob, "one");
    world.losesNothing();
    world.runs(5000);
    timeOf(world, alice, bob, "two");
    world.runs(5000);
    assertEquals(timeOf(world, alice, bob, "three"), DELAY);
  },
);
