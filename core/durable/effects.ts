import { SAVE_LATER_MS } from "../base/limits.ts";
import type { Datagram, Millis } from "../base/units.ts";
import type { Change, Output, Records } from "../machine.ts";
import type { Notice } from "../notice.ts";
import { kindPrefixOf, type RecordKind } from "./records.ts";

/**
 * Stands between the parts of a machine and the world: they take from it the records that the last process left, and
 * it gathers what a step wants done.
 *
 * Changes that need not be durable before anything is shown (a message was shown, a letter was collected) wait for
 * company: one commit for many of them. They never share a commit with the wake-up that asked for them: its notices
 * come after its commit, and "shown" must not be durable before the message was shown.
 */
export class Effects {
  readonly #keeps: boolean;
  /** The records of the last process that no part has taken yet, by kind. */
  readonly #found: Map<string, (readonly [key: string, value: Uint8Array])[]>;
  #outputs: Output[] = [];
  /** Changes that wait, by key: those of earlier wake-ups, and those of the wake-up at `#asking`. */
  readonly #ripe = new Map<string, () => Change>();
  readonly #fresh = new Map<string, () => Change>();
  #asking: Millis = -Infinity;
  #laterDue: Millis = Infinity;
  #exitStatus: number | undefined;

  /** `keeps`: whether anything outlives the process; else no record is even made. */
  constructor(keeps: boolean, records: Records = []) {
    this.#keeps = keeps;
    this.#found = Map.groupBy(records, ([key]) => kindPrefixOf(key));
  }

  /** Hands the records of a kind to the one part that owns the kind; here they are not kept any longer. */
  takeFound(kind: RecordKind): Records {
    const found = this.#found.get(kind.prefix) ?? [];
    this.#found.delete(kind.prefix);
    return found;
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
    if (this.#keeps) this.#change({ type: "save", key, value: value() });
  }

  forget(key: string): void {
    this.#change({ type: "forget", key });
  }

  /** Like `forget`, and nothing of it is left on the disk. */
  destroy(key: string): void {
    this.#change({ type: "destroy", key });
  }

  /** Several of these for one key become one save, no later than the first of them: the value is asked for then. */
  saveLater(now: Millis, key: string, value: () => Uint8Array): void {
    this.#changeLater(now, key, () => ({ type: "save", key, value: value() }));
  }

  forgetLater(now: Millis, key: string): void {
    this.#changeLater(now, key, () => ({ type: "forget", key }));
    // What is about to be forgotten is not saved before.
    this.#ripe.delete(key);
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
      for (const change of this.#ripe.values()) outputs.push(change());
      this.#ripe.clear();
      this.#laterDue = this.#fresh.size === 0 ? Infinity : now + (this.exiting ? 1 : SAVE_LATER_MS);
    }
    for (const { to, bytes } of datagrams) outputs.push({ type: "transmit", to, bytes });
    if (this.#exitStatus !== undefined && this.#fresh.size === 0) {
      outputs.push({ type: "exit", status: this.#exitStatus });
    }
    return outputs;
  }

  /** A change at once takes the place of one that may wait. */
  #change(change: Change): void {
    if (!this.#keeps) return;
    this.#ripe.delete(change.key);
    this.#fresh.delete(change.key);
    this.#outputs.push(change);
  }

  #changeLater(now: Millis, key: string, change: () => Change): void {
    if (!this.#keeps) return;
    this.#ripen(now);
    this.#asking = now;
    this.#fresh.set(key, change);
    this.#laterDue = Math.min(this.#laterDue, now + SAVE_LATER_MS);
  }

  /** Changes that another wake-up than this one asked for are ripe. */
  #ripen(now: Millis): void {
    if (this.#asking === now) return;
    for (const [key, change] of this.#fresh) this.#ripe.set(key, change);
    this.#fresh.clear();
  }
}
