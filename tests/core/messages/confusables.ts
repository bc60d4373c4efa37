/**
 * Makes `core/messages/confusables.ts` of the table of Unicode Technical Standard 39 (confusables.txt), as
 * the package `unhomoglyph` has it, restricted to what stands in nicks. To write the file anew:
 *
 *     deno run --allow-write=core tests/core/messages/confusables.ts
 */
import table from "unhomoglyph/data.json" with { type: "json" };
import { isNick } from "../../../core/messages/nick.ts";

/** The version of Unicode that `unhomoglyph` says its table is of. */
const UNICODE = "13.0.0";

const SURROGATES = { first: 0xd800, last: 0xdfff };
const CODE_POINTS = 0x110000;

/** The characters into which nicks are taken apart before their look-alikes are put in (NFKC, then NFD). */
function charactersOfNicks(): Set<string> {
  const characters = new Set<string>();
  for (let code = 0; code < CODE_POINTS; code++) {
    if (code >= SURROGATES.first && code <= SURROGATES.last) continue;
    const text = String.fromCodePoint(code);
    if (isNick(`a${text}`)) {
      for (const part of text.normalize("NFKC").normalize("NFD")) characters.add(part);
    }
  }
  return characters;
}

/** Pairs of a prototype and all characters of nicks that look like it. */
export function confusables(): [prototype: string, lookAlikes: string][] {
  const characters = charactersOfNicks();
  const pairs = new Map<string, string>();
  for (const [character, prototype] of Object.entries(table)) {
    if (characters.has(character)) pairs.set(prototype, (pairs.get(prototype) ?? "") + character);
  }
  return [...pairs].sort(([a], [b]) => a < b ? -1 : 1);
}

/** A text in quotes, of ASCII alone: combining marks and right-to-left letters are no sight in an editor. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[^ -~]/gu, (one) => `\\u{${one.codePointAt(0)!.toString(16)}}`);
}

if (import.meta.main) {
  const file = new URL("../../../core/messages/confusables.ts", import.meta.url);
  const pairs = confusables().map(([prototype, lookAlikes]) =>
    `[${quoted(prototype)}, ${quoted(lookAlikes)}],`
  );
  Deno.writeTextFileSync(
    file,
    `/**
 * Characters that look alike: pairs of a prototype and all characters of nicks that look like it. Unicode
 * Technical Standard 39, confusables.txt of Unicode ${UNICODE}. This file was made by
 * tests/core/messages/confusables.ts.
 */
// deno-fmt-ignore-file: one pair stands on one line.
export const CONFUSABLES: readonly (readonly [prototype: string, lookAlikes: string])[] = [
${pairs.map((pair) => `  ${pair}`).join("\n")}
];
`,
  );
}
