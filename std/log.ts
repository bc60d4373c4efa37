/**
 * Logging: a stand-in for `@std/log`. A logger gives messages to handlers; {@linkcode setup} says which. The
 * functions of this module use the logger named `default`, which writes INFO and above to the console.
 *
 * @example
 * ```ts
 * import { FileHandler, info, setup } from "@std/log";
 * setup({
 *   handlers: { file: new FileHandler("DEBUG", { filename: "parley.log" }) },
 *   loggers: { default: { level: "DEBUG", handlers: ["file"] } },
 * });
 * info("started");
 * ```
 * @module
 */
import { getLogger } from "./log/setup.ts";

export * from "./log/handlers.ts";
export * from "./log/levels.ts";
// As in the original, a record is a type only: loggers make them.
export { Logger, type LoggerOptions } from "./log/logger.ts";
export type { LogRecord, LogRecordOptions } from "./log/record.ts";
export * from "./log/setup.ts";

/** Logs with the default logger what only developers want to know; returns the message. */
export function debug<T>(msg: T | (() => T), ...args: unknown[]): T | undefined {
  return getLogger("default").debug(msg, ...args);
}

/** Logs with the default logger what is worth knowing; returns the message. */
export function info<T>(msg: T | (() => T), ...args: unknown[]): T | undefined {
  return getLogger("default").info(msg, ...args);
}

/** Logs with the default logger what may become a problem; returns the message. */
export function warn<T>(msg: T | (() => T), ...args: unknown[]): T | undefined {
  return getLogger("default").warn(msg, ...args);
}

/** Logs with the default logger what failed; returns the message. */
export function error<T>(msg: T | (() => T), ...args: unknown[]): T | undefined {
  return getLogger("default").error(msg, ...args);
}

/** Logs with the default logger what the program may not survive; returns the message. */
export function critical<T>(msg: T | (() => T), ...args: unknown[]): T | undefined {
  return getLogger("default").critical(msg, ...args);
}
