/**
 * Congestion control and pacing: how many bytes may be in flight, and how fast they may leave. It is NewReno
 * as RFC 9002 has it, section 7 and appendix B, with a token bucket for pacing (section 7.7). Sections below
 * are those of RFC 9002.
 *
 *     slow start --loss--> recovery --a packet sent since is acknowledged--> congestion avoidance
 *         ^                   ^----------------------loss-----------------------------/
 *         \----persistent congestion: nothing but losses for three probe timeouts
 *
 * The RFC compares the times at which packets were sent. Many packets leave within one instant here, so this
 * code compares their numbers, which grow with time.
 */
import {
  DATAGRAM_BYTES,
  INITIAL_WINDOW_BYTES,
  LOSS_REDUCTION,
  MAXIMUM_WINDOW_BYTES,
  MINIMUM_WINDOW_BYTES,
  PACING_GAIN,
} from "../base/limits.ts";
import type { Millis } from "../base/units.ts";

/** A packet that has left and asks for acknowledgement, as far as congestion control has to know it. */
export interface Departure {
  readonly number: number;
  /** The number of the packet of this kind before it; -1 for the first. */
  readonly after: number;
  /** The length of the whole datagram. */
  readonly bytes: number;
  readonly sentAt: Millis;
}

export class Congestion {
  /** `congestion_window` of appendix B.2. */
  #window = INITIAL_WINDOW_BYTES;
  #bytesInFlight = 0;
  /** `ssthresh` of appendix B.2: below it the window doubles with each round trip. */
  #slowStartThreshold = Infinity;
  #newest = -1;
  /**
   * The newest packet when the last recovery period began, in the place of `congestion_recovery_start_time`.
   * Packets up to this one change the window no more.
   */
  #recoveryUpTo = -1;
  /** The newest packet after which window or pacing left no room. */
  #limitedUpTo = -1;

  /** The newest packet when the first round trip was measured. */
  #sampledAfter = Infinity;
  /** The number of the packet that was declared lost last. */
  #lastLost: number | undefined;
  /** When the first packet of the present run of losses was sent. */
  #lossesSince: Millis = 0;

  /** Bytes in the pacing bucket at `#refilledAt`. Probes leave without asking, so it may be negative. */
  #tokens = INITIAL_WINDOW_BYTES;
  #refilledAt: Millis;

  constructor(now: Millis) {
    this.#refilledAt = now;
  }

  /** The congestion window, in bytes. */
  get window(): number {
    return this.#window;
  }

  get bytesInFlight(): number {
    return this.#bytesInFlight;
  }

  /** The highest packet number that left; -1 before the first. */
  get newest(): number {
    return this.#newest;
  }

  // ---- room for the next packet --------------------------------------------------------------------------

  /** How many bytes window and pacing allow now. */
  room(now: Millis, smoothedRtt: Millis): number {
    if (now < this.#releaseAt(smoothedRtt)) return 0;
    // At the very instant of the release rounding may leave the bucket a fraction short.
    const paced = Math.max(DATAGRAM_BYTES, this.#tokensAt(now, smoothedRtt));
    return Math.max(0, Math.min(this.#window - this.#bytesInFlight, paced));
  }

  /** When pacing allows a full datagram; `Infinity` while the window is full. */
  roomAt(now: Millis, smoothedRtt: Millis): Millis {
    if (this.#window - this.#bytesInFlight < DATAGRAM_BYTES) return Infinity;
    return Math.max(now, this.#releaseAt(smoothedRtt));
  }

  /**
   * When the bucket holds a full datagram. It fills at the rate N * congestion_window / smoothed_rtt
   * (section 7.7). The result does not depend on when it is asked for, so a timer set to it finds room when
   * it fires.
   */
  #releaseAt(smoothedRtt: Millis): Millis {
    return this.#refilledAt + (DATAGRAM_BYTES - this.#tokens) * smoothedRtt / (PACING_GAIN * this.#window);
  }

  /** Bursts are limited to the initial window (section 7.7). A path without delay needs no pacing. */
  #tokensAt(now: Millis, smoothedRtt: Millis): number {
    if (smoothedRtt === 0) return INITIAL_WINDOW_BYTES;
    const tokens = this.#tokens + (now - this.#refilledAt) * PACING_GAIN * this.#window / smoothedRtt;
    return Math.min(tokens, INITIAL_WINDOW_BYTES);
  }

  // ---- the fate of packets -------------------------------------------------------------------------------

  /** Appendix B.4. A probe leaves without asking for room, but it counts as in flight (section 7.5). */
  sent(packet: Departure, smoothedRtt: Millis): void {
    this.#tokens = this.#tokensAt(packet.sentAt, smoothedRtt) - packet.bytes;
    this.#refilledAt = packet.sentAt;
    this.#bytesInFlight += packet.bytes;
    this.#newest = packet.number;
    if (this.#isLimited) this.#limitedUpTo = packet.number;
  }

  /**
   * True if the window is made use of, which section 7.8 demands before it may grow: it is full, or pacing
   * holds back the packets that would fill it. An empty bucket alone says little about a wide window, for ten
   * packets empty it.
   */
  get #isLimited(): boolean {
    if (this.#window - this.#bytesInFlight < DATAGRAM_BYTES) return true;
    return this.#tokens < DATAGRAM_BYTES && this.#bytesInFlight >= this.#window / 2;
  }

  /** Appendix B.5: an acknowledged packet makes the window grow. */
  acked({ number, bytes }: Departure): void {
    this.#bytesInFlight -= bytes;
    // Section 7.8: all packets in flight together with one that filled the window have made use of it.
    if (number > this.#limitedUpTo) return;
    // Section 7.3.2: packets sent before the recovery period began make nothing grow.
    if (number <= this.#recoveryUpTo) return;
    // In slow start (section 7.3.1) the window grows by the bytes that are acknowledged, in congestion
    // avoidance (section 7.3.3) by one datagram for each window of them.
    const isSlowStart = this.#window < this.#slowStartThreshold;
    const growth = isSlowStart ? bytes : DATAGRAM_BYTES * bytes / this.#window;
    this.#window = Math.min(this.#window + growth, MAXIMUM_WINDOW_BYTES);
  }

  /**
   * Appendix B.8. The caller reports losses in the order of their numbers. True if the losses since the last
   * acknowledged packet span more than `persistentMs`: the caller then calls `collapse` after the last loss.
   */
  lost({ number, after, bytes, sentAt }: Departure, persistentMs: Millis): boolean {
    this.#bytesInFlight -= bytes;
    this.#enterRecovery(number);
    // Section 7.6.2: only packets sent after the first sample of the round trip count.
    if (number <= this.#sampledAfter) return false;
    // All earlier packets are settled. If the one just before was not lost, it was acknowledged, and a new
    // run of losses begins here.
    if (after !== this.#lastLost) this.#lossesSince = sentAt;
    this.#lastLost = number;
    return sentAt - this.#lossesSince > persistentMs;
  }

  /**
   * Section 7.3.2 and appendix B.6: the first loss of a recovery period halves the window; the other packets
   * that were in flight then reduce it no further.
   */
  #enterRecovery(number: number): void {
    if (number <= this.#recoveryUpTo) return;
    this.#recoveryUpTo = this.#newest;
    this.#slowStartThreshold = this.#window * LOSS_REDUCTION;
    this.#window = Math.max(this.#slowStartThreshold, MINIMUM_WINDOW_BYTES);
  }

  /**
   * Section 7.6.2, persistent congestion: slow start begins again from the smallest window, and packets that
   * are still in flight may make it grow.
   */
  collapse(): void {
    this.#window = MINIMUM_WINDOW_BYTES;
    this.#recoveryUpTo = -1;
  }

  /** Notes the first sample of the round trip, which gives a pacing rate. The bucket is full then. */
  measured(now: Millis): void {
    this.#sampledAfter = this.#newest;
    this.#tokens = INITIAL_WINDOW_BYTES;
    this.#refilledAt = now;
  }

  /** RFC 9000 section 9.4: a new path. Packets sent on the former one change the window no more. */
  reset(): void {
    this.#window = INITIAL_WINDOW_BYTES;
    this.#slowStartThreshold = Infinity;
    this.#recoveryUpTo = this.#newest;
    this.#sampledAfter = Infinity;
    this.#lastLost = undefined;
  }
}
