/**
 * Scenarios: tests that read like the specification. People type, and see what is on their screens; clock,
 * network and disks are virtual, so a week takes no time and every line comes at its exact millisecond.
 */
import { assert } from "@std/assert";
import { addressKey } from "../../core/base/address.ts";
import { MALFORMED, Writer } from "../../core/base/bytes.ts";
import { TAG_BYTES } from "../../core/base/crypto.ts";
import { dateAndTime } from "../../core/base/text.ts";
import type { Address, Millis } from "../../core/base/units.ts";
import type { Output } from "../../core/machine.ts";
import { decodeVerb, type Verb, type VerbType } from "../../core/messages/verb.ts";
import type { Notice } from "../../core/notice.ts";
import { readFrames } from "../../core/wire/frame.ts";
import { decodePacket, type Packet } from "../../core/wire/packet.ts";
import { Network } from "../kit/network.ts";
import { type ClientSettings, Person, type Process, SERVER, ServerProcess } from "./process.ts";
import { Dice } from "../kit/dice.ts";
import { Schedule } from "../kit/schedule.ts";

/** 2022-03-22 21:35:00 UTC. */
const START: Millis = 1_647_984_900_000;

/** What is left to chance (how long an acknowledgement waits, how far keep-alives are apart) comes out so often. */
const SEEDS = [1, 2, 3];

/** Declares a test: what happens, in the order in which it happens. */
export function scenario(title: string, play: (world: World) => void): void {
  Deno.test(title, () => {
    for (const seed of SEEDS) {
      const world = new World(seed);
      play(world);
      world.checkSettled();
    }
  });
}

/** A datagram as the network saw it. */
export interface Datagram extends Opened {
  readonly at: Millis;
  readonly from: Address;
  readonly to: Address;
  readonly bytes: Uint8Array;
}

/** What is in a datagram: the cheap primitives of the simulator seal nothing. */
export interface Opened {
  /** Its verbs, or what else it is. */
  readonly kinds: readonly Kind[];
  /** Whole ones only; of a verb in parts there are only `part`s. */
  readonly verbs: readonly Verb[];
}

export type Kind =
  | VerbType
  | Exclude<Packet["type"], "transport">
  | "acknowledgement"
  | "part"
  | "ping"
  | "garbage";

/** Which datagrams are meant; what is left out does not matter. */
export interface Which {
  readonly from?: Process;
  readonly to?: Process;
  readonly kind?: Kind;
  /** What the message says. */
  readonly text?: string;
}

export class World {
  readonly schedule = new Schedule(START);
  readonly dice: Dice;
  readonly network: Network;
  readonly server: ServerProcess;
  /** Every datagram since the start, also those that were lost. */
  readonly datagrams: Datagram[] = [];
  readonly #people: Person[] = [];
  #lost: Which[] = [];

  constructor(seed: number) {
    this.dice = new Dice(seed);
    this.network = new Network(this.dice.fork(), this.schedule);
    this.network.passes = (from, to, bytes) => this.#carry(from, to, bytes);
    this.server = new ServerProcess(this, "SERVER");
    this.server.starts();
    // Its key is on its disk before anybody else starts.
    this.runs(0);
  }

  /** Somebody on a computer of his own, with a disk of his own, who has not yet started the program. */
  client(nick: string, settings: ClientSettings = {}): Person {
    const host = settings.host ?? `10.0.1.${this.#people.length + 1}`;
    const person = new Person(this, nick, host, settings);
    this.#people.push(person);
    return person;
  }

  /** Clients that are registered, in this order, and have seen each other. Their screens are empty. */
  clients<Nick extends string>(...nicks: Nick[]): Record<Nick, Person> {
    const people = nicks.map((nick) => [nick, this.client(nick)] as const);
    for (const [, person] of people) {
      person.starts();
      this.runs(100);
    }
    this.runs(500);
    this.everybodyLooks();
    return Object.fromEntries(people) as Record<Nick, Person>;
  }

  runs(duration: Millis): void {
    this.schedule.runUntil(this.schedule.now + duration);
  }

  /** Runs until this is so. Returns how long that took. */
  runsUntil(isSo: () => boolean, atMost: Millis): Millis {
    const began = this.schedule.now;
    while (!isSo()) {
      this.runs(1);
      assert(this.schedule.now - began <= atMost, `not so within ${atMost} ms`);
    }
    return this.schedule.now - began;
  }

  /** The instant as it stands in front of mail. */
  get date(): string {
    return dateAndTime(this.schedule.now);
  }

  /** What a change of the table prints: the server, then these. */
  table(...rows: string[]): string[] {
    return ["[Client table updated.]", ...this.rows(...rows)];
  }

  /** What `peers` prints. */
  rows(...rows: string[]): string[] {
    return [`SERVER @ ${addressKey(SERVER)} is ONLINE`, ...rows];
  }

  everybodyLooks(): void {
    for (const person of this.#people) person.looks();
  }

  // ---- the network ---------------------------------------------------------------------------------------

  cut(...processes: Process[]): void {
    for (const { host } of processes) this.network.cut(host);
  }

  mend(...processes: Process[]): void {
    for (const { host } of processes) this.network.mend(host);
  }

  /** Nothing goes directly between these two any more, in either direction. */
  cutBetween(one: Process, other: Process): void {
    this.loses({ from: one, to: other }, { from: other, to: one });
  }

  /** From now on such datagrams are lost. */
  loses(...which: Which[]): void {
    this.#lost.push(...which);
  }

  losesNothing(): void {
    this.#lost = [];
  }

  /** The datagrams sent so far of which this is true, since an instant. */
  sent(which: Which, since: Millis = START): Datagram[] {
    return this.datagrams.filter((datagram) => datagram.at >= since && isSuch(datagram, which));
  }

  #carry(from: Address, to: Address, bytes: Uint8Array): boolean {
    const datagram = { at: this.schedule.now, from, to, bytes, ...open(bytes) };
    this.datagrams.push(datagram);
    return !this.#lost.some((which) => isSuch(datagram, which));
  }

  /** No command is over twice. */
  checkSettled(): void {
    for (const { nick, unsettled } of this.#people) {
      assert(unsettled >= 0, `'${nick}': ${unsettled} unsettled`);
    }
  }
}

function isSuch(datagram: Datagram, { from, to, kind, text }: Which): boolean {
  return (from === undefined || from.isAt(datagram.from)) && (to === undefined || to.isAt(datagram.to)) &&
    (kind === undefined || datagram.kinds.includes(kind)) &&
    (text === undefined || datagram.verbs.some((verb) => "body" in verb && says(verb.body, text)));
}

/** Whether a letter or a post says this: nothing is sealed here, and the length stands before the text. */
function says(body: Uint8Array, text: string): boolean {
  const writer = new Writer();
  writer.text24(text);
  return body.toHex().includes(writer.finish().toHex());
}

export function open(bytes: Uint8Array): Opened {
  const packet = decodePacket(bytes);
  if (packet === MALFORMED) return { kinds: ["garbage"], verbs: [] };
  if (packet.type !== "transport") return { kinds: [packet.type], verbs: [] };
  const frames = readFrames(packet.sealed.subarray(0, -TAG_BYTES));
  if (frames === MALFORMED) return { kinds: ["garbage"], verbs: [] };
  const verbs = frames.flatMap((frame) => {
    const verb = "verb" in frame ? decodeVerb(frame.verb) : MALFORMED;
    return verb === MALFORMED ? [] : [verb];
  });
  const others = frames.flatMap(({ type }) => type === "part" || type === "ping" ? [type] : []);
  const kinds = [...verbs.map(({ type }) => type), ...others];
  return { kinds: kinds.length === 0 ? ["acknowledgement"] : kinds, verbs };
}

/** Outputs that send a verb, for `diesBefore`. */
export function sending(kind: VerbType): (output: Output) => boolean {
  return (output) => output.type === "transmit" && open(output.bytes).kinds.includes(kind);
}

/** Outputs that show something, for `diesBefore`. */
export function showing(type: Notice["type"]): (output: Output) => boolean {
  return (output) => output.type === "notice" && output.notice.type === type;
}
