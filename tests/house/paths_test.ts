/** Every file of the project that a page names is there. */
import { join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { ROOT, sourceFiles } from "./imports.ts";

/** The README shows how these files would be added. */
const EXAMPLES = ["commands/shout.ts", "roll.ts"];

/** A changelog may name what is gone. */
const EXEMPT = ["CHANGELOG.md"];

const FOLDERS = [...Deno.readDirSync(ROOT)].filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
const SOURCES = sourceFiles();

function pages(): string[] {
  const paths = ["", "docs/", "tests/"].flatMap((folder) =>
    [...Deno.readDirSync(join(ROOT, folder))].map(({ name }) => folder + name)
  );
  return paths.filter((path) => path.endsWith(".md") && !EXEMPT.includes(path));
}

/** What looks like a file or a folder of the project, in running text and in code. */
function pathsIn(text: string): string[] {
  const words = text.match(/(?<![\w@~./-])[\w.][\w./-]*\w/g) ?? [];
  return words.filter((word) => isBelowFolder(word) || word.endsWith(".ts") && !word.startsWith("./"));
}

/**
 * A path begins in the project's folder; one that begins with no folder of it may leave its beginning out.
 */
function isThere(path: string): boolean {
  if (!isBelowFolder(path)) return SOURCES.some((source) => `/${source}`.endsWith(`/${path}`));
  try {
    Deno.statSync(join(ROOT, path));
    return true;
  } catch {
    return false;
  }
}

function isBelowFolder(path: string): boolean {
  return FOLDERS.some((folder) => path.startsWith(`${folder}/`));
}

for (const page of pages()) {
  Deno.test(`what ${page} names is there`, () => {
    const paths = new Set(pathsIn(Deno.readTextFileSync(join(ROOT, page))));
    assertEquals([...paths].filter((path) => !isThere(path) && !EXAMPLES.includes(path)), []);
  });
}

Deno.test("paths are found wherever they stand in a page", () => {
  const text = "In `core/machine.ts`, [docs](docs/a.md) and core/; b.ts of @std/log, ./c.ts, ~/core/d, e/f.";
  assertEquals(pathsIn(text), ["core/machine.ts", "docs/a.md", "b.ts"]);
});

Deno.test("a path that has moved is missed", () => {
  for (const path of ["core/machine.ts", "core/client", "main.ts", "client/client.ts", "sender.ts"]) {
    assert(isThere(path), path);
  }
  for (const path of ["core/client.ts", "core/messenger", "messenger.ts", "server/client.ts", "ender.ts"]) {
    assert(!isThere(path), path);
  }
});
