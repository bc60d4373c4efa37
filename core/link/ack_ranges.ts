/**
 * Which packet numbers are still to be acknowledged: RFC 9000 section 13.2. A few runs of numbers; what came
 * before them is settled, one way or the other, and is not accepted any more.
 */
import { ACK_RANGES } from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import type { Ranges } from "../wire/frame.ts";

export class AckRanges {
  /**
   * low, high, low, high: ascending, and never touching, so that the usual packet, the next one, changes the
   * last element only. A flat list of small integers is the smallest form there is.
   */
  readonly #bounds: number[] = [];
  /** Section 13.2.3: a least packet number that rises as ranges are discarded; all at or below it is refused. */
  #forgotten = -1;
  #largest = -1;
  #largestAt: Millis = -Infinity;

  /** How many ranges there are. */
  get count(): number {
    return this.#bounds.length / 2;
  }

  /** The highest number that ever came, forgotten or not; -1 before the first. */
  get largest(): number {
    return this.#largest;
  }

  /** When the largest came, for the delay field (section 13.2.5); -Infinity before the first. */
  get largestAt(): Millis {
    return this.#largestAt;
  }

  /** Notes a received packet. False when it is known already, or older than what is remembered. */
  add(now: Millis, number: number): boolean {
    if (number <= this.#forgotten) return false;
    if (!this.#insert(number)) return false;
    if (number > this.#largest) {
      this.#largest = number;
      this.#largestAt = now;
    }
    if (this.#bounds.length > 2 * ACK_RANGES) this.#forgotten = this.#bounds.splice(0, 2)[1]!;
    return true;
  }

  /** Descending, at most `most` ranges: the newest tell the sender most (section 13.2.3). */
  ranges(most: number): Ranges {
    const ranges: [low: number, high: number][] = [];
    for (let at = this.#bounds.length - 2; at >= 0 && ranges.length < most; at -= 2) {
      ranges.push([this.#bounds[at]!, this.#bounds[at + 1]!]);
    }
    return ranges;
  }

  /**
   * An acknowledgement of ours up to `number` has been acknowledged: the sender knows of all at or below it
   * (section 13.2.4). A number that never came is taken for the largest: what is yet to come is not refused.
   */
  forgetUpTo(number: number): void {
    this.#forgotten = Math.max(this.#forgotten, Math.min(number, this.#largest));
    const bounds = this.#bounds;
    let settled = 0;
    while (settled < bounds.length && bounds[settled + 1]! <= this.#forgotten) settled += 2;
    bounds.splice(0, settled);
    if (bounds.length > 0) bounds[0] = Math.max(bounds[0]!, this.#forgotten + 1);
  }

  /** Looks from the newest end, where packets come: in order that is one step. False when it is known. */
  #insert(number: number): boolean {
    const bounds = this.#bounds;
    let at = bounds.length;
    while (at > 0 && bounds[at - 2]! > number) at -= 2;
    // The range before it ends at bounds[at - 1], the one behind it begins at bounds[at].
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
