/**
 * Strangers throw bytes at a client and a server that are in use: random ones, real datagrams changed, and
 * real datagrams again, from other addresses and from those they came from. Nobody gets more than he sent,
 * and nothing changes for those who talk. Nor does it when another member throws genuine packets of anything
 * at a client.
 */
import { assert, assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import { addressKey, equalAddresses } from "../../core/base/address.ts";
import type { Address } from "../../core/base/units.ts";
import { VERSION } from "../../core/base/version.ts";
import type { Verb } from "../../core/messages/verb.ts";
import { Author } from "../kit/author.ts";
import { cheapPrimitives as primitives } from "../kit/cheap_primitives.ts";
import type { Dice } from "../kit/dice.ts";
import { unordered } from "../kit/peer.ts";
import type { Person } from "../kit/person.ts";
import type { Process } from "../kit/process.ts";
import { World } from "../kit/world.ts";
import { changed } from "./hostile.ts";
import { Insider } from "./insider.ts";
import { Liar } from "./lies.ts";
import { Plot } from "./plot.ts";
import { memberSays, peerSays, wild } from "./says.ts";
import type { Note, Target } from "./target.ts";

const ROUNDS = 400;
/** In ten seconds after the last byte of a stranger no more leave than those who are there send anyway. */
const DATAGRAMS_AFTERWARDS = 60;

/** Those who are there: alice and bob have talked, carol is away and has mail. */
interface Company {
  readonly world: World;
  readonly alice: Person;
  readonly bob: Person;
  readonly carol: Person;
}

function inUse(dice: Dice): Company {
  const world = new World({ seed: dice.below(2 ** 32) });
  const company = { world, ...world.clients("alice", "bob", "carol") };
  talk(company);
  company.carol.deregisters();
  company.alice.writes("carol", "mail");
  world.runs(3000);
  world.everybodyLooks();
  return company;
}

function talk({ world, alice, bob }: Company): void {
  alice.writes("bob", "hi");
  bob.posts("all");
  world.runs(100);
}

function assertAllIsAsBefore(company: Company): void {
  const { world, alice, bob, carol } = company;
  // Nobody came or went.
  assertEquals(world.server.looks().filter((line) => !/datagrams? dropped/.test(line)), []);
  for (const person of [alice, bob, carol]) person.sees();
  talk(company);
  bob.sees("alice: hi", "[Message received by Server.]");
  assertEquals(alice.looks().toSorted(), ["[Channel_Message bob: all]", "[Message received by bob.]"]);
}

/** A client that was never there before registers and has its mail; then all of them go on. */
function assertNewcomersAreWelcome({ world, alice }: Company): void {
  const dave = world.client("dave");
  dave.starts();
  world.runs(1000);
  const lines = dave.looks();
  assert(lines.some((line) => line.includes("you are registered")), lines.join("\n"));
  alice.writes("dave", "welcome");
  world.runs(100);
  dave.sees("alice: welcome");
}

function fallsSilent({ world }: Company): void {
  const { length } = world.datagrams;
  world.runs(10_000);
  assertLess(world.datagrams.length - length, DATAGRAMS_AFTERWARDS, "something goes on echoing");
}

/** A datagram comes out of nowhere, and is looked at before time goes by. */
function throwAt({ world }: Company, target: Process, from: Address, bytes: Uint8Array): void {
  target.receives(from, bytes);
  world.runs(0);
  assert(target.isAlive);
  assert(!Number.isNaN(target.deadline));
}

/** What strangers have sent from an address, and what has left for it. */
class Accounts {
  readonly #bytes = new Map<string, number>();

  came(from: Address, bytes: number): void {
    this.#bytes.set(addressKey(from), (this.#bytes.get(addressKey(from)) ?? 0) + bytes);
  }

  /** Looks at what was sent since `index`. */
  check({ world }: Company, index: number): void {
    for (const { to, bytes } of world.datagrams.slice(index)) {
      const left = this.#bytes.get(addressKey(to));
      if (left === undefined) continue;
      assertLessOrEqual(bytes.length, left, `${addressKey(to)} gets more than came from there`);
      this.#bytes.set(addressKey(to), left - bytes.length);
    }
  }
}

/** At whom strangers throw things. */
type Aim = "a server" | "a client";

function aimed({ world, alice }: Company, aim: Aim): Process {
  return aim === "a server" ? world.server : alice;
}

function strangers(aim: Aim): Target {
  return {
    name: `strangers to ${aim}`,
    iterations: 40,
    run(dice: Dice, note: Note): void {
      const company = inUse(dice);
      const { world } = company;
      const target = aimed(company, aim);
      const real = world.datagrams.map(({ bytes }) => bytes);
      const accounts = new Accounts();
      let checked = world.datagrams.length;
      for (let round = 0; round < ROUNDS; round++) {
        const stranger: Address = { host: `10.66.${dice.below(4)}.6`, port: 1 + dice.below(50) };
        const bytes = dice.pick([
          () => dice.bytes(dice.below(60)),
          () => dice.pick(real),
          () => changed(dice, dice.pick(real)),
          () => Uint8Array.of((VERSION << 4) + dice.below(8), ...dice.bytes(dice.below(200))),
        ])();
        note(bytes);
        accounts.came(stranger, bytes.length);
        throwAt(company, target, stranger, bytes);
        if (round % 10 > 0) continue;
        world.runs(20);
        accounts.check(company, checked);
        checked = world.datagrams.length;
      }
      fallsSilent(company);
      accounts.check(company, checked);
      assertAllIsAsBefore(company);
      assertNewcomersAreWelcome(company);
    },
  };
}

/**
 * Whoever is on the way sees each datagram, and sends it again and with changes, with the address that it
 * came from.
 */
function repeats(aim: Aim): Target {
  return {
    name: `repeats to ${aim}`,
    iterations: 40,
    run(dice: Dice, note: Note): void {
      const company = inUse(dice);
      const { world } = company;
      const target = aimed(company, aim);
      const real = world.sent({ to: target });
      for (let round = 0; round < ROUNDS; round++) {
        const { from, bytes } = dice.pick(real);
        const again = dice.happens(0.4) ? bytes : changed(dice, bytes);
        note(again);
        throwAt(company, target, from, again);
        if (round % 50 === 0) world.runs(20);
      }
      fallsSilent(company);
      assertAllIsAsBefore(company);
      assertNewcomersAreWelcome(company);
    },
  };
}

const MAL: Address = { host: "10.0.1.1", port: 1 };
const SPOOFED: Address = { host: "10.0.2.1", port: 1 };

/** A member whose keys are genuine, and what it says is not: by way of the server, and directly to alice. */
class Mal {
  readonly #company: Company;
  readonly #me: Author;
  readonly #toServer: Insider;
  readonly #toAlice: Insider;
  #heard: number;

  constructor(dice: Dice, company: Company) {
    const { world: { server }, alice } = company;
    this.#company = company;
    this.#heard = company.world.datagrams.length;
    const me = this.#me = new Author(primitives, dice, "mal");
    const plot = new Plot([me], server.key);
    for (const nick of ["alice", "bob"]) plot.know(nick, server.bundleOf(nick));
    const liar = new Liar(plot, me);
    const common = {
      address: MAL,
      spoofed: SPOOFED,
      secret: me.linkSecret,
      hears: (verb: Verb) => plot.hear(verb),
    };
    const [ofServer, ofAlice] = [server, alice].map(({ key }) => Uint8Array.fromHex(key));
    const toServer = wild(0.1, memberSays(plot, liar));
    this.#toServer = new Insider(dice.fork(), { ...common, ownKey: ofServer!, say: toServer });
    const toAlice = wild(0.3, peerSays(plot, liar, "alice"));
    this.#toAlice = new Insider(dice.fork(), { ...common, ownKey: ofAlice!, say: toAlice });
  }

  register(): void {
    const { world, world: { server } } = this.#company;
    const { peer } = this.#toServer;
    const handshake = peer.initiation(world.now);
    const { length } = world.datagrams;
    throwAt(this.#company, server, MAL, handshake.bytes);
    const [response] = world.datagrams.slice(length).filter(({ to }) => equalAddresses(to, MAL));
    handshake.finish(response!.bytes);
    const { nick, bundle } = this.#me;
    const verb: Verb = {
      type: "register",
      nick,
      turn: 1,
      asked: true,
      bundle,
      candidates: [],
      predecessors: [],
    };
    throwAt(this.#company, server, MAL, peer.packet([unordered(1, verb)]));
    world.runs(200);
    this.hear();
  }

  speak(toWhom: "server" | "alice", note: Note): void {
    const { world, alice } = this.#company;
    const insider = toWhom === "alice" ? this.#toAlice : this.#toServer;
    const { from, bytes } = insider.speak(world.now);
    note(bytes);
    throwAt(this.#company, toWhom === "alice" ? alice : world.server, from, bytes);
  }

  /** Takes what was sent to it, and answers. */
  hear(): void {
    const { world, world: { server }, alice } = this.#company;
    for (const datagram of world.datagrams.slice(this.#heard)) {
      const isFromAlice = datagram.is({ from: alice });
      if (!isFromAlice && !datagram.is({ from: server })) continue;
      const insider = isFromAlice ? this.#toAlice : this.#toServer;
      const answer = insider.hear(world.now, datagram.to, datagram.bytes);
      if (answer !== undefined) throwAt(this.#company, isFromAlice ? alice : server, MAL, answer);
    }
    this.#heard = world.datagrams.length;
  }
}

/** Nobody but mal says anything: nothing else is to be seen. */
function assertOnlyMalIsSeen({ alice, bob }: Company): void {
  for (const person of [alice, bob]) {
    for (const line of person.looks()) {
      assert(!/^(\[Channel_Message )?(alice|bob|carol): /i.test(line), `${person.nick} sees: ${line}`);
      assert(!/(received by |^\[)(alice|bob|carol)\b/i.test(line), `${person.nick} is told: ${line}`);
    }
  }
}

const PEER: Target = {
  name: "peer",
  iterations: 20,
  run(dice: Dice, note: Note): void {
    const company = inUse(dice);
    const { world, alice, bob } = company;
    const mal = new Mal(dice, company);
    mal.register();
    assert(alice.looks().some((line) => line.includes("mal")), "mal is not in the table");
    world.everybodyLooks();
    for (let round = 0; round < ROUNDS; round++) {
      if (dice.happens(0.05)) alice.writes("mal", "x".repeat(dice.below(3000)));
      mal.speak(dice.happens(0.5) ? "alice" : "server", note);
      world.runs(dice.below(10));
      mal.hear();
    }
    assertOnlyMalIsSeen(company);
    world.runs(10_000);
    fallsSilent(company);
    assertOnlyMalIsSeen(company);
    talk(company);
    assert(bob.looks().includes("alice: hi"), "alice cannot write any more");
    assert(alice.looks().includes("[Channel_Message bob: all]"), "alice cannot read any more");
    assertNewcomersAreWelcome(company);
  },
};

export const STRANGERS: readonly Target[] = [
  strangers("a server"),
  strangers("a client"),
  repeats("a server"),
  repeats("a client"),
  PEER,
];
