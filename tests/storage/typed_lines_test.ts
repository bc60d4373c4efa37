/** The lines that were typed, from one run to the next. */
import { assertEquals } from "@std/assert";
import { openTypedLines } from "../../storage/typed_lines.ts";

const CLEAR = `parley identity\n${"0".repeat(128)}\n`;

async function withFolder(run: (folder: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "parley-test-" });
  try {
    run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("lines come back in their order, for nobody else to read, repeated and blank ones left out", () =>
  withFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/identity`, CLEAR);
    const typed = openTypedLines(folder, undefined);
    for (const line of ["one", "one", " ", "two\nlines", "one"]) typed.add(line);
    assertEquals(openTypedLines(folder, undefined).lines, ["one", "two\nlines", "one"]);
    if (Deno.build.os !== "windows") assertEquals(Deno.statSync(`${folder}/typed`).mode! & 0o777, 0o600);
  }));

Deno.test("the file is bounded at each start, and what is no line in it is left out", () =>
  withFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/identity`, CLEAR);
    const typed = openTypedLines(folder, undefined);
    for (let at = 0; at < 600; at++) typed.add(`line ${at}`);
    Deno.writeTextFileSync(`${folder}/typed`, 'torn "\n{}\n"last"\n"no', { append: true });
    const { lines } = openTypedLines(folder, undefined);
    assertEquals([lines.length, lines[0], lines.at(-1)], [500, "line 101", "last"]);
    assertEquals(Deno.readTextFileSync(`${folder}/typed`).split("\n").length, 501);
  }));

Deno.test("nothing is kept without a folder, without an identity, or beside one with a passphrase", () =>
  withFolder((folder) => {
    for (const identity of [undefined, `parley identity, scrypt ${"0".repeat(32)}\n${"0".repeat(160)}\n`]) {
      if (identity !== undefined) Deno.writeTextFileSync(`${folder}/identity`, identity);
      openTypedLines(folder, undefined).add("secret");
      openTypedLines(undefined, undefined).add("secret");
      assertEquals([...Deno.readDirSync(folder)].filter(({ name }) => name === "typed"), []);
    }
  }));
