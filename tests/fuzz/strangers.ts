/**
 * Strangers throw bytes at a client and a server that are in use: random ones, real datagrams changed, and real
 * datagrams again, from other addresses and from those they came from. Nobody gets more than he sent, and nothing
 * changes for those who talk. Nor does it when another member throws genuine packets of anything at a client.
 */
import { assert, assertEquals, assertLess, assertLessOrEqual } from "@std/assert";

import { addressKey, equalAddresses } from "../../core/base/address.ts";
import type { Address } from "../../core/base/units.ts";
import { VERSION } from "../../core/base/version.ts";
import type { Verb } from "../../core/messages/verb.ts";
import { changed } from "./hostile.ts";
import { Insider } from "./insider.ts";
import { Liar } from "./lies.ts";
import { Plot } from "./plot.ts";
import { memberSays, peerSays, wild } from "./says.ts";
import { Somebody } from "./somebody.ts";
import type { Note, Target } from "./target.ts";
import { cheapPrimitives as primitives } from "../kit/cheap_primitives.ts";
import { Scene, SERVER } from "../kit/scene.ts";
import { unordered } from "../kit/peer.ts";
import type { Dice } from "../kit/dice.ts";

const ROUNDS = 400;
const NAMES = ["SERVER", "alice", "bob", "carol"];
/** In ten seconds after the last byte of a stranger no more leave than those who are there send anyway. */
const DATAGRAMS_AFTERWARDS = 60;

/** alice and bob have talked, carol is away and has mail. */
function inUse(dice: Dice): Scene {
  const scene = new Scene(dice.below(2 ** 32));
  for (const nick of ["alice", "bob", "carol"]) scene.client(nick);
  talk(scene);
  scene.act("carol", { type: "deregister", nick: "carol" });
  scene.act("alice", { type: "sendDirect", to: "carol", text: "mail" });
  scene.run(3000);
  for (const name of NAMES) scene.lines(name);
  return scene;
}

function talk(scene: Scene): void {
  scene.act("alice", { type: "sendDirect", to: "bob", text: "hi" });
  scene.act("bob", { type: "sendChannel", text: "all" });
  scene.run(100);
}

function assertAllIsAsBefore(scene: Scene): void {
  // Nobody came or went.
  assertEquals(scene.lines("SERVER").filter((line) => !/datagrams? dropped/.test(line)), []);
  for (const name of ["alice", "bob", "carol"]) assertEquals(scene.lines(name), [], name);
  talk(scene);
  assertEquals(scene.lines("bob"), ["alice: hi", "[Message received by Server.]"]);
  assertEquals(scene.lines("alice").toSorted(), ["[Channel_Message bob: all]", "[Message received by bob.]"]);
}

/** A client that was never there before registers and has its mail; then all of them go on. */
function assertNewcomersAreWelcome(scene: Scene): void {
  scene.client("dave");
  const lines = scene.lines("dave");
  assert(lines.some((line) => line.includes("you are registered")), lines.join("\n"));
  scene.act("alice", { type: "sendDirect", to: "dave", text: "welcome" });
  scene.run(100);
  assertEquals(scene.lines("dave"), ["alice: welcome"]);
}

function fallsSilent(scene: Scene): void {
  const { length } = scene.carried;
  scene.run(10_000);
  assertLess(scene.carried.length - length, DATAGRAMS_AFTERWARDS, "something goes on echoing");
}

/** What strangers have sent from an address, and what has left for it. */
class Accounts {
  readonly #bytes = new Map<string, number>();

  came(from: Address, bytes: number): void {
    this.#bytes.set(addressKey(from), (this.#bytes.get(addressKey(from)) ?? 0) + bytes);
  }

  /** Looks at what was carried since `index`. */
  check({ carried }: Scene, index: number): void {
    for (const { to, bytes } of carried.slice(index)) {
      const left = this.#bytes.get(addressKey(to));
      if (left === undefined) continue;
      assertLessOrEqual(bytes.length, left, `${addressKey(to)} gets more than came from there`);
      this.#bytes.set(addressKey(to), left - bytes.length);
    }
  }
}

function strangers(target: string): Target {
  return {
    name: `strangers to ${target === "SERVER" ? "a server" : "a client"}`,
    iterations: 40,
    run(dice: Dice, note: Note): void {
      const scene = inUse(dice);
      const real = scene.carried.map(({ bytes }) => bytes);
      const accounts = new Accounts();
      let checked = scene.carried.length;
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
        scene.inject(target, stranger, bytes);
        assert(!Number.isNaN(scene.deadlineOf(target)));
        if (round % 10 > 0) continue;
        scene.run(20);
        accounts.check(scene, checked);
        checked = scene.carried.length;
      }
      fallsSilent(scene);
      accounts.check(scene, checked);
      assertAllIsAsBefore(scene);
      assertNewcomersAreWelcome(scene);
    },
  };
}

/** Whoever is on the way sees each datagram, and sends it again and with changes, with the address that it came from. */
function repeats(target: string): Target {
  return {
    name: `repeats to ${target === "SERVER" ? "a server" : "a client"}`,
    iterations: 40,
    run(dice: Dice, note: Note): void {
      const scene = inUse(dice);
      const own = target === "SERVER" ? SERVER : scene.addressOf(target);
      const real = scene.carried.filter(({ to }) => equalAddresses(to, own));
      for (let round = 0; round < ROUNDS; round++) {
        const { from, bytes } = dice.pick(real);
        const again = dice.happens(0.4) ? bytes : changed(dice, bytes);
        note(again);
        scene.inject(target, from, again);
        assert(scene.deadlineOf(target) > 0);
        if (round % 50 === 0) scene.run(20);
      }
      fallsSilent(scene);
      assertAllIsAsBefore(scene);
      assertNewcomersAreWelcome(scene);
    },
  };
}

const MAL: Address = { host: "10.0.1.1", port: 1 };
const SPOOFED: Address = { host: "10.0.2.1", port: 1 };

/** A member whose keys are genuine, and what it says is not: by way of the server, and directly to alice. */
class Mal {
  readonly #scene: Scene;
  readonly #me: Somebody;
  readonly #toServer: Insider;
  readonly #toAlice: Insider;
  #heard: number;

  constructor(dice: Dice, scene: Scene) {
    this.#scene = scene;
    this.#heard = scene.carried.length;
    const me = this.#me = new Somebody(primitives, dice, "mal");
    const plot = new Plot([me]);
    for (const nick of ["alice", "bob"]) plot.know(nick, scene.bundleOf(nick));
    const liar = new Liar(plot, me);
    const common = {
      address: MAL,
      spoofed: SPOOFED,
      secret: me.linkSecret,
      hears: (verb: Verb) => plot.hear(verb),
    };
    const [ofServer, ofAlice] = ["SERVER", "alice"].map((name) => Uint8Array.fromHex(scene.keyOf(name)));
    const toServer = wild(0.1, memberSays(plot, liar));
    this.#toServer = new Insider(dice.fork(), { ...common, ownKey: ofServer!, say: toServer });
    const toAlice = wild(0.3, peerSays(plot, liar, "alice"));
    this.#toAlice = new Insider(dice.fork(), { ...common, ownKey: ofAlice!, say: toAlice });
  }

  register(): void {
    const { peer } = this.#toServer;
    const handshake = peer.initiation(this.#scene.now);
    const [response] = this.#scene.inject("SERVER", MAL, handshake.bytes);
    handshake.finish(response!);
    const { nick, bundle } = this.#me;
    const verb: Verb = { type: "register", nick, turn: 1, asked: true, bundle, candidates: [] };
    this.#scene.inject("SERVER", MAL, peer.packet([unordered(1, verb)]));
    this.#scene.run(200);
    this.hear();
  }

  speak(toWhom: "SERVER" | "alice", note: Note): void {
    const insider = toWhom === "alice" ? this.#toAlice : this.#toServer;
    const { from, bytes } = insider.speak(this.#scene.now);
    note(bytes);
    this.#scene.inject(toWhom, from, bytes);
  }

  /** Takes what has reached it, and answers. */
  hear(): void {
    const scene = this.#scene;
    const alice = scene.addressOf("alice");
    for (const { from, to, bytes } of scene.carried.slice(this.#heard)) {
      const isFromAlice = equalAddresses(from, alice);
      if (!isFromAlice && !equalAddresses(from, SERVER)) continue;
      const answer = (isFromAlice ? this.#toAlice : this.#toServer).hear(scene.now, to, bytes);
      if (answer !== undefined) scene.inject(isFromAlice ? "alice" : "SERVER", MAL, answer);
    }
    this.#heard = scene.carried.length;
  }
}

/** Nobody but mal says anything: nothing else is to be seen. */
function assertOnlyMalIsSeen(scene: Scene): void {
  for (const name of ["alice", "bob"]) {
    for (const line of scene.lines(name)) {
      assert(!/^(\[Channel_Message )?(alice|bob|carol): /i.test(line), `${name} sees: ${line}`);
      assert(!/(received by |^\[)(alice|bob|carol)\b/i.test(line), `${name} is told: ${line}`);
    }
  }
}

const PEER: Target = {
  name: "peer",
  iterations: 20,
  run(dice: Dice, note: Note): void {
    const scene = inUse(dice);
    const mal = new Mal(dice, scene);
    mal.register();
    assert(scene.lines("alice").some((line) => line.includes("mal")), "mal is not in the table");
    for (const name of NAMES) scene.lines(name);
    for (let round = 0; round < ROUNDS; round++) {
      if (dice.happens(0.05)) {
        scene.act("alice", { type: "sendDirect", to: "mal", text: "x".repeat(dice.below(3000)) });
      }
      mal.speak(dice.happens(0.5) ? "alice" : "SERVER", note);
      scene.run(dice.below(10));
      mal.hear();
    }
    assertOnlyMalIsSeen(scene);
    scene.run(10_000);
    fallsSilent(scene);
    assertOnlyMalIsSeen(scene);
    talk(scene);
    assert(scene.lines("bob").includes("alice: hi"), "alice cannot write any more");
    assert(scene.lines("alice").includes("[Channel_Message bob: all]"), "alice cannot read any more");
    assertNewcomersAreWelcome(scene);
  },
};

export const STRANGERS: readonly Target[] = [
  strangers("SERVER"),
  strangers("alice"),
  repeats("SERVER"),
  repeats("alice"),
  PEER,
];
