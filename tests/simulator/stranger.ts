/** Somebody who is nobody, for scenarios: he speaks the wire, and says what he likes. */
import { assert } from "@std/assert";
import { MALFORMED } from "../../core/base/bytes.ts";
import type { Address, Millis } from "../../core/base/units.ts";
import { NICK } from "../../core/durable/records.ts";
import type { Link } from "../../core/link/link.ts";
import { Links } from "../../core/link/links.ts";
import {
  type Bundle,
  Identity,
  NO_HASH,
  type Outcome,
  type Receipt,
  SECRETS_BYTES,
} from "../../core/messages/identity.ts";
import { Sealer } from "../../core/messages/letter.ts";
import { type MessageId, NO_MESSAGE } from "../../core/messages/message_id.ts";
import type { Verb } from "../../core/messages/verb.ts";
import { cheapPrimitives as primitives } from "../kit/cheap_primitives.ts";
import type { Person, Process } from "./process.ts";
import { type Kind, open, type World } from "./scenario.ts";

export const STRANGER: Address = { host: "10.66.6.6", port: 6666 };
export const ID: MessageId = "00112233445566778899aabbccddeeff";

/** Somebody with a socket and an identity, who speaks the wire and knows everybody's keys, but is nobody. */
export class Stranger {
  readonly received: Uint8Array[] = [];
  readonly #world: World;
  readonly #identity: Identity;
  readonly #links: Links;
  readonly #said: { link: Link; tag: string }[] = [];
  /** Where its datagrams seem to come from. */
  #source: Address;
  #wakeAt = Infinity;

  constructor(world: World, address: Address = STRANGER) {
    this.#world = world;
    this.#source = address;
    const { identity, links } = somebody(world);
    this.#identity = identity;
    this.#links = links;
    world.network.bind(address, (from, bytes) => {
      this.received.push(bytes);
      this.#links.receive(world.schedule.now, from, bytes);
      this.#wakeUp();
    });
  }

  /** Says something, and again until it has arrived. */
  says(to: Process, verb: Verb): void {
    const { now } = this.#world.schedule;
    const link = this.#links.open(now, to.key, [to.address]);
    const tag = `${this.#said.length}`;
    this.#said.push({ link, tag });
    link.send(now, verb, tag);
    this.#wakeUp();
    this.#world.runs(5);
  }

  /** From now on it is somebody. */
  registers(nick: string): void {
    const { server } = this.#world;
    this.says(server, {
      type: "register",
      nick,
      turn: 1,
      asked: true,
      bundle: this.bundle(nick),
      candidates: [],
    });
    this.#world.runs(200);
  }

  /** All that was said has arrived. */
  wasHeard(): void {
    this.#world.runs(50);
    for (const { link, tag } of this.#said) assert(!link.has(tag), `${tag} was not heard`);
  }

  /** From now on its datagrams bear another source address. */
  pretendsToBeAt(address: Address): void {
    this.#source = address;
  }

  throwsAt(to: Process, bytes: Uint8Array): void {
    this.#world.network.send(this.#source, to.address, bytes);
  }

  /** What kinds of datagrams it was sent. */
  get kinds(): Kind[] {
    return [...new Set(this.received.flatMap((bytes) => open(bytes).kinds))].toSorted();
  }

  /** Its own, rightly signed for any nick. */
  bundle(nick: string): Bundle {
    return this.#identity.bundle(nick, this.#identity.keyPair.publicKey.toHex(), 0);
  }

  /** A letter rightly sealed with its own key, and with its own bundle in it or another one. */
  letter(from: string, to: Person, id = ID, sender: Bundle = this.bundle(from)): Uint8Array {
    const { dice, schedule, server } = this.#world;
    const random = (count: number) => dice.bytes(count);
    const [, value] = [...server.disk.read()].find(([key]) => key === NICK.keyFor(to.nick))!;
    const record = NICK.decode(value);
    assert(record !== MALFORMED);
    const keys = { sender, recipient: record.bundle };
    const contents = { after: NO_MESSAGE, afterHash: NO_HASH, sentAt: 0, text: "x" };
    const sealer = new Sealer(primitives, random, this.#identity.keyPair);
    return sealer.seal(schedule.now, { id, from, to: to.nick }, 0, keys, contents)!;
  }

  /** Under its own signature. */
  receipt(from: string, to: string, id: string, outcome: Outcome = "read"): Receipt {
    return this.#identity.receipt(from, to, { id, edition: 0, outcome });
  }

  #wakeUp(): void {
    const { schedule, network } = this.#world;
    for (const { to, bytes } of this.#links.takeDatagrams(schedule.now)) {
      network.send(this.#source, to, bytes);
    }
    const at = this.#links.deadline;
    if (at >= this.#wakeAt) return;
    this.#wakeAt = at;
    schedule.at(at, () => {
      if (this.#wakeAt !== at) return;
      this.#wakeAt = Infinity;
      this.#wakeUp();
    });
  }
}

/** A new identity, and links under its key. */
export function somebody(world: World): { identity: Identity; links: Links } {
  const random = (count: number) => world.dice.bytes(count);
  const identity = new Identity(primitives, random(SECRETS_BYTES));
  const timestamp = (now: Millis) => Math.floor(now);
  const about = { timestamp, name: undefined, keepsAlive: false };
  return { identity, links: new Links({ primitives, random, ownKey: identity.keyPair, ...about }) };
}
