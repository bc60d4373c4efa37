/** The receiving side of parcels: parts put together, ordered ones held until it is their turn, all of it bounded. */
import { LINK_EARLY_BYTES, PARCEL_SPAN, UNFINISHED_BYTES, UNFINISHED_PARCELS } from "../base/limits.ts";
import type { PartFrame } from "../wire/frame.ts";

/** Whoever holds some of a budget. */
export interface Holder {
  /** How much. */
  readonly held: number;
  /** It has to let go of everything. */
  lose(): void;
}

/**
 * What all links of a process hold of parcels that they cannot hand on yet. When there is no more room, whoever holds
 * most loses it, so that a few who send without end do not keep everybody else's long messages out.
 */
export class Budget {
  #left = UNFINISHED_BYTES;
  readonly #holders = new Set<Holder>();

  /** False when there is no room, and nobody holds more than this one. */
  take(bytes: number, holder: Holder): boolean {
    while (bytes > this.#left) {
      let most = holder;
      for (const other of this.#holders) if (other.held > most.held) most = other;
      if (most === holder) return false;
      most.lose();
    }
    this.#left -= bytes;
    this.#holders.add(holder);
    return true;
  }

  /** It holds nothing any more. */
  leave(holder: Holder): void {
    this.#holders.delete(holder);
  }

  give(bytes: number): void {
    this.#left += bytes;
  }
}

interface Unfinished {
  readonly parts: (Uint8Array | undefined)[];
  missing: number;
}

/** What an entry takes beside its bytes. */
const ENTRY_BYTES = 64;

export class ParcelReceiver implements Holder {
  readonly #budget: Budget;
  /** Unordered parcels: all up to here have come, and these beyond. Made when needed: most links are quiet. */
  #unorderedUpTo = 0;
  #unorderedBeyond: Set<number> | undefined;
  #next = 1;
  /** Whole ones that wait for those before them, and such as lack parts. */
  #early: Map<number, Uint8Array> | undefined;
  #unfinished: Map<number, Unfinished> | undefined;
  #held = 0;
  #isLost = false;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** The number of the next ordered parcel to hand on. */
  get next(): number {
    return this.#next;
  }

  /** Bytes of what cannot be handed on yet. */
  get held(): number {
    return this.#held;
  }

  /** Whether something is gone that the peer takes for received: the conversation cannot go on. */
  get isLost(): boolean {
    return this.#isLost;
  }

  lose(): void {
    this.clear();
    this.#isLost = true;
  }

  /** Returns the verb, or nothing when it has come before. */
  receiveUnordered(number: number, verb: Uint8Array): Uint8Array[] {
    if (number <= this.#unorderedUpTo || this.#unorderedBeyond?.has(number)) return [];
    if (number > this.#unorderedUpTo + 1) {
      this.#unorderedBeyond ??= new Set();
      this.#unorderedBeyond.add(number);
    } else this.#unorderedUpTo = number;
    // So far behind the newest nothing is under way: what has not come was cancelled.
    this.#advance(number - PARCEL_SPAN);
    return [verb];
  }

  #advance(settledUpTo: number): void {
    const beyond = this.#unorderedBeyond;
    if (beyond === undefined) return;
    const steps = settledUpTo - this.#unorderedUpTo;
    // Usually a step or two; after a leap there are fewer numbers to look through than there are steps.
    if (steps > PARCEL_SPAN) {
      for (const number of beyond) {
        if (number <= settledUpTo) beyond.delete(number);
      }
    } else for (let step = 1; step <= steps; step++) beyond.delete(this.#unorderedUpTo + step);
    this.#unorderedUpTo = Math.max(this.#unorderedUpTo, settledUpTo);
    while (beyond.delete(this.#unorderedUpTo + 1)) this.#unorderedUpTo++;
    if (beyond.size === 0) this.#unorderedBeyond = undefined;
  }

  /**
   * Returns the verbs that can be handed on now; `undefined` when there is no room for this one, and the packet
   * must count as lost.
   */
  receiveOrdered(number: number, verb: Uint8Array): Uint8Array[] | undefined {
    if (number < this.#next || this.#early?.has(number)) return [];
    if (number - this.#next >= PARCEL_SPAN) return undefined;
    if (number > this.#next && !this.#take(number, verb.length)) return undefined;
    this.#drop(number);
    if (number > this.#next) {
      this.#early ??= new Map();
      this.#early.set(number, verb.slice());
      return [];
    }
    const verbs = [verb];
    this.#next++;
    for (let next; (next = this.#early?.get(this.#next)) !== undefined; this.#next++) {
      this.#early!.delete(this.#next);
      this.#give(next.length + ENTRY_BYTES);
      verbs.push(next);
    }
    if (this.#early?.size === 0) this.#early = undefined;
    return verbs.filter(({ length }) => length > 0);
  }

  /** The same for a part of one. */
  receivePart({ number, index, parts, bytes }: PartFrame): Uint8Array[] | undefined {
    if (number < this.#next || this.#early?.has(number)) return [];
    if (number - this.#next >= PARCEL_SPAN) return undefined;
    const unfinished = this.#unfinished ??= new Map<number, Unfinished>();
    const known = unfinished.get(number);
    if (known === undefined && unfinished.size >= UNFINISHED_PARCELS) return undefined;
    const parcel = known ?? { parts: Array<Uint8Array | undefined>(parts).fill(undefined), missing: parts };
    if (index >= parcel.parts.length || parcel.parts[index] !== undefined) return [];
    if (!this.#take(number, bytes.length)) return undefined;
    unfinished.set(number, parcel);
    parcel.parts[index] = bytes.slice();
    if (--parcel.missing > 0) return [];
    this.#drop(number);
    return this.receiveOrdered(number, join(parcel.parts as Uint8Array[]));
  }

  /** Lets go of everything. */
  clear(): void {
    this.#early = undefined;
    this.#unfinished = undefined;
    this.#give(this.#held);
  }

  #drop(number: number): void {
    const parcel = this.#unfinished?.get(number);
    if (parcel === undefined) return;
    for (const part of parcel.parts) if (part !== undefined) this.#give(part.length + ENTRY_BYTES);
    this.#unfinished!.delete(number);
    if (this.#unfinished!.size === 0) this.#unfinished = undefined;
  }

  /** What everything else waits for always finds room beside it. */
  #take(number: number, bytes: number): boolean {
    if (number > this.#next && this.#held + bytes > LINK_EARLY_BYTES) return false;
    if (this.#isLost || !this.#budget.take(bytes + ENTRY_BYTES, this)) return false;
    this.#held += bytes + ENTRY_BYTES;
    return true;
  }

  #give(bytes: number): void {
    this.#budget.give(bytes);
    this.#held -= bytes;
    if (this.#held === 0) this.#budget.leave(this);
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
