/**
 * Values as text, for the messages of failed assertions.
 * @module
 */
import { diff } from "node:util";

/** The whole value as text, one property a line, sorted. */
export function format(value: unknown): string {
  return Deno.inspect(value, {
    depth: Infinity,
    sorted: true,
    trailingComma: true,
    compact: false,
    iterableLimit: Infinity,
    getters: true,
    strAbbreviateSize: Infinity,
  });
}

/** The lines of both values: `-` marks what only `actual` has, `+` what only `expected` has. */
export function formatDifference(actual: unknown, expected: unknown): string {
  const marks = { "1": "-", "0": " ", "-1": "+" };
  const lines = diff(format(actual).split("\n"), format(expected).split("\n"))
    .map(([side, line]) => `${marks[side]}   ${line}`);
  return ["", "    [Diff] Actual / Expected", "", ...lines, ""].join("\n");
}
