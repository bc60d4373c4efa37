import { assertEquals } from "@std/assert";
import { readImports } from "./imports.ts";

/** The circles in a graph, each as the way round it; an arrow is in one of them if it closes a circle. */
function findCircles(arrows: ReadonlyMap<string, readonly string[]>): string[] {
  const circles: string[] = [];
  const seen = new Set<string>();
  const way: string[] = [];
  const visit = (node: string): void => {
    if (way.includes(node)) circles.push([...way.slice(way.indexOf(node)), node].join(" -> "));
    if (seen.has(node)) return;
    seen.add(node);
    way.push(node);
    for (const next of arrows.get(node) ?? []) visit(next);
    way.pop();
  };
  for (const node of arrows.keys()) visit(node);
  return circles;
}

Deno.test("no file imports itself, by whatever way round, not even for a type", () => {
  assertEquals(findCircles(readImports()), []);
});

Deno.test("a circle is named file by file", () => {
  const line: [string, string[]][] = [["a", ["b", "c"]], ["b", ["c"]], ["c", []]];
  assertEquals(findCircles(new Map(line)), []);
  assertEquals(findCircles(new Map([...line, ["c", ["b"]]])), ["b -> c -> b"]);
  assertEquals(findCircles(new Map([...line, ["c", ["c", "a"]]])), ["c -> c", "a -> b -> c -> a"]);
});

Deno.test("imports are read as they are: types, re-exports, names of the import map, commands", () => {
  const imports = readImports();
  const imported = (file: string, path: string) => imports.get(file)?.includes(path) ?? false;
  assertEquals(imported("core/notice.ts", "core/messages/table.ts"), true, "a type");
  assertEquals(imported("std/log.ts", "std/log/setup.ts"), true, "a re-export");
  assertEquals(imported("tests/house/circles_test.ts", "std/assert.ts"), true, "a name of the import map");
  assertEquals(imported("commands/_load.ts", "commands/send.ts"), true, "a dynamic import");
});
