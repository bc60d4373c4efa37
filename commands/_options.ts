/** Options of commands in a shell: a table of them, and how the words behind a command are read with it. */
import { parseArgs } from "@std/cli/parse-args";
import { ExpectedError } from "../core/base/expected_error.ts";

/** An option or its value is wrong. The message is a sentence for the user. */
export class OptionError extends ExpectedError {
  override readonly name = "OptionError";
}

/** The completions of a word in a shell: files, folders, commands, nicks, or one of these words. */
export type Completion = "files" | "folders" | "commands" | "nicks" | readonly string[];

/** An option as help, completions, the man page, the environment and config.json know it. */
export interface Option {
  /** The long name, without the hyphens. */
  readonly name: string;
  /** The letter of the short form. */
  readonly short?: string;
  /** The word that stands for the value in help, such as PORT. An option without it takes no value. */
  readonly value?: string;
  readonly help: string;
  /** The value that holds without the option, for help. */
  readonly otherwise?: string;
  /**
   * The name under which config.json has it and, with PARLEY_ before it, the environment. Without one the
   * option counts on the command line alone. Options of two commands with one setting mean the same.
   */
  readonly setting?: string;
  readonly completes?: Completion;
  /** Says what is wrong with a value: a sentence that goes on with where to change it. */
  readonly check?: (text: string) => string | undefined;
}

/** The value of each option by its long name, "true" where it takes none; `undefined` if it was not given. */
export type Options = Readonly<Record<string, string | undefined>>;

/** The words behind a command, told apart. */
export interface Words {
  readonly args: readonly string[];
  readonly flags: Options;
}

/**
 * Tells options and arguments apart; all words behind `--` are arguments. Throws an `OptionError` if an
 * option is unknown, given twice, without its value or with one that it does not take.
 */
export function readWords(words: readonly string[], options: readonly Option[]): Words {
  const withValue = options.filter(({ value }) => value !== undefined);
  const names = withValue.map(({ name }) => name);
  const switches = options.filter(({ value }) => value === undefined).map(({ name }) => name);
  const forms = withValue.flatMap(({ name, short = name }) => [`--${name}`, `-${short}`]);
  const valueless = words.find((word, at) => forms.includes(word) && words[at + 1] === "");
  if (valueless !== undefined) throw new OptionError(`option '${valueless}' has no value, give one`);
  for (const name of switches) {
    if (words.some((word) => word.startsWith(`--${name}=`))) {
      throw new OptionError(`option '--${name}' takes no value`);
    }
  }
  const parsed = parseArgs([...words], {
    string: [...names, "_"],
    boolean: switches,
    collect: names,
    alias: Object.fromEntries(
      options.flatMap(({ name, short }) => short === undefined ? [] : [[name, short]]),
    ),
    unknown: (word, key) => {
      if (key !== undefined) throw new OptionError(`unknown option '${word}'`);
    },
  });
  // The types take every name for one of each kind.
  const found: Readonly<Record<string, unknown>> = parsed;
  const flags: Record<string, string | undefined> = {};
  for (const name of names) {
    const given = found[name];
    const [value, ...more]: readonly unknown[] = Array.isArray(given) ? given : [];
    if (more.length > 0) throw new OptionError(`option '--${name}' given twice, give it once`);
    if (value === "") throw new OptionError(`option '--${name}' has no value, give one`);
    flags[name] = typeof value === "string" ? value : undefined;
  }
  for (const name of switches) flags[name] = found[name] === true ? "true" : undefined;
  return { args: parsed._.map(String), flags };
}

/** A check for a whole number within bounds. */
export function wholeNumber({ least, most }: { least: number; most: number }) {
  return (text: string): string | undefined => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    return value >= least && value <= most ? undefined : `'${text}' is not a number from ${least} to ${most}`;
  };
}

/** A check for one word of a list, without regard to capitals where `cased` says so. */
export function oneOf(words: readonly string[], cased = (text: string) => text) {
  return (text: string): string | undefined =>
    words.includes(cased(text)) ? undefined : `'${text}' is not one of ${words.join(", ")}`;
}

/** A check for the setting of an option that takes no value. */
export const checkSwitch = oneOf(["true", "false"]);

/** The value of an option that `wholeNumber` has checked. */
export function numberOption(options: Options, name: string, otherwise: number): number {
  const text = options[name];
  return text === undefined ? otherwise : Number(text);
}
