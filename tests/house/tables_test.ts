/** Holds the tables of states in `docs/` against the code. */
import { assertEquals, assertThrows } from "@std/assert";
import { PAGES, PRINTED, printed, shown } from "./tables.ts";

const pages = PAGES.map((page) => Deno.readTextFileSync(page));

Deno.test("the tables of states in the docs are those of the code ('deno task tables' prints them anew)", () => {
  for (const page of pages) assertEquals(page, printed(page));
});

Deno.test("each table of states stands in the docs once", () => {
  assertEquals(pages.flatMap(shown).sort(), Object.keys(PRINTED).sort());
});

Deno.test("a table that a page has wrong is printed anew, and nothing else is touched", () => {
  const [marker, end] = ["<!-- table: contact -->", "<!-- end of table -->"];
  const page = `before\n\n${marker}\n\n| old |\n\n${end}\n\nafter\n`;
  const anew = printed(page);
  assertEquals(anew.startsWith(`before\n\n${marker}\n\n| state     | meaning`), true);
  assertEquals(anew.endsWith(`|\n\n${end}\n\nafter\n`), true);
  assertEquals(
    anew.includes("| announcement | believe -> announced | believe        | warn -> doubted | .       |"),
    true,
  );
  assertEquals(printed(anew), anew);
});

Deno.test("a marker that names no table is an error", () => {
  assertThrows(() => printed("<!-- table: x -->\n<!-- end of table -->"), Error, "there is no table 'x'");
});
