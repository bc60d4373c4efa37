import { join } from "node:path";
import { assertEquals, assertNotEquals } from "@std/assert";
import plugin from "../lint_plugin.ts";

/** What the rule says of this text as a file of the project. */
function lint(source: string, file = "core/example.ts"): Deno.lint.Diagnostic[] {
  const diagnostics = Deno.lint.runPlugin(plugin, join(import.meta.dirname!, "..", "..", file), source);
  return diagnostics.filter(({ id }) => id === "parley/pure-core");
}

const REFUSED = [
  // Each impure name.
  "Deno.exit();",
  "const now = Date.now();",
  "const now = new Date();",
  "const text = new Intl.DateTimeFormat();",
  "const now = Temporal.Now.instant();",
  "const now = performance.now();",
  "setTimeout(tick, 1);",
  "setInterval(tick, 1);",
  "setImmediate(tick);",
  "queueMicrotask(tick);",
  'console.log("x");',
  "crypto.getRandomValues(bytes);",
  'fetch("http://localhost");',
  "process.exit();",
  "globalThis.x;",
  "global.x;",
  "self.x;",
  'new Function("return 1");',
  'eval("1");',
  // The same in other places.
  "const { now } = Date;",
  "const clock = { Date };",
  "const { process } = record;",
  "const value = record[process];",
  "const kind = typeof Deno;",
  "let clock: typeof Date;",
  "export { process };",
  "const \\u0044 = \\u0044eno;",
  // Randomness.
  "const n = Math.random();",
  'const n = Math["random"]();',
  "const n = Math?.random();",
  "const m = Math;",
  "const { random } = Math;",
  "const n = (Math as Mine).random();",
  // Imports.
  'const module = await import("./limits.ts");',
  'import { a } from "../tests/a.ts";',
  'import { a } from "./../tests/a.ts";',
  'import { hkdfSync } from "node:crypto";',
  'import { assert } from "@std/assert";',
  'import type { A } from "../storage/a.ts";',
  'import "npm:a";',
  'export { a } from "../tests/a.ts";',
  'export * from "node:fs";',
  'let a: import("node:fs").Stats;',
  // What Deno's linter does not show to a rule.
  "; process.exit();",
  "if (a) { ; process.exit(); }",
  "if (a); else process.exit();",
  "const [, now] = [, Date.now()];",
  '; export * from "node:fs";',
];

const ALLOWED = [
  "const n = Math.max(1, Math.floor(2.5));",
  "const bytes = this.random(8);",
  "const bytes = random(8);",
  "record.process;",
  "record?.fetch();",
  "const record = { process: 1, fetch() {} };",
  "const { process: mine } = record;",
  "class Clock { Date = 1; self() {} }",
  "interface Clock { Date: number; performance(): void }",
  "// Deno, Date, import and Math are only words here",
  'const text = "Date.now()" + `process ${1} eval`;',
  'import { a } from "./a.ts";',
  'export * from "./a.ts";',
  'export type { A } from "./a.ts";',
  "export default function f() {}",
  "const here = import.meta;",
];

for (const source of REFUSED) {
  Deno.test(`core refuses: ${source}`, () => assertNotEquals(lint(source), []));
}

for (const source of ALLOWED) {
  Deno.test(`core allows: ${source}`, () => assertEquals(lint(source), []));
}

Deno.test("the rule says what is wrong, and where", () => {
  const [diagnostic, ...others] = lint("const now = Date.now();");
  assertEquals(others, []);
  assertEquals(diagnostic?.id, "parley/pure-core");
  assertEquals(diagnostic?.message, "core is pure: it has no 'Date'");
  assertEquals(diagnostic?.range, [12, 16]);
});

Deno.test("only core/base/crypto.ts may import node:crypto, and only what draws no randomness", () => {
  const pure = 'import { createHash, hkdfSync } from "node:crypto";';
  assertEquals(lint(pure, "core/base/crypto.ts"), []);
  assertNotEquals(lint(pure, "core/frame.ts"), []);
  assertNotEquals(lint('import { hkdfSync } from "node:fs";', "core/base/crypto.ts"), []);
  assertNotEquals(lint('import { randomBytes } from "node:crypto";', "core/base/crypto.ts"), []);
  assertNotEquals(lint('import { getRandomValues as f } from "node:crypto";', "core/base/crypto.ts"), []);
  assertNotEquals(lint('import { generateKeyPairSync } from "node:crypto";', "core/base/crypto.ts"), []);
  assertNotEquals(lint('import all from "node:crypto";', "core/base/crypto.ts"), []);
  assertNotEquals(lint('import * as all from "node:crypto";', "core/base/crypto.ts"), []);
  assertNotEquals(lint('export * from "node:crypto";', "core/base/crypto.ts"), []);
});

Deno.test("a folder below core is core as well", () => {
  assertNotEquals(lint("Date.now();", "core/deep/example.ts"), []);
});

Deno.test("the rule leaves files outside of core alone", () => {
  for (
    const file of ["main.ts", "transport/driver.ts", "tests/core/example.ts", "core.ts", "corelike/a.ts"]
  ) {
    for (const source of REFUSED) assertEquals(lint(source, file), [], `${file}: ${source}`);
  }
});
