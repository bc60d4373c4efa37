/**
 * The packet space of one epoch (RFC 9000 section 12.3): packets out (recovery.ts), packets in
 * (ack_ranges.ts), and parcels both ways. It makes the frames of packets and takes them apart; sealing and
 * addresses are the link's concern.
 */
import { MALFORMED, type Writer } from "../base/bytes.ts";
import {
  ACK_AFTER_PACKETS,
  ACK_DELAY_MS,
  ACK_RANGES,
  CHALLENGES,
  DATAGRAM_BYTES,
  PADDED_TO_BYTES,
} from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import { decodeVerb, type Verb } from "../messages/verb.ts";
import { type Frame, writeFrame, writePadding } from "../wire/frame.ts";
import { FRAMES_BYTES, OVERHEAD_BYTES } from "../wire/packet.ts";
import { AckRanges } from "./ack_ranges.ts";
import { type Budget, ParcelReceiver } from "./parcel_receiver.ts";
import type { Chunk, ParcelSender } from "./parcel_sender.ts";
import { Recovery } from "./recovery.ts";

/** In less room than this nothing worth repeating fits. */
const LEAST_REPEAT_BYTES = 40;

/** The content of a packet that asks for acknowledgement, kept until it is acknowledged or lost. */
interface Content {
  readonly chunks: readonly Chunk[];
  /** The largest number in the packet's own ack frame; 0 if ranges were left out of it, or there was none. */
  readonly acked: number;
}

/** The parts of a packet that the link acts on. */
export interface PacketContents {
  readonly verbs: readonly Verb[];
  /** The data of the peer's answers to challenges. */
  readonly responses: readonly Uint8Array[];
}

export class PacketSpace {
  readonly recovery: Recovery<Content>;
  readonly #parcels: ParcelSender;
  readonly #receiver: ParcelReceiver;
  readonly #acks = new AckRanges();
  /** Packets received that ask for acknowledgement and have not got one yet. */
  #toAcknowledge = 0;
  /** When an acknowledgement leaves on its own, if no packet has taken it along. */
  #ackDue: Millis = Infinity;
  /** Probes that are to leave, whatever the congestion window says. */
  #probes = 0;
  #pingOwed = false;
  /** The peer's challenges that are still to be answered: one for each of two paths, or repeated ones. */
  #challenges: Uint8Array[] = [];
  /** When pacing allows the next packet; Infinity if nothing waits for that. */
  #pacedUntil: Millis = Infinity;
  #lackingSince: Millis = Infinity;

  constructor(now: Millis, parcels: ParcelSender, budget: Budget, chance: () => number) {
    this.recovery = new Recovery(now, chance);
    this.#parcels = parcels;
    this.#receiver = new ParcelReceiver(budget);
  }

  /** When something is due next: an acknowledgement, a timeout, or a packet that pacing held back. */
  get deadline(): Millis {
    return Math.min(this.#ackDue, this.recovery.deadline, this.#pacedUntil);
  }

  /** True while a packet that asks for acknowledgement is in flight, or a ping is to leave. */
  get isBusy(): boolean {
    return this.#pingOwed || this.recovery.packetsInFlight > 0;
  }

  /**
   * Since when nothing new has come while parcels lack parts or predecessors. Infinity if they lack nothing;
   * -Infinity if something that they lack is gone for good.
   */
  get lackingSince(): Millis {
    return this.#receiver.isLost ? -Infinity : this.#lackingSince;
  }

  /** Gives back the memory of unfinished parcels. */
  close(): void {
    this.#receiver.clear();
  }

  /** A packet that asks for acknowledgement is to leave soon, with a ping if there is nothing else to say. */
  owePing(): void {
    this.#pingOwed = true;
  }

  // ---- packets in ----------------------------------------------------------------------------------------

  /**
   * Takes the frames of packet `number`. If one of them finds no room, the packet is not acknowledged: the
   * peer then takes it for lost and sends its content again.
   */
  receive(now: Millis, number: number, frames: readonly Frame[]): PacketContents {
    const verbs: Verb[] = [];
    const { held, next } = this.#receiver;
    let asks = false;
    let refused = false;
    const responses: Uint8Array[] = [];
    for (const frame of frames) {
      if (frame.type === "ack") {
        this.#onAck(now, frame);
        continue;
      }
      asks = true;
      if (frame.type === "challenge") {
        this.#challenges = [...this.#challenges, frame.data.slice()].slice(-CHALLENGES);
      }
      if (frame.type === "response") responses.push(frame.data);
      const taken = this.#unpack(frame);
      if (taken === undefined) refused = true;
      for (const bytes of taken ?? []) {
        // A verb that does not decode is passed over: to receive it again would mend nothing.
        const verb = decodeVerb(bytes);
        if (verb !== MALFORMED) verbs.push(verb);
      }
    }
    if (!refused) this.#noteArrival(now, number, asks);
    if (this.#receiver.held === 0) this.#lackingSince = Infinity;
    else if (this.#receiver.held !== held || this.#receiver.next !== next) this.#lackingSince = now;
    return { verbs, responses };
  }

  /** Returns the verbs that can be handed on now; `undefined` if there is no room for the frame's bytes. */
  #unpack(frame: Exclude<Frame, { type: "ack" }>): Uint8Array[] | undefined {
    switch (frame.type) {
      case "told":
        return [frame.verb];
      case "unordered":
        return this.#receiver.receiveUnordered(frame.number, frame.verb);
      case "ordered":
        return this.#receiver.receiveOrdered(frame.number, frame.verb);
      case "part":
        return this.#receiver.receivePart(frame);
      default:
        return [];
    }
  }

  /** Tells the parcels which of their chunks arrived, and which were in lost packets and leave again. */
  #onAck(now: Millis, { ranges, delay }: Extract<Frame, { type: "ack" }>): void {
    const news = this.recovery.acknowledge(now, ranges, delay);
    for (const { chunks, acked } of news?.acked ?? []) {
      this.#parcels.acknowledged(chunks);
      if (acked > 0) this.#acks.forgetUpTo(acked);
    }
    for (const { chunks } of news?.lost ?? []) this.#parcels.again(chunks);
  }

  /**
   * Notes when the acknowledgement is due: at once if numbers are missing (RFC 9000 section 13.2.1), at once
   * for the second packet (section 13.2.2), otherwise after `ACK_DELAY_MS`. A packet that asks for none is
   * noted as well, or its number would look like a gap.
   */
  #noteArrival(now: Millis, number: number, asks: boolean): void {
    const inOrder = number === this.#acks.largest + 1;
    if (!this.#acks.add(now, number) || !asks) return;
    this.#toAcknowledge++;
    const atOnce = !inOrder || this.#toAcknowledge >= ACK_AFTER_PACKETS;
    this.#ackDue = Math.min(this.#ackDue, atOnce ? now : now + ACK_DELAY_MS);
  }

  // ---- packets out ---------------------------------------------------------------------------------------

  /**
   * Acts on the timers of recovery: chunks of packets lost by time leave again, and a probe timeout makes
   * probes leave. Returns how many probe timeouts have come in a row if one has come now, otherwise 0.
   */
  runTimers(now: Millis): number {
    let timeouts = 0;
    // When the clock is late, both may be due: first the losses by time, then a probe.
    while (this.recovery.deadline <= now) {
      const { lost, probes } = this.recovery.timeout(now);
      for (const { chunks } of lost) this.#parcels.again(chunks);
      if (probes === 0) continue;
      this.#probes = probes;
      // RFC 9002 section 6.2.4: a probe carries new data, or without any repeats the oldest packet in flight.
      if (!this.#parcels.hasWaiting) this.#repeatOldest(probes);
      timeouts = this.recovery.probeTimeouts;
    }
    return timeouts;
  }

  /** Makes the chunks of the oldest packets in flight leave again, though they are not known to be lost. */
  #repeatOldest(packets: number): void {
    let repeated = 0;
    for (const { chunks } of this.recovery.inFlight()) {
      this.#parcels.again(chunks);
      if (++repeated >= packets) return;
    }
  }

  /** True if there is reason for a packet that asks for acknowledgement, and it may leave now. */
  mayWrite(now: Millis): boolean {
    this.#pacedUntil = Infinity;
    // A probe is not held back by the congestion window (RFC 9002 section 7.5).
    if (this.#probes > 0) return true;
    if (this.#challenges.length === 0 && !this.#pingOwed && !this.#parcels.hasWaiting) return false;
    if (this.recovery.room(now) >= DATAGRAM_BYTES) return true;
    this.#pacedUntil = this.recovery.roomAt(now);
    return false;
  }

  /**
   * Writes the frames of such a packet, at most `most` bytes, with our challenge if there is one. The caller
   * seals them and hands the returned content to `recovery.sent`.
   */
  write(now: Millis, writer: Writer, most: number, challenge: Uint8Array | undefined): Content {
    const acked = this.writeAck(now, writer, most);
    const before = writer.length;
    if (challenge !== undefined) writeFrame(writer, { type: "challenge", data: challenge });
    for (const data of this.#challenges) writeFrame(writer, { type: "response", data });
    const chunks = this.#parcels.fill(now, writer, most);
    // The peer has not answered for a while: the room that is left gives the oldest chunks one more chance.
    if (this.recovery.probeTimeouts > 0) {
      for (const { chunks: underWay } of this.recovery.inFlight()) {
        if (most - writer.length < LEAST_REPEAT_BYTES) break;
        this.#parcels.repeat(writer, most, underWay, chunks);
      }
    }
    if (writer.length === before) writeFrame(writer, { type: "ping" });
    if (chunks.some(({ parcel }) => parcel.ordered)) pad(writer, most);
    this.#pingOwed = false;
    this.#challenges = [];
    this.#probes = Math.max(0, this.#probes - 1);
    return { chunks, acked };
  }

  /** True if an acknowledgement has to leave now, in a packet of its own if need be. */
  isAckDue(now: Millis): boolean {
    return this.#ackDue <= now;
  }

  /** The path has no room for an acknowledgement now. It becomes due again with the peer's next packet. */
  postponeAck(): void {
    this.#ackDue = Infinity;
  }

  /**
   * Writes an ack frame if there is anything to acknowledge. Returns the largest number in it, up to which
   * ranges may be forgotten when the peer has received it. Returns 0 if it left out ranges, for they must be
   * sent again.
   */
  writeAck(now: Millis, writer: Writer, most: number): number {
    const acks = this.#acks;
    if (this.#toAcknowledge === 0) return 0;
    const ranges = acks.ranges(most < FRAMES_BYTES ? 1 : ACK_RANGES);
    writeFrame(writer, { type: "ack", ranges, delay: now - acks.largestAt });
    this.#toAcknowledge = 0;
    this.#ackDue = Infinity;
    return ranges.length < acks.count ? 0 : acks.largest;
  }
}

/** Pads the datagram of a packet with chat in it to the next step, or as far as there is room. */
function pad(writer: Writer, most: number): void {
  const length = OVERHEAD_BYTES + writer.length;
  const padded = Math.ceil(length / PADDED_TO_BYTES) * PADDED_TO_BYTES;
  writePadding(writer, Math.min(padded - length, most - writer.length));
}
