/** Floods of handshakes: who is there goes on, what they cost is bounded, and nobody uses up what is another's. */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import {
  HANDSHAKES_PER_SECOND,
  HOST_INITIATIONS_BURST,
  HOST_INITIATIONS_PER_SECOND,
  HOSTS,
  INITIATIONS_PER_SECOND,
  LINKS,
  UNCONFIRMED_MS,
  UNCONFIRMED_SESSIONS,
} from "../../core/limits.ts";
import type { Address } from "../../core/machine.ts";
import { Arena, SERVER, type Victim } from "./arena.ts";
import { CookieEater, CountedCrypto, Initiations, tablesOf } from "./flood.ts";

const CLIENTS = 100;
const FORGED_ADDRESSES = 10_000;
const FLOOD_PER_SECOND = 20_000;
const FLOOD_SECONDS = 3;

function forgedAddress(number: number): Address {
  const count = number % FORGED_ADDRESSES;
  return { host: `10.${128 + (count >> 8)}.${count & 255}.1`, port: 1024 + (count % 5000) };
}

/** A server whose cost is counted, and clients that have just registered with it. */
function withClients(count: number): {
  arena: Arena;
  clients: Victim[];
  crypto: CountedCrypto;
  entries: () => number[];
} {
  const crypto = new CountedCrypto();
  let made: Arena | undefined;
  const tables = tablesOf(() => made = new Arena({ crypto: crypto.primitives }));
  const arena = made!;
  crypto.now = () => arena.now;
  const clients = Array.from({ length: count }, (_, number) => arena.client(`c${number}`));
  for (const client of clients) client.registers();
  arena.runs(10_000);
  for (const client of clients) {
    assert(client.lines().includes("SERVER: [Welcome, you are registered.]"), client.nick);
  }
  return { arena, clients, crypto, entries: () => tables.map(({ size }) => size) };
}

/** Who has to see which lines. */
class Expected {
  readonly #lines = new Map<Victim, string[]>();

  add(victim: Victim, line: string): void {
    this.#lines.set(victim, [...this.#lines.get(victim) ?? [], line]);
  }

  check(all: readonly Victim[]): void {
    for (const victim of all) {
      const seen = victim.lines().filter((line) => / says /.test(line)).map((line) =>
        line.replace(/: \d{4}-\d\d-\d\d \S+ /, ": ")
      );
      assertEquals(seen.toSorted(), (this.#lines.get(victim) ?? []).toSorted(), victim.nick);
    }
  }
}

Deno.test("attack: a flood of initiations from 10,000 forged addresses: all that 100 clients write arrives, cost is bounded", () => {
  const { arena, clients, crypto, entries } = withClients(CLIENTS);
  const away = clients.at(-1)!;
  away.deregisters();
  arena.runs(500);
  const expected = new Expected();
  const initiations = new Initiations(arena, Uint8Array.fromHex(arena.serverKey), 300);
  const before = entries();
  const began = arena.now;
  let most = before;
  for (let at = 0; at < FLOOD_SECONDS * 1000; at++) {
    for (let count = 0; count < FLOOD_PER_SECOND / 1000; count++) {
      const number = at * FLOOD_PER_SECOND / 1000 + count;
      const bytes = count % 2 === 0 ? initiations.valid() : initiations.junk();
      arena.network.send(forgedAddress(number), SERVER, bytes);
    }
    if (at % 50 === 0) chat(at / 50);
    arena.runs(1);
    if (at % 100 === 0) most = entries().map((size, table) => Math.max(size, most[table] ?? 0));
  }
  const ended = arena.now;

  // While the flood goes on somebody comes.
  function chat(round: number): void {
    const [one, other] = [clients[round]!, clients[round + 30]!];
    one.writes(other.nick, `${one.nick} says ${round}`);
    expected.add(other, `${one.nick}: ${one.nick} says ${round}`);
    if (round % 5 !== 0) return;
    one.writes(away.nick, `${one.nick} says later ${round}`);
    expected.add(away, `${one.nick}: ${one.nick} says later ${round}`);
    one.posts(`${one.nick} says to all ${round}`);
    for (const client of clients) {
      if (client !== one) {
        expected.add(client, `[Channel_Message ${one.nick}: ${one.nick} says to all ${round}]`);
      }
    }
  }

  assertEquals(arena.tape.filter(({ at, from }) => at >= began && from.host.endsWith(".1")).length > 0, true);
  arena.runs(2000);
  away.registers();
  arena.runs(5000);
  expected.check(clients);
  // Nobody was taken for absent.
  assertEquals(arena.server.lines().filter((line) => line.includes("silent")), []);

  // What it cost: handshakes; sessions that wait for their first packet; entries in all tables of the server.
  assertLessOrEqual(crypto.most(began), INITIATIONS_PER_SECOND + HANDSHAKES_PER_SECOND);
  const computed = crypto.handshakes.filter((at) => at >= began && at < ended).length;
  assertLessOrEqual(computed, INITIATIONS_PER_SECOND * (FLOOD_SECONDS + 1));
  assertLessOrEqual(INITIATIONS_PER_SECOND * UNCONFIRMED_MS / 1000, UNCONFIRMED_SESSIONS);
  for (const [table, size] of most.entries()) {
    assertLessOrEqual(size, Math.max(HOSTS, LINKS, UNCONFIRMED_SESSIONS));
    // Each handshake that is computed may leave an entry, and nothing else of a stranger does.
    assertLessOrEqual(size - before[table]!, computed + 10 * CLIENTS, `table ${table}`);
  }
});
