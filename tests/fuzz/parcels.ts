/**
 * Parcels under anything: a receiver of hostile frames stays within its bounds and hands on nothing twice or
 * out of order; a sender and a receiver on a bad path lose nothing that is wanted.
 */
import { assert, assertEquals, assertFalse, assertGreater, assertLess, assertLessOrEqual } from "@std/assert";
import { MALFORMED, Pieces, Writer } from "../../core/base/bytes.ts";
import {
  LINK_EARLY_BYTES,
  LINK_QUEUE_BYTES,
  LINK_QUEUE_VERBS,
  PARCEL_PARTS,
  PARCEL_SPAN,
  PART_BYTES,
  UNFINISHED_BYTES,
} from "../../core/base/limits.ts";
import { Budget, ParcelReceiver } from "../../core/link/parcel_receiver.ts";
import { type Chunk, ParcelSender } from "../../core/link/parcel_sender.ts";
import { type Frame, readFrames } from "../../core/wire/frame.ts";
import { FRAMES_BYTES } from "../../core/wire/packet.ts";
import type { Dice } from "../kit/dice.ts";
import { anyNumber, framesBytes } from "./hostile.ts";
import type { Note, Target } from "./target.ts";

// ---- a receiver of hostile frames ------------------------------------------------------------------------

const FRAMES = 400;
const NUMBER_BYTES = 8;
/** What an entry is counted for beside its bytes, at most. */
const ENTRY_BYTES = 256;
const WHOLE_BYTES = PARCEL_PARTS * (PART_BYTES + ENTRY_BYTES);
/** As many as it takes for all of them together to be refused. */
const GREEDY = UNFINISHED_BYTES / LINK_EARLY_BYTES + 1;

/** A verb that says which number it had. */
function numbered(number: number, length: number): Uint8Array {
  const verb = new Uint8Array(Math.max(NUMBER_BYTES, length));
  new DataView(verb.buffer).setFloat64(0, number);
  return verb;
}

function numberIn(verb: Uint8Array): number {
  return new DataView(verb.buffer, verb.byteOffset).getFloat64(0);
}

/** A receiver, and what it has handed on. */
class Checked {
  readonly receiver: ParcelReceiver;
  #last = 0;
  readonly #unordered = new Set<number>();

  constructor(budget: Budget) {
    this.receiver = new ParcelReceiver(budget);
  }

  /** Near to the next ordered one, or anything. */
  anyNumber(dice: Dice): number {
    return dice.happens(0.8)
      ? Math.max(0, this.#last + dice.below(8) - 2)
      : this.#last + dice.pick([0, 0, PARCEL_SPAN - 1, PARCEL_SPAN, PARCEL_SPAN + 1]) + anyNumber(dice);
  }

  take(frame: Frame): boolean {
    const { receiver } = this;
    if (frame.type === "unordered") {
      for (const verb of receiver.receiveUnordered(frame.number, frame.verb)) {
        assertEquals(numberIn(verb), frame.number);
        assert(!this.#unordered.has(frame.number), "an unordered parcel is handed on twice");
        this.#unordered.add(frame.number);
      }
      return true;
    }
    const verbs = frame.type === "ordered"
      ? receiver.receiveOrdered(frame.number, frame.verb)
      : frame.type === "part"
      ? receiver.receivePart(frame)
      : [];
    for (const verb of verbs ?? []) {
      const number = numberIn(verb);
      assertGreater(number, this.#last, "ordered parcels are handed on out of order");
      assertLessOrEqual(verb.length, PARCEL_PARTS * PART_BYTES);
      this.#last = number;
    }
    assert(
      receiver.held >= 0 && receiver.held <= LINK_EARLY_BYTES + WHOLE_BYTES,
      `${receiver.held} are held`,
    );
    return verbs !== undefined;
  }
}

function anyParcelFrame(dice: Dice, number: number): Frame {
  const length = dice.pick([NUMBER_BYTES, NUMBER_BYTES, 100, PART_BYTES]);
  const type = dice.pick(["unordered", "ordered", "part", "part"] as const);
  if (type !== "part") {
    const isEmpty = type === "ordered" && dice.happens(0.1);
    return { type, number, verb: isEmpty ? new Uint8Array(0) : numbered(number, length) };
  }
  const parts = dice.pick([2, 2, 3, PARCEL_PARTS]);
  const index = dice.below(parts);
  return partOf(number, index, parts, index === parts - 1 ? length : PART_BYTES);
}

function partOf(number: number, index: number, parts: number, length = PART_BYTES): Frame {
  return { type: "part", number, index, parts, bytes: numbered(number, length) };
}

/** The longest parcels ahead of the first one, until there is no room. */
function fillUp(checked: Checked): void {
  for (let number = PARCEL_SPAN; number > 1; number--) {
    for (let index = 0; index < PARCEL_PARTS; index++) {
      if (!checked.take(partOf(number, index, PARCEL_PARTS))) return;
    }
  }
}

function assertAccounts(budget: Budget, all: readonly Checked[]): void {
  const left = all.reduce((sum, { receiver }) => sum - receiver.held, UNFINISHED_BYTES);
  assert(left >= 0, "all together hold too much");
  // No link holds more, so none has to let go for it.
  const greedy = { held: UNFINISHED_BYTES, lose: () => {} };
  assert(!budget.take(left + 1, greedy), "the budget has more than nobody holds");
  assert(budget.take(left, greedy), "the budget has less than nobody holds");
  greedy.held = 0;
  budget.give(left, greedy);
}

const RECEIVER: Target = {
  name: "reassembly",
  iterations: 60,
  run(dice: Dice, note: Note): void {
    const budget = new Budget();
    const isGreedy = dice.happens(0.01);
    const all = Array.from({ length: isGreedy ? GREEDY : 3 }, () => new Checked(budget));
    if (isGreedy || dice.happens(0.05)) { for (const checked of all) fillUp(checked); }
    assertAccounts(budget, all);
    for (let count = 0; count < FRAMES; count++) {
      const checked = dice.pick(all);
      const frame = anyParcelFrame(dice, checked.anyNumber(dice));
      note(framesBytes([frame]));
      checked.take(frame);
      if (count % 40 === 0) assertAccounts(budget, all);
      if (dice.happens(0.002)) all[all.indexOf(checked)] = cleared(checked, budget);
    }
    for (const { receiver } of all) receiver.clear();
    assertAccounts(budget, all);
    assertEquals(budget.used, 0, "the budget has lost something");
  },
};

/** A packet space that ends, and the next one. */
function cleared({ receiver }: Checked, budget: Budget): Checked {
  receiver.clear();
  assertEquals(receiver.held, 0);
  return new Checked(budget);
}

// ---- a sender and a receiver -----------------------------------------------------------------------------

const STEPS = 300;
/** Packets after which everything has long arrived on a path that loses nothing. */
const PATIENCE = 20_000;

interface Wanted {
  readonly name: number;
  readonly ordered: boolean;
  readonly tag: string | undefined;
  /** It was cancelled, or may be lost with what the receiver held. */
  isGivenUp: boolean;
}

interface Flying {
  readonly frames: readonly Frame[];
  readonly chunks: readonly Chunk[];
}

/** Both ends, and the path between them. */
class Ends {
  #sender = new ParcelSender(() => {});
  readonly #budget = new Budget();
  #receiver = new ParcelReceiver(this.#budget);
  #flying: Flying[] = [];
  #acknowledged: Flying[] = [];
  readonly #wanted: Wanted[] = [];
  /** In each conversation: what was not acknowledged when one ended arrives again in the next. */
  readonly #arrived: number[][] = [[]];
  readonly #note: Note;

  constructor(note: Note) {
    this.#note = note;
  }

  step(dice: Dice): void {
    const flying = this.#flying[dice.below(this.#flying.length)];
    switch (dice.below(12)) {
      case 0:
      case 1:
      case 2:
        return this.#send(dice);
      case 3:
        return this.#sender.tell(numbered(0, dice.below(PART_BYTES)));
      case 4:
        return this.#cancel(dice);
      case 5:
      case 6:
      case 7:
        return this.#fill(dice.happens(0.8) ? FRAMES_BYTES : dice.below(FRAMES_BYTES));
      case 8:
        if (flying !== undefined) this.#lose(flying);
        return;
      case 9:
        // It arrives and is not acknowledged, or is acknowledged again.
        if (flying !== undefined) this.#deliver(flying);
        if (this.#acknowledged.length > 0) this.#sender.acknowledged(dice.pick(this.#acknowledged).chunks);
        return;
      case 10:
        if (dice.happens(0.03)) this.#restart();
        return;
      default:
        if (flying !== undefined) this.#arrive(flying);
    }
  }

  /** From now on nothing is lost. */
  heal(): void {
    for (const flying of this.#flying) this.#lose(flying);
    for (let count = 0; this.#sender.isBusy || this.#sender.hasWaiting; count++) {
      assertLess(count, PATIENCE, "there is always something to send");
      this.#fill(FRAMES_BYTES);
      for (const flying of this.#flying) this.#arrive(flying);
    }
    assertEquals(this.#receiver.held, 0);
    const isOrdered = new Set(this.#wanted.filter(({ ordered }) => ordered).map(({ name }) => name));
    for (const arrived of this.#arrived) {
      assertEquals(new Set(arrived).size, arrived.length, "something has arrived twice");
      const ordered = arrived.filter((name) => isOrdered.has(name));
      assertEquals(ordered, ordered.toSorted((a, b) => a - b));
    }
    const all = new Set(this.#arrived.flat());
    for (const { name, isGivenUp } of this.#wanted) {
      assert(isGivenUp || all.has(name), `${name} has not arrived`);
    }
  }

  #send(dice: Dice): void {
    const name = this.#wanted.length + 1;
    const ordered = dice.happens(0.5);
    const tag = dice.happens(0.5) ? `tag ${name}` : undefined;
    // What is not ordered is never longer than a part.
    const lengths = [NUMBER_BYTES, 60, PART_BYTES, PART_BYTES + 1, 5000, PARCEL_PARTS * PART_BYTES];
    const length = dice.pick(ordered ? lengths : lengths.slice(0, 3));
    const bytes = numbered(name, length);
    const at = dice.below(length + 1);
    const verb = new Pieces(bytes.subarray(0, at), bytes.subarray(at));
    assertFalse(this.#sender.send(verb, ordered, tag).isOver, "a short queue is full");
    this.#wanted.push({ name, ordered, tag, isGivenUp: false });
  }

  #cancel(dice: Dice): void {
    const wanted = this.#wanted[dice.below(this.#wanted.length)];
    if (wanted?.tag === undefined || this.#sender.get(wanted.tag) === undefined) return;
    this.#sender.cancel(wanted.tag);
    wanted.isGivenUp = true;
    assert(this.#sender.get(wanted.tag) === undefined);
  }

  #fill(most: number): void {
    const writer = new Writer();
    const chunks = this.#sender.fill(0, writer, most);
    assertLessOrEqual(writer.length, most);
    const bytes = writer.finish();
    this.#note(bytes);
    const frames = readFrames(bytes);
    assert(frames !== MALFORMED, "a sender writes what nobody can read");
    const reliable = frames.filter(({ type }) => type !== "told").length;
    assertEquals(reliable, chunks.length);
    if (chunks.length > 0) this.#flying.push({ frames, chunks });
  }

  /** False when there is no room for it. */
  #deliver({ frames }: Flying): boolean {
    let isTaken = true;
    for (const frame of frames) {
      const verbs = frame.type === "unordered"
        ? this.#receiver.receiveUnordered(frame.number, frame.verb)
        : frame.type === "ordered"
        ? this.#receiver.receiveOrdered(frame.number, frame.verb)
        : frame.type === "part"
        ? this.#receiver.receivePart(frame)
        : [];
      if (verbs === undefined) isTaken = false;
      for (const verb of verbs ?? []) if (verb.length > 0) this.#arrived.at(-1)!.push(numberIn(verb));
    }
    return isTaken;
  }

  #arrive(flying: Flying): void {
    if (!this.#deliver(flying)) return this.#lose(flying);
    this.#sender.acknowledged(flying.chunks);
    this.#acknowledged.push(flying);
    this.#leave(flying);
  }

  #lose(flying: Flying): void {
    this.#sender.again(flying.chunks);
    this.#leave(flying);
  }

  #leave(flying: Flying): void {
    this.#flying = this.#flying.filter((other) => other !== flying);
  }

  /**
   * Both begin anew. What was acknowledged and could not be handed on yet is lost: only receipts say that
   * something is saved.
   */
  #restart(): void {
    for (const wanted of this.#wanted) {
      if (wanted.tag === undefined || this.#sender.get(wanted.tag) === undefined) wanted.isGivenUp = true;
    }
    this.#sender.restart();
    this.#receiver.clear();
    this.#receiver = new ParcelReceiver(this.#budget);
    this.#arrived.push([]);
    [this.#flying, this.#acknowledged] = [[], []];
  }
}

/** More than a queue has room for. */
function overfill(dice: Dice): void {
  const sender = new ParcelSender(() => {});
  const verb = new Pieces(new Uint8Array(dice.pick([1, 10_000, PARCEL_PARTS * PART_BYTES])));
  let taken = 0;
  for (let count = 0; count < 2 * LINK_QUEUE_VERBS; count++) {
    if (!sender.send(verb, true, undefined).isOver) taken++;
  }
  assertLessOrEqual(taken, LINK_QUEUE_VERBS);
  assertLessOrEqual((taken - 1) * verb.length, LINK_QUEUE_BYTES);
}

const SENDER: Target = {
  name: "parcels",
  iterations: 60,
  run(dice: Dice, note: Note): void {
    if (dice.happens(0.02)) overfill(dice);
    const pair = new Ends(note);
    for (let step = 0; step < STEPS; step++) pair.step(dice);
    pair.heal();
  },
};

export const PARCELS: readonly Target[] = [RECEIVER, SENDER];
