/** Holds comments to the width of the code, since `deno fmt` leaves them alone, and to whole sentences. */
import { join } from "node:path";
import { assertEquals } from "@std/assert";
import { ROOT, sourceFiles } from "./imports.ts";

const COLUMNS = 110;

/** A sentence that begins with one of these has no subject, or one that is found late. Questions may. */
const OPENINGS = /^(?:Who|Whom|Whose|Whoever|What|Whatever|Of) (?!.*\?$)/;

/** Tests are read beside what they test. */
const EXEMPT = /^(?:bench|tests\/(?!kit\/))/;

/** The comments of a text, each as one line, with the number of its first line. */
function commentsIn(source: string): { readonly line: number; readonly text: string }[] {
  const blocks = source.matchAll(/^[ \t]*(?:\/\*\*[^]*?\*\/|\/\/.*(?:\n[ \t]*\/\/.*)*)/gm);
  return [...blocks].map(({ 0: block, index }) => ({
    line: source.slice(0, index).split("\n").length,
    text: block.split("\n").map((line) =>
      line.replace(/^\s*(?:\/\*\*|\*\/|\*|\/\/)/, "").replace(/\*\/$/, "").trim()
    )
      .join(" ").trim(),
  }));
}

function sentencesIn(text: string): string[] {
  return text.split(/(?<=[.!?]) +(?=\S)/);
}

/** The sentences without a subject in the comments of a text, each behind the line of its comment. */
function fragmentsIn(source: string): string[] {
  return commentsIn(source).flatMap(({ line, text }) =>
    sentencesIn(text).filter((sentence) => OPENINGS.test(sentence)).map((sentence) => `${line}: ${sentence}`)
  );
}

Deno.test("comments end within 110 columns", () => {
  const long = sourceFiles().flatMap((path) =>
    Deno.readTextFileSync(join(ROOT, path)).split("\n").flatMap((line, at) =>
      line.length > COLUMNS && /^\s*(\/\*\*|\*|\/\/)/.test(line) ? [`${path}:${at + 1}`] : []
    )
  );
  assertEquals(long, []);
});

Deno.test("no sentence of a comment begins with who, whoever, what, whatever or of, unless it asks", () => {
  const fragments = sourceFiles().filter((path) => !EXEMPT.test(path)).flatMap((path) =>
    fragmentsIn(Deno.readTextFileSync(join(ROOT, path))).map((fragment) => `${path}:${fragment}`)
  );
  assertEquals(fragments, []);
});

Deno.test("sentences are found wherever they begin in a comment", () => {
  const source = `/** What it says. The user, who reads. */
const a = 1; // Who sees this is no comment of its own
/**
 * The server. Of all
 * others none.
 */
  // It is so. Whoever knows
  // is told. Who knows? Whatever.
`;
  assertEquals(fragmentsIn(source), [
    "1: What it says.",
    "3: Of all others none.",
    "7: Whoever knows is told.",
  ]);
});
