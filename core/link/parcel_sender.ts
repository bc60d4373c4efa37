/**
 * Parcels, layer 4 of the wire: verbs of up to 64 KiB, numbered, cut into parts where one packet does not hold
 * them, and put together again (reassembly.ts). Ordered ones (chat text) are handed on in the order in which they
 * were sent; the others as they come, and they leave first. A parcel has no deadline of its own.
 *
 * An ordered parcel that is cancelled after it began leaves a hole for which the receiver would wait; it goes on
 * as an empty one.
 */
import type { Writer } from "../base/bytes.ts";
import {
  LINK_QUEUE_BYTES,
  LINK_QUEUE_VERBS,
  PARCEL_SPAN,
  PART_BYTES,
  UNFINISHED_PARCELS,
} from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import { FRAME_HEADER_BYTES, writeFrame } from "../wire/frame.ts";

interface Parcel {
  verb: Uint8Array;
  readonly ordered: boolean;
  readonly tag: string | undefined;
  /** 0 until it begins to leave. */
  number: number;
  /** Those that have begun to leave. */
  chunks: Chunk[];
  /** Parts that are not acknowledged. */
  left: number;
  /** Nothing of it is to be acknowledged any more. */
  isOver: boolean;
  cancelled: boolean;
  /** When the last of its parts first left. */
  departedAt: Millis | undefined;
}

/** What of a parcel stands in one frame. */
export interface Chunk {
  readonly parcel: Parcel;
  readonly index: number;
  /** Waits to leave again. */
  waiting: boolean;
  /** Acknowledged, or of no use any more. */
  settled: boolean;
}

const NO_VERB = new Uint8Array(0);

/** Parcels of one kind: those that wait, and those that have begun, from the oldest that is not over. */
class Lane {
  waiting: Parcel[] = [];
  open: Parcel[] = [];
  /** How many of the open ones go in parts. */
  inParts = 0;
  #last = 0;

  /** Whether the oldest open parcel leaves room for one more number. */
  get hasRoom(): boolean {
    const oldest = this.open[0]?.number ?? this.#last + 1;
    return this.#last + 1 - oldest < PARCEL_SPAN;
  }

  begin(parcel: Parcel): void {
    parcel.number = ++this.#last;
    this.open.push(parcel);
    if (isInParts(parcel)) this.inParts++;
  }

  end(parcel: Parcel): void {
    parcel.isOver = true;
    if (isInParts(parcel)) this.inParts--;
    while (this.open[0]?.isOver) this.open.shift();
    // A list that was longer keeps its room: a link that is idle needs none.
    if (this.open.length === 0) this.open = [];
  }
}

export class ParcelSender {
  #ordered = new Lane();
  #unordered = new Lane();
  #told: Uint8Array[] = [];
  #again: Chunk[] = [];
  /** Made when needed: most links are quiet. */
  #tags: Map<string, Parcel> | undefined;
  #bytesWaiting = 0;
  #wanted = 0;

  /** Whether something waits for its first or another departure. */
  get hasWaiting(): boolean {
    return this.#told.length > 0 || this.#again.length > 0 || this.#mayBegin(this.#unordered) ||
      this.#mayBegin(this.#ordered);
  }

  /** Whether something that is still wanted is not acknowledged. */
  get isBusy(): boolean {
    return this.#wanted > 0 || this.#told.length > 0;
  }

  has(tag: string): boolean {
    return this.#tags?.has(tag) ?? false;
  }

  /** When the last part of a parcel first left; `undefined` while some wait, or when there is none of this tag. */
  departedAt(tag: string): Millis | undefined {
    return this.#tags?.get(tag)?.departedAt;
  }

  /** Takes a verb, to be sent until it is acknowledged; false when too much waits already. */
  send(verb: Uint8Array, ordered: boolean, tag: string | undefined): boolean {
    const lane = ordered ? this.#ordered : this.#unordered;
    if (lane.waiting.length >= LINK_QUEUE_VERBS || this.#bytesWaiting > LINK_QUEUE_BYTES) return false;
    const parcel: Parcel = {
      verb,
      ordered,
      tag,
      number: 0,
      chunks: [],
      left: partsOf(verb),
      isOver: false,
      cancelled: false,
      departedAt: undefined,
    };
    if (tag !== undefined) (this.#tags ??= new Map()).set(tag, parcel);
    lane.waiting.push(parcel);
    this.#bytesWaiting += verb.length;
    this.#wanted++;
    return true;
  }

  /** Takes a verb that is sent once. */
  tell(verb: Uint8Array): void {
    if (this.#told.length < LINK_QUEUE_VERBS) this.#told.push(verb);
  }

  /** Stops sending the verb of this tag. */
  cancel(tag: string): void {
    const parcel = this.#tags?.get(tag);
    if (parcel === undefined) return;
    this.#forget(tag);
    this.#wanted--;
    parcel.cancelled = true;
    const lane = parcel.ordered ? this.#ordered : this.#unordered;
    if (parcel.number === 0 || parcel.chunks.length < partsOf(parcel.verb)) {
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

  #forget(tag: string): void {
    this.#tags?.delete(tag);
    if (this.#tags?.size === 0) this.#tags = undefined;
  }

  /** What has begun to leave goes on as nothing, so that what comes behind it can be handed on. */
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

  #settle(parcel: Parcel): void {
    for (const chunk of parcel.chunks) chunk.settled = true;
    this.#dropSettled();
  }

  /** What is settled does not leave again. */
  #dropSettled(): void {
    this.#again = this.#again.filter(({ settled }) => !settled);
  }

  /** Writes as many frames as there is room for. Returns what they carry; told verbs are not among it. */
  fill(now: Millis, writer: Writer, most: number): Chunk[] {
    while (this.#told.length > 0 && FRAME_HEADER_BYTES + this.#told[0]!.length <= most - writer.length) {
      writeFrame(writer, { type: "told", verb: this.#told.shift()! });
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
    if (this.#again.length > 0) return chunks;
    this.#begin(now, this.#unordered, writer, most, chunks);
    this.#begin(now, this.#ordered, writer, most, chunks);
    return chunks;
  }

  /** Fills what room is left with frames that are under way already; they join those in `chunks`. */
  repeat(writer: Writer, most: number, underWay: readonly Chunk[], chunks: Chunk[]): void {
    for (const chunk of underWay) {
      if (chunk.settled || chunk.waiting || chunks.includes(chunk) || !fits(chunk, most - writer.length)) {
        continue;
      }
      writeChunk(writer, chunk);
      chunks.push(chunk);
    }
  }

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

  #mayBegin(lane: Lane): boolean {
    const first = lane.waiting[0];
    return first !== undefined && (first.number > 0 || this.#hasRoomFor(lane, first));
  }

  #hasRoomFor(lane: Lane, parcel: Parcel): boolean {
    return lane.hasRoom && (!isInParts(parcel) || lane.inParts < UNFINISHED_PARCELS);
  }

  acknowledged(chunks: readonly Chunk[]): void {
    const isOneWaiting = chunks.some(({ settled, waiting }) => waiting && !settled);
    for (const chunk of chunks) {
      if (chunk.settled) continue;
      chunk.settled = true;
      const { parcel } = chunk;
      if (--parcel.left > 0) continue;
      (parcel.ordered ? this.#ordered : this.#unordered).end(parcel);
      if (parcel.cancelled) continue;
      if (parcel.tag !== undefined) this.#forget(parcel.tag);
      this.#wanted--;
    }
    if (isOneWaiting) this.#dropSettled();
  }

  /** These are to leave again: they were lost, or a probe repeats them. */
  again(chunks: readonly Chunk[]): void {
    for (const chunk of chunks) {
      if (chunk.settled || chunk.waiting) continue;
      chunk.waiting = true;
      this.#again.push(chunk);
    }
  }

  /** The peer has begun anew: what is not acknowledged is sent again under new numbers, in the same order. */
  restart(): void {
    const parcels = [this.#unordered, this.#ordered].flatMap(({ open, waiting }) => [
      ...open.filter(({ isOver }) => !isOver),
      ...waiting.filter(({ number }) => number === 0),
    ]);
    const told = this.#told;
    this.clear();
    this.#told = told;
    for (const { verb, ordered, tag, cancelled } of parcels) if (!cancelled) this.send(verb, ordered, tag);
  }

  clear(): void {
    this.#ordered = new Lane();
    this.#unordered = new Lane();
    this.#told = [];
    this.#again = [];
    this.#tags = undefined;
    this.#bytesWaiting = 0;
    this.#wanted = 0;
  }
}

function partsOf(verb: Uint8Array): number {
  return Math.max(1, Math.ceil(verb.length / PART_BYTES));
}

function isInParts({ verb }: Parcel): boolean {
  return partsOf(verb) > 1;
}

function fits({ parcel: { verb }, index }: Chunk, room: number): boolean {
  return FRAME_HEADER_BYTES + Math.min(PART_BYTES, verb.length - index * PART_BYTES) <= room;
}

function writeChunk(writer: Writer, { parcel, index }: Chunk): void {
  const { number, ordered, verb } = parcel;
  const parts = partsOf(verb);
  if (parts === 1) return writeFrame(writer, { type: ordered ? "ordered" : "unordered", number, verb });
  const bytes = verb.subarray(index * PART_BYTES, (index + 1) * PART_BYTES);
  writeFrame(writer, { type: "part", number, index, parts, bytes });
}
