/**
 * The world of a program: the clock, random bytes, the reader's time zone, the signals that end it, and the
 * log. It is one object, made once and handed to the program that a command starts.
 */
import type { Millis, Random, Stopwatch } from "../core/base/units.ts";
import { beginningOf } from "../core/durable/wall_clock.ts";
import type { Records, Store } from "../core/machine.ts";
import { ENDING_SIGNALS } from "../terminal/signals.ts";
import { steadyClock } from "../transport/clock.ts";
import { type Log, type LogPlace, openLog } from "./log.ts";

/** The exit statuses. */
export const DONE = 0;
export const FAILED = 1;
export const WRONG_USAGE = 2;

export interface World {
  /**
   * Milliseconds since some instant. They grow as time goes by, also while the computer sleeps, and nobody
   * can set them.
   */
  readonly now: () => Millis;
  /** Milliseconds since 1970, as the wall clock says. */
  readonly wall: () => Millis;
  readonly random: Random;
  readonly stopwatch: Stopwatch;
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
    now: steadyClock(),
    wall: Date.now,
    random: makeRandom(),
    stopwatch: () => performance.now(),
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

/**
 * Makes a machine with the records of the last process. Its own time goes on where that process stopped
 * counting.
 */
export function startMachine<Made>(
  { now, wall }: World,
  store: Store | undefined,
  make: (now: Millis, records: Records) => Made,
): { readonly machine: Made; readonly now: () => Millis } {
  const records = store?.read() ?? [];
  const ahead = beginningOf(records, wall()) - now();
  return { machine: make(now() + ahead, records), now: () => now() + ahead };
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
