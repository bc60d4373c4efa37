/** Options of commands in a shell: parsed, checked, or refused with one clear sentence. */
import { parseArgs } from "@std/cli/parse-args";
import { ExpectedError } from "../core/base/expected_error.ts";
import { NICK_BYTES, NICK_CHARACTERS } from "../core/base/limits.ts";
import { DURABILITIES, type Durability } from "../core/machine.ts";
import { isNick } from "../core/messages/nick.ts";

/** An option or its value is wrong. The message is a sentence for the user. */
export class OptionError extends ExpectedError {
  override readonly name = "OptionError";
}

/** The bounds and the default of a server's port, for all commands that have to do with a server. */
export const SERVER_PORT = { least: 1, most: 65535, otherwise: 9999 };

/** The value of each option by its long name; `undefined` if it was not given. */
export type Options = Readonly<Record<string, string | undefined>>;

/** The arguments that may stand beside options with a value. */
export interface Besides {
  /** Options without a value; they get the value "true". */
  readonly flags?: readonly string[];
  /** The name that the one argument which is no option gets among the options. */
  readonly argument?: string;
}

/**
 * Reads the options with these names. Each takes a value, and `alias` gives short forms. Throws an
 * `OptionError` if an option is unknown, given twice or without its value, or if there is an argument too
 * many.
 */
export function readOptions(
  args: readonly string[],
  names: readonly string[],
  alias: Record<string, string>,
  { flags = [], argument: argumentName }: Besides = {},
): Options {
  const empty = args.indexOf("");
  if (empty > 0) throw new OptionError(`option '${args[empty - 1]}' has no value, give one`);
  for (const flag of flags) {
    if (args.some((arg) => arg.startsWith(`--${flag}=`))) {
      throw new OptionError(`option '--${flag}' takes no value`);
    }
  }
  const options = parseArgs([...args], {
    string: [...names, "_"],
    boolean: [...flags],
    collect: names,
    alias,
    unknown: (argument, key) => {
      if (key === undefined && argumentName !== undefined) return true;
      throw new OptionError(
        key === undefined ? `unexpected argument '${argument}'` : `unknown option '${argument}'`,
      );
    },
  });
  // The types take every name for one of each kind.
  const found: Readonly<Record<string, unknown>> = options;
  const values: Record<string, string | undefined> = {};
  for (const name of names) {
    const given = found[name];
    const [value, ...more]: readonly unknown[] = Array.isArray(given) ? given : [];
    if (more.length > 0) throw new OptionError(`option '--${name}' given twice, give it once`);
    if (value === "") throw new OptionError(`option '--${name}' has no value, give one`);
    values[name] = typeof value === "string" ? value : undefined;
  }
  for (const name of flags) if (found[name] === true) values[name] = "true";
  const [argument, unexpected] = options._;
  if (unexpected !== undefined) throw new OptionError(`unexpected argument '${unexpected}'`);
  if (argumentName !== undefined) {
    values[argumentName] = argument === undefined ? undefined : String(argument);
  }
  return values;
}

/** Reads an option as a whole number within bounds; without it returns the default. */
export function numberOption(
  options: Options,
  name: string,
  { least, most, otherwise }: { least: number; most: number; otherwise: number },
): number {
  const text = options[name];
  if (text === undefined) return otherwise;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new OptionError(`'${text}' is not a number from ${least} to ${most}, change '--${name}'`);
}

/** Reads `--durability`; without it returns "full". */
export function durabilityOption({ durability = "full" }: Options): Durability {
  const chosen = DURABILITIES.find((one) => one === durability);
  if (chosen !== undefined) return chosen;
  throw new OptionError(`'${durability}' is not one of ${DURABILITIES.join(", ")}, change '--durability'`);
}

/** Reads the option `nick`. */
export function nickOption({ nick }: Options): string | undefined {
  if (nick === undefined || isNick(nick)) return nick;
  throw new OptionError(
    `'${nick}' cannot be a nick: 1 to ${NICK_CHARACTERS} letters, digits or _ - . (at most ${NICK_BYTES} bytes, not signs alone, nothing that looks like SERVER), change '--nick'`,
  );
}

/** Reads the option `server-key`: 64 hexadecimal digits. */
export function serverKeyOption(options: Options): string | undefined {
  const text = options["server-key"];
  if (text === undefined || /^[0-9a-f]{64}$/i.test(text)) return text?.toLowerCase();
  throw new OptionError(
    `'${text}' is not a public key: 64 hexadecimal digits, as the server says at its start, change '--server-key'`,
  );
}
