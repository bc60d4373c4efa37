/**
 * Parcels, layer 4 of the wire (docs/protocol.md section 3): verbs of up to 64 KiB, numbered, cut into parts
 * where one packet does not hold them, and put together again by parcel_receiver.ts. Ordered parcels (letters
 * and posts) are handed on in the order in which they were sent. Unordered ones are handed on as they come,
 * and they leave first. A parcel has no deadline of its own: it leaves again until it is acknowledged or
 * cancelled, or its link dies.
 *
 * The receiver waits for every ordered parcel that began to leave. So one that is cancelled after it began
 * goes on as an empty one.
 */
import { Pieces, type Writer } from "../base/bytes.ts";
import {
  LINK_QUEUE_BYTES,
  LINK_QUEUE_VERBS,
  LINK_TOLD_BYTES,
  PARCEL_SPAN,
  PART_BYTES,
  UNFINISHED_PARCELS,
} from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import { FRAME_HEADER_BYTES, writeFrame } from "../wire/frame.ts";

/** A verb on its way, as the one who sends it sees it. */
export interface Sending {
  /** True once the verb is acknowledged as a whole, cancelled, or dropped because its link cannot send it. */
  readonly isOver: boolean;
  /** When the last part of the verb first left; `undefined` while a part waits. */
  readonly departedAt: Millis | undefined;
  /** Stops sending the verb. */
  cancel(): void;
}

/** Stands for a verb for which there was no room. */
export const NEVER_SENT: Sending = { isOver: true, departedAt: undefined, cancel: () => {} };

class Parcel implements Sending {
  isOver = false;
  /** Its number, from 1 in its lane; 0 until it begins to leave. */
  number = 0;
  /** The chunks that have left at least once, in order. */
  chunks: Chunk[] = [];
  /** How many chunks are not acknowledged. */
  left: number;
  /** True once nobody waits for its number: an ordered one that is over may still go on, as an empty one. */
  isDone = false;
  departedAt: Millis | undefined = undefined;
  readonly #sender: ParcelSender;

  constructor(
    sender: ParcelSender,
    /** The verb; empty once the parcel is cancelled. */
    public verb: Pieces,
    readonly ordered: boolean,
    /** Its owner asks about the parcel, or cancels it, by this name. */
    readonly tag: string | undefined,
  ) {
    this.#sender = sender;
    this.left = partsOf(verb);
  }

  cancel(): void {
    this.#sender.cancelParcel(this);
  }

  /** Makes a parcel that has begun to leave as good as new. */
  beginAgain(): void {
    this.number = 0;
    this.chunks = [];
    this.left = partsOf(this.verb);
    this.departedAt = undefined;
  }
}

/** A parcel as far as one frame holds it: all of it, or one part. */
export interface Chunk {
  readonly parcel: Parcel;
  /** Counts the parts of the parcel from 0. */
  readonly index: number;
  /** True while it waits to leave again. */
  waiting: boolean;
  /** True once it is acknowledged, or of no use any more. */
  settled: boolean;
}

const NO_VERB = new Pieces(new Uint8Array(0));

/** Parcels of one kind, ordered or unordered, which are numbered together. */
class Lane {
  /** Parcels that have not left completely, in order. */
  waiting: Parcel[] = [];
  /** Parcels that have begun to leave, from the oldest that is not done. */
  open: Parcel[] = [];
  /** How many of the open parcels are cut into parts and not done. */
  inParts = 0;
  #last = 0;

  /** True if one more number stays within the span that the receiver keeps account of. */
  get hasRoom(): boolean {
    const oldest = this.open[0]?.number ?? this.#last + 1;
    return this.#last + 1 - oldest < PARCEL_SPAN;
  }

  /** Gives a parcel its number when its first chunk leaves. */
  begin(parcel: Parcel): void {
    parcel.number = ++this.#last;
    this.open.push(parcel);
    if (isInParts(parcel)) this.inParts++;
  }

  /** Counts a parcel as done. */
  end(parcel: Parcel): void {
    parcel.isDone = true;
    if (isInParts(parcel)) this.inParts--;
    while (this.open[0]?.isDone) this.open.shift();
    // An emptied list keeps the memory that it had when it was long. An idle link needs none.
    if (this.open.length === 0) this.open = [];
  }
}

export class ParcelSender {
  #ordered = new Lane();
  #unordered = new Lane();
  /** Verbs that are to leave once. */
  #told: Uint8Array[] = [];
  #bytesTold = 0;
  /** Chunks that wait to leave again. */
  #again: Chunk[] = [];
  /** Parcels by tag. Most links are quiet, so the map is made when it is needed. */
  #tags: Map<string, Parcel> | undefined;
  /** Bytes of the verbs that have not left completely. */
  #bytesWaiting = 0;
  /** How many parcels are not over. */
  #wanted = 0;
  readonly #cancelled: () => void;

  /** `cancelled` is called when a parcel was cancelled: there may be nothing to send any more. */
  constructor(cancelled: () => void) {
    this.#cancelled = cancelled;
  }

  /** True if something waits to leave, for the first time or again. Window and pacing may hold it back. */
  get hasWaiting(): boolean {
    return this.#told.length > 0 || this.#again.length > 0 || this.#mayBegin(this.#unordered) ||
      this.#mayBegin(this.#ordered);
  }

  /** True while a verb waits to leave, or one that is not cancelled waits for its acknowledgement. */
  get isBusy(): boolean {
    return this.#wanted > 0 || this.#told.length > 0;
  }

  /** The parcel of this tag; `undefined` once it is over. */
  get(tag: string): Sending | undefined {
    return this.#tags?.get(tag);
  }

  /** False if so much waits that `send` drops a further verb: then it need not be encoded. */
  hasRoom(ordered: boolean): boolean {
    const { waiting } = ordered ? this.#ordered : this.#unordered;
    return waiting.length < LINK_QUEUE_VERBS && this.#bytesWaiting <= LINK_QUEUE_BYTES;
  }

  /** Takes a verb and sends it until it is acknowledged. If too much waits, the verb is dropped. */
  send(verb: Pieces, ordered: boolean, tag: string | undefined): Sending {
    if (!this.hasRoom(ordered)) return NEVER_SENT;
    const parcel = new Parcel(this, verb, ordered, tag);
    this.#enqueue(parcel);
    return parcel;
  }

  #enqueue(parcel: Parcel): void {
    const { ordered, tag, verb } = parcel;
    if (tag !== undefined) (this.#tags ??= new Map()).set(tag, parcel);
    (ordered ? this.#ordered : this.#unordered).waiting.push(parcel);
    this.#bytesWaiting += verb.length;
    this.#wanted++;
  }

  /** The same for `tell`. */
  get hasRoomToTell(): boolean {
    return this.#told.length < LINK_QUEUE_VERBS && this.#bytesTold <= LINK_TOLD_BYTES;
  }

  /** Takes a verb and sends it once. If too many wait already it is dropped. */
  tell(verb: Uint8Array): void {
    if (!this.hasRoomToTell) return;
    this.#told.push(verb);
    this.#bytesTold += verb.length;
  }

  /** Stops sending the verb of this tag. */
  cancel(tag: string): void {
    this.#tags?.get(tag)?.cancel();
  }

  /** Stops sending a parcel. */
  cancelParcel(parcel: Parcel): void {
    if (parcel.isOver) return;
    this.#end(parcel);
    this.#cancelled();
    const lane = parcel.ordered ? this.#ordered : this.#unordered;
    if (parcel.number === 0 || parcel.chunks.length < partsOf(parcel.verb)) {
      // Some of it has not left yet, and never will.
      lane.waiting = lane.waiting.filter((other) => other !== parcel);
      this.#bytesWaiting -= parcel.verb.length;
    }
    if (parcel.number === 0) return;
    if (parcel.ordered) this.#empty(parcel);
    else {
      lane.end(parcel);
      this.#settle(parcel);
    }
  }

  /** The parcel is acknowledged or cancelled, and so over for its owner. */
  #end(parcel: Parcel): void {
    parcel.isOver = true;
    this.#wanted--;
    if (parcel.tag === undefined) return;
    this.#tags?.delete(parcel.tag);
    if (this.#tags?.size === 0) this.#tags = undefined;
  }

  /**
   * Makes an ordered parcel that has begun to leave go on as an empty one, so that those behind it can be
   * handed on. A parcel of one chunk keeps it, and the next departure is empty; one of several parts gets a
   * fresh chunk.
   */
  #empty(parcel: Parcel): void {
    const wasInParts = isInParts(parcel);
    parcel.verb = NO_VERB;
    if (!wasInParts) return;
    this.#ordered.inParts--;
    this.#settle(parcel);
    const chunk: Chunk = { parcel, index: 0, waiting: true, settled: false };
    parcel.chunks = [chunk];
    parcel.left = 1;
    this.#again.push(chunk);
  }

  /** Makes none of its chunks leave again. */
  #settle(parcel: Parcel): void {
    for (const chunk of parcel.chunks) chunk.settled = true;
    this.#dropSettled();
  }

  /** Takes settled chunks out of those that wait to leave again. */
  #dropSettled(): void {
    this.#again = this.#again.filter(({ settled }) => !settled);
  }

  /**
   * Writes as many frames as fit until the writer has `most` bytes. Returns the chunks in them, for when the
   * packet is acknowledged or lost; told verbs are not among them, since they never leave again.
   */
  fill(now: Millis, writer: Writer, most: number): Chunk[] {
    while (this.#told.length > 0 && FRAME_HEADER_BYTES + this.#told[0]!.length <= most - writer.length) {
      const verb = this.#told.shift()!;
      this.#bytesTold -= verb.length;
      writeFrame(writer, { type: "told", verb });
    }
    const chunks: Chunk[] = [];
    let taken = 0;
    for (const chunk of this.#again) {
      if (!fits(chunk, most - writer.length)) break;
      chunk.waiting = false;
      writeChunk(writer, chunk);
      chunks.push(chunk);
      taken++;
    }
    if (taken > 0) this.#again.splice(0, taken);
    // Nothing new begins before all that was lost has left again.
    if (this.#again.length > 0) return chunks;
    this.#begin(now, this.#unordered, writer, most, chunks);
    this.#begin(now, this.#ordered, writer, most, chunks);
    return chunks;
  }

  /** Repeats chunks that are in flight in the room that is left, and adds them to `chunks`. */
  repeat(writer: Writer, most: number, underWay: readonly Chunk[], chunks: Chunk[]): void {
    for (const chunk of underWay) {
      if (chunk.settled || chunk.waiting || chunks.includes(chunk) || !fits(chunk, most - writer.length)) {
        continue;
      }
      writeChunk(writer, chunk);
      chunks.push(chunk);
    }
  }

  /** Lets parcels of a lane leave for the first time, in order, as far as numbers and room allow. */
  #begin(now: Millis, lane: Lane, writer: Writer, most: number, chunks: Chunk[]): void {
    let done = 0;
    for (const parcel of lane.waiting) {
      if (parcel.number === 0 && !this.#hasRoomFor(lane, parcel)) break;
      const parts = partsOf(parcel.verb);
      while (parcel.chunks.length < parts) {
        const chunk: Chunk = { parcel, index: parcel.chunks.length, waiting: false, settled: false };
        if (!fits(chunk, most - writer.length)) break;
        if (parcel.number === 0) lane.begin(parcel);
        parcel.chunks.push(chunk);
        writeChunk(writer, chunk);
        chunks.push(chunk);
      }
      if (parcel.chunks.length < parts) break;
      parcel.departedAt = now;
      this.#bytesWaiting -= parcel.verb.length;
      done++;
    }
    if (done > 0) lane.waiting = lane.waiting.slice(done);
  }

  /** True if the first parcel that waits in a lane may leave, or go on leaving. */
  #mayBegin(lane: Lane): boolean {
    const first = lane.waiting[0];
    return first !== undefined && (first.number > 0 || this.#hasRoomFor(lane, first));
  }

  /** True if the receiver keeps account of one more number, and of one more parcel in parts. */
  #hasRoomFor(lane: Lane, parcel: Parcel): boolean {
    return lane.hasRoom && (!isInParts(parcel) || lane.inParts < UNFINISHED_PARCELS);
  }

  /** The packet with these chunks has arrived. */
  acknowledged(chunks: readonly Chunk[]): void {
    const isOneWaiting = chunks.some(({ settled, waiting }) => waiting && !settled);
    for (const chunk of chunks) {
      if (chunk.settled) continue;
      chunk.settled = true;
      const { parcel } = chunk;
      if (--parcel.left > 0) continue;
      (parcel.ordered ? this.#ordered : this.#unordered).end(parcel);
      if (!parcel.isOver) this.#end(parcel);
    }
    if (isOneWaiting) this.#dropSettled();
  }

  /** Makes these chunks leave again: their packet was lost, or a probe repeats them. */
  again(chunks: readonly Chunk[]): void {
    for (const chunk of chunks) {
      if (chunk.settled || chunk.waiting) continue;
      chunk.waiting = true;
      this.#again.push(chunk);
    }
  }

  /** A new packet space: verbs that are not acknowledged leave again, renumbered, in the same order. */
  restart(): void {
    const parcels = this.#wantedParcels;
    this.#reset();
    for (const parcel of parcels) {
      parcel.beginAgain();
      this.#enqueue(parcel);
    }
  }

  /** Drops everything, and begins to number from 1. */
  clear(): void {
    for (const parcel of this.#wantedParcels) parcel.isOver = true;
    this.#told = [];
    this.#bytesTold = 0;
    this.#reset();
  }

  /** The parcels that are not over, each lane in order. */
  get #wantedParcels(): Parcel[] {
    return [this.#unordered, this.#ordered].flatMap(({ open, waiting }) =>
      // One that has left in part is in both lists.
      [...open, ...waiting.filter(({ number }) => number === 0)].filter(({ isOver }) => !isOver)
    );
  }

  #reset(): void {
    this.#ordered = new Lane();
    this.#unordered = new Lane();
    this.#again = [];
    this.#tags = undefined;
    this.#bytesWaiting = 0;
    this.#wanted = 0;
  }
}

/** How many chunks a verb is cut into; an empty one is one chunk as well. */
function partsOf(verb: Pieces): number {
  return Math.max(1, Math.ceil(verb.length / PART_BYTES));
}

function isInParts({ verb }: Parcel): boolean {
  return partsOf(verb) > 1;
}

function fits({ parcel: { verb }, index }: Chunk, room: number): boolean {
  return FRAME_HEADER_BYTES + Math.min(PART_BYTES, verb.length - index * PART_BYTES) <= room;
}

/** Writes a verb of one chunk as "ordered" or "unordered", a longer one as parts, which are ordered. */
function writeChunk(writer: Writer, { parcel, index }: Chunk): void {
  const { number, ordered, verb } = parcel;
  const parts = partsOf(verb);
  const begin = index * PART_BYTES;
  const bytes = verb.cut(begin, Math.min(begin + PART_BYTES, verb.length));
  if (parts === 1) {
    return writeFrame(writer, { type: ordered ? "ordered" : "unordered", number, verb: bytes });
  }
  writeFrame(writer, { type: "part", number, index, parts, bytes });
}
