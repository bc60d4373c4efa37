/**
 * Lines that one sender brings to the screen faster than anybody reads are folded: the first lines are shown,
 * then one that counts the rest, once the flood pauses or every few seconds. Messages that are folded are
 * kept for the next start (`journal.ts`). Only a person's terminal folds: a pipe gets every line.
 */
import {
  FLOOD_LINE_CHARACTERS,
  FLOOD_LINES_BURST,
  FLOOD_LINES_PER_SECOND,
  FLOOD_MESSAGE_LINES,
  FLOOD_PAUSE_MS,
  FLOOD_SENDERS,
  FLOOD_TOLD_MS,
} from "../base/limits.ts";
import { Rates } from "../base/rate.ts";
import { Timers } from "../base/timers.ts";
import type { Millis } from "../base/units.ts";
import type { Effects } from "../durable/effects.ts";
import { type Nick, type NickKey, nickKey } from "../messages/nick.ts";
import type { Notice } from "../notice.ts";

/** A sender's folded messages that the user has not been told of. */
interface Folded {
  readonly from: Nick;
  readonly since: Millis;
  count: number;
}

export class Floods {
  readonly #effects: Effects;
  #folds: boolean;
  readonly #rates = new Rates(FLOOD_LINES_PER_SECOND, FLOOD_LINES_BURST);
  /** The floods that go on, by sender, the oldest first. */
  readonly #folded = new Map<NickKey, Folded>();
  /** When each is told. */
  readonly #timers = new Timers<NickKey>();

  /** `folds` is true if a person at a terminal sees what is shown. */
  constructor(effects: Effects, folds: boolean) {
    this.#effects = effects;
    this.#folds = folds;
  }

  get deadline(): Millis {
    return this.#timers.deadline;
  }

  /** A person has come to a screen, or nobody is at any screen any more. */
  attend(folds: boolean): void {
    this.tellAll();
    this.#folds = folds;
  }

  /** Shows what a sender brings, or counts it. */
  show(now: Millis, from: Nick, notice: Notice): void {
    if (!this.folds(now, from, "")) this.#effects.notice(notice);
  }

  /** Counts what a sender brings, and returns true, if it is too much to be shown. */
  folds(now: Millis, from: Nick, text: string): boolean {
    if (!this.#folds) return false;
    const name = nickKey(from);
    const rate = this.#rates.of(name);
    const isTooMuch = this.#folded.has(name) || !rate.has(now);
    if (isTooMuch) this.#fold(now, name, from);
    else rate.spend(linesOf(text));
    return isTooMuch;
  }

  /** Tells of the floods that have paused, or that go on for long. */
  runTimers(now: Millis): void {
    for (let name; (name = this.#timers.next(now)) !== undefined;) this.#tell(name);
  }

  /** Tells of all of them: the client is about to end. */
  tellAll(): void {
    for (const name of [...this.#folded.keys()]) this.#tell(name);
  }

  #fold(now: Millis, name: NickKey, from: Nick): void {
    let folded = this.#folded.get(name);
    if (folded === undefined) {
      if (this.#folded.size >= FLOOD_SENDERS) this.#tell(this.#folded.keys().next().value!);
      this.#folded.set(name, folded = { from, since: now, count: 0 });
    }
    folded.count++;
    this.#timers.set(name, Math.min(now + FLOOD_PAUSE_MS, folded.since + FLOOD_TOLD_MS));
  }

  #tell(name: NickKey): void {
    const { from, count } = this.#folded.get(name)!;
    this.#effects.notice({ type: "folded", from, count });
    this.#folded.delete(name);
    this.#timers.clear(name);
  }
}

/** The lines of a terminal that a text counts as. */
function linesOf(text: string): number {
  const lines = Math.max(1, text.split("\n").length, Math.ceil(text.length / FLOOD_LINE_CHARACTERS));
  return Math.min(lines, FLOOD_MESSAGE_LINES);
}
