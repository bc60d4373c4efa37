import { SAVE_LATER_MS } from "../base/limits.ts";
import type { Datagram, Millis } from "../base/units.ts";
import type { Change, HistoryQuery, Memory, Output, Records, Ref } from "../machine.ts";
import { memoryName } from "../history.ts";
import type { Notice } from "../notice.ts";
import { kindPrefixOf, type RecordKind } from "./records.ts";

/**
 * Stands between the parts of a machine and the world. The parts take from it the records that the last
 * process left, and it gathers the outputs of a step.
 *
 * Some changes need not be durable before anything is shown: that a message was shown, that its receipt has
 * come, how far a member has read. They wait for company: they join the next commit that others ask for, and
 * make one of their own only if none comes for a while. They never share a commit with the wake-up that asked
 * for them, because its notices come after its commit, and "shown" must not be durable before the message was
 * shown (docs/architecture.md, section 7).
 */
export class Effects {
  /** False if nothing outlives the process: then no record is even encoded. */
  readonly keeps: boolean;
  /** The records of the last process that no part has taken yet, by kind. */
  readonly #found: Map<string, (readonly [key: string, value: Uint8Array])[]>;
  #outputs: Output[] = [];
  /** True if one of these outputs is a change: the wake-up has a commit. */
  #commits = false;
  /**
   * The changes that wait, by key of the record. Those that earlier wake-ups asked for are ripe. The fresh
   * ones are of the wake-up at `#asking`: all steps of a wake-up have the same instant.
   */
  #ripe = new Map<string, () => Change>();
  #fresh = new Map<string, () => Change>();
  #asking: Millis = -Infinity;
  /** When the changes that wait leave for the disk. */
  #laterDue: Millis = Infinity;
  /** The entries that are to be remembered, in the same two kinds. The last version of an entry counts. */
  #ripeMemories = new Map<string, Memory>();
  #freshMemories = new Map<string, Memory>();
  /** True if a record is forgotten in this step, and with it what it may have said. */
  #forgets = false;
  #exitStatus: number | undefined;
  /** The name of the action that is being carried out. */
  #ref: Ref | undefined;

  /** `keeps` is true if records outlive the process. */
  constructor(keeps: boolean, records: Records = []) {
    this.keeps = keeps;
    this.#found = Map.groupBy(records, ([key]) => kindPrefixOf(key));
  }

  /**
   * Hands over the records of a kind to the one part that owns the kind. They are not kept here any longer.
   */
  takeFound(kind: RecordKind): Records {
    const found = this.#found.get(kind.prefix) ?? [];
    this.#found.delete(kind.prefix);
    return found;
  }

  /** At once (-Infinity) if outputs wait to be taken: a constructor asks for some before the first step. */
  get deadline(): Millis {
    return this.#outputs.length > 0 ? -Infinity : this.#laterDue;
  }

  /** True if the process is about to end. */
  get exiting(): boolean {
    return this.#exitStatus !== undefined;
  }

  /** Saves a record in this wake-up's commit. */
  save(key: string, value: () => Uint8Array): void {
    if (this.keeps) this.#change({ type: "save", key, value: value() });
  }

  forget(key: string): void {
    this.#forgets = true;
    this.#change({ type: "forget", key });
  }

  /** Like `forget`, but no trace of the record is left on disk. */
  destroy(key: string): void {
    this.#change({ type: "destroy", key });
  }

  /**
   * Saves a record with a later commit. Several calls for one key make one save, and `value` is called only
   * then. None of them waits longer than `SAVE_LATER_MS` after the first.
   */
  saveLater(now: Millis, key: string, value: () => Uint8Array): void {
    this.#changeLater(now, key, () => ({ type: "save", key, value: value() }));
  }

  forgetLater(now: Millis, key: string): void {
    this.#changeLater(now, key, () => ({ type: "forget", key }));
    // A save of this record that waits is of no use any more.
    this.#ripe.delete(key);
  }

  /**
   * Puts something into the history with a later commit, but before any record is forgotten. It is on disk in
   * some record until then, because the next process remembers it again from there.
   */
  remember(now: Millis, memory: Memory): void {
    if (!this.keeps) return;
    this.#wait(now);
    this.#freshMemories.set(memoryName(memory), memory);
  }

  /** Looks something up in the history, as an answer to the action that is being carried out. */
  look(query: HistoryQuery, shownUntil: number): void {
    // The last messages are to be found, too.
    this.#forgets = true;
    this.#commits = true;
    const look = { type: "look", query, shownUntil } as const;
    this.#outputs.push(this.#ref === undefined ? look : { ...look, ref: this.#ref });
  }

  /** Tells something, as an answer to the action with this name, or to the one that is being carried out. */
  notice(notice: Notice, ref = this.#ref): void {
    this.#outputs.push(ref === undefined ? { type: "notice", notice } : { type: "notice", notice, ref });
  }

  /** The name of the action that is being carried out. */
  get ref(): Ref | undefined {
    return this.#ref;
  }

  /** Carries out an action: what is told meanwhile answers it. */
  answering(ref: Ref | undefined, act: () => void): void {
    const outer = this.#ref;
    this.#ref = ref;
    act();
    this.#ref = outer;
  }

  /** Ends the process once every change is durable. The first status counts. */
  exit(status: number): void {
    this.#exitStatus ??= status;
  }

  /** Takes everything that is to be done now, with the datagrams that leave in this step. */
  takeOutputs(now: Millis, datagrams: readonly Datagram[]): Output[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    if (this.#commits || this.#laterDue <= now || this.exiting) {
      this.#ripen(now);
      for (const change of this.#ripe.values()) outputs.push(change());
      // A map that is cleared keeps what comes after it in memory (base/renewed_map.ts).
      this.#ripe = new Map();
      this.#takeMemories(outputs);
      // An exit waits for no company. Fresh changes still wait for the next wake-up, because the notices of
      // this one have to come before them.
      this.#laterDue = this.#hasFresh ? now + (this.exiting ? 1 : SAVE_LATER_MS) : Infinity;
    }
    this.#commits = this.#forgets = false;
    for (const { to, bytes } of datagrams) outputs.push({ type: "transmit", to, bytes });
    if (this.#exitStatus !== undefined && !this.#hasFresh) {
      outputs.push({ type: "exit", status: this.#exitStatus });
    }
    return outputs;
  }

  /** Asks for a change at once, in the place of one of the same record that waits. */
  #change(change: Change): void {
    if (!this.keeps) return;
    this.#ripe.delete(change.key);
    this.#fresh.delete(change.key);
    this.#outputs.push(change);
    this.#commits = true;
  }

  #changeLater(now: Millis, key: string, change: () => Change): void {
    if (!this.keeps) return;
    this.#wait(now);
    this.#fresh.set(key, change);
  }

  /** Something is to wait for company. */
  #wait(now: Millis): void {
    this.#ripen(now);
    this.#asking = now;
    this.#laterDue = Math.min(this.#laterDue, now + SAVE_LATER_MS);
  }

  get #hasFresh(): boolean {
    return this.#fresh.size + this.#freshMemories.size > 0;
  }

  /** Ripe entries go into the history; where records are forgotten, all of them do. */
  #takeMemories(outputs: Output[]): void {
    if (this.#forgets) this.#ripenMemories();
    for (const memory of this.#ripeMemories.values()) outputs.push({ type: "remember", memory });
    this.#ripeMemories = new Map();
  }

  #ripenMemories(): void {
    for (const [name, memory] of this.#freshMemories) this.#ripeMemories.set(name, memory);
    this.#freshMemories = new Map();
  }

  /** Makes those changes ripe that another wake-up than this one asked for. */
  #ripen(now: Millis): void {
    if (this.#asking === now) return;
    for (const [key, change] of this.#fresh) this.#ripe.set(key, change);
    this.#fresh = new Map();
    this.#ripenMemories();
  }
}
