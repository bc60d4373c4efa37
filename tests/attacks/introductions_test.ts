/**
 * Attacks by introductions: somebody makes others send what they would not have sent. They send to nobody
 * who has not asked, and not much.
 */
import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { equalAddresses } from "../../core/base/address.ts";
import {
  INTRODUCED_MS,
  INTRODUCTIONS_BURST,
  INTRODUCTIONS_PER_SECOND,
  MEMBER_REACHES_BURST,
  MEMBER_REACHES_PER_SECOND,
} from "../../core/base/limits.ts";
import type { Address } from "../../core/base/units.ts";
import type { Verb } from "../../core/messages/verb.ts";
import type { SeenDatagram } from "../kit/datagram.ts";
import type { Person } from "../kit/person.ts";
import { HostileServer } from "../kit/hostile_server.ts";
import { Speaker } from "../kit/speaker.ts";
import { SERVER } from "../kit/surroundings.ts";
import { Arena } from "./arena.ts";

/** Rounds of initiations that one introduction draws: at 0, 150, 350, 850 and 1,850 ms. */
const ROUNDS = 5;

/** Whom the attack is for. */
const VICTIM: Address = { host: "198.51.100.9", port: 53 };

const SECONDS = 20;

/** A member who says that the victim's address is his as well, and who answers no handshake. */
function liar(arena: Arena, address: Address): Speaker {
  const mallory = new Speaker(arena, "mal", { address });
  const bundle = mallory.bundle("mal");
  const turn = ++mallory.turn;
  mallory.tells(arena.server, {
    type: "register",
    nick: "mal",
    turn,
    asked: true,
    bundle,
    candidates: [VICTIM],
    predecessors: [],
  });
  arena.runs(200);
  arena.everybodyLooks();
  const { passes } = arena;
  arena.passes = (datagram) =>
    passes(datagram) && (!mallory.isAt(datagram.to) || datagram.from.host === SERVER.host);
  return mallory;
}

function asks(arena: Arena, mallory: Speaker, times: number, ...peers: readonly Person[]): void {
  for (let second = 0; second < SECONDS; second++) {
    for (let count = 0; count < times; count++) {
      for (const { nick: peer } of peers) mallory.says(arena.server, { type: "reach", nick: "mal", peer });
    }
    arena.runs(1000);
  }
  arena.runs(INTRODUCED_MS);
}

/** What somebody sent to others than the server. */
function sentBy(arena: Arena, person: Person, since: number): SeenDatagram[] {
  return arena.sent({ from: person }, since).filter(({ to }) => !equalAddresses(to, SERVER));
}

Deno.test("attack: make others send to a victim: they send to the attacker himself, and not often", () => {
  const arena = new Arena();
  const people = Object.values(arena.clients("alice", "bob", "carol"));
  const mallory = liar(arena, { host: "10.66.6.6", port: 6666 });
  const began = arena.now;
  asks(arena, mallory, 50, ...people);
  const sent = people.flatMap((person) => sentBy(arena, person, began));
  assertGreater(sent.length, 0);
  assertEquals(sent.filter(({ to }) => !mallory.isAt(to)), []);
  const most = ROUNDS * (MEMBER_REACHES_BURST + MEMBER_REACHES_PER_SECOND * SECONDS);
  assertLessOrEqual(sent.length, most);
});

Deno.test("attack: ask in many names: one member hears of so many at most, and goes on", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  const crowd = Array.from({ length: 8 }, (_, count) => {
    const member = new Speaker(arena, `m${count}`, { address: { host: `10.66.7.${count}`, port: 7 } });
    member.registers();
    return member;
  });
  arena.everybodyLooks();
  const began = arena.now;
  for (let second = 0; second < SECONDS; second++) {
    for (const member of crowd) {
      for (let count = 0; count < 20; count++) {
        member.says(arena.server, { type: "reach", nick: member.nick, peer: "alice" });
      }
    }
    arena.runs(1000);
  }
  const hosts = crowd.map(({ host }) => host);
  const drawn = sentBy(arena, alice, began).filter(({ to }) => hosts.includes(to.host));
  const most = INTRODUCTIONS_BURST + INTRODUCTIONS_PER_SECOND * SECONDS;
  assert(drawn.length > 0 && drawn.length <= ROUNDS * most, `${drawn.length}`);
  arena.theyTalk(alice, bob);
  arena.theyTalk(bob, alice);
});

Deno.test("attack: somebody behind the same address names the victim's as his own: few datagrams, for 2 s each", () => {
  const arena = new Arena();
  const { alice } = arena.clients("alice");
  const mallory = liar(arena, { host: alice.host, port: 6666 });
  const began = arena.now;
  asks(arena, mallory, 50, alice);
  const drawn = sentBy(arena, alice, began).filter(({ to }) => equalAddresses(to, VICTIM));
  assertLessOrEqual(drawn.length, ROUNDS * (MEMBER_REACHES_BURST + MEMBER_REACHES_PER_SECOND * SECONDS));
});

Deno.test("attack: ask for somebody who is not there, for oneself, as somebody else, or as nobody: nobody is told", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  const mallory = arena.member("mal");
  bob.deregisters();
  arena.runs(200);
  const stranger = new Speaker(arena, "eve", { address: { host: "10.66.8.8", port: 8 } });
  const began = arena.now;
  for (const peer of ["bob", "mal", "nobody"]) {
    mallory.says(arena.server, { type: "reach", nick: "mal", peer });
  }
  mallory.says(arena.server, { type: "reach", nick: "bob", peer: "alice" });
  stranger.says(arena.server, { type: "reach", nick: "eve", peer: "alice" });
  arena.runs(5000);
  assertEquals(mallory.heardOf("introduce"), []);
  assertEquals([alice, bob].flatMap((person) => sentBy(arena, person, began)), []);
});

Deno.test("attack: seem to be at the victim's address and ask: nobody sends there", () => {
  const arena = new Arena();
  const { alice } = arena.clients("alice");
  const mallory = liar(arena, { host: "10.66.6.6", port: 6666 });
  const began = arena.now;
  mallory.pretendsToBeAt(VICTIM);
  asks(arena, mallory, 1, alice);
  assertEquals(sentBy(arena, alice, began).filter(({ to }) => equalAddresses(to, VICTIM)), []);
});

Deno.test("attack: a server introduces everybody to a client: it sends no more than the bounds allow", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  const operator = HostileServer.inThePlaceOfTheServer(arena);
  const began = arena.now;
  for (let second = 0; second < SECONDS; second++) {
    for (let count = 0; count < 50; count++) {
      const key = arena.random(32).toHex();
      const verb: Verb = { type: "introduce", nick: "alice", key, addresses: [VICTIM] };
      operator.says(alice, verb);
    }
    arena.runs(1000);
  }
  const drawn = sentBy(arena, alice, began).filter(({ to }) => equalAddresses(to, VICTIM));
  const most = INTRODUCTIONS_BURST + INTRODUCTIONS_PER_SECOND * SECONDS;
  assert(drawn.length > 0 && drawn.length <= ROUNDS * most, `${drawn.length}`);
  arena.theyTalk(alice, bob);
});
