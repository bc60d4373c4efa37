/**
 * The receiving side of parcels (docs/protocol.md section 3). It puts parts together, and holds ordered
 * parcels until it is their turn. Its memory is bounded for each link and for the process.
 */
import { LINK_EARLY_BYTES, PARCEL_SPAN, UNFINISHED_BYTES, UNFINISHED_PARCELS } from "../base/limits.ts";
import type { PartFrame } from "../wire/frame.ts";

/** A part of the program that holds some of a budget. */
export interface Holder {
  /** How many bytes it holds. */
  readonly held: number;
  /** Makes it let go of everything. */
  lose(): void;
}

/**
 * The memory that all links of a process share for parcels that cannot be handed on yet. When it is used up,
 * the holder of most loses everything, so a few peers that send without end do not keep everybody else's long
 * messages out.
 */
export class Budget {
  #left = UNFINISHED_BYTES;
  readonly #holders = new Set<Holder>();

  /** Takes bytes for a holder. False if there is no room, and no other holder has more than this one. */
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

  /** The holder has nothing any more. */
  leave(holder: Holder): void {
    this.#holders.delete(holder);
  }

  /** Gives bytes back. */
  give(bytes: number): void {
    this.#left += bytes;
  }
}

/** A parcel of which some parts have come. */
interface Unfinished {
  readonly parts: (Uint8Array | undefined)[];
  /** How many parts have not come. */
  missing: number;
}

/** The memory that an entry takes beside its bytes, roughly: many tiny parts must not count as nothing. */
const ENTRY_BYTES = 64;

export class ParcelReceiver implements Holder {
  readonly #budget: Budget;
  // Most links are quiet, so the containers are made when they are needed, and dropped when they are empty.
  /** All unordered parcels up to this number have come, or will never come. */
  #unorderedUpTo = 0;
  /** The numbers of unordered parcels beyond it that have come. */
  #unorderedBeyond: Set<number> | undefined;
  #next = 1;
  /** Whole ordered parcels that wait for one before them. */
  #early: Map<number, Uint8Array> | undefined;
  /** Ordered parcels that lack parts. */
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

  /** Bytes of parcels that cannot be handed on yet. */
  get held(): number {
    return this.#held;
  }

  /** True if something is gone that was acknowledged to the peer: the packet space cannot go on. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** The budget is used up, and this link holds most of it. */
  lose(): void {
    this.clear();
    this.#isLost = true;
  }

  /** Takes an unordered parcel. Returns its verb, or an empty list if it came before. */
  receiveUnordered(number: number, verb: Uint8Array): Uint8Array[] {
    if (number <= this.#unorderedUpTo || this.#unorderedBeyond?.has(number)) return [];
    if (number > this.#unorderedUpTo + 1) {
      this.#unorderedBeyond ??= new Set();
      this.#unorderedBeyond.add(number);
    } else this.#unorderedUpTo = number;
    // The sender has nothing under way so far behind its newest number: a parcel there that has not come was
    // cancelled.
    this.#advance(number - PARCEL_SPAN);
    return [verb];
  }

  /** Takes all numbers up to `settledUpTo` for settled, and those that follow it without a gap. */
  #advance(settledUpTo: number): void {
    const beyond = this.#unorderedBeyond;
    if (beyond === undefined) return;
    const steps = settledUpTo - this.#unorderedUpTo;
    // Usually that is a step or two. After a leap the set holds fewer numbers than there are steps.
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
   * Takes a whole ordered parcel. Returns the verbs whose turn it is now; `undefined` if there is no room for
   * this one, and its packet must count as lost. A verb of length 0 was cancelled: it takes its turn and is
   * not handed on.
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

  /** Takes a part of an ordered parcel, and returns the same. */
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

  /** Lets go of all parcels that cannot be handed on yet. */
  clear(): void {
    this.#early = undefined;
    this.#unfinished = undefined;
    this.#give(this.#held);
  }

  /** Lets go of the parts of a parcel that is whole now, or cancelled. */
  #drop(number: number): void {
    const parcel = this.#unfinished?.get(number);
    if (parcel === undefined) return;
    for (const part of parcel.parts) if (part !== undefined) this.#give(part.length + ENTRY_BYTES);
    this.#unfinished!.delete(number);
    if (this.#unfinished!.size === 0) this.#unfinished = undefined;
  }

  /**
   * Takes memory for a parcel. The limit of the link does not hold for the next parcel in order: all others
   * wait for that one, so without room for it nothing would ever be handed on.
   */
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
