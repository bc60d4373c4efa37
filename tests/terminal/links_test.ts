import { assertEquals } from "@std/assert";
import { linked } from "../../terminal/links.ts";
import { cellsOf, columnsOf, withoutStyles, wordRows } from "../../terminal/rows.ts";

const link = (target: string, shown = target) => `\x1b]8;;${target}\x1b\\${shown}\x1b]8;;\x1b\\`;

Deno.test("an address is a link to itself, and what ends the sentence is none of it", () => {
  for (const end of ["", ".", ", and", ")", "?!", "'"]) {
    assertEquals(
      linked(`see https://example.org/a?b=c#d${end}`),
      `see ${link("https://example.org/a?b=c#d")}${end}`,
    );
  }
  const withBrackets = "https://en.wikipedia.org/wiki/A_(letter)";
  assertEquals(linked(`(${withBrackets})`), `(${linked(withBrackets)})`);
  assertEquals(
    linked("http://a.example https://b.example/"),
    `${link("http://a.example/", "http://a.example")} ${link("https://b.example/")}`,
  );
});

Deno.test("nothing else is a link", () => {
  for (const text of ["example.org", "javascript:alert(1)", "file:///etc/passwd", "http://", "ssh://x", ""]) {
    assertEquals(linked(text), text);
  }
});

Deno.test("the target is where the address leads, whatever letters are in it", () => {
  assertEquals(
    linked("https://\u0430pple.com/"),
    link("https://xn--pple-43d.com/", "https://\u0430pple.com/"),
  );
  assertEquals(linked("https://x.org/\u00c4"), link("https://x.org/%C3%84", "https://x.org/\u00c4"));
});

Deno.test("a link takes no column but those of its text, and is never cut between its ends", () => {
  const line = `one two ${linked("https://example.org/long")} three`;
  assertEquals(withoutStyles(line), "one two https://example.org/long three");
  assertEquals(cellsOf(line).reduce((sum, cell) => sum + columnsOf(cell), 0), 38);
  assertEquals(wordRows(line, 26), ["one two", link("https://example.org/long"), "three"]);
});
