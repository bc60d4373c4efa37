/** `deno fmt` leaves comments alone, so a test holds them to the width of the code. */
import { join } from "node:path";
import { assertEquals } from "@std/assert";
import { ROOT, sourceFiles } from "./imports.ts";

const COLUMNS = 110;

Deno.test("comments end within 110 columns", () => {
  const long = sourceFiles().flatMap((path) =>
    Deno.readTextFileSync(join(ROOT, path)).split("\n").flatMap((line, at) =>
      line.length > COLUMNS && /^\s*(\/\*\*|\*|\/\/)/.test(line) ? [`${path}:${at + 1}`] : []
    )
  );
  assertEquals(long, []);
});
