/** Every file of the project that a page names is there, and so is what it names in them. */
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

const CODE = SOURCES.map((path) => Deno.readTextFileSync(join(ROOT, path)));

/**
 * Names of constants (`A_B`), private names (`#a`) and members of classes (`A.b`), as they stand in a page.
 * Variables of the environment are made from the names of options and of fields.
 */
function namesIn(text: string): string[] {
  const names = text.matchAll(
    /`((?!PARLEY_|EVENT_)[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|(?:[A-Z]\w*[a-z]\w*\.)?#?[a-z]\w*)`/g,
  );
  return [...names].map(([, name]) => name!).filter((name) => /[_.#]/.test(name));
}

/** A member is there if a file that has the class has its name as well. */
function isNamed(name: string, sources: readonly string[]): boolean {
  const [member = "", owner] = name.split(".").reverse();
  const ofOwner = owner === undefined
    ? sources
    : sources.filter((source) => new RegExp(`\\bclass ${owner}\\b`).test(source));
  return ofOwner.some((source) => new RegExp(`(?<![\\w#])${member}\\b`).test(source));
}

for (const page of pages()) {
  const text = Deno.readTextFileSync(join(ROOT, page));
  Deno.test(`what ${page} names is there`, () => {
    assertEquals(
      [...new Set(pathsIn(text))].filter((path) => !isThere(path) && !EXAMPLES.includes(path)),
      [],
    );
    assertEquals([...new Set(namesIn(text))].filter((name) => !isNamed(name, CODE)), []);
  });
}

Deno.test("constants, private names and members of classes are found in a page", () => {
  assertEquals(namesIn("`ACK_MS`, `#again` of `A`, `Sender.onGot`, `word`, `a.b`, B_C and `Deno.env`"), [
    "ACK_MS",
    "#again",
    "Sender.onGot",
    "Deno.env",
  ]);
});

Deno.test("a name that is gone is missed, and one that is another class's", () => {
  const sources = [
    "const ACK_MS = 5;",
    "class Sender { #again() {} onGot() {} }",
    "class Other { onRead() {} }",
  ];
  for (const name of ["ACK_MS", "#again", "Sender.onGot"]) assert(isNamed(name, sources), name);
  for (const name of ["CK_MS", "again", "Sender.onRead", "Gone.onGot"]) assert(!isNamed(name, sources), name);
});

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
