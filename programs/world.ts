/**
 * The world of a program: the clock, random bytes, the reader's time zone, the signals that end it, and the
 * log. It is one object, made once and handed to the program that a command starts.
 */
import { BaseHandler, FileHandler, getLogger, setup } from "@std/log";
import type { Millis, Random } from "../core/base/units.ts";
import { StoreError } from "../storage/store_error.ts";
import { ENDING_SIGNALS } from "../terminal/signals.ts";

/** The exit statuses. */
export const DONE = 0;
export const FAILED = 1;
export const WRONG_USAGE = 2;

export const LOG_LEVELS = ["DEBUG", "INFO", "WARN", "ERROR"] as const;
export type LogLevel = typeof LOG_LEVELS[number];

export type Log = (line: string) => void;

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
  /** Calls `listener` when the system asks the process to end. */
  onEndingSignal(listener: () => void): void;
  /** Opens the log of this process, on standard error or in a file. Throws a `StoreError`. */
  openLog(where: { readonly level: LogLevel } | { readonly file: string }): Log;
}

export function makeWorld(): World {
  return {
    now: makeClock(),
    random: makeRandom(),
    utcOffset: (at) => -new Date(at).getTimezoneOffset() * 60_000,
    after: (delay) => new Promise((resolve) => setTimeout(resolve, delay)),
    onEndingSignal: (listener) => {
      for (const signal of ENDING_SIGNALS) Deno.addSignalListener(signal, listener);
    },
    openLog: (where) => "level" in where ? openStandardError(where.level) : openFile(where.file),
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

class StandardErrorHandler extends BaseHandler {
  override log(message: string): void {
    console.error(message);
  }
}

const FORMATTER = ({ datetime, levelName, msg }: { datetime: Date; levelName: string; msg: string }) =>
  `${datetime.toISOString()} ${levelName} ${msg}`;

function openStandardError(level: LogLevel): Log {
  return openLog(level, new StandardErrorHandler(level, { formatter: FORMATTER }));
}

function openFile(filename: string): Log {
  try {
    return openLog("INFO", new FileHandler("INFO", { filename, formatter: FORMATTER }));
  } catch (cause) {
    throw new StoreError(`cannot write the log '${filename}': choose another file with '--log'`, { cause });
  }
}

function openLog(level: LogLevel, handler: BaseHandler): Log {
  setup({ handlers: { only: handler }, loggers: { default: { level, handlers: ["only"] } } });
  return (line) => getLogger().info(line);
}
