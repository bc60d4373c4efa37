/**
 * A machine under fire: every step is looked at. It must not throw, spin, or send much to where nobody has
 * proved to be.
 */
import { assert, assertGreater, assertLessOrEqual } from "@std/assert";
import type { Action } from "../../core/action.ts";
import { addressKey } from "../../core/base/address.ts";
import { utf8Length } from "../../core/base/bytes.ts";
import { DATAGRAM_BYTES } from "../../core/base/limits.ts";
import type { Address, Datagram, Millis } from "../../core/base/units.ts";
import type { Change, Input, Machine, Output, Records } from "../../core/machine.ts";
import type { Notice } from "../../core/notice.ts";
import { inPasses } from "../../core/passes.ts";
import { opened } from "../kit/sent.ts";
import type { Note } from "./target.ts";

/** More ticks than this at one instant, or for one stretch of time, and the machine is busy with nothing. */
const TICKS_AT_ONCE = 100;
const TICKS_IN_ALL = 200_000;

/** A record takes this much beside what it was made of; and this many times what came may be saved of it. */
const SAVED_BYTES_AT_FIRST = 4096;
const SAVED_TIMES_RECEIVED = 32;

export class Subject {
  now: Millis;
  /** What has left since the last `takeLeft`. */
  #left: Datagram[] = [];
  readonly records = new Map<string, Uint8Array>();
  readonly notices: Notice[] = [];
  exited = false;
  readonly #machine: Machine;
  readonly #note: Note;
  readonly #watch: (output: Output) => void;
  /** How many times the bytes that came from an address may be sent there; without one: any number. */
  readonly #limits = new Map<string, { times: number; bytesIn: number; bytesOut: number }>();
  #bytesIn = 0;
  #savedBytes = 0;

  /**
   * `watch` is told of all that the machine wants done, before that is done; `records` are those with which
   * the machine begins.
   */
  constructor(
    now: Millis,
    machine: Machine,
    note: Note,
    watch: (output: Output) => void = () => {},
    records: Records = [],
  ) {
    this.now = now;
    this.#machine = machine;
    this.#note = note;
    this.#watch = watch;
    this.#commit(Array.from(records, ([key, value]) => ({ type: "save", key, value })));
    this.#bytesIn += this.#savedBytes;
    this.#step({ type: "tick" });
  }

  /** Nobody proves to be at this address: it gets at most so many times what comes from it. */
  limit(address: Address, times: number): void {
    this.#limits.set(addressKey(address), { times, bytesIn: 0, bytesOut: 0 });
  }

  takeLeft(): Datagram[] {
    const left = this.#left;
    this.#left = [];
    return left;
  }

  inject(from: Address, bytes: Uint8Array): void {
    this.#note(bytes);
    this.#bytesIn += bytes.length;
    const limit = this.#limits.get(addressKey(from));
    if (limit !== undefined) limit.bytesIn += bytes.length;
    this.#step({ type: "datagram", from, bytes });
  }

  act(action: Action): void {
    if ("text" in action) this.#bytesIn += utf8Length(action.text);
    this.#step({ type: "action", action });
  }

  /** Lets time go by, from deadline to deadline. */
  advance(ms: Millis): void {
    const end = this.now + ms;
    for (let ticks = 0; this.#machine.deadline <= end && !this.exited; ticks++) {
      assertLessOrEqual(ticks, TICKS_IN_ALL, "a machine ticks without end");
      this.now = Math.max(this.now, this.#machine.deadline);
      this.#step({ type: "tick" });
    }
    this.now = end;
  }

  #step(input: Input): void {
    if (this.exited) return;
    this.#perform(this.#machine.step(this.now, input));
    for (let ticks = 0; this.#machine.deadline <= this.now && !this.exited; ticks++) {
      assertLessOrEqual(ticks, TICKS_AT_ONCE, "the deadline does not move on");
      this.#perform(this.#machine.step(this.now, { type: "tick" }));
    }
    if (this.exited) return;
    assertGreater(this.#machine.deadline, this.now, "the deadline is no instant");
    const mostSaved = SAVED_BYTES_AT_FIRST + SAVED_TIMES_RECEIVED * this.#bytesIn;
    assertLessOrEqual(this.#savedBytes, mostSaved, "more and more is saved");
  }

  #perform(outputs: readonly Output[]): void {
    for (const output of outputs) this.#watch(output);
    for (const deed of inPasses(outputs)) {
      switch (deed.type) {
        case "commit":
          this.#commit(deed.changes);
          break;
        case "transmit":
          this.#transmit(deed);
          break;
        case "notice":
          this.notices.push(deed.notice);
          break;
        case "exit":
          this.exited = true;
      }
    }
  }

  #commit(changes: readonly Change[]): void {
    for (const change of changes) {
      this.#forget(change.key);
      if (change.type !== "save") continue;
      this.records.set(change.key, change.value);
      this.#savedBytes += change.key.length + change.value.length;
    }
  }

  #forget(key: string): void {
    const former = this.records.get(key);
    if (former !== undefined) this.#savedBytes -= key.length + former.length;
    this.records.delete(key);
  }

  #transmit({ to, bytes }: Datagram): void {
    assertLessOrEqual(bytes.length, DATAGRAM_BYTES);
    assert(to.host !== "" && to.port > 0 && to.port < 65_536, `${addressKey(to)} is nobody's address`);
    // It throws when a packet or what is in it means nothing.
    const { packet } = opened(to, bytes);
    this.#left.push({ to, bytes });
    const limit = this.#limits.get(addressKey(to));
    if (limit === undefined) return;
    limit.bytesOut += bytes.length;
    const { times, bytesIn, bytesOut } = limit;
    const last = `the last ${bytes.length} are of type ${packet.type}`;
    assert(bytesOut <= times * bytesIn, `${bytesOut} bytes out to ${addressKey(to)}, ${bytesIn} in, ${last}`);
  }
}
