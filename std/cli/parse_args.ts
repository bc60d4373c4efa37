/**
 * Command line arguments in the manner of minimist: a stand-in for `@std/cli/parse-args`.
 *
 * Everything before `--` that begins with a hyphen is a flag, everything else is positional. A value that
 * looks like a number becomes one, unless its name is declared as a string.
 * @module
 */

import type {
  Aliases,
  Args,
  Declared,
  Defaulted,
  Names,
  ParseOptions,
  WithAliases,
} from "./parse_args_types.ts";

export type { Args, ParseOptions };

/** The options of each name. */
interface Rules {
  readonly aliases: ReadonlyMap<string, ReadonlySet<string>>;
  readonly booleans: ReadonlySet<string>;
  readonly strings: ReadonlySet<string>;
  readonly collected: ReadonlySet<string>;
  readonly negatable: ReadonlySet<string>;
  readonly allBooleans: boolean;
}

/** Takes a flag that was found. */
type Put = (name: string, value: string | boolean, negated?: boolean) => void;

type Tree = Record<string, unknown>;

/** `--name`, `--no-name` and `--name=value`. */
const LONG_FLAG = /^--(no-)?(.+?)(?:=(.*))?$/s;

/**
 * Parses command line arguments.
 *
 * @example
 * ```ts
 * import { parseArgs } from "@std/cli/parse-args";
 * const args = parseArgs(["-p", "9999", "hello"], { string: ["port"], alias: { port: "p" } });
 * args.port; // "9999"
 * args._; // ["hello"]
 * ```
 * @throws {TypeError} If an alias is `undefined`.
 */
export function parseArgs<
  Booleans extends string | boolean = never,
  Strings extends string = never,
  Collected extends string = never,
  Negatable extends string = never,
  // deno-lint-ignore ban-types -- no names at all, as the original has it
  Defaults extends Record<string, unknown> = {},
  // deno-lint-ignore ban-types -- no names at all, as the original has it
  const Aliased extends Aliases = {},
  DoubleDash extends boolean = false,
>(
  args: readonly string[],
  options: ParseOptions<Booleans, Strings, Collected, Negatable, Defaults, Aliased, DoubleDash> = {},
): Args<
  WithAliases<
    Defaulted<Declared<Extract<Booleans, string>, Strings, Collected, Negatable>, Defaults>,
    Aliased
  >,
  DoubleDash
> {
  const rules = readRules(options);
  const positional: (string | number)[] = [];
  const result: Tree = { _: positional };
  const end = args.includes("--") ? args.indexOf("--") : args.length;

  for (let at = 0; at < end; at++) {
    const arg = args[at]!;
    const next = at + 1 < end ? args[at + 1] : undefined;
    if (/^-./s.test(arg)) {
      const put: Put = (name, value, negated = false) => {
        if (!isKnown(rules, name, arg) && options.unknown?.(arg, name, value) === false) return;
        const kept = rules.strings.has(name) ? value : numberIfNumeric(value);
        const collects = !negated && rules.collected.has(name);
        for (const each of [name, ...rules.aliases.get(name) ?? []]) setPath(result, each, kept, collects);
      };
      const usedNext = arg.startsWith("--")
        ? readLongFlag(rules, arg, next, put)
        : readShortFlags(rules, arg, next, put);
      if (usedNext) at++;
      continue;
    }
    if (options.unknown?.(arg) !== false) {
      positional.push(rules.strings.has("_") ? arg : numberIfNumeric(arg));
    }
    if (options.stopEarly) {
      positional.push(...args.slice(at + 1, end));
      break;
    }
  }

  setDefaults(rules, result, options.default ?? {});
  const rest = args.slice(end + 1);
  if (options["--"]) result["--"] = rest;
  else positional.push(...rest);
  // The names are computed, so no checker can see that the object has the declared shape.
  return result as ReturnType<
    typeof parseArgs<Booleans, Strings, Collected, Negatable, Defaults, Aliased, DoubleDash>
  >;
}

function readRules(options: ParseOptions): Rules {
  const aliases = new Map<string, Set<string>>();
  for (const [name, value] of Object.entries(options.alias ?? {})) {
    if (value === undefined) throw new TypeError("Alias value must be defined");
    const others = list(value);
    aliases.set(name, new Set(others));
    for (const other of others) aliases.set(other, new Set([name, ...others.filter((it) => it !== other)]));
  }
  const declared = (names: Names<string> = []): Set<string> =>
    new Set(list(names).filter((name) => name !== "").flatMap((name) => [name, ...aliases.get(name) ?? []]));
  const { boolean = [] } = options;
  return {
    aliases,
    booleans: typeof boolean === "boolean" ? new Set() : declared(boolean),
    strings: declared(options.string),
    collected: declared(options.collect),
    negatable: declared(options.negatable),
    allBooleans: boolean === true,
  };
}

/** Reads `--name`, with its value if that is in the same argument; returns whether `next` was its value. */
function readLongFlag(rules: Rules, arg: string, next: string | undefined, put: Put): boolean {
  const [, no, rawName, value] = LONG_FLAG.exec(arg)!;
  let name = rawName!;
  if (value !== undefined) {
    put(name, rules.booleans.has(name) ? value !== "false" : value);
    return false;
  }
  if (no && rules.negatable.has(name)) {
    put(name, false, true);
    return false;
  }
  if (no) name = no + name;
  const takesValue = !rules.allBooleans && !isBoolean(rules, name) && !next?.startsWith("-");
  return readNext(rules, name, next, takesValue, put);
}

/** Reads `-abc`, `-p9999` and `-p=9999`; returns whether `next` was the value of the last letter. */
function readShortFlags(rules: Rules, arg: string, next: string | undefined, put: Put): boolean {
  const last = arg.length - 1;
  for (let at = 1; at < last; at++) {
    const letter = arg[at]!;
    const rest = arg.slice(at + 1);
    if (rest === "-") {
      put(letter, "-");
      continue;
    }
    const value = attachedValue(letter, rest);
    if (value !== undefined) {
      put(letter, value);
      return false;
    }
    put(letter, rules.strings.has(letter) ? "" : true);
  }
  const letter = arg[last]!;
  if (letter === "-") return false;
  const takesValue = !isBoolean(rules, letter) && !(next !== undefined && /^--?[^-]/.test(next));
  return readNext(rules, letter, next, takesValue, put);
}

/** The value in `-p9999`, `-p=9999` and `-p/x`: what stands behind the letter, if it is no letters. */
function attachedValue(letter: string, rest: string): string | undefined {
  if (rest === "=") return "";
  if (/[A-Za-z]/.test(letter)) {
    const equals = rest.indexOf("=");
    if (equals >= 0 && equals < rest.length - 1) return rest.slice(equals + 1);
    if (/\d\.?$/.test(rest)) return rest;
  }
  return rest.length > 1 && /^\W/.test(rest) ? rest : undefined;
}

/** Gives a flag without a value of its own the argument behind it, where that may be one. */
function readNext(
  rules: Rules,
  name: string,
  next: string | undefined,
  takesValue: boolean,
  put: Put,
): boolean {
  if (next && takesValue) {
    put(name, next);
    return true;
  }
  if (next === "true" || next === "false") {
    put(name, next === "true");
    return true;
  }
  put(name, rules.strings.has(name) ? "" : true);
  return false;
}

function setDefaults(rules: Rules, result: Tree, defaults: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(defaults)) {
    if (hasPath(result, name)) continue;
    for (const each of [name, ...rules.aliases.get(name) ?? []]) setPath(result, each, value, false);
  }
  for (const name of rules.booleans) {
    if (!hasPath(result, name)) setPath(result, name, rules.collected.has(name) ? [] : false, false);
  }
  for (const name of rules.strings) {
    if (!hasPath(result, name) && rules.collected.has(name)) setPath(result, name, [], false);
  }
}

function isKnown(rules: Rules, name: string, arg: string): boolean {
  return rules.booleans.has(name) || rules.strings.has(name) || rules.aliases.has(name) ||
    rules.collected.has(name) || (rules.allBooleans && /^--[^=]+$/.test(arg));
}

function isBoolean(rules: Rules, name: string): boolean {
  return rules.booleans.has(name) || [...rules.aliases.get(name) ?? []].some((it) => rules.booleans.has(it));
}

function numberIfNumeric<T extends string | boolean>(value: T): T | number {
  return typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value))
    ? Number(value)
    : value;
}

/** Sets `a.b.c` in nested objects. Names that would reach a prototype are left out. */
function setPath(tree: Tree, path: string, value: unknown, collects: boolean): void {
  const names = path.split(".");
  const last = names.pop()!;
  for (const name of names) {
    if (reachesPrototype(tree, name)) return;
    if (!Object.hasOwn(tree, name)) tree[name] = {};
    const child = tree[name];
    if (typeof child !== "object" || child === null) return;
    tree = child as Tree;
  }
  if (reachesPrototype(tree, last)) return;
  const before = Object.hasOwn(tree, last) ? tree[last] : undefined;
  if (!collects) tree[last] = value;
  else if (Array.isArray(before)) before.push(value);
  else tree[last] = before ? [before, value] : [value];
}

function hasPath(tree: Tree, path: string): boolean {
  let value: unknown = tree;
  return path.split(".").every((name) => {
    const has = typeof value === "object" && value !== null && Object.hasOwn(value, name);
    if (has) value = (value as Tree)[name];
    return has;
  });
}

function reachesPrototype(tree: Tree, name: string): boolean {
  return name === "__proto__" || (name === "constructor" && !Object.hasOwn(tree, name));
}

function list(names: Names<string>): readonly string[] {
  return typeof names === "string" ? [names] : names;
}
