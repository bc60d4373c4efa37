/**
 * What two links number between them in one epoch: packets out (recovery.ts), packets in (ack_ranges.ts), parcels
 * both ways. It makes the frames of packets and takes them apart; sealing and addresses are the link's.
 */
import { MALFORMED, type Writer } from "../base/bytes.ts";
import { ACK_AFTER_PACKETS, ACK_DELAY_MS, ACK_RANGES, DATAGRAM_BYTES } from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import { decodeVerb, type Verb } from "../messages/verb.ts";
import { type Frame, writeFrame } from "../wire/frame.ts";
import { FRAMES_BYTES } from "../wire/packet.ts";
import { AckRanges } from "./ack_ranges.ts";
import { type Budget, ParcelReceiver } from "./parcel_receiver.ts";
import type { Chunk, ParcelSender } from "./parcel_sender.ts";
import { Recovery } from "./recovery.ts";

/** In less room than this nothing worth repeating fits. */
const LEAST_REPEAT_BYTES = 40;

/** What a packet that asks for acknowledgement carried. */
interface Content {
  readonly chunks: readonly Chunk[];
  /** The largest number that it acknowledged itself; 0 for none. */
  readonly acked: number;
}

/** What a packet said. */
export interface PacketContents {
  readonly verbs: readonly Verb[];
  /** The peer's answer to a challenge. */
  readonly response: Uint8Array | undefined;
}

export class PacketSpace {
  readonly recovery: Recovery<Content>;
  readonly #parcels: ParcelSender;
  readonly #reassembly: ParcelReceiver;
  readonly #acks = new AckRanges();
  #toAcknowledge = 0;
  #ackDue: Millis = Infinity;
  #probes = 0;
  #pingOwed = false;
  /** The peer's challenge, which we owe an answer. */
  #challenged: Uint8Array | undefined;
  #pacedUntil: Millis = Infinity;
  #lackingSince: Millis = Infinity;

  constructor(now: Millis, parcels: ParcelSender, budget: Budget, chance: () => number) {
    this.recovery = new Recovery(now, chance);
    this.#parcels = parcels;
    this.#reassembly = new ParcelReceiver(budget);
  }

  /** When there is something to do. */
  get deadline(): Millis {
    return Math.min(this.#ackDue, this.recovery.deadline, this.#pacedUntil);
  }

  /** Whether something is on its way that asks for an answer. */
  get isBusy(): boolean {
    return this.#pingOwed || this.recovery.packetsInFlight > 0;
  }

  /** Since when nothing new has come while parcels lack something; Infinity when they lack nothing, -Infinity when it never will. */
  get lackingSince(): Millis {
    return this.#reassembly.isLost ? -Infinity : this.#lackingSince;
  }

  /** Lets go of what it holds. */
  close(): void {
    this.#reassembly.clear();
  }

  /** Something is to leave soon, if only a ping. */
  owePing(): void {
    this.#pingOwed = true;
  }

  // ---- what comes in -------------------------------------------------------------------------------------

  /** Takes the frames of packet `number`. What it has no room for counts as lost, and the packet with it. */
  receive(now: Millis, number: number, frames: readonly Frame[]): PacketContents {
    const verbs: Verb[] = [];
    const { held, next } = this.#reassembly;
    let asks = false;
    let refused = false;
    let response: Uint8Array | undefined;
    for (const frame of frames) {
      if (frame.type === "ack") {
        this.#onAck(now, frame);
        continue;
      }
      asks = true;
      if (frame.type === "challenge") this.#challenged = frame.data;
      if (frame.type === "response") response = frame.data;
      const taken = this.#unpack(frame);
      if (taken === undefined) refused = true;
      for (const bytes of taken ?? []) {
        const verb = decodeVerb(bytes);
        if (verb !== MALFORMED) verbs.push(verb);
      }
    }
    if (!refused) this.#noteArrival(now, number, asks);
    if (this.#reassembly.held === 0) this.#lackingSince = Infinity;
    else if (this.#reassembly.held !== held || this.#reassembly.next !== next) this.#lackingSince = now;
    return { verbs, response };
  }

  /** The verbs that can be handed on; `undefined` when there is no room for what the frame carries. */
  #unpack(frame: Exclude<Frame, { type: "ack" }>): Uint8Array[] | undefined {
    switch (frame.type) {
      case "told":
        return [frame.verb];
      case "unordered":
        return this.#reassembly.receiveUnordered(frame.number, frame.verb);
      case "ordered":
        return this.#reassembly.receiveOrdered(frame.number, frame.verb);
      case "part":
        return this.#reassembly.receivePart(frame);
      default:
        return [];
    }
  }

  #onAck(now: Millis, { ranges, delay }: Extract<Frame, { type: "ack" }>): void {
    const news = this.recovery.acknowledge(now, ranges, delay);
    for (const { chunks, acked } of news?.acked ?? []) {
      this.#parcels.acknowledged(chunks);
      if (acked > 0) this.#acks.forgetUpTo(acked);
    }
    for (const { chunks } of news?.lost ?? []) this.#parcels.again(chunks);
  }

  /**
   * RFC 9000 section 13.2.1: at once when something is missing, or after the second packet. What does not ask
   * for an acknowledgement is acknowledged with the rest: the numbers have no gaps then.
   */
  #noteArrival(now: Millis, number: number, asks: boolean): void {
    const inOrder = number === this.#acks.largest + 1;
    if (!this.#acks.add(now, number) || !asks) return;
    this.#toAcknowledge++;
    const atOnce = !inOrder || this.#toAcknowledge >= ACK_AFTER_PACKETS;
    this.#ackDue = Math.min(this.#ackDue, atOnce ? now : now + ACK_DELAY_MS);
  }

  // ---- what goes out -------------------------------------------------------------------------------------

  /**
   * What has been in flight too long is lost, or asked after. Returns which probe timeout in a row has come now,
   * 0 for none.
   */
  runTimers(now: Millis): number {
    let timeouts = 0;
    // When the clock is late, both may be due: what is lost by time, and then a probe.
    while (this.recovery.deadline <= now) {
      const { lost, probes } = this.recovery.timeout(now);
      for (const { chunks } of lost) this.#parcels.again(chunks);
      if (probes === 0) continue;
      this.#probes = probes;
      // RFC 9002 section 6.2.4: a probe carries what is new, or else repeats the oldest.
      if (!this.#parcels.hasWaiting) this.#repeatOldest(probes);
      timeouts = this.recovery.probeTimeouts;
    }
    return timeouts;
  }

  #repeatOldest(packets: number): void {
    let repeated = 0;
    for (const { chunks } of this.recovery.inFlight()) {
      this.#parcels.again(chunks);
      if (++repeated >= packets) return;
    }
  }

  /** Whether there is reason for a packet that asks for acknowledgement, and it may leave now. */
  mayWrite(now: Millis): boolean {
    this.#pacedUntil = Infinity;
    if (this.#probes > 0) return true;
    if (this.#challenged === undefined && !this.#pingOwed && !this.#parcels.hasWaiting) return false;
    if (this.recovery.room(now) >= DATAGRAM_BYTES) return true;
    this.#pacedUntil = this.recovery.roomAt(now);
    return false;
  }

  /** Writes such a packet, of at most `most` bytes, with a challenge of ours if there is one; to be followed by `sent`. */
  write(now: Millis, writer: Writer, most: number, challenge: Uint8Array | undefined): Content {
    const acked = this.writeAck(now, writer, most);
    const before = writer.length;
    if (challenge !== undefined) writeFrame(writer, { type: "challenge", data: challenge });
    if (this.#challenged !== undefined) writeFrame(writer, { type: "response", data: this.#challenged });
    const chunks = this.#parcels.fill(now, writer, most);
    // Nobody has answered for a while: what room is left is one more chance for the oldest.
    if (this.recovery.probeTimeouts > 0) {
      for (const { chunks: underWay } of this.recovery.inFlight()) {
        if (most - writer.length < LEAST_REPEAT_BYTES) break;
        this.#parcels.repeat(writer, most, underWay, chunks);
      }
    }
    if (writer.length === before) writeFrame(writer, { type: "ping" });
    this.#pingOwed = false;
    this.#challenged = undefined;
    this.#probes = Math.max(0, this.#probes - 1);
    return { chunks, acked };
  }

  isAckDue(now: Millis): boolean {
    return this.#ackDue <= now;
  }

  /** There is no room for one: the next packet of the peer's asks again. */
  postponeAck(): void {
    this.#ackDue = Infinity;
  }

  /**
   * Writes an acknowledgement, which asks for none itself. Returns the largest number acknowledged; 0 when there was no
   * room for all ranges: the others are still to come.
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
