/** What runs in a scenario: the server, and people with their clients, of which they see the screens. */
import { assert, assertEquals } from "@std/assert";
import { Commands } from "../../commands/_registry.ts";
import * as dereg from "../../commands/dereg.ts";
import * as help from "../../commands/help.ts";
import * as invite from "../../commands/invite.ts";
import * as peers from "../../commands/peers.ts";
import * as quit from "../../commands/quit.ts";
import * as reg from "../../commands/reg.ts";
import * as send from "../../commands/send.ts";
import * as sendAll from "../../commands/send_all.ts";
import * as trust from "../../commands/trust.ts";
import * as verify from "../../commands/verify.ts";
import { addressKey } from "../../core/base/address.ts";
import { MALFORMED } from "../../core/base/bytes.ts";
import type { Address, Millis } from "../../core/base/units.ts";
import { Client } from "../../core/client/client.ts";
import { KEY } from "../../core/durable/records.ts";
import type { Machine, Output } from "../../core/machine.ts";
import { Identity, SECRETS_BYTES } from "../../core/messages/identity.ts";
import type { Acquaintance } from "../../core/messages/invitation.ts";
import { type Notice, render } from "../../core/notice.ts";
import { releaseNick } from "../../core/server/nick_admin.ts";
import { Server, type ServerLimits } from "../../core/server/server.ts";
import { cheapPrimitives as primitives } from "../kit/cheap_primitives.ts";
import { NO_LIMITS } from "../kit/samples.ts";
import { Disk } from "../kit/disk.ts";
import { SimulatedNode } from "./node.ts";
import { Dice } from "../kit/dice.ts";
import type { World } from "./scenario.ts";

export const SERVER: Address = { host: "10.0.0.1", port: 9999 };
const FIRST_PORT = 20_000;

const COMMANDS = new Commands();
for (
  const [name, module] of Object.entries({
    dereg,
    help,
    invite,
    peers,
    quit,
    reg,
    send,
    sendAll,
    trust,
    verify,
  })
) {
  COMMANDS.addModule(name, module);
}

export interface ClientSettings {
  readonly host?: string;
  readonly attempts?: number;
  /** Where the client looks for the server. */
  readonly server?: Address;
  readonly candidates?: readonly Address[];
  /** Whether it has the server's key from the start. */
  readonly knowsServer?: boolean;
  /** Whom an invitation names. */
  readonly invited?: readonly Acquaintance[];
  readonly channelKey?: Uint8Array;
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
  /** The public key (X25519) of its links. */
  abstract readonly key: string;
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
  /** From its next start on. */
  limits: ServerLimits = NO_LIMITS;

  starts(address: Address = SERVER): void {
    this.node.start(address);
  }

  /** Is stopped, a nick on its disk is given up by its operator, and it is started again. */
  releases(nick: string): void {
    this.isKilled();
    this.disk.commit(releaseNick(this.world.schedule.now, this.disk.read(), nick));
    this.starts();
  }

  protected makeMachine(now: Millis, disk: Disk): Machine {
    const options = { name: "test", durable: true, primitives, limits: this.limits };
    return new Server(now, options, (count) => this.world.dice.bytes(count), disk.read());
  }

  /** As its disk has it. */
  get key(): string {
    const [, value] = [...this.disk.read()].find(([key]) => KEY.matches(key))!;
    const record = KEY.decode(value);
    assert(record !== MALFORMED);
    return primitives.keyPair(Uint8Array.fromHex(record.secret)).publicKey.toHex();
  }
}

export class Person extends Process {
  readonly host: string;
  readonly #settings: ClientSettings;
  readonly #screen: string[] = [];
  readonly #errors: string[] = [];
  /** What the file in the state folder would hold. */
  identity: Identity;
  #port = FIRST_PORT;
  /** Commands that are not over yet. */
  unsettled = 0;

  constructor(world: World, nick: string, host: string, settings: ClientSettings) {
    super(world, nick);
    this.host = host;
    this.#settings = settings;
    this.identity = new Identity(primitives, world.dice.bytes(SECRETS_BYTES));
  }

  protected makeMachine(now: Millis, disk: Disk, own: Address): Machine {
    const { attempts = 5, server = SERVER, candidates = [own] } = this.#settings;
    const { knowsServer = true, invited = [], channelKey } = this.#settings;
    const options = {
      nick: this.nick,
      server,
      serverName: "the server",
      serverKey: knowsServer ? this.world.server.key : undefined,
      own,
      candidates,
      attempts,
      identity: this.identity,
      invited,
      channelKey,
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

  get key(): string {
    return this.identity.keyPair.publicKey.toHex();
  }

  get online(): string {
    return `${this.nick} @ ${addressKey(this.address)} is ONLINE`;
  }

  get offline(): string {
    return `${this.nick} @ ${addressKey(this.address)} is OFFLINE`;
  }
}

/** Dice for what a real machine does a little late: here it is punctual. */
class NoDice extends Dice {
  override next(): number {
    return 0;
  }
}
