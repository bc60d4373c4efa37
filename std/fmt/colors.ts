/**
 * Colours for the terminal: a stand-in for `@std/fmt/colors`. Without colours (`NO_COLOR` is set, or
 * {@linkcode setColorEnabled} says so) the functions return their text unchanged.
 * @module
 */
import { stripVTControlCharacters } from "node:util";

let enabled = !Deno.noColor;

/** Turns colours on or off. `NO_COLOR` has the last word: where it is set, they stay off. */
export function setColorEnabled(value: boolean): void {
  if (!Deno.noColor) enabled = value;
}

/** Whether the functions of this module add colours. */
export function getColorEnabled(): boolean {
  return enabled;
}

/** Makes the text bold. */
export function bold(str: string): string {
  return style(str, 1, 22);
}

/** Makes the text faint. */
export function dim(str: string): string {
  return style(str, 2, 22);
}

/** Makes the text red. */
export function red(str: string): string {
  return style(str, 31, 39);
}

/** Makes the text green. */
export function green(str: string): string {
  return style(str, 32, 39);
}

/** Makes the text yellow. */
export function yellow(str: string): string {
  return style(str, 33, 39);
}

/** Makes the text blue. */
export function blue(str: string): string {
  return style(str, 34, 39);
}

/** Makes the text magenta. */
export function magenta(str: string): string {
  return style(str, 35, 39);
}

/** Makes the text cyan. */
export function cyan(str: string): string {
  return style(str, 36, 39);
}

/** Makes the text gray. */
export function gray(str: string): string {
  return style(str, 90, 39);
}

/** The text without its escape sequences. */
export function stripAnsiCode(string: string): string {
  return stripVTControlCharacters(string);
}

/** An inner style that ends would end the outer one as well, so there the outer one begins again. */
function style(str: string, open: number, close: number): string {
  if (!enabled) return str;
  const [begin, end] = [`\x1b[${open}m`, `\x1b[${close}m`];
  return begin + str.replaceAll(end, begin) + end;
}
