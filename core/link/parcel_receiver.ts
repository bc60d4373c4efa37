/**
 * The receiving side of parcels (docs/protocol.md section 3). It puts parts together, and holds ordered
 * parcels until it is their turn. Its memory is bounded for each link and for the process.
 */
import { Largest } from "../base/largest.ts";
import {
  LINK_EARLY_BYTES,
  PARCEL_SPAN,
  PART_BYTES,
  UNFINISHED_BYTES,
  UNFINISHED_PARCELS,
} from "../base/limits.ts";
import type { PartFrame } from "../wire/frame.ts";
import { ReplayWindow } from "../wire/replay_window.ts";

/** A link, as far as it holds some of the memory that all links share. */
export interface Borrower {
  /** How many bytes it holds. */
  readonly held: number;
  /** Makes it let go of everything. */
  lose(): void;
}

/** To a kibibyte the budget knows who holds most. */
const KIBIBYTE = 1024;

/**
 * The memory that all links of a process share for parcels that cannot be handed on yet. When it is used up,
 * the link that holds most loses everything, so a few peers that send without end do not keep everybody
 * else's long messages out.
 */
export class Budget {
  #left = UNFINISHED_BYTES;
  readonly #borrowers = new Largest<Borrower>();

  /** The bytes that all links hold. */
  get used(): number {
    return UNFINISHED_BYTES - this.#left;
  }

  /** Takes bytes for a link. Returns false if there is no room, and no other link holds more. */
  take(bytes: number, borrower: Borrower): boolean {
    while (bytes > this.#left) {
      const most = this.#borrowers.name;
      if (most === undefined || most.held <= borrower.held) return false;
      most.lose();
    }
    this.#left -= bytes;
    this.#note(borrower, borrower.held + bytes);
    return true;
  }

  /** Gives bytes back that the link does not hold any more. */
  give(bytes: number, borrower: Borrower): void {
    this.#left += bytes;
    this.#note(borrower, borrower.held);
  }

  #note(borrower: Borrower, held: number): void {
    this.#borrowers.set(borrower, Math.ceil(held / KIBIBYTE));
  }
}

/** A parcel of which some parts have come. */
interface Unfinished {
  /** The parts that have come, by index. */
  readonly parts: Map<number, Uint8Array>;
  /** How many it has in all. */
  readonly count: number;
}

/**
 * The memory that a part, a parcel in parts or an early parcel takes beside its bytes: an array of its own,
 * and its place in a map. Measured with V8 it is 230 bytes: many tiny ones must not count as nothing.
 */
const ENTRY_BYTES = 256;

export class ParcelReceiver implements Borrower {
  readonly #budget: Budget;
  /**
   * The numbers of unordered parcels that have come. The sender has nothing under way so far behind its
   * newest number as the window is long: a parcel there that has not come was cancelled.
   */
  readonly #unordered = new ReplayWindow();
  #next = 1;
  // Most links are quiet, so the containers are made when they are needed, and dropped when they are empty.
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
    return Number.isSafeInteger(number) && this.#unordered.mark(number) ? [verb] : [];
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
    const parcel = known ?? { parts: new Map<number, Uint8Array>(), count: parts };
    if (index >= parcel.count || parcel.parts.has(index)) return [];
    if (!this.#take(number, bytes.length + (known === undefined ? ENTRY_BYTES : 0))) return undefined;
    unfinished.set(number, parcel);
    parcel.parts.set(index, bytes.slice());
    if (parcel.parts.size < parcel.count) return [];
    this.#drop(number);
    return this.receiveOrdered(number, join(parcel));
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
    for (const part of parcel.parts.values()) this.#give(part.length + ENTRY_BYTES);
    this.#give(ENTRY_BYTES);
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
    this.#held -= bytes;
    this.#budget.give(bytes, this);
  }
}

function join({ parts, count }: Unfinished): Uint8Array {
  const last = parts.get(count - 1)!;
  const whole = new Uint8Array((count - 1) * PART_BYTES + last.length);
  for (const [index, part] of parts) whole.set(part, index * PART_BYTES);
  return whole;
}
