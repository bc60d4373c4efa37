/**
 * Floods of handshakes: who is there goes on, what they cost is bounded, and nobody uses up what is
 * another's.
 */
import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import {
  CALM_HANDSHAKES_MS,
  HANDSHAKES_BURST_MS,
  HANDSHAKES_MS,
  HOST_INITIATIONS_BURST,
  HOST_INITIATIONS_PER_SECOND,
  RATES,
  UNCONFIRMED_SESSIONS,
} from "../../core/base/limits.ts";
import type { Address } from "../../core/base/units.ts";
import type { Person } from "../kit/person.ts";
import { SERVER } from "../kit/surroundings.ts";
import { Arena } from "./arena.ts";
import { CookieEater, CountedCrypto, Initiations, tablesOf } from "./flood.ts";

const WELCOME = "SERVER: [Welcome, you are registered.]";
const CLIENTS = 100;
const FORGED_ADDRESSES = 12_000;
const FLOOD_PER_SECOND = 20_000;
const FLOOD_SECONDS = 2;

function forgedAddress(number: number): Address {
  const count = number % FORGED_ADDRESSES;
  return { host: `10.${128 + (count >> 8)}.${count & 255}.1`, port: 1024 + (count % 5000) };
}

/** A server whose cost is counted, and clients that have just registered with it. */
function withClients(count: number): {
  arena: Arena;
  clients: Person[];
  crypto: CountedCrypto;
  entries: () => number[];
} {
  const crypto = new CountedCrypto();
  let made: Arena | undefined;
  const tables = tablesOf(() => made = new Arena({ primitives: crypto.primitives }));
  const arena = made!;
  crypto.now = () => arena.now;
  const clients = Array.from({ length: count }, (_, number) => arena.client(`c${number}`));
  for (const client of clients) client.registers();
  arena.runs(10_000);
  for (const client of clients) {
    assert(client.looks().includes(WELCOME), client.nick);
  }
  return { arena, clients, crypto, entries: () => tables.map(({ size }) => size) };
}

/** Who has to see which lines. */
class Expected {
  readonly #lines = new Map<Person, string[]>();

  add(victim: Person, line: string): void {
    this.#lines.set(victim, [...this.#lines.get(victim) ?? [], line]);
  }

  check(all: readonly Person[]): void {
    for (const victim of all) {
      const seen = victim.looks().filter((line) => / says /.test(line)).map((line) =>
        line.replace(/: \d{4}-\d\d-\d\d \S+ /, ": ")
      );
      assertEquals(seen.toSorted(), (this.#lines.get(victim) ?? []).toSorted(), victim.nick);
    }
  }
}

Deno.test("attack: a flood of initiations from 12,000 forged addresses: all that 100 clients write arrives, cost is bounded", () => {
  const { arena, clients, crypto, entries } = withClients(CLIENTS);
  const away = clients.at(-1)!;
  away.deregisters();
  arena.runs(500);
  const expected = new Expected();
  const initiations = new Initiations(arena, Uint8Array.fromHex(arena.server.key), 300);
  const newcomer = arena.client("newcomer");
  const before = entries();
  let most = before;

  const chat = (round: number): void => {
    const [one, other] = [clients[round]!, clients[round + 45]!];
    one.writes(other.nick, `${one.nick} says ${round}`);
    expected.add(other, `${one.nick}: ${one.nick} says ${round}`);
    if (round % 4 !== 0) return;
    one.writes(away.nick, `${one.nick} says later ${round}`);
    expected.add(away, `${one.nick}: ${one.nick} says later ${round}`);
    one.posts(`${one.nick} says to all ${round}`);
    for (const client of clients) {
      if (client === one) continue;
      expected.add(client, `[Channel_Message ${one.nick}: ${one.nick} says to all ${round}]`);
    }
  };

  const began = arena.now;
  for (let at = 0; at < FLOOD_SECONDS * 1000; at++) {
    for (let count = 0; count < FLOOD_PER_SECOND / 1000; count++) {
      const number = at * FLOOD_PER_SECOND / 1000 + count;
      const bytes = (at + count) % 2 === 0 ? initiations.valid() : initiations.junk();
      arena.network.send(forgedAddress(number), SERVER, bytes);
    }
    if (at % 50 === 0) chat(at / 50);
    if (at === 500) newcomer.registers();
    arena.runs(1);
    if (at % 100 === 0) most = entries().map((size, table) => Math.max(size, most[table]!));
  }
  const ended = arena.now;
  assert(newcomer.looks().includes(WELCOME), "nobody can come while the flood goes on");
  arena.runs(2000);
  away.registers();
  arena.runs(5000);
  expected.check(clients);
  // Nobody was taken for absent.
  assertEquals(arena.server.looks().filter((line) => line.includes("silent")), []);

  const since = (from: number, to: number) => crypto.handshakes.filter((at) => at >= from && at < to).length;
  // The first second has what was saved up, and those who come; after it there are as many as without cookies
  // may be.
  assertLessOrEqual(crypto.most(began), HANDSHAKES_MS);
  assertLessOrEqual(since(began + 1000, ended), CALM_HANDSHAKES_MS * (FLOOD_SECONDS - 1) + 1);
  // Each of them may leave one entry in a table, as long as its first packet is waited for. Nothing else
  // does, except for the rates of addresses, which are bounded.
  assertLessOrEqual(since(began, ended), UNCONFIRMED_SESSIONS);
  const grown = most.map((size, table) => size - before[table]!).filter((size) => size > since(began, ended));
  assert(grown.every((size) => size <= RATES) && grown.length <= 1, `tables have grown by ${grown}`);
});

Deno.test("what makes the counting of tables count: who proves that he is there leaves entries", () => {
  const { arena, entries } = withClients(1);
  const before = entries().reduce((sum, size) => sum + size);
  arena.clients("alice", "bob");
  assertGreaterOrEqual(entries().reduce((sum, size) => sum + size), before + 2);
});

Deno.test("attack: handshakes of many who take their cookies: they take 400 ms of a second at most", () => {
  const { arena, crypto } = withClients(1);
  const ownKey = Uint8Array.fromHex(arena.server.key);
  const initiations = new Initiations(arena, ownKey, 100);
  const eaters = Array.from(
    { length: 60 },
    (_, number) => new CookieEater(arena, { host: `10.66.${number}.1`, port: 1 }, SERVER, ownKey),
  );
  const began = arena.now;
  for (let at = 0; at < 2000; at++) {
    eaters[at % 60]!.sends(initiations.junk());
    eaters[(at + 30) % 60]!.sends(initiations.valid());
    arena.runs(1);
  }
  assert(eaters.every(({ heard }) => heard.includes("cookieReply")));
  assertLessOrEqual(crypto.most(began + 1000), HANDSHAKES_MS + 1);
  assertLessOrEqual(crypto.most(began), HANDSHAKES_MS + HANDSHAKES_BURST_MS);
  assertGreaterOrEqual(crypto.most(began), HANDSHAKES_MS / 2);
});

for (const takes of [0.5, 10]) {
  Deno.test(`attack: flood a machine whose handshakes take ${takes} ms: half of it at most, and who comes is let in`, () => {
    const { arena, crypto } = withClients(1);
    arena.workTakes = takes;
    const ownKey = Uint8Array.fromHex(arena.server.key);
    const initiations = new Initiations(arena, ownKey, 100);
    const eater = new CookieEater(arena, { host: "10.66.6.6", port: 1 }, SERVER, ownKey);
    const newcomer = arena.client("newcomer");
    const began = arena.now;
    for (let at = 0; at < 3000; at++) {
      for (let count = 0; count < 3; count++) {
        arena.network.send(forgedAddress(3 * at + count), SERVER, initiations.valid());
      }
      eater.sends(initiations.junk());
      if (at === 1000) newcomer.registers();
      arena.runs(1);
    }
    assert(newcomer.looks().includes(WELCOME));
    assertLessOrEqual(crypto.most(began) * takes, 500);
    assertGreaterOrEqual(crypto.most(began), CALM_HANDSHAKES_MS / takes);
  });
}

Deno.test("attack: one address repeats initiations, and takes its cookies: it has its share, and others have theirs", () => {
  const { arena, crypto } = withClients(1);
  const ownKey = Uint8Array.fromHex(arena.server.key);
  const initiations = new Initiations(arena, ownKey, 1000);
  const eater = new CookieEater(arena, { host: "10.66.6.6", port: 1 }, SERVER, ownKey);
  const others: Person[] = [];
  const began = arena.now;
  for (let at = 0; at < 5000; at++) {
    eater.sends(at % 2 === 0 ? initiations.valid() : initiations.junk());
    if (at % 100 === 50) {
      others.push(arena.client(`other${others.length}`));
      others.at(-1)!.registers();
    }
    arena.runs(1);
  }
  // One share as what it seems to be, and one as what its cookies prove.
  const share = HOST_INITIATIONS_BURST + 5 * HOST_INITIATIONS_PER_SECOND;
  const computed = crypto.handshakes.filter((at) => at >= began).length - others.length;
  assertLessOrEqual(computed, 2 * share);
  assertGreaterOrEqual(computed, share);
  arena.runs(500);
  for (const other of others) assert(other.looks().includes(WELCOME), other.nick);
});

Deno.test("attack: use up an address's share by pretending to be there: who is there takes a cookie and comes in", () => {
  const { arena } = withClients(1);
  const initiations = new Initiations(arena, Uint8Array.fromHex(arena.server.key), 100);
  const alice = arena.client("alice");
  alice.registers();
  for (let at = 0; at < 1000; at++) {
    arena.network.send({ host: alice.address.host, port: 1 + at }, SERVER, initiations.junk());
    arena.runs(1);
  }
  assert(alice.looks().includes(WELCOME));
});
