/**
 * The places of log messages.
 * @module
 */
import { blue, bold, red, yellow } from "../fmt/colors.ts";
import { getLevelByName, getLevelName, type LevelName, type LogLevel, LogLevels } from "./levels.ts";
import type { LogRecord } from "./record.ts";

/** Makes the text of a message. */
export type FormatterFunction = (logRecord: LogRecord) => string;

/** Options for {@linkcode BaseHandler}. */
export interface BaseHandlerOptions {
  /** Makes the text of a message; without it that is the level's name, a space and the message. */
  formatter?: FormatterFunction;
}

/** Formats the messages of its level and above, and leaves to its subclasses what becomes of them. */
export abstract class BaseHandler {
  /** Makes the text of a message. */
  formatter: FormatterFunction;
  #level: LogLevel;

  /** Makes a handler for messages of this level and above. */
  constructor(levelName: LevelName, options: BaseHandlerOptions = {}) {
    this.#level = getLevelByName(levelName);
    this.formatter = options.formatter ?? (({ levelName, msg }) => `${levelName} ${msg}`);
  }

  /** Messages below this are dropped. */
  get level(): LogLevel {
    return this.#level;
  }

  /** Sets the level; throws if there is no such level. */
  set level(level: LogLevel) {
    this.#level = getLevelByName(getLevelName(level));
  }

  /** The name of the level. */
  get levelName(): LevelName {
    return getLevelName(this.#level);
  }

  /** Sets the level by its name. */
  set levelName(levelName: LevelName) {
    this.#level = getLevelByName(levelName);
  }

  /** Formats the message and logs it, unless it is below the level. */
  handle(logRecord: LogRecord): void {
    if (logRecord.level >= this.#level) this.log(this.format(logRecord));
  }

  /** The text of the message. */
  format(logRecord: LogRecord): string {
    return this.formatter(logRecord);
  }

  /** Puts out one message that was formatted. */
  abstract log(msg: string): void;

  /** Called before the first message. */
  setup(): void {}

  /** Called after the last message. */
  destroy(): void {}

  /** The same as {@linkcode destroy}. */
  [Symbol.dispose](): void {
    this.destroy();
  }
}

/** Options for {@linkcode ConsoleHandler}. */
export interface ConsoleHandlerOptions extends BaseHandlerOptions {
  /** Whether the level shows as a colour; `true` unless given. */
  useColors?: boolean;
}

/** Writes to the console: INFO blue, WARN yellow, ERROR red, CRITICAL bold and red. */
export class ConsoleHandler extends BaseHandler {
  readonly #useColors: boolean;

  /** Makes a handler for messages of this level and above. */
  constructor(levelName: LevelName, options: ConsoleHandlerOptions = {}) {
    super(levelName, options);
    this.#useColors = options.useColors ?? true;
  }

  /** The text of the message, coloured. */
  override format(logRecord: LogRecord): string {
    const text = super.format(logRecord);
    return this.#useColors ? colored(text, logRecord.level) : text;
  }

  /** Writes a line to the console. */
  override log(msg: string): void {
    console.log(msg);
  }
}

function colored(text: string, level: number): string {
  switch (level) {
    case LogLevels.INFO:
      return blue(text);
    case LogLevels.WARN:
      return yellow(text);
    case LogLevels.ERROR:
      return red(text);
    case LogLevels.CRITICAL:
      return bold(red(text));
    default:
      return text;
  }
}

/** How a log file is opened: to append, to start afresh, or only if there is none. */
export type LogMode = "a" | "w" | "x";

/** Options for {@linkcode FileHandler}. */
export interface FileHandlerOptions extends BaseHandlerOptions {
  /** The path of the file. */
  filename: string;
  /** How it is opened; `"a"` unless given. */
  mode?: LogMode;
  /** How many bytes may wait before they are written; 4096 unless given. */
  bufferSize?: number;
}

/**
 * Writes to a file that `setup` opens. Messages wait in a buffer until it is full, {@linkcode flush} is
 * called, a message above ERROR comes, or the handler or the process ends.
 */
export class FileHandler extends BaseHandler {
  readonly #options: FileHandlerOptions;
  readonly #buffer: Uint8Array;
  readonly #onUnload = (): void => this.destroy();
  #used = 0;
  #file: Deno.FsFile | undefined;

  /** Makes a handler for messages of this level and above. */
  constructor(levelName: LevelName, options: FileHandlerOptions) {
    super(levelName, options);
    this.#options = options;
    this.#buffer = new Uint8Array(options.bufferSize ?? 4096);
  }

  /** Opens the file; throws what `Deno.openSync` throws. */
  override setup(): void {
    const { filename, mode = "a" } = this.#options;
    this.#file = Deno.openSync(filename, {
      write: true,
      create: mode !== "x",
      createNew: mode === "x",
      append: mode === "a",
      truncate: mode !== "a",
    });
    this.#used = 0;
    addEventListener("unload", this.#onUnload);
  }

  /** Logs the message; one above ERROR is written at once. */
  override handle(logRecord: LogRecord): void {
    super.handle(logRecord);
    if (logRecord.level > LogLevels.ERROR) this.flush();
  }

  /** Puts a line into the buffer. */
  override log(msg: string): void {
    const line = new TextEncoder().encode(`${msg}\n`);
    if (line.length > this.#buffer.length - this.#used) this.flush();
    if (line.length > this.#buffer.length) {
      this.#write(line);
    } else {
      this.#buffer.set(line, this.#used);
      this.#used += line.length;
    }
  }

  /** Writes what waits in the buffer. */
  flush(): void {
    if (this.#file === undefined) return;
    this.#write(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }

  /** Writes what waits and closes the file. */
  override destroy(): void {
    this.flush();
    this.#file?.close();
    this.#file = undefined;
    removeEventListener("unload", this.#onUnload);
  }

  #write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) at += this.#file!.writeSync(bytes.subarray(at));
  }
}
