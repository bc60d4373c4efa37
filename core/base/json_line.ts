/**
 * JSON for a terminal and for programs that read lines. `JSON.stringify` escapes C0 and lone surrogates, and
 * leaves the rest raw that does something to a terminal, or ends a line for some readers: DEL, C1, bidi
 * controls, U+2028 and U+2029.
 */
const RAW = /[\u007f-\u009f\u2028\u2029\p{Bidi_Control}]/gu;

/** One line of JSON, without its end, in which nothing but text that shows as itself stands raw. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(
    RAW,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
