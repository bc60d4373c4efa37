/**
 * Scenarios: tests that read like the specification. People type, and see what is on their screens; clock,
 * network and disks are virtual, so a week takes no time and every line comes at its exact millisecond.
 */
import { assert, assertEquals } from "@std/assert";
import { Commands } from "../../commands/_registry.ts";
import * as dereg from "../../commands/dereg.ts";
import * as help from "../../commands/help.ts";
import * as peers from "../../commands/peers.ts";
import * as quit from "../../commands/quit.ts";
import * as reg from "../../commands/reg.ts";
import * as send from "../../commands/send.ts";
import * as sendAll from "../../commands/send_all.ts";
import { fromHex, MALFORMED, toHex } from "../../core/bytes.ts";
import { Client } from "../../core/client.ts";
import { readFrames } from "../../core/frame.ts";
import type { Address, Machine, Millis, Output } from "../../core/machine.ts";
import { type Notice, render } from "../../core/notice.ts";
import { decodePacket, type Packet, TAG_BYTES } from "../../core/packet.ts";
import { KEY } from "../../core/records.ts";
import { Server } from "../../core/server.ts";
import { addressKey } from "../../core/table.ts";
import { dateAndTime } from "../../core/text.ts";
import { decodeVerb, type Verb, type VerbType } from "../../core/verb.ts";
import { cheapPrimitives as primitives } from "../core/cheap_primitives.ts";
import { Disk } from "./disk.ts";
import { Network } from "./network.ts";
import { SimulatedNode } from "./node.ts";
import { Dice } from "./random.ts";
import { Schedule } from "./schedule.ts";

/** 2022-03-22 21:35:00 UTC. */
const START: Millis = 1_647_984_900_000;
const SERVER: Address = { host: "10.0.0.1", port: 9999 };
const FIRST_PORT = 20_000;

/** What is left to chance (how long an acknowledgement waits, how far keep-alives are apart) comes out so often. */
const SEEDS = [1, 2, 3];

const COMMANDS = new Commands();
for (const [name, module] of Object.entries({ dereg, help, peers, quit, reg, send, sendAll })) {
  COMMANDS.addModule(name, module);
}

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

/** Dice for what a real machine does a little late: here it is punctual. */
class NoDice extends Dice {
  override next(): number {
    return 0;
  }
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

export interface ClientSettings {
  readonly host?: string;
  readonly attempts?: number;
  /** Where the client looks for the server. */
  readonly server?: Address;
  readonly candidates?: readonly Address[];
  /** Whether it has the server's key from the start. */
  readonly knowsServer?: boolean;
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
    (text === undefined || datagram.verbs.some((verb) => "text" in verb && verb.text === text));
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

/** A program on a computer: it can be started, killed, and started again with the same disk. */
export abstract class Process {
  readonly nick: string;
  readonly node: SimulatedNode;
  protected readonly world: World;

  constructor(world: World, nick: string) {
    this.world = world;
    this.nick = nick;
    this.node = new SimulatedNode({
      name: nick,
      disk: new Disk(),
      dice: new NoDice(0),
      schedule: world.schedule,
      network: world.network,
      skew: 0,
      makeMachine: (now, _dice, disk, own) => this.makeMachine(now, disk, own),
      onNotice: (_node, notice) => this.noticed(notice),
      onDeath: () => {},
    });
  }

  abstract readonly host: string;
  protected abstract makeMachine(now: Millis, disk: Disk, own: Address): Machine;
  protected noticed(_notice: Notice): void {}

  get disk(): Disk {
    return this.node.disk;
  }

  get isAlive(): boolean {
    return this.node.isAlive;
  }

  get address(): Address {
    return this.node.address!;
  }

  isAt(address: Address): boolean {
    return this.node.address !== undefined && addressKey(this.node.address) === addressKey(address);
  }

  /** SIGKILL: nothing is said, nothing is saved. */
  isKilled(): void {
    assert(this.isAlive);
    this.node.kill();
  }

  /** Dies right before the first thing of this kind that it would do. */
  diesBefore(isIt: (output: Output) => boolean): void {
    this.node.diesBefore = (output) => {
      if (!isIt(output)) return false;
      this.node.diesBefore = () => false;
      return true;
    };
  }

  /** How many records of this kind are on the disk. */
  keeps(kind: string): number {
    return this.disk.keys().filter((key) => key.startsWith(`${kind}/`)).length;
  }
}

export class ServerProcess extends Process {
  readonly host = SERVER.host;

  starts(address: Address = SERVER): void {
    this.node.start(address);
  }

  protected makeMachine(now: Millis, disk: Disk): Machine {
    const options = { name: "test", durable: true, primitives };
    return new Server(now, options, (count) => this.world.dice.bytes(count), disk.read());
  }

  /** Its public key, as its disk has it. */
  get key(): string {
    const [, value] = [...this.disk.read()].find(([key]) => KEY.matches(key))!;
    const record = KEY.decode(value);
    assert(record !== MALFORMED);
    return toHex(primitives.keyPair(fromHex(record.secret)).publicKey);
  }
}

export class Person extends Process {
  readonly host: string;
  readonly #settings: ClientSettings;
  readonly #screen: string[] = [];
  readonly #errors: string[] = [];
  #port = FIRST_PORT;
  /** Commands that are not over yet. */
  unsettled = 0;

  constructor(world: World, nick: string, host: string, settings: ClientSettings) {
    super(world, nick);
    this.host = host;
    this.#settings = settings;
  }

  protected makeMachine(now: Millis, disk: Disk, own: Address): Machine {
    const { attempts = 5, server = SERVER, candidates = [own] } = this.#settings;
    const { knowsServer = true } = this.#settings;
    const options = {
      nick: this.nick,
      server,
      serverName: "the server",
      serverKey: knowsServer ? this.world.server.key : undefined,
      own,
      candidates,
      attempts,
      durable: true,
      primitives,
    };
    return new Client(now, options, (count) => this.world.dice.bytes(count), disk.read());
  }

  protected override noticed(notice: Notice): void {
    if (notice.type === "settled") this.unsettled--;
    const { stream, lines } = render(notice, () => 0);
    if (stream === "screen") this.#screen.push(...lines);
    if (stream === "error") this.#errors.push(...lines);
  }

  // ---- what this person does -----------------------------------------------------------------------------

  /** Starts the program, on a port that was not used before unless one is given. */
  starts(port: number = this.#port++): void {
    this.node.diesBefore = () => false;
    this.node.start({ host: this.host, port });
    this.unsettled = 1;
    this.node.act({ type: "register", nick: this.nick });
    this.world.runs(0);
  }

  /** Types a line at the prompt. Returns the date, as it will stand in front of a letter. */
  types(line: string): string {
    const outcome = COMMANDS.runLine(line);
    if (outcome.type === "lines") this.#screen.push(...outcome.lines);
    if (outcome.type === "wrong") this.#screen.push(outcome.reason);
    if (outcome.type === "actions") {
      this.unsettled += outcome.actions.length;
      for (const action of outcome.actions) this.node.act(action);
    }
    this.world.runs(0);
    return this.world.date;
  }

  /** ctrl-c, ctrl-d, SIGTERM or SIGHUP. */
  pressesCtrlC(): void {
    this.node.act({ type: "leave" });
    this.world.runs(0);
  }

  /** Piped input is at its end. */
  endsInput(): void {
    this.node.act({ type: "finish" });
    this.world.runs(0);
  }

  // ---- what this person sees -----------------------------------------------------------------------------

  /** Exactly these lines have come since the last look. */
  sees(...lines: string[]): void {
    assertEquals(this.#screen.splice(0), lines, `the screen of '${this.nick}' at ${this.world.date}`);
  }

  /** Exactly these lines have come to standard error since the last look. */
  isTold(...lines: string[]): void {
    assertEquals(this.#errors.splice(0), lines, `standard error of '${this.nick}' at ${this.world.date}`);
  }

  /** What has come since the last look. */
  looks(): string[] {
    return this.#screen.splice(0);
  }

  hasSeen(line: string): boolean {
    return this.#screen.includes(line);
  }

  hasEnded(status: number): void {
    assertEquals([this.isAlive, this.node.exitStatus], [false, status], `the end of '${this.nick}'`);
  }

  get online(): string {
    return `${this.nick} @ ${addressKey(this.address)} is ONLINE`;
  }

  get offline(): string {
    return `${this.nick} @ ${addressKey(this.address)} is OFFLINE`;
  }
}
