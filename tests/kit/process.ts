/**
 * A program on a computer of its own: a machine, its disk, its socket, and what it shows. It does what the
 * driver does, in the same order. It can be started, killed between any two outputs, and started again with
 * the same disk.
 */
import { assert, assertEquals } from "@std/assert";
import type { Action, Ref } from "../../core/action.ts";
import { equalAddresses } from "../../core/base/address.ts";
import type { Address, Key, Millis, Random } from "../../core/base/units.ts";
import { CLOCK } from "../../core/durable/records.ts";
import { beginningOf } from "../../core/durable/wall_clock.ts";
import type { Input, Machine, Output } from "../../core/machine.ts";
import { type Notice, render, type Rendered, type Stream } from "../../core/notice.ts";
import { type Deed, inPasses } from "../../core/passes.ts";
import type { Dice } from "./dice.ts";
import { Disk } from "./disk.ts";
import { Remembered } from "./remembered.ts";
import type { Surroundings } from "./surroundings.ts";

/** More wake-ups than this at one instant mean that a machine turns in circles. */
const MOST_WAKE_UPS_AN_INSTANT = 2_000;

export interface ProcessOptions {
  /** The disk of an earlier life, or somebody else's. */
  readonly disk?: Disk;
  /** Its own chance: how late it wakes up each time, and when it dies. Without one it is punctual. */
  readonly dice?: Dice | undefined;
  /** How far its wall clock is off at first. */
  readonly skew?: Millis;
}

/** Lines, and where they are shown. */
type Shown = Pick<Rendered, "stream" | "lines">;

export abstract class Process {
  readonly name: string;
  readonly disk: Disk;
  readonly history: Remembered = new Remembered();
  /** Told of each notice. */
  onNotice: (notice: Notice, ref: Ref | undefined) => void = () => {};
  /** Told of the end: by force, by a disk that fails, or by itself. */
  onDeath: (how: "killed" | "disk" | "exited") => void = () => {};
  /** The probability of dying in a wake-up, for a process with dice. */
  deadliness = 0;
  exitStatus: number | undefined;
  /** Counts the processes that this has been. */
  life = 0;
  protected readonly surroundings: Surroundings;
  protected readonly random: Random;
  readonly #dice: Dice | undefined;
  #skew: Millis;
  /** How far its machine's own time is ahead of the true time. */
  #ahead: Millis = 0;
  #address: Address | undefined;
  #machine: Machine | undefined;
  #unread: (() => Shown)[] = [];
  #diesBefore: (output: Output) => boolean = () => false;
  #waiting: Input[] = [];
  #wakeAt: Millis = Infinity;
  #lastInstant = 0;
  #wakeUps = 0;
  /** Since when it is stopped; `undefined` while it runs. */
  #stoppedAt: Millis | undefined;
  /** How long it was stopped before that, in all. */
  #stoppedFor: Millis = 0;

  constructor(surroundings: Surroundings, name: string, options: ProcessOptions = {}) {
    const { disk = new Disk(), dice, skew = 0 } = options;
    this.surroundings = surroundings;
    this.name = name;
    this.disk = disk;
    this.#dice = dice;
    this.#skew = skew;
    this.random = (count) => (dice ?? surroundings.dice).bytes(count);
  }

  /** The public key (X25519) of its links. */
  abstract readonly key: Key;
  protected abstract makeMachine(now: Millis, own: Address): Machine;

  get isAlive(): boolean {
    return this.#machine !== undefined;
  }

  /** The address where it is, or was. */
  get address(): Address {
    assert(this.#address !== undefined, `'${this.name}' has never started`);
    return this.#address;
  }

  get host(): string {
    return this.address.host;
  }

  isAt(address: Address): boolean {
    return this.#address !== undefined && equalAddresses(this.#address, address);
  }

  get deadline(): Millis {
    return this.#machine?.deadline ?? Infinity;
  }

  // ---- its life ------------------------------------------------------------------------------------------

  protected startAt(address: Address): void {
    this.life++;
    this.#address = address;
    this.exitStatus = undefined;
    this.#waiting = [];
    this.#wakeAt = Infinity;
    this.#diesBefore = () => false;
    this.#goesOn();
    this.#ahead = beginningOf(this.disk.read(), this.wall) - this.surroundings.now;
    this.#machine = this.makeMachine(this.machineNow, address);
    this.surroundings.network.bind(address, (from, bytes) => this.receives(from, bytes));
    this.#input({ type: "clock", wall: this.wall });
    this.#plan();
  }

  /** SIGSTOP, or its computer sleeps: datagrams wait in the socket, and timers pass unnoticed. */
  isStopped(): void {
    this.#stoppedAt ??= this.surroundings.now;
  }

  /** SIGCONT: it finds everything at once. */
  isContinued(): void {
    this.#goesOn();
    this.#wakeAt = Infinity;
    this.#waiting.unshift({ type: "resumed" });
    this.#wakeUpAt(this.surroundings.now + this.#lateness);
  }

  #goesOn(): void {
    this.#stoppedFor += this.surroundings.now - (this.#stoppedAt ?? this.surroundings.now);
    this.#stoppedAt = undefined;
  }

  /** The instant, but for the time in which it was stopped and could do nothing. */
  get ownTime(): Millis {
    return (this.#stoppedAt ?? this.surroundings.now) - this.#stoppedFor;
  }

  /** Somebody sets its wall clock: so far from the true time. */
  setsClock(skew: Millis): void {
    this.#skew = skew;
    this.#input({ type: "clock", wall: this.wall });
  }

  /** SIGKILL: nothing is said, nothing is saved. */
  isKilled(): void {
    assert(this.isAlive);
    this.#die("killed");
  }

  /** Dies right before the first thing of this kind that it would do. */
  diesBefore(isIt: (output: Output) => boolean): void {
    this.#diesBefore = isIt;
  }

  #die(how: "killed" | "disk" | "exited"): void {
    this.#machine = undefined;
    this.surroundings.network.unbind(this.address);
    this.onDeath(how);
  }

  // ---- what comes in -------------------------------------------------------------------------------------

  act(action: Action, ref?: Ref): void {
    this.#input(ref === undefined ? { type: "action", action } : { type: "action", action, ref });
  }

  /** A datagram comes, by way of the network or out of nowhere. */
  receives(from: Address, bytes: Uint8Array): void {
    this.#input({ type: "datagram", from, bytes });
  }

  #input(input: Input): void {
    if (!this.isAlive) return;
    this.#waiting.push(input);
    this.#wakeUpAt(this.surroundings.now + this.#lateness);
  }

  /** How far its wall clock is off. */
  get skew(): Millis {
    return this.#skew;
  }

  /** The reading of its wall clock. */
  get wall(): Millis {
    return this.surroundings.now + this.#skew;
  }

  protected get machineNow(): Millis {
    return this.surroundings.now + this.#ahead;
  }

  get #lateness(): Millis {
    return this.#dice?.next() ?? 0;
  }

  #wakeUpAt(at: Millis): void {
    if (at >= this.#wakeAt) return;
    this.#wakeAt = at;
    const { life } = this;
    this.surroundings.schedule.at(at, () => {
      const isMeant = life === this.life && this.#wakeAt === at;
      if (isMeant && this.isAlive && this.#stoppedAt === undefined) this.#wakeUp();
    });
  }

  /** Sets the timer, which is always a little late. */
  #plan(): void {
    if (this.deadline === Infinity) return;
    this.#wakeUpAt(Math.max(this.deadline - this.#ahead, this.surroundings.now) + this.#lateness);
  }

  #wakeUp(): void {
    this.#wakeAt = Infinity;
    this.#watchForCircles();
    const machine = this.#machine!;
    const now = this.machineNow;
    const inputs = this.#waiting;
    this.#waiting = [];
    const outputs = inputs.flatMap((input) => machine.step(now, input));
    if (machine.deadline <= now) outputs.push(...machine.step(now, { type: "tick" }));
    this.#perform(outputs);
    this.#plan();
  }

  #watchForCircles(): void {
    const instant = Math.floor(this.surroundings.now);
    this.#wakeUps = instant === this.#lastInstant ? this.#wakeUps + 1 : 0;
    this.#lastInstant = instant;
    if (this.#wakeUps > MOST_WAKE_UPS_AN_INSTANT) throw new Error(`'${this.name}' turns in circles`);
  }

  // ---- what comes out ------------------------------------------------------------------------------------

  #perform(outputs: readonly Output[]): void {
    const deeds = inPasses(outputs);
    const dies = this.#dice?.happens(this.deadliness) ?? false;
    const dyingAt = dies ? this.#dice!.below(deeds.length + 1) : Infinity;
    for (const [at, deed] of deeds.entries()) {
      const parts = partsOf(deed);
      if (at === dyingAt || parts.some((output) => this.#diesBefore(output))) return this.#die("killed");
      this.#do(deed);
      if (!this.isAlive) return;
    }
    if (dyingAt === deeds.length) this.#die("killed");
  }

  #do(deed: Deed): void {
    switch (deed.type) {
      case "commitHistory":
        return this.history.commit(deed.memories);
      case "look": {
        const page = this.history.read(deed.query, deed.shownUntil);
        return this.noticed({ type: "historyRead", query: deed.query, page }, deed.ref);
      }
      case "commit":
        try {
          return this.disk.commit(deed.changes);
        } catch {
          return this.#die("disk");
        }
      case "transmit":
        return this.surroundings.network.send(this.address, deed.to, deed.bytes);
      case "notice":
        return this.noticed(deed.notice, deed.ref);
      case "exit":
        this.exitStatus = deed.status;
        return this.#die("exited");
    }
  }

  protected noticed(notice: Notice, ref: Ref | undefined): void {
    this.shows(() => render(notice, () => 0));
    this.onNotice(notice, ref);
  }

  protected shows(lines: () => Shown): void {
    this.#unread.push(lines);
  }

  // ---- what is seen of it --------------------------------------------------------------------------------

  /** The lines that have come since the last look: on the screen, on standard error, in the log. */
  looks(): string[] {
    return this.#take(() => true);
  }

  /** Exactly these lines have come since the last look. */
  sees(...lines: string[]): void {
    assertEquals(this.looks(), lines, `what '${this.name}' shows at ${this.surroundings.date}`);
  }

  /** Exactly these lines have come to standard error since the last look. */
  isTold(...lines: string[]): void {
    const told = this.#take((stream) => stream === "error");
    assertEquals(told, lines, `standard error of '${this.name}' at ${this.surroundings.date}`);
  }

  /** True if this line has come since the last look. */
  hasSeen(line: string): boolean {
    return this.#unread.some((each) => each().lines.includes(line));
  }

  hasEnded(status: number): void {
    assertEquals([this.isAlive, this.exitStatus], [false, status], `the end of '${this.name}'`);
  }

  #take(isMeant: (stream: Stream) => boolean): string[] {
    const all = this.#unread.map((each) => each());
    this.#unread = all.filter(({ stream }) => !isMeant(stream)).map((each) => () => each);
    return all.flatMap(({ stream, lines }) => stream !== "none" && isMeant(stream) ? lines : []);
  }

  /** How many records of this kind are on its disk. */
  keeps(kind: string): number {
    return this.disk.keys().filter((key) => key.startsWith(`${kind}/`)).length;
  }

  /** Its whole disk, but for how late it is, to be compared with what is there later. */
  get state(): string[] {
    return [...this.disk.read()].filter(([key]) => !CLOCK.matches(key)).map(([key, value]) =>
      `${key} ${value.toHex()}`
    );
  }
}

/** The outputs that a deed is made of. */
function partsOf(deed: Deed): readonly Output[] {
  if (deed.type === "commit") return deed.changes;
  if (deed.type === "commitHistory") return deed.memories.map((memory) => ({ type: "remember", memory }));
  return [deed];
}
