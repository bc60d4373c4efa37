import { SAVE_LATER_MS } from "../base/limits.ts";
import type { Datagram, Millis } from "../base/units.ts";
import type { Output } from "../machine.ts";
import type { Notice } from "../notice.ts";

/** What to save under a key, or nothing to forget it. */
type Change = (() => Uint8Array) | undefined;

/**
 * What a step wants done, gathered while it runs. Changes that need not be durable before anything is shown
 * (a message was shown, a letter was collected) wait for company: one commit for many of them. They never share
 * a commit with the wake-up that asked for them: its notices come after its commit, and "shown" must not be
 * durable before the message was shown.
 */
export class Effects {
  readonly #keeps: boolean;
  #outputs: Output[] = [];
  /** Changes that wait, by key: of earlier wake-ups, and of the wake-up at `#asking`. */
  readonly #ripe = new Map<string, Change>();
  readonly #fresh = new Map<string, Change>();
  #asking: Millis = -Infinity;
  #laterDue: Millis = Infinity;
  #exitStatus: number | undefined;

  /** `keeps`: whether anything outlives the process; else no record is even made. */
  constructor(keeps: boolean) {
    this.#keeps = keeps;
  }

  /** At once while something waits to be taken: what was asked for before the first step. */
  get deadline(): Millis {
    return this.#outputs.length > 0 ? -Infinity : this.#laterDue;
  }

  /** Whether the process is about to end. */
  get exiting(): boolean {
    return this.#exitStatus !== undefined;
  }

  save(key: string, value: () => Uint8Array): void {
    if (!this.#keeps) return;
    this.#drop(key);
    this.#outputs.push({ type: "save", key, value: value() });
  }

  forget(key: string): void {
    if (!this.#keeps) return;
    this.#drop(key);
    this.#outputs.push({ type: "forget", key });
  }

  /** Like `forget`, and nothing of it is left on the disk. */
  destroy(key: string): void {
    if (!this.#keeps) return;
    this.#drop(key);
    this.#outputs.push({ type: "destroy", key });
  }

  /** Several of these for one key become one save, no later than the first of them: the value is asked for then. */
  saveLater(now: Millis, key: string, value: () => Uint8Array): void {
    this.#later(now, key, value);
  }

  forgetLater(now: Millis, key: string): void {
    this.#later(now, key, undefined);
  }

  notice(notice: Notice): void {
    this.#outputs.push({ type: "notice", notice });
  }

  /** Ends the process once everything is durable; the first status counts. */
  exit(status: number): void {
    this.#exitStatus ??= status;
  }

  /** All that is to be done now. */
  takeOutputs(now: Millis, datagrams: readonly Datagram[]): Output[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    if (this.#laterDue <= now || this.exiting) {
      this.#ripen(now);
      for (const [key, value] of this.#ripe) {
        outputs.push(value === undefined ? { type: "forget", key } : { type: "save", key, value: value() });
      }
      this.#ripe.clear();
      this.#laterDue = this.#fresh.size === 0 ? Infinity : now + (this.exiting ? 1 : SAVE_LATER_MS);
    }
    for (const { to, bytes } of datagrams) outputs.push({ type: "transmit", to, bytes });
    if (this.#exitStatus !== undefined && this.#fresh.size === 0) {
      outputs.push({ type: "exit", status: this.#exitStatus });
    }
    return outputs;
  }

  #later(now: Millis, key: string, change: Change): void {
    if (!this.#keeps) return;
    this.#ripen(now);
    this.#asking = now;
    // To save what is about to be forgotten is of no use.
    if (change === undefined) this.#ripe.delete(key);
    this.#fresh.set(key, change);
    this.#laterDue = Math.min(this.#laterDue, now + SAVE_LATER_MS);
  }

  /** The changes of another wake-up than this one are ripe. */
  #ripen(now: Millis): void {
    if (this.#asking === now) return;
    for (const [key, change] of this.#fresh) this.#ripe.set(key, change);
    this.#fresh.clear();
  }

  /** What is wanted at once takes the place of what may wait. */
  #drop(key: string): void {
    this.#ripe.delete(key);
    this.#fresh.delete(key);
  }
}
