/**
 * How much may be under way, and how fast it may leave: NewReno as RFC 9002 has it, section 7 and appendix B,
 * with a token bucket for pacing (section 7.7).
 *
 *     slow start --loss--> recovery --a packet sent since is acknowledged--> congestion avoidance
 *         ^                   ^----------------------loss-----------------------------/
 *         \----persistent congestion: nothing but losses for three probe timeouts
 *
 * Where the RFC compares the times at which packets were sent this compares their numbers, which grow with
 * time: many packets leave within one instant.
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

/** What congestion control has to know of a packet. */
export interface Departure {
  readonly number: number;
  /** The number of the packet before it; -1 for the first. */
  readonly after: number;
  readonly bytes: number;
  readonly sentAt: Millis;
}

export class Congestion {
  #window = INITIAL_WINDOW_BYTES;
  #bytesInFlight = 0;
  /** ssthresh: below it the window doubles with each round trip. */
  #slowStartThreshold = Infinity;
  /** The newest packet of all. */
  #newest = -1;
  /** The newest packet when the last recovery period began: up to here nothing makes the window move. */
  #recoveryUpTo = -1;
  /** The newest packet that took all that window or pacing allowed. */
  #limitedUpTo = -1;

  /** The newest packet when the path was measured first. */
  #sampledAfter = Infinity;
  #lastLost: number | undefined;
  /** When the first packet of the present run of losses was sent. */
  #lossesSince: Millis = 0;

  /** What the bucket held when it was last looked into. Probes do not ask, so there may be a debt. */
  #tokens = INITIAL_WINDOW_BYTES;
  #refilledAt: Millis;

  constructor(now: Millis) {
    this.#refilledAt = now;
  }

  /** The congestion window in bytes. */
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

  // ---- what may leave ------------------------------------------------------------------------------------

  /** How many bytes window and pacing allow now. */
  room(now: Millis, smoothedRtt: Millis): number {
    if (now < this.#releaseAt(smoothedRtt)) return 0;
    // At the very instant of the release rounding may leave the bucket a fraction short.
    const paced = Math.max(DATAGRAM_BYTES, this.#tokensAt(now, smoothedRtt));
    return Math.max(0, Math.min(this.#window - this.#bytesInFlight, paced));
  }

  /** When pacing allows a full datagram; `Infinity` when the window does not. */
  roomAt(now: Millis, smoothedRtt: Millis): Millis {
    if (this.#window - this.#bytesInFlight < DATAGRAM_BYTES) return Infinity;
    return Math.max(now, this.#releaseAt(smoothedRtt));
  }

  /**
   * Section 7.7: the bucket fills with N * congestion_window / smoothed_rtt. One fixed instant, whenever it is
   * asked for, so that who waits for it finds room then.
   */
  #releaseAt(smoothedRtt: Millis): Millis {
    return this.#refilledAt + (DATAGRAM_BYTES - this.#tokens) * smoothedRtt / (PACING_GAIN * this.#window);
  }

  /** Section 7.7: bursts are limited to the initial window. A path without delay needs no pacing. */
  #tokensAt(now: Millis, smoothedRtt: Millis): number {
    if (smoothedRtt === 0) return INITIAL_WINDOW_BYTES;
    const tokens = this.#tokens + (now - this.#refilledAt) * PACING_GAIN * this.#window / smoothedRtt;
    return Math.min(tokens, INITIAL_WINDOW_BYTES);
  }

  // ---- what becomes of it --------------------------------------------------------------------------------

  /** Appendix B.4. Who sends a probe does not ask for room, but it counts (section 7.5). */
  sent(packet: Departure, smoothedRtt: Millis): void {
    this.#tokens = this.#tokensAt(packet.sentAt, smoothedRtt) - packet.bytes;
    this.#refilledAt = packet.sentAt;
    this.#bytesInFlight += packet.bytes;
    this.#newest = packet.number;
    if (this.#isLimited) this.#limitedUpTo = packet.number;
  }

  /**
   * Section 7.8: the window is made use of when it is full; or when pacing holds back what would fill it. An
   * empty bucket alone says little of a wide window: ten packets empty it.
   */
  get #isLimited(): boolean {
    if (this.#window - this.#bytesInFlight < DATAGRAM_BYTES) return true;
    return this.#tokens < DATAGRAM_BYTES && this.#bytesInFlight >= this.#window / 2;
  }

  /** Appendix B.5. */
  acked({ number, bytes }: Departure): void {
    this.#bytesInFlight -= bytes;
    // Section 7.8: whatever was under way together with the packet that filled the window made use of it.
    if (number > this.#limitedUpTo) return;
    // Section 7.3.2: no growth on what was sent before the recovery period.
    if (number <= this.#recoveryUpTo) return;
    // Section 7.3.1 and 7.3.3: by what is acknowledged, and then by a datagram for each window of that.
    const isSlowStart = this.#window < this.#slowStartThreshold;
    const growth = isSlowStart ? bytes : DATAGRAM_BYTES * bytes / this.#window;
    this.#window = Math.min(this.#window + growth, MAXIMUM_WINDOW_BYTES);
  }

  /**
   * Appendix B.8; packets are lost in the order of their numbers. True when the run of losses that ends with
   * this one has lasted longer than `persistentMs`: then `collapse` is due when all that is lost has been told.
   */
  lost({ number, after, bytes, sentAt }: Departure, persistentMs: Millis): boolean {
    this.#bytesInFlight -= bytes;
    this.#enterRecovery(number);
    // Section 7.6.2: only what was sent after the first sample of the round trip counts.
    if (number <= this.#sampledAfter) return false;
    // All before this one is settled. If the one lost last is not its neighbour, one between was acknowledged.
    if (after !== this.#lastLost) this.#lossesSince = sentAt;
    this.#lastLost = number;
    return sentAt - this.#lossesSince > persistentMs;
  }

  /** Section 7.3.2, appendix B.6: once for all that was sent before the recovery period. */
  #enterRecovery(number: number): void {
    if (number <= this.#recoveryUpTo) return;
    this.#recoveryUpTo = this.#newest;
    this.#slowStartThreshold = this.#window * LOSS_REDUCTION;
    this.#window = Math.max(this.#slowStartThreshold, MINIMUM_WINDOW_BYTES);
  }

  /** Section 7.6.2: persistent congestion. Slow start begins again from the least, and with what is in flight. */
  collapse(): void {
    this.#window = MINIMUM_WINDOW_BYTES;
    this.#recoveryUpTo = -1;
  }

  /** The first sample of the round trip: from here on there is a rate, and the bucket is full. */
  measured(now: Millis): void {
    this.#sampledAfter = this.#newest;
    this.#tokens = INITIAL_WINDOW_BYTES;
    this.#refilledAt = now;
  }

  /** RFC 9000 section 9.4: begins again, and what was sent on the former path has no say in it. */
  reset(): void {
    this.#window = INITIAL_WINDOW_BYTES;
    this.#slowStartThreshold = Infinity;
    this.#recoveryUpTo = this.#newest;
    this.#sampledAfter = Infinity;
    this.#lastLost = undefined;
  }
}
