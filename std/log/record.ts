/**
 * The messages that are logged.
 * @module
 */
import { getLevelName, type LogLevel } from "./levels.ts";

/** The parts of a {@linkcode LogRecord}. */
export interface LogRecordOptions {
  /** The message. */
  msg: string;
  /** The arguments behind the message. */
  args: unknown[];
  /** The level it was logged at. */
  level: LogLevel;
  /** The name of the logger. */
  loggerName: string;
}

/** A message on its way to the handlers. */
export class LogRecord {
  /** The message. */
  readonly msg: string;
  /** The level it was logged at. */
  readonly level: number;
  /** The name of that level. */
  readonly levelName: string;
  /** The name of the logger. */
  readonly loggerName: string;
  readonly #args: readonly unknown[];
  readonly #datetime = new Date();

  /** Makes a record of this instant. */
  constructor(options: LogRecordOptions) {
    this.msg = options.msg;
    this.level = options.level;
    this.levelName = getLevelName(options.level);
    this.loggerName = options.loggerName;
    this.#args = [...options.args];
  }

  /** The arguments behind the message, in a fresh array. */
  get args(): unknown[] {
    return [...this.#args];
  }

  /** When the message was logged, as a fresh object. */
  get datetime(): Date {
    return new Date(this.#datetime);
  }
}
