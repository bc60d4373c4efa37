/**
 * The object that a program logs with.
 * @module
 */
import type { BaseHandler } from "./handlers.ts";
import { getLevelByName, getLevelName, type LevelName, type LogLevel, LogLevels } from "./levels.ts";
import { LogRecord } from "./record.ts";

/** Options for {@linkcode Logger}. */
export interface LoggerOptions {
  /** The handlers of the messages. */
  handlers?: BaseHandler[];
}

/**
 * Gives messages of its level and above to its handlers. A message may be a function that returns it, which
 * is called only if the message is logged. Each method returns the message, or `undefined` if it was not
 * called.
 */
export class Logger {
  /** The handlers of the messages. */
  handlers: BaseHandler[];
  readonly #loggerName: string;
  #level: LogLevel;

  /** Makes a logger that is known to nobody else; programs use `getLogger`. */
  constructor(loggerName: string, levelName: LevelName, options: LoggerOptions = {}) {
    this.#loggerName = loggerName;
    this.#level = getLevelByName(levelName);
    this.handlers = options.handlers ?? [];
  }

  /** Messages below this are not logged. */
  get level(): LogLevel {
    return this.#level;
  }

  /** Sets the level; throws a `TypeError` if there is no such level. */
  set level(level: LogLevel) {
    if (!Object.values(LogLevels).includes(level)) throw new TypeError(`Invalid log level: ${level}`);
    this.#level = level;
  }

  /** The name of the level. */
  get levelName(): LevelName {
    return getLevelName(this.#level);
  }

  /** Sets the level by its name. */
  set levelName(levelName: LevelName) {
    this.#level = getLevelByName(levelName);
  }

  /** The name of the logger. */
  get loggerName(): string {
    return this.#loggerName;
  }

  /** Logs what only developers want to know. */
  debug<T>(msg: T | (() => T), ...args: unknown[]): T | undefined {
    return this.#log(LogLevels.DEBUG, msg, args);
  }

  /** Logs what is worth knowing. */
  info<T>(msg: T | (() => T), ...args: unknown[]): T | undefined {
    return this.#log(LogLevels.INFO, msg, args);
  }

  /** Logs what may become a problem. */
  warn<T>(msg: T | (() => T), ...args: unknown[]): T | undefined {
    return this.#log(LogLevels.WARN, msg, args);
  }

  /** Logs what failed. */
  error<T>(msg: T | (() => T), ...args: unknown[]): T | undefined {
    return this.#log(LogLevels.ERROR, msg, args);
  }

  /** Logs what the program may not survive. */
  critical<T>(msg: T | (() => T), ...args: unknown[]): T | undefined {
    return this.#log(LogLevels.CRITICAL, msg, args);
  }

  #log<T>(level: LogLevel, msg: T | (() => T), args: unknown[]): T | undefined {
    const isLogged = level >= this.#level;
    if (isFunction(msg) && !isLogged) return undefined;
    const data = isFunction(msg) ? msg() : msg;
    if (isLogged) {
      const record = new LogRecord({ msg: asText(data), args, level, loggerName: this.#loggerName });
      for (const handler of this.handlers) handler.handle(record);
    }
    return data;
  }
}

function isFunction<T>(msg: T | (() => T)): msg is () => T {
  return typeof msg === "function";
}

/** An error as its stack, another object as its properties; anything else as `String` shows it. */
function asText(data: unknown): string {
  if (typeof data === "function") return "undefined";
  if (typeof data !== "object" || data === null) return String(data);
  if (data instanceof Error) return data.stack ?? String(data);
  const properties = Object.entries(data)
    .map(([key, value]) => `"${key}":${typeof value === "string" ? `"${value}"` : asText(value)}`);
  return `{${properties.join(",")}}`;
}
