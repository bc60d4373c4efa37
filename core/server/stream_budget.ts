/**
 * The memory that the streams of all members share for what is under way. A body counts once, however many
 * members it goes to. A stream that has nothing under way may always send one entry, so everybody goes on, if
 * slowly. When there is no room, the stream that has waited longest for an acknowledgement gives way: members
 * who acknowledge nothing do not slow down those who do.
 */
import { STREAM_ENTRY_BYTES, STREAM_PATIENCE_MS, STREAMS_BYTES } from "../base/limits.ts";
import type { Millis } from "../base/units.ts";

/** A stream that has something under way. */
export interface Holder {
  /** Makes it give everything back. */
  close(): void;
}

export class StreamBudget {
  #left = STREAMS_BYTES;
  /** How many streams have each body under way. */
  readonly #shares = new Map<Uint8Array, number>();
  /** When each holder was last acknowledged something, or else began; the longest ago comes first. */
  readonly #holders = new Map<Holder, Millis>();

  /** The bytes that are taken. */
  get used(): number {
    return STREAMS_BYTES - this.#left;
  }

  /** Takes room for a body. False if there is none, and the holder has something under way already. */
  take(now: Millis, holder: Holder, body: Uint8Array): boolean {
    while (this.#costOf(body) > this.#left && this.#makeRoom(now, holder));
    const cost = this.#costOf(body);
    if (cost > this.#left && this.#holders.has(holder)) return false;
    this.#left -= cost;
    this.#shares.set(body, (this.#shares.get(body) ?? 0) + 1);
    if (!this.#holders.has(holder)) this.#holders.set(holder, now);
    return true;
  }

  /** Gives the room for a body back. */
  give(body: Uint8Array): void {
    const others = this.#shares.get(body)! - 1;
    if (others > 0) this.#shares.set(body, others);
    else this.#shares.delete(body);
    this.#left += this.#costOf(body);
  }

  /** The holder was acknowledged something. */
  progressed(now: Millis, holder: Holder): void {
    this.#holders.delete(holder);
    this.#holders.set(holder, now);
  }

  /** The holder has nothing under way any more. */
  leave(holder: Holder): void {
    this.#holders.delete(holder);
  }

  /** Makes the holder give way that has waited longest, if that is too long. False if there is none. */
  #makeRoom(now: Millis, holder: Holder): boolean {
    const [slowest, since] = this.#holders.entries().next().value ?? [];
    if (slowest === undefined || slowest === holder || since! + STREAM_PATIENCE_MS > now) return false;
    slowest.close();
    return true;
  }

  /** The cost of one more stream that has the body under way. */
  #costOf(body: Uint8Array): number {
    return STREAM_ENTRY_BYTES + (this.#shares.has(body) ? 0 : body.length);
  }
}
