/**
 * The loggers of this process, and how they are set up.
 * @module
 */
import { type BaseHandler, ConsoleHandler } from "./handlers.ts";
import type { LevelName } from "./levels.ts";
import { Logger } from "./logger.ts";

/** How one logger is set up. */
export interface LoggerConfig {
  /** Messages below this are not logged; `"INFO"` unless given. */
  level?: LevelName;
  /** The handlers of its messages, by name. */
  handlers?: string[];
}

/**
 * The options of {@linkcode setup}. A handler or logger named `default` replaces the default of that kind.
 */
export interface LogConfig {
  /** The handlers by name. */
  handlers?: Record<string, BaseHandler>;
  /** The loggers by name. */
  loggers?: Record<string, LoggerConfig>;
}

const defaultHandler = new ConsoleHandler("INFO");
const handlers = new Map<string, BaseHandler>();
const loggers = new Map<string, Logger>();

/** Replaces all loggers and handlers. The handlers before are destroyed, the new ones set up. */
export function setup(config: LogConfig): void {
  for (const handler of handlers.values()) handler.destroy();
  handlers.clear();
  for (const [name, handler] of Object.entries({ default: defaultHandler, ...config.handlers })) {
    handler.setup();
    handlers.set(name, handler);
  }

  loggers.clear();
  const defaultLogger: LoggerConfig = { handlers: ["default"] };
  for (const [name, logger] of Object.entries({ default: defaultLogger, ...config.loggers })) {
    const its = (logger.handlers ?? []).flatMap((handler) => handlers.get(handler) ?? []);
    loggers.set(name, new Logger(name, logger.level ?? "INFO", { handlers: its }));
  }
}

/**
 * The logger of this name, or the default one. A name that was not set up gets a logger without handlers.
 * One taken before {@linkcode setup} goes on with the handlers of before.
 */
export function getLogger(name?: string): Logger {
  const found = loggers.get(name || "default");
  if (found) return found;
  const silent = new Logger(name || "default", "NOTSET");
  loggers.set(silent.loggerName, silent);
  return silent;
}

setup({});
