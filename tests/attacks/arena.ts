/**
 * Where attacks take place: clients and a server with real cryptography on a network of one millisecond and a clock
 * that leaps. What reaches a screen is looked at line by line.
 */
import { assert, assertEquals } from "@std/assert";
import type { Action } from "../../core/action.ts";
import { equalAddresses } from "../../core/base/address.ts";
import { MALFORMED } from "../../core/base/bytes.ts";
import { primitives } from "../../core/base/crypto.ts";
import { dateAndTime } from "../../core/base/text.ts";
import type { Address, Key, Millis } from "../../core/base/units.ts";
import { Client, type ClientOptions } from "../../core/client/client.ts";
import { KEY, NICK } from "../../core/durable/records.ts";
import type { Machine, Records } from "../../core/machine.ts";
import { type Bundle, Identity, SECRETS_BYTES } from "../../core/messages/identity.ts";
import type { Nick } from "../../core/messages/nick.ts";
import { type Notice, render } from "../../core/notice.ts";
import { Server, type ServerLimits } from "../../core/server/server.ts";
import { NO_LIMITS } from "../kit/samples.ts";
import { Disk } from "../kit/disk.ts";
import { Network } from "../kit/network.ts";
import { SimulatedNode } from "../simulator/node.ts";
import { Dice } from "../kit/dice.ts";
import { Schedule } from "../kit/schedule.ts";

/** 2022-03-22 21:35:00 UTC. */
const START: Millis = 1_647_984_900_000;

export const SERVER: Address = { host: "10.0.0.1", port: 9999 };

/** Dice for what a real machine does a little late: here it is punctual. */
class Punctual extends Dice {
  override next(): number {
    return 0;
  }
}

/** A datagram on its way, seen by everybody who listens. */
export interface Datagram {
  readonly at: Millis;
  readonly from: Address;
  readonly to: Address;
  readonly bytes: Uint8Array;
}

/** A machine on a computer of its own, with a disk: it can be killed, and started again. */
export class Computer {
  readonly disk: Disk;
  readonly node: SimulatedNode;
  readonly address: Address;
  readonly #notices: Notice[] = [];

  constructor(
    arena: Arena,
    name: string,
    address: Address,
    makeMachine: (now: Millis, records: Records) => Machine,
    disk = new Disk(),
  ) {
    this.address = address;
    this.disk = disk;
    this.node = new SimulatedNode({
      name,
      disk,
      dice: new Punctual(0),
      schedule: arena.schedule,
      network: arena.network,
      skew: 0,
      makeMachine: (now, _dice, records) => makeMachine(now, records.read()),
      onNotice: (_node, notice) => this.#notices.push(notice),
      onDeath: () => {},
    });
  }

  starts(): void {
    this.node.start(this.address);
  }

  isKilled(): void {
    this.node.kill();
  }

  /** What has been shown since the last look. */
  lines(): string[] {
    return this.#notices.splice(0).flatMap((notice) => {
      const { stream, lines } = render(notice, () => 0);
      return stream === "none" ? [] : lines;
    });
  }

  /** Exactly these lines were shown since the last look. */
  sees(...lines: string[]): void {
    assertEquals(this.lines(), lines, `the screen of '${this.node.name}'`);
  }

  /** How many records of a kind are on its disk. */
  keeps(kind: string): number {
    return this.disk.keys().filter((key) => key.startsWith(`${kind}/`)).length;
  }

  /** Its whole disk, to be compared with what is there later. */
  get state(): string[] {
    return [...this.disk.read()].map(([key, value]) => `${key} ${value.toHex()}`);
  }
}

/** Somebody with a client. */
export class Victim extends Computer {
  readonly nick: Nick;
  readonly identity: Identity;
  readonly #arena: Arena;

  constructor(
    arena: Arena,
    nick: Nick,
    address: Address,
    { disk = new Disk(), ...options }: VictimOptions,
  ) {
    const { identity = new Identity(primitives, arena.random(SECRETS_BYTES)) } = options;
    const all = {
      nick,
      server: SERVER,
      serverName: "the server",
      serverKey: undefined,
      own: address,
      candidates: [],
      invited: [],
      channelKey: undefined,
      attempts: 5,
      durable: true,
      primitives,
      ...options,
      identity,
    };
    super(arena, nick, address, (now, records) => new Client(now, all, arena.random, records), disk);
    this.nick = nick;
    this.identity = identity;
    this.#arena = arena;
  }

  get key(): Key {
    return this.identity.keyPair.publicKey.toHex();
  }

  get online(): string {
    return `${this.nick} @ ${this.address.host}:${this.address.port} is ONLINE`;
  }

  act(action: Action): void {
    this.node.act(action);
    this.#arena.runs(0);
  }

  registers(): void {
    if (!this.node.isAlive) this.starts();
    this.act({ type: "register", nick: this.nick });
  }

  deregisters(): void {
    this.act({ type: "deregister", nick: this.nick });
  }

  /** Returns the date, as it will stand in front of mail. */
  writes(to: Nick, text: string): string {
    this.act({ type: "sendDirect", to, text });
    return dateAndTime(this.#arena.now);
  }

  posts(text: string): void {
    this.act({ type: "sendChannel", text });
  }

  /** The ids of what waits in its outbox, oldest first. */
  get outbox(): string[] {
    return this.disk.keys().filter((key) => key.startsWith("outbox/")).map((key) => key.slice(7));
  }
}

export type VictimOptions = Partial<ClientOptions> & {
  readonly address?: Address;
  /** Of an earlier life, or somebody else's. */
  readonly disk?: Disk;
};

export class Arena {
  readonly dice: Dice;
  readonly schedule = new Schedule(START);
  readonly network: Network;
  readonly server: Computer;
  /** Every datagram since the start, also those that were lost. */
  readonly tape: Datagram[] = [];
  readonly victims: Victim[] = [];
  readonly random: (count: number) => Uint8Array;

  constructor({ limits = NO_LIMITS, name = "arena", seed = 1, crypto = primitives }: {
    readonly limits?: ServerLimits;
    readonly name?: string;
    readonly seed?: number;
    /** What the server computes with. */
    readonly crypto?: typeof primitives;
  } = {}) {
    this.dice = new Dice(seed);
    this.random = (count) => this.dice.bytes(count);
    this.network = new Network(this.dice.fork(), this.schedule);
    this.network.passes = (from, to, bytes) => {
      this.tape.push({ at: this.now, from, to, bytes });
      return true;
    };
    const options = { name, durable: true, primitives: crypto, limits };
    this.server = new Computer(
      this,
      "SERVER",
      SERVER,
      (now, records) => new Server(now, options, this.random, records),
    );
    this.server.starts();
    this.runs(0);
  }

  get now(): Millis {
    return this.schedule.now;
  }

  runs(duration: Millis): void {
    this.schedule.runUntil(this.now + duration);
  }

  /** Somebody who has not yet started the program. */
  client(nick: Nick, options: VictimOptions = {}): Victim {
    const count = this.victims.length + 1;
    const address = options.address ??
      { host: `10.0.${1 + (count >> 8)}.${count & 255}`, port: 20_000 + count };
    const victim = new Victim(this, nick, address, options);
    this.victims.push(victim);
    return victim;
  }

  /** Clients that are registered and have seen each other. Their screens are empty. */
  clients<Name extends Nick>(...nicks: Name[]): Record<Name, Victim> {
    const all = nicks.map((nick) => [nick, this.client(nick)] as const);
    for (const [, victim] of all) {
      victim.registers();
      this.runs(100);
    }
    this.runs(500);
    this.everybodyLooks();
    return Object.fromEntries(all) as Record<Name, Victim>;
  }

  everybodyLooks(): void {
    for (const computer of [this.server, ...this.victims]) computer.lines();
  }

  get serverKey(): Key {
    return primitives.keyPair(this.serverSecret).publicKey.toHex();
  }

  /** As whoever has the server's disk reads it. */
  get serverSecret(): Uint8Array {
    const [, value] = [...this.server.disk.read()].find(([key]) => KEY.matches(key))!;
    const record = KEY.decode(value);
    assert(record !== MALFORMED);
    return Uint8Array.fromHex(record.secret);
  }

  /** What the table says of a nick: everybody who may register can read it. */
  bundleOf(nick: Nick): Bundle {
    const [, value] = [...this.server.disk.read()].find(([key]) => key === NICK.keyFor(nick))!;
    const record = NICK.decode(value);
    assert(record !== MALFORMED);
    return record.bundle;
  }

  /** What was sent since an instant, of what is given. */
  sent({ from, to }: { from?: Address; to?: Address }, since: Millis = START): Datagram[] {
    return this.tape.filter((datagram) =>
      datagram.at >= since && (from === undefined || equalAddresses(from, datagram.from)) &&
      (to === undefined || equalAddresses(to, datagram.to))
    );
  }

  /** Restarts the server with what is on its disk. */
  serverRestarts(): void {
    this.server.isKilled();
    this.server.starts();
    this.runs(0);
  }

  /** These two talk with each other: nothing that was done to them has an effect any more. */
  theyTalk(one: Victim, other: Victim, text = "still here"): void {
    this.everybodyLooks();
    one.writes(other.nick, text);
    this.runs(100);
    other.sees(`${one.nick}: ${text}`);
    one.sees(`[Message received by ${other.nick}.]`);
  }
}
