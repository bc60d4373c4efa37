import { SAVE_LATER_MS } from "../base/limits.ts";
import type { Datagram, Millis } from "../base/units.ts";
import type { Output } from "../machine.ts";
import type { Notice } from "../notice.ts";

/** What to save, or nothing to forget it. */
type Value = (() => Uint8Array) | undefined;

/** A change that waits. */
interface Later {
  readonly value: Value;
  /** When it was first asked for, and last. */
  readonly since: Millis;
  readonly last: Millis;
  /** What was asked for before the wake-up of `last`, if anything was. */
  readonly before: { readonly value: Value } | undefined;
}

/**
 * What a step wants done, gathered while it runs. Changes that need not be durable before anything is shown
 * (a message was shown, a letter was collected) wait for company: one commit for many of them. They never share
 * a commit with the wake-up that asked for them: its notices come after its commit, and "shown" must not be
 * durable before the message was shown.
 */
export class Effects {
  readonly #keeps: boolean;
  #outputs: Output[] = [];
  readonly #later = new Map<string, Later>();
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
    this.#later.delete(key);
    this.#outputs.push({ type: "save", key, value: value() });
  }

  forget(key: string): void {
    if (!this.#keeps) return;
    this.#later.delete(key);
    this.#outputs.push({ type: "forget", key });
  }

  /** Like `forget`, and nothing of it is left on the disk. */
  destroy(key: string): void {
    if (!this.#keeps) return;
    this.#later.delete(key);
    this.#outputs.push({ type: "destroy", key });
  }

  /** Several of these for one key become one save, no later than the first of them: the value is asked for then. */
  saveLater(now: Millis, key: string, value: () => Uint8Array): void {
    const known = this.#later.get(key);
    const before = known !== undefined && known.last < now ? { value: known.value } : known?.before;
    this.#putLater(now, key, { value, since: known?.since ?? now, last: now, before });
  }

  forgetLater(now: Millis, key: string): void {
    this.#putLater(now, key, { value: undefined, since: now, last: now, before: undefined });
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
      for (const [key, later] of this.#later) {
        if (later.since >= now) continue;
        const before = later.last >= now ? later.before : undefined;
        const { value } = before ?? later;
        outputs.push(value === undefined ? { type: "forget", key } : { type: "save", key, value: value() });
        if (before !== undefined) this.#later.set(key, { ...later, since: now, before: undefined });
        else this.#later.delete(key);
      }
      this.#laterDue = this.#later.size === 0 ? Infinity : now + (this.exiting ? 1 : SAVE_LATER_MS);
    }
    for (const { to, bytes } of datagrams) outputs.push({ type: "transmit", to, bytes });
    if (this.#exitStatus !== undefined && this.#later.size === 0) {
      outputs.push({ type: "exit", status: this.#exitStatus });
    }
    return outputs;
  }

  #putLater(now: Millis, key: string, later: Later): void {
    if (!this.#keeps) return;
    this.#later.set(key, later);
    this.#laterDue = Math.min(this.#laterDue, now + SAVE_LATER_MS);
  }
}
