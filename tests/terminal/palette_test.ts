import { assert, assertEquals } from "@std/assert";
import { colourOf, contrast, readableOn, type Rgb } from "../../terminal/palette.ts";
import { seededDice } from "../kit/dice.ts";

const grey = (level: number): Rgb => ({ red: level, green: level, blue: level });
const BLACK = grey(0);
const WHITE = grey(1);

/** The colour with this number in the cube of 256 colours, as xterm has it. */
function cube(index: number): Rgb {
  const level = (at: number) => [0, 95, 135, 175, 215, 255][at]! / 255;
  const rest = index - 16;
  return { red: level(Math.floor(rest / 36)), green: level(Math.floor(rest / 6) % 6), blue: level(rest % 6) };
}

Deno.test("contrast is that of WCAG 2.1", () => {
  assertEquals(contrast(BLACK, WHITE), 21);
  assertEquals(contrast(WHITE, WHITE), 1);
  assertEquals(contrast(grey(0x77 / 255), WHITE).toFixed(2), "4.48");
});

Deno.test("each colour can be read on the background that there is, dark or light", () => {
  const solarized: Rgb[] = [{ red: 0, green: 0.17, blue: 0.21 }, { red: 0.99, green: 0.96, blue: 0.89 }];
  for (const background of [BLACK, WHITE, grey(0.1), grey(0.9), ...solarized]) {
    const colours = readableOn(background);
    assert(colours.length >= 12);
    assert(colours.every((colour) => contrast(cube(colour), background) >= 4.5));
  }
});

Deno.test("where nobody knows the background they can be read on black and on white", () => {
  const colours = readableOn(undefined);
  assert(colours.length >= 12);
  for (const colour of colours) {
    assert(contrast(cube(colour), BLACK) >= 3.5 && contrast(cube(colour), WHITE) >= 3.5, `${colour}`);
  }
});

Deno.test("on a grey on which nothing can be read well there are colours all the same", () => {
  for (let level = 0; level <= 1; level += 0.05) assert(readableOn(grey(level)).length >= 12);
});

Deno.test("an identity has one colour, and several have several", () => {
  const dice = seededDice();
  const digit = () => dice.below(16).toString(16);
  const identities = Array.from({ length: 50 }, () => Array.from({ length: 64 }, digit).join(""));
  const colours = identities.map((identity) => colourOf(identity, BLACK));
  assertEquals(identities.map((identity) => colourOf(identity, BLACK)), colours);
  assert(new Set(colours).size > 10);
  // deno-lint-ignore no-control-regex -- escape sequences are what it looks for
  assert(colours.every((colour) => /^\x1b\[38;5;\d+m$/.test(colour)));
});
