/**
 * The packet numbers that were received and are to be acknowledged (RFC 9000 section 13.2), as a short list
 * of ranges. Older numbers are settled: a packet that carries one is refused.
 */
import { ACK_RANGES } from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import type { Ranges } from "../wire/frame.ts";

export class AckRanges {
  /**
   * The ranges as one ascending list: low, high, low, high. Ranges never touch, so the usual packet, the next
   * one, changes the last element only. A flat list of small integers takes the least memory.
   */
  readonly #bounds: number[] = [];
  /**
   * Every number up to this one is refused. It rises as ranges are discarded, so no packet is accepted twice
   * (section 13.2.3).
   */
  #forgotten = -1;
  #largest = -1;
  #largestAt: Millis = -Infinity;

  get count(): number {
    return this.#bounds.length / 2;
  }

  /** The highest number that ever came, discarded or not; -1 before the first. */
  get largest(): number {
    return this.#largest;
  }

  /** When the largest came, for the delay field (section 13.2.5); -Infinity before the first. */
  get largestAt(): Millis {
    return this.#largestAt;
  }

  /** Notes a received packet. False for a number that came before, or is older than the list goes back. */
  add(now: Millis, number: number): boolean {
    if (number <= this.#forgotten) return false;
    if (!this.#insert(number)) return false;
    if (number > this.#largest) {
      this.#largest = number;
      this.#largestAt = now;
    }
    // The list is full: the oldest range is discarded.
    if (this.#bounds.length > 2 * ACK_RANGES) this.#forgotten = this.#bounds.splice(0, 2)[1]!;
    return true;
  }

  /** The highest `most` ranges, descending: the newest ones tell the sender most (section 13.2.3). */
  ranges(most: number): Ranges {
    const ranges: [low: number, high: number][] = [];
    for (let at = this.#bounds.length - 2; at >= 0 && ranges.length < most; at -= 2) {
      ranges.push([this.#bounds[at]!, this.#bounds[at + 1]!]);
    }
    return ranges;
  }

  /**
   * The peer has received our acknowledgement up to `number`, so these ranges need not be sent again
   * (section 13.2.4). A number that never came is taken for the largest, or packets that are yet to come
   * would be refused.
   */
  forgetUpTo(number: number): void {
    this.#forgotten = Math.max(this.#forgotten, Math.min(number, this.#largest));
    const bounds = this.#bounds;
    let settled = 0;
    while (settled < bounds.length && bounds[settled + 1]! <= this.#forgotten) settled += 2;
    bounds.splice(0, settled);
    if (bounds.length > 0) bounds[0] = Math.max(bounds[0]!, this.#forgotten + 1);
  }

  /**
   * Searches from the newest end, where a packet in order takes one step. False for a number that is known,
   * or lies below all ranges of a full list.
   */
  #insert(number: number): boolean {
    const bounds = this.#bounds;
    let at = bounds.length;
    while (at > 0 && bounds[at - 2]! > number) at -= 2;
    // The range before `number` ends at bounds[at - 1], the one behind it begins at bounds[at].
    if (at > 0 && number <= bounds[at - 1]!) return false;
    const joinsBefore = at > 0 && bounds[at - 1] === number - 1;
    const joinsBehind = bounds[at] === number + 1;
    if (joinsBefore && joinsBehind) bounds.splice(at - 1, 2);
    else if (joinsBefore) bounds[at - 1] = number;
    else if (joinsBehind) bounds[at] = number;
    else if (at === 0 && bounds.length === 2 * ACK_RANGES) return false;
    else bounds.splice(at, 0, number, number);
    return true;
  }
}
