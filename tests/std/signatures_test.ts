/**
 * The stand-ins have the signatures of the originals, which are written down here by hand (`@std/assert`
 * 1.0.19, `@std/cli` 1.0.32, `@std/fmt` 1.0.10, `@std/log` 0.224.14): so what the checker takes with the
 * stand-ins it takes with the originals. The comparisons are made by the checker.
 * @module
 */
import * as assert from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import * as colors from "@std/fmt/colors";
import * as log from "@std/log";

type Class<T> = abstract new (...args: never[]) => T;

interface OriginalAssert {
  assert(expr: unknown, msg?: string): asserts expr;
  assertFalse(expr: unknown, msg?: string): asserts expr is false | 0 | 0n | "" | null | undefined;
  assertEquals<T>(actual: T, expected: T, msg?: string): void;
  assertNotEquals<T>(actual: T, expected: T, msg?: string): void;
  assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T;
  assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T>;
  assertInstanceOf<T extends Class<unknown>>(
    actual: unknown,
    expectedType: T,
    msg?: string,
  ): asserts actual is InstanceType<T>;
  assertMatch(actual: string, expected: RegExp, msg?: string): void;
  assertStringIncludes(actual: string, expected: string, msg?: string): void;
  assertArrayIncludes<T>(
    actual: ArrayLike<T> & object,
    expected: ArrayLike<T> & object,
    msg?: string,
  ): void;
  assertGreater<T>(actual: T, expected: T, msg?: string): void;
  assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void;
  assertLess<T>(actual: T, expected: T, msg?: string): void;
  assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void;
  assertThrows(fn: () => unknown, msg?: string): unknown;
  assertThrows<E extends Error = Error>(
    fn: () => unknown,
    ErrorClass: Class<E>,
    msgIncludes?: string,
    msg?: string,
  ): E;
  assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
  assertRejects<E extends Error = Error>(
    fn: () => PromiseLike<unknown>,
    ErrorClass: Class<E>,
    msgIncludes?: string,
    msg?: string,
  ): Promise<E>;
  fail(msg?: string): never;
  unreachable(msg?: string): never;
}

type Paint = (str: string) => string;
interface OriginalColors {
  setColorEnabled(value: boolean): void;
  getColorEnabled(): boolean;
  stripAnsiCode(string: string): string;
  bold: Paint;
  dim: Paint;
  red: Paint;
  green: Paint;
  yellow: Paint;
  blue: Paint;
  magenta: Paint;
  cyan: Paint;
  gray: Paint;
}

interface OriginalLog {
  getLogger(name?: string): log.Logger;
  setup(config: log.LogConfig): void;
  getLevelByName(name: "NOTSET" | "DEBUG" | "INFO" | "WARN" | "ERROR" | "CRITICAL"): log.LogLevel;
  getLevelName(level: 0 | 10 | 20 | 30 | 40 | 50): log.LevelName;
}

type AssertNames = keyof OriginalAssert;
type ColorNames = keyof OriginalColors;
type LogNames = keyof OriginalLog;

Deno.test("functions take what the originals take and give what they give", () => {
  // One way: nothing is taken that the original refuses. The other way: nothing is refused that it takes.
  const standIns: OriginalAssert & OriginalColors & OriginalLog = { ...assert, ...colors, ...log };
  const originals:
    & Pick<typeof assert, AssertNames>
    & Pick<typeof colors, ColorNames>
    & Pick<typeof log, LogNames> = standIns;
  assert.assertEquals(Object.keys({ ...assert, ...colors }).filter((name) => !(name in originals)), []);
});

/** True if the two types are one. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;

/** Takes nothing but `true`, as a type. */
function isSo<_Claim extends true>(): void {}

Deno.test("the values of options have the types that the original infers", () => {
  const names: string[] = [];
  const any = "any" as string;
  const args: readonly string[] = [];

  const unknowing = parseArgs(args, { string: names, boolean: names, collect: names });
  // Every name may be one of each kind, so nobody can compare a value with `true`.
  const value = unknowing[any];
  isSo<Same<typeof value, (string[] & boolean[]) | undefined>>();

  const known = parseArgs(args, {
    string: ["name", "also"],
    boolean: ["loud"],
    collect: ["also", "more"],
    negatable: ["loud"],
    default: { name: "x", port: 1 },
    alias: { name: "n" },
  });
  const { name, n, also, loud, more, port } = known;
  isSo<Same<typeof name, string>>();
  isSo<Same<typeof n, string>>();
  isSo<Same<typeof also, string[]>>();
  isSo<Same<typeof loud, boolean>>();
  isSo<Same<typeof more, unknown[]>>();
  isSo<Same<typeof port, unknown>>();
  const positional = known._;
  isSo<Same<typeof positional, (string | number)[]>>();

  const optional = parseArgs(args, { string: ["name"] }).name;
  isSo<Same<typeof optional, string | undefined>>();
  const behind = parseArgs(args, { "--": true })["--"];
  isSo<Same<typeof behind, string[]>>();
  const undeclared = parseArgs(args, { string: ["name"] })[any];
  isSo<Same<typeof undeclared, unknown>>();
});
