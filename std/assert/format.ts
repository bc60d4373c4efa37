/**
 * Values as text, for the messages of failed assertions.
 * @module
 */
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

/** Both values, one behind the other. */
export function formatDifference(actual: unknown, expected: unknown): string {
  return ["", "    [Diff] Actual / Expected", "", `-   ${format(actual)}`, `+   ${format(expected)}`, ""]
    .join("\n");
}
