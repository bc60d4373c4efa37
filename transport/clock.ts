/** A clock that nobody can set, and that goes on while the computer sleeps. */
import { CLOCK_LEAP_MS } from "../core/base/limits.ts";
import type { Millis } from "../core/base/units.ts";

/** The readings of the system's clocks. Each counts from an instant of its own. */
export interface SystemClocks {
  /** Stands still on Linux while the computer sleeps (CLOCK_MONOTONIC, clock_gettime(2)). */
  monotonic(): Millis;
  /** Anybody may set it. */
  wall(): Millis;
  /** Counts sleep too, but in whole seconds, and it takes longer to ask for. */
  uptime(): Millis;
}

const SYSTEM: SystemClocks = {
  monotonic: () => performance.now(),
  wall: Date.now,
  uptime: () => Deno.osUptime() * 1000,
};

/** The uptime is rounded, so that a difference may be so much too large. */
const ROUNDING_MS = 1000;

/**
 * The monotonic clock, and the time that the computer has slept. The uptime is looked at only when the wall
 * clock has moved against the monotonic one: then somebody has set it, or the computer has slept.
 */
export function steadyClock({ monotonic, wall, uptime }: SystemClocks = SYSTEM): () => Millis {
  let slept = 0;
  /** How far the wall clock and the uptime were ahead of the monotonic clock. */
  let [wallAhead, uptimeAhead] = [-Infinity, Infinity];
  return () => {
    const now = monotonic();
    const ahead = wall() - now;
    if (Math.abs(ahead - wallAhead) >= CLOCK_LEAP_MS) {
      const upAhead = uptime() - now;
      slept += Math.max(0, upAhead - uptimeAhead - ROUNDING_MS);
      [wallAhead, uptimeAhead] = [ahead, upAhead];
    }
    return now + slept;
  };
}
