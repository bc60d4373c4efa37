/** Recoveries for tests: over a path that was measured, with packets that are nothing but their numbers. */
import { DATAGRAM_BYTES } from "../../../core/base/limits.ts";
import type { Millis } from "../../../core/base/units.ts";
import { Recovery } from "../../../core/link/recovery.ts";

/** A recovery whose contents are the packets' numbers, over a path that the handshake measured. */
export function measured(rtt: Millis): Recovery<number> {
  const recovery = new Recovery<number>(0);
  recovery.sample(0, rtt);
  return recovery;
}

export function send(recovery: Recovery<number>, now: Millis, ...numbers: number[]): void {
  for (const number of numbers) recovery.sent(now, number, DATAGRAM_BYTES, number);
}

/** Sends a packet and acknowledges it `rtt` later, so that the round trip is measured. */
export function roundTrip(recovery: Recovery<number>, number: number, rtt: Millis, delay = 0): void {
  send(recovery, 0, number);
  recovery.acknowledge(rtt, [[number, number]], delay);
}

export function flight(recovery: Recovery<number>): number[] {
  return [...recovery.inFlight()];
}
