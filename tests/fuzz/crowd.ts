/**
 * Everything that goes on around a machine under fire: insiders, strangers, and whoever repeats what they
 * said.
 */
import type { Address } from "../../core/base/units.ts";
import { VERSION } from "../../core/base/version.ts";
import type { Dice } from "../kit/dice.ts";
import { anyBytes } from "./hostile.ts";
import type { Insider } from "./insider.ts";
import type { Subject } from "./subject.ts";

const STRANGERS = 5;
/** More handshakes at once than go without cookies. */
const STORM = 60;
/** Genuine datagrams kept to be replayed. */
const KEPT = 200;
/** Answers to answers, for one datagram. */
const ANSWERS = 20;

const strangerAt = (number: number): Address => ({ host: `10.66.0.${number}`, port: 6 });

export class Crowd {
  #subject: Subject;
  readonly #dice: Dice;
  readonly #insiders: readonly Insider[];
  /** Datagrams of insiders and to them. */
  readonly #genuine: Uint8Array[] = [Uint8Array.of(VERSION + 1 << 4)];

  /** Whoever is named more than once speaks more often. */
  constructor(dice: Dice, subject: Subject, insiders: readonly Insider[]) {
    this.#dice = dice;
    this.#insiders = insiders;
    this.#subject = subject;
    this.surround(subject);
  }

  /** From now on it is about this one: the machine in its next process. */
  surround(subject: Subject): void {
    this.#subject = subject;
    for (const { spoofed } of this.#insiders) subject.limit(spoofed, 3);
    for (let number = 0; number < STRANGERS; number++) subject.limit(strangerAt(number), 1);
  }

  /** One thing happens. */
  step(): void {
    const dice = this.#dice;
    const subject = this.#subject;
    const kind = dice.next();
    if (kind < 0.7) {
      const { from, bytes } = dice.pick(this.#insiders).speak(subject.now);
      this.#keep(bytes);
      subject.inject(from, bytes);
    } else if (kind < 0.75) subject.inject(strangerAt(dice.below(STRANGERS)), this.#old());
    else if (kind < 0.78) subject.inject(dice.pick(this.#insiders).address, this.#old());
    else if (kind < 0.782) this.#storm();
    else if (kind < 0.98) subject.advance(dice.below(dice.pick([2, 10, 100, 700])));
    else subject.advance(dice.below(dice.pick([5_000, 40_000])));
    this.deliver();
  }

  #storm(): void {
    const insider = this.#dice.pick(this.#insiders);
    for (const bytes of insider.storm(this.#subject.now, STORM)) {
      this.#keep(bytes);
      this.#subject.inject(insider.address, bytes);
    }
  }

  /** Something that was said before, or nearly; or anything. */
  #old(): Uint8Array {
    const dice = this.#dice;
    return dice.happens(0.6) ? dice.pick(this.#genuine) : anyBytes(dice, this.#genuine);
  }

  /** What the subject has sent reaches the insiders, and their answers reach it. */
  deliver(): void {
    for (let answers = 0; answers < ANSWERS;) {
      const left = this.#subject.takeLeft();
      if (left.length === 0) return;
      for (const { to, bytes } of left) {
        this.#keep(bytes);
        for (const insider of new Set(this.#insiders)) {
          const answer = insider.hear(this.#subject.now, to, bytes);
          if (answer === undefined) continue;
          answers++;
          this.#keep(answer);
          this.#subject.inject(to, answer);
        }
      }
    }
  }

  #keep(bytes: Uint8Array): void {
    if (this.#genuine.length < KEPT) this.#genuine.push(bytes);
    else this.#genuine[this.#dice.below(KEPT)] = bytes;
  }
}
