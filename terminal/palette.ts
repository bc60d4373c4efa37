/**
 * A colour for each person that can be read on the terminal's background. It follows from the person's
 * identity, so that it is the same at every start. It is pure.
 * @module
 */
import type { Key } from "../core/base/units.ts";

/** Red, green and blue, each from 0 to 1. */
export interface Rgb {
  readonly red: number;
  readonly green: number;
  readonly blue: number;
}

const BLACK: Rgb = { red: 0, green: 0, blue: 0 };
const WHITE: Rgb = { red: 1, green: 1, blue: 1 };

/** The contrast that text has to have (WCAG 2.1, success criterion 1.4.3). */
const READABLE = 4.5;
/** Where nobody knows the background, black and white have to do; no colour has 4.5 on both and is vivid. */
const READABLE_ON_BOTH = 3.5;

/** A colour that is almost grey cannot be told from another such colour. */
const LEAST_VIVID = 0.3;

/** So many colours there are at least, be they less readable than they should be. */
const LEAST_COLOURS = 12;

/** The colour cube of xterm: 6 levels of red, green and blue are the colours 16 to 231. */
const LEVELS = [0, 95, 135, 175, 215, 255].map((level) => level / 255);
const FIRST_OF_CUBE = 16;

const VIVID: readonly { readonly index: number; readonly rgb: Rgb }[] = LEVELS.flatMap((red, r) =>
  LEVELS.flatMap((green, g) =>
    LEVELS.map((blue, b) => ({ index: FIRST_OF_CUBE + 36 * r + 6 * g + b, rgb: { red, green, blue } }))
  )
).filter(({ rgb: { red, green, blue } }) =>
  Math.max(red, green, blue) - Math.min(red, green, blue) >= LEAST_VIVID
);

/** The colours, of 256, that can be read on a background; `undefined` if nobody knows what that is. */
export function readableOn(background: Rgb | undefined): number[] {
  const [grounds, enough] = background === undefined
    ? [[BLACK, WHITE], READABLE_ON_BOTH] as const
    : [[background], READABLE] as const;
  const worst = ({ rgb }: { rgb: Rgb }) => Math.min(...grounds.map((ground) => contrast(rgb, ground)));
  const readable = VIVID.filter((colour) => worst(colour) >= enough);
  const some = readable.length >= LEAST_COLOURS
    ? readable
    : VIVID.toSorted((a, b) => worst(b) - worst(a)).slice(0, LEAST_COLOURS);
  return some.map(({ index }) => index);
}

/** The sequence that begins the colour of an identity. */
export function colourOf(identity: Key, background: Rgb | undefined): string {
  const colours = readableOn(background);
  const number = parseInt(identity.slice(0, 8), 16);
  return `\x1b[38;5;${colours[number % colours.length]}m`;
}

/** It ends every colour. */
export const COLOUR_ENDS = "\x1b[0m";

/** From 1 to 21 (WCAG 2.1, "contrast ratio"). */
export function contrast(a: Rgb, b: Rgb): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((one, other) => one - other);
  return (light + 0.05) / (dark + 0.05);
}

function luminance({ red, green, blue }: Rgb): number {
  const linear = (value: number) => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}
