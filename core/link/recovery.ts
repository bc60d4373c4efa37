/**
 * What became of the packets that were sent: RFC 9002 sections 5 and 6 and appendix A, with one packet number
 * space and no handshake packets in it. Every packet that asks for an acknowledgement is settled once: acked,
 * or lost. Its owner decides what to say again; a packet itself never leaves twice.
 *
 *     sent --acknowledged--> acked
 *       \----one sent later is acknowledged, 3 packets or 9/8 round trips on--> lost
 *        \---silence--> probe timeout: what is in flight stays so, and one or two probes draw an answer
 */
import {
  ACK_DELAY_MS,
  DATAGRAM_BYTES,
  GRANULARITY_MS,
  LINK_DEAD_MS,
  PACKET_THRESHOLD,
  PERSISTENT_CONGESTION_THRESHOLD,
  PROBE_TIMEOUT_MOST_MS,
  RETRANSMIT_AFTER_MS,
  RETRANSMIT_JITTER,
  TIME_THRESHOLD,
} from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import type { Ranges } from "../wire/frame.ts";
import { Congestion, type Departure } from "./congestion.ts";

/** Packets in flight are a chain, oldest first: an idle `Recovery` holds no container, and both ends are near. */
interface SentPacket<Content> extends Departure {
  readonly content: Content;
  next: SentPacket<Content> | undefined;
}

export class Recovery<Content> {
  readonly congestion: Congestion;
  readonly #chance: () => number;

  #oldest: SentPacket<Content> | undefined;
  #newest: SentPacket<Content> | undefined;
  #packetsInFlight = 0;
  #highestNumber = -1;
  #largestAcked = -1;
  /** The last packet that was sent on another path: it says nothing about this one. */
  #otherPathUpTo = -1;

  #latestRtt: Millis = 0;
  #minRtt: Millis = Infinity;
  #smoothedRtt: Millis = Infinity;
  #rttVar: Millis = 0;

  /** When the oldest packet will be lost by time; Infinity when none waits for that. */
  #lossTime: Millis = Infinity;
  /** When the last packet left or the last probe timeout came. */
  #waitingSince: Millis;
  #probeTimeouts = 0;
  #jitter = 1;

  /** `chance` gives numbers from 0 up to 1; without it no wait is longer or shorter than another. */
  constructor(now: Millis, chance: () => number = () => 0.5) {
    this.congestion = new Congestion(now);
    this.#waitingSince = now;
    this.#chance = chance;
  }

  // ---- section 5: the round trip -------------------------------------------------------------------------

  get hasSample(): boolean {
    return this.#smoothedRtt < Infinity;
  }

  /** Infinity before the first sample. */
  get smoothedRtt(): Millis {
    return this.#smoothedRtt;
  }

  /**
   * A round trip was measured: by the handshake, where no acknowledgement delay is involved, or by an
   * acknowledgement. Section 5.2 and 5.3, in the order of appendix A.7: the variation is from the former mean.
   */
  sample(now: Millis, rtt: Millis, ackDelay: Millis = 0): void {
    // No answer is waited for so long: the clock was set forward while the packet was under way.
    if (rtt > LINK_DEAD_MS) return;
    this.#latestRtt = Math.max(0, rtt);
    this.#minRtt = Math.min(this.#minRtt, this.#latestRtt);
    if (!this.hasSample) {
      this.#smoothedRtt = this.#latestRtt;
      this.#rttVar = this.#latestRtt / 2;
      this.congestion.measured(now);
      return;
    }
    // Section 5.3: no delay that a peer claims makes the path shorter than it has ever been.
    const isPlausible = this.#latestRtt >= this.#minRtt + ackDelay;
    const adjustedRtt = isPlausible ? this.#latestRtt - ackDelay : this.#latestRtt;
    this.#rttVar = 3 / 4 * this.#rttVar + 1 / 4 * Math.abs(this.#smoothedRtt - adjustedRtt);
    this.#smoothedRtt = 7 / 8 * this.#smoothedRtt + 1 / 8 * adjustedRtt;
  }

  // ---- what leaves ---------------------------------------------------------------------------------------

  /** How many bytes may leave now. Before the first sample one packet is under way. Probes do not ask. */
  room(now: Millis): number {
    if (!this.hasSample) return this.#isPathEmpty ? DATAGRAM_BYTES : 0;
    return this.congestion.room(now, this.#smoothedRtt);
  }

  /** When pacing allows the next full datagram; Infinity when the window is the limit. */
  roomAt(now: Millis): Millis {
    if (!this.hasSample) return this.#isPathEmpty ? now : Infinity;
    return this.congestion.roomAt(now, this.#smoothedRtt);
  }

  /** What is in flight elsewhere does not keep a new path from being measured. */
  get #isPathEmpty(): boolean {
    return this.#newest === undefined || this.#newest.number <= this.#otherPathUpTo;
  }

  /** A packet has left that asks for no acknowledgement: its number may be acknowledged with others. */
  skip(number: number): void {
    this.#highestNumber = number;
  }

  /** A packet has left. `number` grows; `content` is what it carried, handed back when it is settled. */
  sent(now: Millis, number: number, bytes: number, content: Content): void {
    const after = this.congestion.newest;
    const packet = { number, after, bytes, sentAt: now, content, next: undefined };
    if (this.#newest === undefined) this.#oldest = packet;
    else this.#newest.next = packet;
    this.#newest = packet;
    this.#packetsInFlight++;
    this.#highestNumber = number;
    this.#waitingSince = now;
    this.congestion.sent(packet, this.#smoothedRtt);
  }

  get packetsInFlight(): number {
    return this.#packetsInFlight;
  }

  /** Contents in flight, oldest first: what a probe repeats. What is sent meanwhile is not among them. */
  *inFlight(): Iterable<Content> {
    const last = this.#newest;
    for (let packet = this.#oldest; packet !== undefined; packet = packet.next) {
      yield packet.content;
      if (packet === last) return;
    }
  }

  // ---- section 6.1: acknowledged or lost -----------------------------------------------------------------

  /**
   * An acknowledgement came; `delay` is the peer's, in ms. Numbers that were not handed to `sent`, or are
   * settled, are passed over: what was declared lost too early stays lost. Undefined when one is higher than
   * all that were: the peer makes it up (RFC 9000 section 13.1).
   */
  acknowledge(
    now: Millis,
    ranges: Ranges,
    delay: Millis,
  ): { acked: Content[]; lost: Content[] } | undefined {
    const largest = ranges[0]?.[1] ?? -1;
    if (largest > this.#highestNumber) return undefined;
    const packets = this.#takeAcked(ranges, largest);
    const newest = packets.at(-1);
    if (newest === undefined) return { acked: [], lost: [] };
    this.#largestAcked = Math.max(this.#largestAcked, newest.number);
    // Section 5.1: a sample only if the largest acknowledged is newly acknowledged; and section 5.3.
    if (newest.number === largest && largest > this.#otherPathUpTo) {
      this.sample(now, now - newest.sentAt, Math.min(delay, ACK_DELAY_MS));
    }
    // Appendix A.7: losses first, so that an acknowledgement that tells of one makes nothing grow.
    const lost = this.#detectLost(now);
    for (const packet of packets) this.congestion.acked(packet);
    this.#probeTimeouts = 0;
    this.#jitter = 1;
    return { acked: packets.map(({ content }) => content), lost };
  }

  /**
   * Unchains what is acknowledged now. Of the packets below the largest ever acknowledged at most two are in
   * flight, all others are settled (the packet threshold), so this walks over what is newly settled only.
   */
  #takeAcked(ranges: Ranges, largest: number): SentPacket<Content>[] {
    const acked: SentPacket<Content>[] = [];
    let range = ranges.length - 1;
    let before: SentPacket<Content> | undefined;
    for (let packet = this.#oldest; packet !== undefined && packet.number <= largest;) {
      const next: SentPacket<Content> | undefined = packet.next;
      while (ranges[range]![1] < packet.number) range--;
      if (ranges[range]![0] <= packet.number) {
        this.#unchain(before, packet);
        acked.push(packet);
      } else before = packet;
      packet = next;
    }
    return acked;
  }

  /**
   * Section 6.1, appendix A.10: lost is what was sent before an acknowledged packet, and PACKET_THRESHOLD
   * numbers (6.1.1) or a time (6.1.2) ago. If one is not lost yet, neither is a younger one.
   */
  #detectLost(now: Millis): Content[] {
    const lost: Content[] = [];
    const lossDelay = Math.max(TIME_THRESHOLD * Math.max(this.#latestRtt, this.#smoothedRtt), GRANULARITY_MS);
    const persistentMs = PERSISTENT_CONGESTION_THRESHOLD * this.probeTimeout;
    let isPersistent = false;
    const largest = this.#largestAcked;
    this.#lossTime = Infinity;
    for (let packet = this.#oldest; packet !== undefined && packet.number < largest; packet = this.#oldest) {
      const lossTime = packet.sentAt + lossDelay;
      if (packet.number + PACKET_THRESHOLD > largest && lossTime > now) {
        this.#lossTime = lossTime;
        break;
      }
      this.#unchain(undefined, packet);
      lost.push(packet.content);
      if (this.congestion.lost(packet, persistentMs)) isPersistent = true;
    }
    if (isPersistent) {
      this.congestion.collapse();
      // Section 5.2: the path may have become a longer one.
      this.#minRtt = this.#latestRtt;
    }
    return lost;
  }

  /** Cuts the packet out of the chain, and the chain off the packet, or dead packets would keep others alive. */
  #unchain(before: SentPacket<Content> | undefined, packet: SentPacket<Content>): void {
    if (before === undefined) this.#oldest = packet.next;
    else before.next = packet.next;
    if (packet === this.#newest) this.#newest = before;
    packet.next = undefined;
    this.#packetsInFlight--;
  }

  // ---- section 6.2: probe timeouts -----------------------------------------------------------------------

  /** When `timeout` is to be called; Infinity when nothing is in flight. Appendix A.8: losses go first. */
  get deadline(): Millis {
    if (this.#oldest === undefined) return Infinity;
    return this.#lossTime < Infinity ? this.#lossTime : this.#waitingSince + this.#wait;
  }

  /** Section 6.2.1: the probe timeout without back-off; before the first sample the first wait of the schedule. */
  get probeTimeout(): Millis {
    if (!this.hasSample) return RETRANSMIT_AFTER_MS[0]!;
    return this.#smoothedRtt + Math.max(4 * this.#rttVar, GRANULARITY_MS) + ACK_DELAY_MS;
  }

  /** Probe timeouts since the last acknowledgement of something new (pto_count). */
  get probeTimeouts(): number {
    return this.#probeTimeouts;
  }

  /** Section 6.2.1: it doubles each time. Before the first sample (6.2.2) the schedule stands for kInitialRtt. */
  get #wait(): Millis {
    if (!this.hasSample) {
      return this.#jitter * (RETRANSMIT_AFTER_MS[this.#probeTimeouts] ?? RETRANSMIT_AFTER_MS.at(-1)!);
    }
    const most = Math.max(PROBE_TIMEOUT_MOST_MS, this.probeTimeout);
    return Math.min(this.probeTimeout * 2 ** this.#probeTimeouts, most);
  }

  /** Appendix A.9: the deadline has come; early calls do nothing. What is lost by time, and the probes to send. */
  timeout(now: Millis): { lost: Content[]; probes: number } {
    if (now < this.deadline) return { lost: [], probes: 0 };
    if (this.#lossTime < Infinity) return { lost: this.#detectLost(now), probes: 0 };
    this.#probeTimeouts++;
    // Whether or not a probe leaves, the deadline moves on.
    this.#waitingSince = now;
    // From the third wait on: senders drift apart.
    if (this.#probeTimeouts >= 2) this.#jitter = 1 + RETRANSMIT_JITTER * (2 * this.#chance() - 1);
    // Section 6.2.4: one, and at most two, which survive what one does not if each has something else to say.
    return { lost: [], probes: this.hasSample ? Math.min(this.#packetsInFlight, 2) : 1 };
  }

  /** RFC 9000 section 9.4: another path. Window and estimates begin again; what is in flight stays so. */
  pathChanged(now: Millis): void {
    this.congestion.reset();
    this.#otherPathUpTo = this.congestion.newest;
    // The first sample sets the others.
    this.#minRtt = Infinity;
    this.#smoothedRtt = Infinity;
    this.#lossTime = Infinity;
    this.#waitingSince = now;
    this.#probeTimeouts = 0;
    this.#jitter = 1;
  }
}
