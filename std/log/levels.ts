/**
 * How important a log message is.
 * @module
 */

/** The levels by name; what is below a logger's or a handler's level is not logged. */
export const LogLevels = {
  NOTSET: 0,
  DEBUG: 10,
  INFO: 20,
  WARN: 30,
  ERROR: 40,
  CRITICAL: 50,
} as const;

/** The name of a level. */
export type LevelName = keyof typeof LogLevels;

/** A level as a number. */
export type LogLevel = typeof LogLevels[LevelName];

/**
 * The level of this name.
 * @throws {Error} If there is none.
 */
export function getLevelByName(name: LevelName): LogLevel {
  if (Object.hasOwn(LogLevels, name)) return LogLevels[name];
  throw new Error(`Cannot get log level: no level named ${name}`);
}

/**
 * The name of this level.
 * @throws {Error} If it has none.
 */
export function getLevelName(level: LogLevel): LevelName {
  for (const [name, value] of Object.entries(LogLevels)) {
    if (value === level) return name as LevelName;
  }
  throw new Error(`Cannot get log level: no name for level: ${level}`);
}
