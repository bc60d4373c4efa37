/**
 * Loss detection: the fate of the packets that were sent (RFC 9002 sections 5 and 6 and appendix A), with one
 * packet number space and no handshake packets in it. Sections below are those of RFC 9002. Every packet that
 * asks for an acknowledgement is settled once, as acknowledged or as lost. A packet itself never leaves
 * twice; the owner of a lost one's content decides what to send again.
 *
 *     sent --acknowledged--> acked
 *       \----one sent later is acknowledged, 3 packets or 9/8 round trips on--> lost
 *        \---silence--> probe timeout: packets in flight stay so, and one or two probes draw an answer
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

/** Packets in flight form a chain, oldest first. An idle link holds no container; both ends are at hand. */
interface SentPacket<Content> extends Departure {
  readonly content: Content;
  next: SentPacket<Content> | undefined;
}

/** How a way has been since its session began. */
export interface Quality {
  /** The mean round trip; `undefined` before the first sample. */
  readonly rtt: Millis | undefined;
  /** How many packets that ask for acknowledgement have left, and how many of them were declared lost. */
  readonly sent: number;
  readonly lost: number;
}

export class Recovery<Content> {
  readonly congestion: Congestion;
  readonly #chance: () => number;

  #oldest: SentPacket<Content> | undefined;
  #newest: SentPacket<Content> | undefined;
  #packetsInFlight = 0;
  /** How many packets have asked for acknowledgement, and how many of them were declared lost. */
  #sent = 0;
  #lost = 0;
  /** The highest number that has left, with or without asking for acknowledgement. */
  #highestNumber = -1;
  /** `largest_acked_packet` of appendix A.3. */
  #largestAcked = -1;
  /** The last packet that was sent on another path. Packets up to it do not measure this one. */
  #otherPathUpTo = -1;

  // `latest_rtt`, `min_rtt`, `smoothed_rtt` and `rttvar` of appendix A.3.
  #latestRtt: Millis = 0;
  #minRtt: Millis = Infinity;
  #smoothedRtt: Millis = Infinity;
  #rttVar: Millis = 0;

  /** When the oldest packet counts as lost (`loss_time` of appendix A.3); Infinity if none waits for that. */
  #lossTime: Millis = Infinity;
  /** When the last packet left or the last probe timeout came. */
  #waitingSince: Millis;
  #probeTimeouts = 0;
  /** A factor of the waits before the first sample. */
  #jitter = 1;

  /** `chance` returns random numbers from 0 up to 1; without it the waits have no jitter. */
  constructor(now: Millis, chance: () => number = () => 0.5) {
    this.congestion = new Congestion(now);
    this.#waitingSince = now;
    this.#chance = chance;
  }

  // ---- section 5: the round trip -------------------------------------------------------------------------

  get hasSample(): boolean {
    return this.#smoothedRtt < Infinity;
  }

  /** The mean round trip; Infinity before the first sample. */
  get smoothedRtt(): Millis {
    return this.#smoothedRtt;
  }

  /**
   * Takes a measured round trip: from the handshake, which has no acknowledgement delay, or from an
   * acknowledgement. Sections 5.2 and 5.3, in the order of appendix A.7: the variation is that from the
   * former mean.
   */
  sample(now: Millis, rtt: Millis, ackDelay: Millis = 0): void {
    // A link dies before an answer takes so long: the clock was set forward while the packet was in flight.
    if (rtt > LINK_DEAD_MS) return;
    this.#latestRtt = Math.max(0, rtt);
    this.#minRtt = Math.min(this.#minRtt, this.#latestRtt);
    if (!this.hasSample) {
      this.#smoothedRtt = this.#latestRtt;
      this.#rttVar = this.#latestRtt / 2;
      this.congestion.measured(now);
      return;
    }
    // Section 5.3: the delay that a peer claims cannot make the path shorter than it has ever been.
    const isPlausible = this.#latestRtt >= this.#minRtt + ackDelay;
    const adjustedRtt = isPlausible ? this.#latestRtt - ackDelay : this.#latestRtt;
    this.#rttVar = 3 / 4 * this.#rttVar + 1 / 4 * Math.abs(this.#smoothedRtt - adjustedRtt);
    this.#smoothedRtt = 7 / 8 * this.#smoothedRtt + 1 / 8 * adjustedRtt;
  }

  /** How the way has been so far. */
  get quality(): Quality {
    return { rtt: this.hasSample ? this.#smoothedRtt : undefined, sent: this.#sent, lost: this.#lost };
  }

  // ---- packets that leave --------------------------------------------------------------------------------

  /** How many bytes may leave now: one packet at a time before the first sample. Probes do not ask. */
  room(now: Millis): number {
    if (!this.hasSample) return this.#isPathEmpty ? DATAGRAM_BYTES : 0;
    return this.congestion.room(now, this.#smoothedRtt);
  }

  /** When pacing allows the next full datagram; Infinity while the window is full. */
  roomAt(now: Millis): Millis {
    if (!this.hasSample) return this.#isPathEmpty ? now : Infinity;
    return this.congestion.roomAt(now, this.#smoothedRtt);
  }

  /** True if nothing is in flight on this path. Packets on a former path do not delay its measurement. */
  get #isPathEmpty(): boolean {
    return this.#newest === undefined || this.#newest.number <= this.#otherPathUpTo;
  }

  /** A packet has left that asks for no acknowledgement. The peer may still acknowledge its number. */
  skip(number: number): void {
    this.#highestNumber = number;
  }

  /** A packet has left. `number` is higher than any before; `content` is handed back when it is settled. */
  sent(now: Millis, number: number, bytes: number, content: Content): void {
    const after = this.congestion.newest;
    const packet = { number, after, bytes, sentAt: now, content, next: undefined };
    if (this.#newest === undefined) this.#oldest = packet;
    else this.#newest.next = packet;
    this.#newest = packet;
    this.#packetsInFlight++;
    this.#sent++;
    this.#highestNumber = number;
    this.#waitingSince = now;
    this.congestion.sent(packet, this.#smoothedRtt);
  }

  get packetsInFlight(): number {
    return this.#packetsInFlight;
  }

  /** The contents in flight, oldest first, for probes to repeat. Those sent during the walk are left out. */
  *inFlight(): Iterable<Content> {
    const last = this.#newest;
    for (let packet = this.#oldest; packet !== undefined; packet = packet.next) {
      yield packet.content;
      if (packet === last) return;
    }
  }

  // ---- section 6.1: acknowledged or lost -----------------------------------------------------------------

  /**
   * Takes an acknowledgement; `delay` is the delay that the peer claims, in ms. Returns the contents that are
   * settled now. Numbers that were not handed to `sent`, or are settled, are passed over: a packet that was
   * declared lost too early stays lost. Returns `undefined` if a number is higher than all that left: the
   * peer has made it up (RFC 9000 section 13.1).
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
    // Section 5.1: there is a sample only if the largest number is newly acknowledged. Section 5.3: the
    // peer's delay counts up to the greatest that the protocol allows.
    if (newest.number === largest && largest > this.#otherPathUpTo) {
      this.sample(now, now - newest.sentAt, Math.min(delay, ACK_DELAY_MS));
    }
    // Appendix A.7: losses come first, so an acknowledgement that reveals one makes the window grow no more.
    const lost = this.#detectLost(now);
    for (const packet of packets) this.congestion.acked(packet);
    this.#probeTimeouts = 0;
    this.#jitter = 1;
    return { acked: packets.map(({ content }) => content), lost };
  }

  /**
   * Takes the packets that are acknowledged now out of the chain. At most two packets below the largest one
   * ever acknowledged are in flight (the packet threshold settles the others), so the walk meets few others.
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
   * Section 6.1 and appendix A.10: a packet is lost if a later one is acknowledged and it is PACKET_THRESHOLD
   * numbers behind that one (6.1.1), or left a certain time ago (6.1.2). If a packet is not lost yet, no
   * younger one is.
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
      this.#lost++;
      if (this.congestion.lost(packet, persistentMs)) isPersistent = true;
    }
    if (isPersistent) {
      this.congestion.collapse();
      // Section 5.2: the path may have become longer for good.
      this.#minRtt = this.#latestRtt;
    }
    return lost;
  }

  /** Takes a packet out of the chain, and the chain out of the packet, or it would keep others in memory. */
  #unchain(before: SentPacket<Content> | undefined, packet: SentPacket<Content>): void {
    if (before === undefined) this.#oldest = packet.next;
    else before.next = packet.next;
    if (packet === this.#newest) this.#newest = before;
    packet.next = undefined;
    this.#packetsInFlight--;
  }

  // ---- section 6.2: probe timeouts -----------------------------------------------------------------------

  /** When to call `timeout`; Infinity while nothing is in flight. Losses by time go first (appendix A.8). */
  get deadline(): Millis {
    if (this.#oldest === undefined) return Infinity;
    return this.#lossTime < Infinity ? this.#lossTime : this.#waitingSince + this.#wait;
  }

  /** The probe timeout without back-off (section 6.2.1); without a sample the first wait of our schedule. */
  get probeTimeout(): Millis {
    if (!this.hasSample) return RETRANSMIT_AFTER_MS[0]!;
    return this.#smoothedRtt + Math.max(4 * this.#rttVar, GRANULARITY_MS) + ACK_DELAY_MS;
  }

  /** How many probe timeouts have come since the last new acknowledgement (`pto_count` of appendix A.3). */
  get probeTimeouts(): number {
    return this.#probeTimeouts;
  }

  /**
   * Section 6.2.1: the probe timeout doubles each time, here up to PROBE_TIMEOUT_MOST_MS. Before the first
   * sample our schedule takes the place of kInitialRtt (section 6.2.2), which would send the first probe
   * after a second.
   */
  get #wait(): Millis {
    if (!this.hasSample) {
      return this.#jitter * (RETRANSMIT_AFTER_MS[this.#probeTimeouts] ?? RETRANSMIT_AFTER_MS.at(-1)!);
    }
    const most = Math.max(PROBE_TIMEOUT_MOST_MS, this.probeTimeout);
    return Math.min(this.probeTimeout * 2 ** this.#probeTimeouts, most);
  }

  /** Appendix A.9: the deadline has come. Returns the contents lost by time, and how many probes to send. */
  timeout(now: Millis): { lost: Content[]; probes: number } {
    if (now < this.deadline) return { lost: [], probes: 0 };
    if (this.#lossTime < Infinity) return { lost: this.#detectLost(now), probes: 0 };
    this.#probeTimeouts++;
    // The deadline moves on even if the path has no room for a probe.
    this.#waitingSince = now;
    // Jitter makes senders drift apart, beginning with the third wait.
    if (this.#probeTimeouts >= 2) this.#jitter = 1 + RETRANSMIT_JITTER * (2 * this.#chance() - 1);
    // Section 6.2.4: one probe, or two with different content, in case that one of them is lost.
    return { lost: [], probes: this.hasSample ? Math.min(this.#packetsInFlight, 2) : 1 };
  }

  /** RFC 9000 section 9.4: a new path. Window and estimates begin anew; packets in flight stay in flight. */
  pathChanged(now: Millis): void {
    this.congestion.reset();
    this.#otherPathUpTo = this.congestion.newest;
    // The latest round trip and the variation need no reset: the first sample sets them.
    this.#minRtt = Infinity;
    this.#smoothedRtt = Infinity;
    this.#lossTime = Infinity;
    this.wasAnswered(now);
  }

  /** The peer has shown that it is there: the waits for an acknowledgement begin anew. */
  wasAnswered(now: Millis): void {
    this.#waitingSince = now;
    this.#probeTimeouts = 0;
    this.#jitter = 1;
  }
}
