/**
 * The world of a program: the clock, random bytes, the reader's time zone, the signals that end it, and the
 * log. It is one object, made once and handed to the program that a command starts.
 */
import type { Millis, Random } from "../core/base/units.ts";
import { ENDING_SIGNALS } from "../terminal/signals.ts";
import { type Log, type LogPlace, openLog } from "./log.ts";

/** The exit statuses. */
export const DONE = 0;
export const FAILED = 1;
export const WRONG_USAGE = 2;

export interface World {
  /**
   * Milliseconds since 1970 that never go back. It is the monotonic clock, moved forward when the wall clock
   * is ahead: after a suspend, or when somebody has set it. A clock that goes back would move every deadline
   * far away, which is a hang.
   */
  readonly now: () => Millis;
  readonly random: Random;
  /** The offset of the reader's time zone from UTC at an instant, in milliseconds. */
  readonly utcOffset: (at: Millis) => Millis;
  /** Resolves after so long. */
  after(delay: Millis): Promise<void>;
  /** Calls `listener` when the system asks the process to end, and `hangUp` when its terminal is gone. */
  onEndingSignal(listener: () => void, hangUp?: () => void): void;
  /** Opens the log of this process, on standard error or in a file. Throws a `StoreError`. */
  openLog(place: LogPlace): Log;
}

export function makeWorld(): World {
  return {
    now: makeClock(),
    random: makeRandom(),
    utcOffset: (at) => -new Date(at).getTimezoneOffset() * 60_000,
    after: (delay) => new Promise((resolve) => setTimeout(resolve, delay)),
    onEndingSignal: (listener, hangUp = listener) => {
      for (const signal of ENDING_SIGNALS) {
        Deno.addSignalListener(signal, signal === "SIGHUP" ? hangUp : listener);
      }
    },
    openLog,
  };
}

function makeClock(): () => Millis {
  let shift = -Infinity;
  return () => {
    const monotonic = performance.now();
    shift = Math.max(shift, Date.now() - monotonic);
    return monotonic + shift;
  };
}

/** Takes random bytes from a pool: asking the system for two costs more than the rest of a packet. */
function makeRandom(): Random {
  const pool = new Uint8Array(4096);
  let used = pool.length;
  return (count) => {
    if (used + count > pool.length) {
      crypto.getRandomValues(pool);
      used = 0;
    }
    used += count;
    return pool.slice(used - count, used);
  };
}
