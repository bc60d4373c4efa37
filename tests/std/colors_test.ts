import { assertEquals } from "@std/assert";
import * as colors from "@std/fmt/colors";
import { bold, getColorEnabled, red, setColorEnabled, stripAnsiCode } from "@std/fmt/colors";

/** Without a terminal for colours there are none to test. */
const ignore = Deno.noColor;

function withColors(on: boolean, run: () => void): void {
  const before = getColorEnabled();
  setColorEnabled(on);
  try {
    run();
  } finally {
    setColorEnabled(before);
  }
}

Deno.test("colours are on unless NO_COLOR is set", () => assertEquals(getColorEnabled(), !Deno.noColor));

Deno.test("NO_COLOR has the last word", { ignore: !Deno.noColor }, () => {
  withColors(true, () => assertEquals([getColorEnabled(), red("x")], [false, "x"]));
});

const CODES = [
  ["bold", 1, 22],
  ["dim", 2, 22],
  ["red", 31, 39],
  ["green", 32, 39],
  ["yellow", 33, 39],
  ["blue", 34, 39],
  ["magenta", 35, 39],
  ["cyan", 36, 39],
  ["gray", 90, 39],
] as const;

for (const [name, open, close] of CODES) {
  Deno.test(`${name} wraps its text in codes`, { ignore }, () => {
    withColors(true, () => assertEquals(colors[name]("x"), `\x1b[${open}mx\x1b[${close}m`));
  });

  Deno.test(`${name} without colours is the text`, () => {
    withColors(false, () => assertEquals(colors[name]("x"), "x"));
  });
}

Deno.test("an inner colour gives way to the outer one again", { ignore }, () => {
  withColors(true, () => {
    assertEquals(
      red(`a${colors.blue("b")}c`),
      "\x1b[31ma\x1b[34mb\x1b[31mc\x1b[39m",
    );
  });
});

Deno.test("styles nest", { ignore }, () => {
  withColors(true, () => assertEquals(bold(red("x")), "\x1b[1m\x1b[31mx\x1b[39m\x1b[22m"));
});

Deno.test("stripAnsiCode leaves the text", () => {
  assertEquals(stripAnsiCode("\x1b[1m\x1b[38;5;9mred\x1b[39m\x1b[22m text"), "red text");
  assertEquals(stripAnsiCode("\x1b[2J\x1b[1;1Hcleared"), "cleared");
  assertEquals(stripAnsiCode("[31m is text\n日本"), "[31m is text\n日本");
});
