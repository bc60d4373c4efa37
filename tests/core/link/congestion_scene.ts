/** A sender and its path, for tests of congestion control. */
import { DATAGRAM_BYTES } from "../../../core/base/limits.ts";
import type { Millis } from "../../../core/base/units.ts";
import { Congestion, type Departure } from "../../../core/link/congestion.ts";

export const RTT = 100;
/** Longer than any test. */
const NEVER = Infinity;

/** A path that was measured before the first packet left, and who numbers the packets. */
export class TestPath {
  readonly congestion = new Congestion(0);
  #number = 0;

  constructor() {
    this.congestion.measured(0);
  }

  send(now: Millis, count = 1, bytes = DATAGRAM_BYTES): Departure[] {
    return Array.from({ length: count }, () => {
      const packet = { number: ++this.#number, after: this.congestion.newest, bytes, sentAt: now };
      this.congestion.sent(packet, RTT);
      return packet;
    });
  }

  /** Fills the window. */
  fill(now: Millis): Departure[] {
    return this.send(
      now,
      Math.floor((this.congestion.window - this.congestion.bytesInFlight) / DATAGRAM_BYTES),
    );
  }

  ack(packets: Iterable<Departure>): void {
    for (const packet of packets) this.congestion.acked(packet);
  }

  /** Whether the losses are persistent congestion. */
  lose(packets: Iterable<Departure>, persistentMs: Millis = NEVER): boolean {
    let persistent = false;
    for (const packet of packets) persistent = this.congestion.lost(packet, persistentMs) || persistent;
    return persistent;
  }

  room(now: Millis): number {
    return this.congestion.room(now, RTT);
  }

  roomAt(now: Millis): Millis {
    return this.congestion.roomAt(now, RTT);
  }
}
