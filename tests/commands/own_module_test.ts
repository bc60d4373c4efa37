/** What a user's own command may import: types, and nothing else, however it is written. */
import { assertEquals } from "@std/assert";
import { lineThatLoads } from "../../commands/_own_module.ts";

const FINE: readonly string[] = [
  "",
  "export function register(commands) {}",
  `import type { Commands } from "/home/x/parley/commands/_registry.ts";\nexport const a = 1;`,
  `import type A from './a.ts'\nimport type * as b from "b"\n\nimport type {\n  C,\n  D as E,\n} from "c";\n`,
  `/* This imports nothing: import "x" */\n// import y from "y"\nimport type { A } from "a"; // import z\nconst a = 1;`,
  `\ufeff// a mark of the byte order\nimport type from from "x";\n`,
  `import type { A } from "a"; import type { B } from "b";`,
  "export const important = 1; export default 5; export type A = string; export async function f() {}",
  "export interface A { a: string }\nexport class B {}\nexport abstract class C {}\nexport enum D { E }",
  `const text = Array.from("abc"); // exported from "x"`,
];

for (const source of FINE) {
  Deno.test(`nothing is loaded by ${JSON.stringify(source.slice(0, 70))}`, () => {
    assertEquals(lineThatLoads(source), undefined);
  });
}

const LOADS: readonly [source: string, line: number][] = [
  [`import "x";`, 1],
  [`import x from "x";`, 1],
  [`import{x}from"x"`, 1],
  [`import * as x from "x";`, 1],
  [`import x, { type Y } from "x";`, 1],
  // Deno loads the module even if all that it names are types.
  [`import { type X } from "x";`, 1],
  // This one is called "type".
  [`import type from "x";`, 1],
  [`import type, { x } from "x";`, 1],
  [`import\ntype\nfrom "x";`, 1],
  [`import type X = require("x");`, 1],
  [`import x = require("x");`, 1],
  [`import defer * as x from "x";`, 1],
  [`import source x from "x";`, 1],
  [`import data from "./x.json" with { type: "json" };`, 1],
  [`import type { A } from "a";\n\nimport { b } from "b";`, 3],
  [`import type { A } from "a" import { b } from "b";`, 1],
  [`import type { A } from "a";\nconst b = 1;\nimport type { C } from "c";`, 3],
  [`export * from "x";`, 1],
  [`export*from"x"`, 1],
  [`export * as x from "x";`, 1],
  [`export { x } from "x";`, 1],
  [`export{x}from"x"`, 1],
  [`export/**/{ x } from "x";`, 1],
  [`export { x } fr\\u006fm "x";`, 1],
  [`export type { X } from "x";`, 1],
  [`export type * from "x";`, 1],
  [`export import x = require("x");`, 1],
  [`const a = 1;\nconst x = await import("x");`, 2],
  [`const x = import/* */("x");`, 1],
  ["const x = `${await import('x')}`;", 1],
  ["const x = `\n// ${await import('x')}`;", 2],
  [`const x = import.meta.resolve("x");`, 1],
  [`/* a comment */ import "x";`, 1],
  [`/* a comment\n */ import "x";`, 2],
  [`// a comment\u2028import "x";`, 1],
  [`// a comment\rimport "x";`, 1],
  [`import type { /* } from "a"; */ A } from "a";\n`, 1],
  [`import type { A } from "a'; import 'b";\nimport "b";`, 2],
  [`import type { A } from "a\\"; /* "; import("x"); /* */`, 1],
  // What cannot be told from a text or a comment below the top is refused.
  [`const a = /'/; import("x"); const b = /'/;`, 1],
  [`const a = 1;\n// import`, 2],
  [`const a = "import";`, 1],
];

for (const [source, line] of LOADS) {
  Deno.test(`a module may be loaded by ${JSON.stringify(source)}`, () => {
    assertEquals(lineThatLoads(source), line);
  });
}
