/**
 * The two clocks of a machine. Its `now`, the first argument of everything, only ever goes forward: with the
 * monotonic clock while the process runs, and from one process to the next by a bounded step. Ages are
 * counted by it. The wall clock says the date, for what is shown and what is sent, and may be set to anything
 * at any time. So no reading of it makes anything old (docs/architecture.md, section 7).
 */
import { CLOCK_LEAP_MS, RESTART_MS } from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import type { Records } from "../machine.ts";
import { byName, DurableMap } from "./durable_map.ts";
import type { Effects } from "./effects.ts";
import { CLOCK, LAST } from "./records.ts";

/**
 * The `now` with which a machine begins. Since the last process as much time has gone by as the wall clock
 * says, but no less than none and no more than `RESTART_MS`. Without records it is the date.
 */
export function beginningOf(records: Records, wall: Millis): Millis {
  for (const [, last] of CLOCK.read(records)) {
    return last.at + Math.min(Math.max(0, wall - last.wall), RESTART_MS);
  }
  return wall;
}

export class WallClock {
  readonly #effects: Effects;
  /** The last reading, as the next process finds it. */
  readonly #readings: DurableMap<string, { at: Millis; wall: Millis }>;
  /** How far the wall clock is ahead of `now`. */
  #ahead: Millis;

  constructor(effects: Effects) {
    this.#effects = effects;
    this.#readings = new DurableMap(effects, byName(CLOCK));
    const last = this.#readings.get(LAST);
    this.#ahead = last === undefined ? 0 : last.wall - last.at;
  }

  /** The date at an instant: never before 1970, because dates are written as they are in `instant` fields. */
  at(now: Millis): Millis {
    return Math.max(0, now + this.#ahead);
  }

  /** The wall clock was read. If somebody has set it, a line in the log says so. */
  set(now: Millis, wall: Millis): void {
    const leap = wall - this.at(now);
    this.#ahead = wall - now;
    if (Math.abs(leap) >= CLOCK_LEAP_MS) this.#effects.notice({ type: "clockSet", by: leap });
    this.save(now);
  }

  /** Saves how late it is, so that the next process counts from here. */
  save(now: Millis): void {
    this.#readings.set(LAST, { at: now, wall: this.at(now) });
  }
}
