/** In `core/` one exported name is one thing, so that a search for it leads to the place. */
import { join } from "node:path";
import { assertEquals } from "@std/assert";
import { ROOT, sourceFiles } from "./imports.ts";

const EXPORT = /^export (?:abstract |async )?(?:class|const|function\*?|interface|type) (\w+)/gm;

/** The files that export each of the names. */
function exportersIn(files: readonly (readonly [path: string, source: string])[]): Map<string, string[]> {
  const exporters = new Map<string, string[]>();
  for (const [path, source] of files) {
    // A type and a value of one name in one file are one thing; so are the forms of a function.
    for (const name of new Set([...source.matchAll(EXPORT)].map(([, name]) => name!))) {
      exporters.set(name, [...exporters.get(name) ?? [], path]);
    }
  }
  return exporters;
}

function ambiguousIn(files: readonly (readonly [path: string, source: string])[]): string[] {
  return [...exportersIn(files)].filter(([, paths]) => paths.length > 1)
    .map(([name, paths]) => `${name}: ${paths.join(", ")}`);
}

Deno.test("no two files of core export the same name", () => {
  const core = sourceFiles().filter((path) => path.startsWith("core/"));
  const files = core.map((path) => [path, Deno.readTextFileSync(join(ROOT, path))] as const);
  assertEquals(ambiguousIn(files), []);
  assertEquals(exportersIn(files).get("Client"), ["core/client/client.ts"]);
});

Deno.test("a name that two files export is told with both", () => {
  const [a, b] = ["export interface Place {}", "const x = 1;\nexport class Place {}\nexport const y = 2;"];
  assertEquals(ambiguousIn([["a.ts", a], ["b.ts", b]]), ["Place: a.ts, b.ts"]);
  assertEquals(ambiguousIn([["a.ts", `${a}\nexport const Place = 1;`], ["c.ts", "class Place {}"]]), []);
});
