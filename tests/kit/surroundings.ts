/**
 * The surroundings of a test's processes: a virtual clock, a network, chance, and primitives to compute with.
 */
import { assert } from "@std/assert";
import type { Primitives } from "../../core/base/crypto.ts";
import { dateAndTime } from "../../core/base/text.ts";
import type { Address, Millis, Random, Stopwatch } from "../../core/base/units.ts";
import { Dice } from "./dice.ts";
import { Network } from "./network.ts";
import { Schedule } from "./schedule.ts";

/** 2022-03-22 21:35:00 UTC. */
export const START: Millis = 1_647_984_900_000;

export const SERVER: Address = { host: "10.0.0.1", port: 9999 };

export class Surroundings {
  readonly schedule = new Schedule(START);
  readonly primitives: Primitives;
  readonly dice: Dice;
  readonly network: Network;
  readonly random: Random = (count) => this.dice.bytes(count);
  /** The time that everything takes that somebody measures. */
  workTakes: Millis = 1;
  /** Each reading is later by that, so two readings are it apart. */
  readonly stopwatch: Stopwatch = () => this.#worked += this.workTakes;
  #worked = 0;

  constructor(seed: number, primitives: Primitives) {
    this.primitives = primitives;
    this.dice = new Dice(seed);
    this.network = new Network(this.dice.fork(), this.schedule);
  }

  get now(): Millis {
    return this.schedule.now;
  }

  /** The instant as it stands in front of mail. */
  get date(): string {
    return dateAndTime(this.now);
  }

  runs(duration: Millis): void {
    this.schedule.runUntil(this.now + duration);
  }

  /** Runs until this is so. Returns how long that took. */
  runsUntil(isSo: () => boolean, atMost: Millis): Millis {
    const began = this.now;
    while (!isSo()) {
      this.runs(1);
      assert(this.now - began <= atMost, `not so within ${atMost} ms`);
    }
    return this.now - began;
  }
}
