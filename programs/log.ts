/** The log of a process, on standard error or in a file. A log that cannot be written ends no process. */
import { BaseHandler, getLogger, setup } from "@std/log";
import { StoreError } from "../storage/store_error.ts";

export const LOG_LEVELS = ["DEBUG", "INFO", "WARN", "ERROR"] as const;
export type LogLevel = typeof LOG_LEVELS[number];

export type Log = (line: string) => void;

export type LogPlace = { readonly level: LogLevel } | { readonly file: string };

/** Opens the log. Throws a `StoreError` if the file cannot be opened. */
export function openLog(place: LogPlace): Log {
  const level = "level" in place ? place.level : "INFO";
  const stream = "level" in place ? Deno.stderr : openFile(place.file);
  const only = new StreamHandler(level, stream);
  setup({ handlers: { only }, loggers: { default: { level, handlers: ["only"] } } });
  return (line) => getLogger().info(line);
}

function openFile(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { append: true, create: true, mode: 0o600 });
  } catch (cause) {
    throw new StoreError(`cannot write the log '${path}': choose another file with '--log'`, { cause });
  }
}

/**
 * Writes each line at once. A disk that is full or a reader that is gone costs lines, which are counted; the
 * next one that can be written is led by one that tells how many.
 */
export class StreamHandler extends BaseHandler {
  readonly #stream: { writeSync(bytes: Uint8Array): number };
  #lost = 0;

  constructor(level: LogLevel, stream: { writeSync(bytes: Uint8Array): number }) {
    super(level, {
      formatter: ({ datetime, levelName, msg }) => `${datetime.toISOString()} ${levelName} ${msg}`,
    });
    this.#stream = stream;
  }

  override log(line: string): void {
    const lost = this.#lost;
    const lines = lost === 0
      ? `${line}\n`
      : `${new Date().toISOString()} WARN ${lost} lines of this log could not be written\n${line}\n`;
    try {
      this.#write(new TextEncoder().encode(lines));
      this.#lost = 0;
    } catch {
      this.#lost++;
    }
  }

  #write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) at += this.#stream.writeSync(bytes.subarray(at));
  }
}
