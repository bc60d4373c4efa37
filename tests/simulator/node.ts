/**
 * A process in the simulated world: a machine, its disk, its socket. It does what the driver does, in the same
 * three passes, and can die between any two outputs.
 */
import type { Action } from "../../core/action.ts";
import type { Address, Millis } from "../../core/base/units.ts";
import type { Input, Machine, Output } from "../../core/machine.ts";
import type { Notice } from "../../core/notice.ts";
import { type Deed, inPasses } from "../../core/passes.ts";
import type { Disk } from "../kit/disk.ts";
import type { Network } from "../kit/network.ts";
import type { Dice } from "../kit/dice.ts";
import type { Schedule } from "../kit/schedule.ts";

export interface NodeOptions {
  readonly name: string;
  readonly disk: Disk;
  readonly dice: Dice;
  readonly schedule: Schedule;
  readonly network: Network;
  /** How far this machine's wall clock is off. */
  readonly skew: Millis;
  makeMachine(now: Millis, dice: Dice, disk: Disk, address: Address): Machine;
  onNotice(node: SimulatedNode, notice: Notice): void;
  onDeath(node: SimulatedNode, how: "killed" | "disk" | "exited"): void;
}

/** More wake-ups than this at one instant mean that a machine turns in circles. */
const MOST_WAKE_UPS_AN_INSTANT = 2_000;

export class SimulatedNode {
  readonly name: string;
  readonly disk: Disk;
  /** Probability of dying in a wake-up. */
  deadliness = 0;
  /** Dies right before it would perform the first output of which this is true. */
  diesBefore: (output: Output) => boolean = () => false;
  address: Address | undefined;
  exitStatus: number | undefined;
  #machine: Machine | undefined;
  readonly #options: NodeOptions;
  #waiting: Input[] = [];
  #life = 0;
  #wakeAt: Millis = Infinity;
  #lastInstant = 0;
  #wakeUps = 0;

  constructor(options: NodeOptions) {
    this.#options = options;
    this.name = options.name;
    this.disk = options.disk;
  }

  get isAlive(): boolean {
    return this.#machine !== undefined;
  }

  /** Counts the processes that this node has been. */
  get life(): number {
    return this.#life;
  }

  start(address: Address): void {
    const { dice, disk, network } = this.#options;
    this.#life++;
    this.address = address;
    this.exitStatus = undefined;
    this.#waiting = [];
    this.#wakeAt = Infinity;
    this.#machine = this.#options.makeMachine(this.#now, dice, disk, address);
    network.bind(address, (from, bytes) => this.#input({ type: "datagram", from, bytes }));
    this.#plan();
  }

  act(action: Action): void {
    if (this.isAlive) this.#input({ type: "action", action });
  }

  kill(how: "killed" | "disk" | "exited" = "killed"): void {
    if (!this.isAlive) return;
    this.#machine = undefined;
    this.#options.network.unbind(this.address!);
    this.#options.onDeath(this, how);
  }

  get #now(): Millis {
    return this.#options.schedule.now + this.#options.skew;
  }

  #input(input: Input): void {
    this.#waiting.push(input);
    this.#wakeUpAt(this.#options.schedule.now + this.#options.dice.next());
  }

  #wakeUpAt(at: Millis): void {
    if (at >= this.#wakeAt) return;
    this.#wakeAt = at;
    const life = this.#life;
    this.#options.schedule.at(at, () => {
      if (life === this.#life && this.isAlive && this.#wakeAt === at) this.#wakeUp();
    });
  }

  /** The timer, which is always a little late. */
  #plan(): void {
    if (!this.isAlive || this.#machine!.deadline === Infinity) return;
    const { schedule, skew, dice } = this.#options;
    this.#wakeUpAt(Math.max(this.#machine!.deadline - skew, schedule.now) + dice.next());
  }

  #wakeUp(): void {
    this.#wakeAt = Infinity;
    this.#watchForCircles();
    const machine = this.#machine!;
    const now = this.#now;
    const inputs = this.#waiting;
    this.#waiting = [];
    const outputs = inputs.flatMap((input) => machine.step(now, input));
    if (machine.deadline <= now) outputs.push(...machine.step(now, { type: "tick" }));
    this.#perform(outputs);
    this.#plan();
  }

  #perform(outputs: readonly Output[]): void {
    const { dice } = this.#options;
    const deeds = inPasses(outputs);
    const dyingAt = dice.happens(this.deadliness) ? dice.below(deeds.length + 1) : Infinity;
    for (const [at, deed] of deeds.entries()) {
      const parts = deed.type === "commit" ? deed.changes : [deed];
      if (at === dyingAt || parts.some((output) => this.diesBefore(output))) return this.kill();
      this.#do(deed);
      if (!this.isAlive) return;
    }
    if (dyingAt === deeds.length) this.kill();
  }

  #do(deed: Deed): void {
    switch (deed.type) {
      case "commit":
        try {
          return this.disk.commit(deed.changes);
        } catch {
          return this.kill("disk");
        }
      case "transmit":
        return this.#options.network.send(this.address!, deed.to, deed.bytes);
      case "notice":
        return this.#options.onNotice(this, deed.notice);
      case "exit":
        this.exitStatus = deed.status;
        return this.kill("exited");
    }
  }

  #watchForCircles(): void {
    const instant = Math.floor(this.#options.schedule.now);
    this.#wakeUps = instant === this.#lastInstant ? this.#wakeUps + 1 : 0;
    this.#lastInstant = instant;
    if (this.#wakeUps > MOST_WAKE_UPS_AN_INSTANT) throw new Error(`'${this.name}' turns in circles`);
  }
}
