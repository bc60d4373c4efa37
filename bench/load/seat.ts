/** A client of the load generator, of whatever protocol, and what it tells its process. */
import type { Millis } from "../../core/base/units.ts";

export interface Seat {
  /** When it was first registered, and when its table was complete last; Infinity before. */
  readonly registeredAt: Millis;
  readonly completeAt: Millis;
  /** The counters of its table, and of the newest one of which it has heard; 0 without tables. */
  readonly version: number;
  readonly newest: number;
  register(at: Millis): void;
  leave(at: Millis): void;
  /** A message to the channel, with this number in it. */
  post(at: Millis, number: number): void;
  /** A letter for this nick. */
  deposit?(at: Millis, id: string, to: string): void;
}

export interface SeatEvents {
  /** So many bytes have come, headers included. */
  received(bytes: number): void;
  /** A message of the channel has come. */
  arrived(at: Millis, number: number): void;
  letter(at: Millis): void;
  stored(at: Millis, id: string): void;
  rejected(id: string, reason: string): void;
}

/** All texts are so long. */
export const TEXT_BYTES = 64;

/** The headers of IPv4 (RFC 791) and UDP (RFC 768), which a datagram has before its bytes. */
export const HEADER_BYTES = 20 + 8;

/** As the socket of the client has it (`transport/udp.ts`). */
export const RECEIVE_BUFFER_BYTES = 2048;

const origin = performance.timeOrigin;

/** The same instants in all processes of this machine. */
export function now(): Millis {
  return origin + performance.now();
}
