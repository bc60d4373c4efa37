/** Two tables of links with a wire between them that the test holds in its hands. */
import { assertEquals } from "@std/assert";
import { equalAddresses } from "../../core/base/address.ts";
import { KEY_BYTES, type KeyPair } from "../../core/base/crypto.ts";
import type { Address, Key, Millis } from "../../core/base/units.ts";
import type { Link } from "../../core/link/link.ts";
import { type Arrival, Links } from "../../core/link/links.ts";
import type { Verb } from "../../core/messages/verb.ts";
import { cheapPrimitives as primitives } from "./cheap_primitives.ts";
import { Dice } from "./dice.ts";
import { verbOf } from "./peer.ts";
import { ID } from "./samples.ts";
import { type Sent, sent } from "./sent.ts";
import { countingStopwatch } from "./stopwatch.ts";

export const A: Address = { host: "10.0.0.1", port: 1 };
export const B: Address = { host: "10.0.0.2", port: 2 };
export const C: Address = { host: "10.0.0.3", port: 3 };

export const START = 1_000_000;

export const chat = (text: string): Verb => ({
  type: "deposit",
  id: ID,
  from: "x",
  to: "y",
  body: new TextEncoder().encode(text),
});

export interface Left extends Sent {
  readonly at: Millis;
  readonly by: End;
  readonly from: Address;
}

export interface PairOptions {
  readonly seed?: number;
  /** The name of B, if it tells its key to those who ask. */
  readonly name?: string;
  readonly keepsAlive?: boolean;
}

/** One table, and all that it was told. */
export class End {
  links: Links;
  /** The address from which its packets come, and at which it is reached. */
  address: Address;
  readonly keyPair: KeyPair;
  readonly heard: { readonly at: Millis; readonly arrival: Arrival }[] = [];
  readonly #dice: Dice;
  readonly #options: PairOptions;
  #lastTimestamp = 0;

  constructor(address: Address, dice: Dice, options: PairOptions) {
    this.address = address;
    this.#dice = dice;
    this.#options = options;
    this.keyPair = primitives.keyPair(dice.bytes(KEY_BYTES));
    this.links = this.#newLinks();
  }

  #newLinks(): Links {
    return new Links({
      primitives,
      random: (count) => this.#dice.bytes(count),
      ownKey: this.keyPair,
      timestamp: (now) => this.#lastTimestamp = Math.max(Math.floor(now), this.#lastTimestamp + 1),
      stopwatch: countingStopwatch(),
      name: this.#options.name,
      keepsAlive: this.#options.keepsAlive ?? false,
    });
  }

  /** A new process, which knows its key and nothing else. */
  restart(): void {
    this.links = this.#newLinks();
  }

  get key(): Key {
    return this.keyPair.publicKey.toHex();
  }

  receive(now: Millis, from: Address, bytes: Uint8Array): Arrival | undefined {
    const arrival = this.links.receive(now, from, bytes);
    if (arrival !== undefined) this.heard.push({ at: now, arrival });
    return arrival;
  }

  get #verbs(): Verb[] {
    return this.heard.flatMap(({ arrival }) => arrival.type === "verbs" ? arrival.verbs : []);
  }

  /** The nicks in all keep-alives that came. */
  get nicks(): string[] {
    return this.#verbs.flatMap((verb) => verb.type === "keepAlive" ? [verb.nick] : []);
  }

  /** All chat texts that came. */
  get texts(): string[] {
    return this.#verbs.flatMap((verb) => "body" in verb ? [new TextDecoder().decode(verb.body)] : []);
  }

  /** How often the peer came in a new process. */
  get restarts(): number {
    return this.heard.filter(({ arrival }) => arrival.type === "verbs" && arrival.restarted).length;
  }
}

export class Pair {
  readonly a: End;
  readonly b: End;
  now: Millis = START;
  /** One way. */
  delay: Millis = 5;
  /** All that ever left. */
  readonly left: Left[] = [];
  /** Whether a datagram arrives, as far as there is anybody at its address. */
  passes: (datagram: Left) => boolean = () => true;
  #underWay: { readonly at: Millis; readonly datagram: Left }[] = [];

  constructor(options: PairOptions = {}) {
    const dice = new Dice(options.seed ?? 1);
    const { keepsAlive = false } = options;
    this.a = new End(A, dice.fork(), { keepsAlive });
    this.b = new End(B, dice.fork(), options);
  }

  /** A's link to B, found at these addresses. */
  open(addresses: readonly Address[] = [B]): Link {
    return this.a.links.open(this.now, this.b.key, addresses);
  }

  /** B's link to A, if there is one. */
  get back(): Link | undefined {
    return this.b.links.get(this.a.key);
  }

  /** Lets time go by. */
  run(millis: Millis): void {
    const end = this.now + millis;
    for (let due = this.#deadline; due <= end; due = this.#deadline) {
      this.now = Math.max(this.now, due);
      this.#deliver();
      for (const by of [this.a, this.b]) this.#take(by);
    }
    this.now = end;
  }

  get #deadline(): Millis {
    return Math.min(this.a.links.deadline, this.b.links.deadline, ...this.#underWay.map(({ at }) => at));
  }

  #deliver(): void {
    const arriving = this.#underWay.filter(({ at }) => at <= this.now);
    this.#underWay = this.#underWay.filter(({ at }) => at > this.now);
    for (const { datagram: { from, to, bytes } } of arriving) {
      for (const end of [this.a, this.b]) {
        if (equalAddresses(end.address, to)) end.receive(this.now, from, bytes);
      }
    }
  }

  #take(by: End): void {
    for (const one of sent(by.links.takeDatagrams(this.now))) {
      const datagram = { ...one, at: this.now, by, from: by.address };
      this.left.push(datagram);
      if (this.passes(datagram)) this.#underWay.push({ at: this.now + this.delay, datagram });
    }
  }

  /** The packets of one kind that one end has sent. */
  leftBy(by: End, type: Sent["packet"]["type"]): Left[] {
    return this.left.filter((datagram) => datagram.by === by && datagram.packet.type === type);
  }
}

/** A has said "x" to B, and B has heard it and acknowledged it. */
export function connected(options: PairOptions = {}): { pair: Pair; link: Link; back: Link } {
  const pair = new Pair(options);
  const link = pair.open();
  link.send(pair.now, verbOf("x"), "x");
  pair.run(100);
  assertEquals([pair.b.nicks, link.has("x")], [["x"], false]);
  return { pair, link, back: pair.back! };
}
