/**
 * The types of `parseArgs`: its options, and what of its result follows from them. Only `ParseOptions` and
 * `Args` are for others; the original keeps the rest to itself, too.
 * @module
 */

/**
 * One name, or several.
 * @internal
 */
export type Names<Name extends string> = Name | readonly Name[];

/**
 * Names that may be used instead of a name.
 * @internal
 */
export type Aliases = Readonly<Record<string, Names<string>>>;

/** Options for `parseArgs`. The type parameters are the names that each option declares. */
export interface ParseOptions<
  Booleans extends string | boolean = string | boolean,
  Strings extends string = string,
  Collected extends string = string,
  Negatable extends string = string,
  Defaults extends Record<string, unknown> = Record<string, unknown>,
  Aliased extends Aliases = Aliases,
  DoubleDash extends boolean = boolean,
> {
  /** Whether what follows `--` goes to the result's `"--"` and not to `_`. */
  "--"?: DoubleDash;
  /** Other names of a flag: what is set under one name is set under all. */
  alias?: Aliased;
  /** Flags that take no value and are `false` when absent; `true`: all of the form `--name`. */
  boolean?: Booleans | readonly Extract<Booleans, string>[];
  /** Values of flags that are absent. */
  default?: Defaults;
  /** Whether everything after the first positional argument is positional, too. */
  stopEarly?: boolean;
  /** Flags whose value stays a string; `_` does the same for positional arguments. */
  string?: Names<Strings>;
  /** Flags that may be given several times and whose values become an array. */
  collect?: Names<Collected>;
  /** Flags that `--no-name` sets to `false`. */
  negatable?: Names<Negatable>;
  /**
   * Called with each argument that is positional or not declared; where it returns `false` that is dropped.
   */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/**
 * The names that these types know: without the dot that denotes a nested value. Names that are no literals
 * make an index signature.
 */
type Flat<Name extends string> = Exclude<Name, `${string}.${string}`>;

/**
 * The values of the flags that are declared, before defaults and aliases.
 * @internal
 */
export type Declared<B extends string, S extends string, C extends string, N extends string> =
  & { [K in Flat<Exclude<B, C>>]: boolean }
  & { [K in Flat<Exclude<S, C>>]?: string | (K extends N ? false : never) }
  & { [K in Flat<Extract<B, C>>]: boolean[] }
  & { [K in Flat<Extract<S, C>>]: string[] | (K extends N ? false : never) }
  & { [K in Flat<Exclude<C, B | S>>]: unknown[] | (K extends N ? false : never) };

/**
 * The same with the defaults: what has one is never absent, and of no known type if nothing else declares it.
 * @internal
 */
export type Defaulted<Values, D> =
  & { [K in keyof Values as K extends keyof D ? never : K]: Values[K] }
  & { [K in keyof D]: K extends keyof Values ? D[K] | NonNullable<Values[K]> : unknown };

type OtherNames<Name, A> = Name extends keyof A ? A[Name] extends Names<infer Alias> ? Flat<Alias> : never
  : never;

/**
 * The same under all names.
 * @internal
 */
export type WithAliases<Values, A> = { [K in keyof Values as K | OtherNames<K, A>]: Values[K] };

/** The result of `parseArgs`: the flags by name, and in `_` the positional arguments. */
export type Args<
  Values = Record<string, unknown>,
  DoubleDash extends boolean | undefined = undefined,
> =
  & Record<string, unknown>
  & Values
  & { _: (string | number)[] }
  & (DoubleDash extends true ? { "--": string[] } : unknown);
