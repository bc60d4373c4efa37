/**
 * The source of a user's own command may import types alone. They are gone when it runs, so the bytes whose
 * hash is trusted are all that is run of it.
 *
 * Imports are read at the top of the file, where nothing but comments can stand around them. Below that a
 * text, a comment and a regular expression could be taken for each other; so there the words that could load
 * a module are refused wherever they stand.
 */

const SPACE_OR_COMMENT = /\s+|\/\/.*|\/\*[^]*?\*\//y;
const TYPE_IMPORT =
  /import\s+type\s+(?:[\w$]+|\*\s*as\s+[\w$]+|\{[\w$\s,]*\})\s*from\s*(?:"[^"\n\\]*"|'[^'\n\\]*')[^\S\n]*(?:;|(?=[\n\r/]|$))/y;

/** `import` begins an import, static or dynamic, or `import.meta`, and cannot be written with escapes. */
const IMPORT = /\bimport\b/;
/** `export` loads a module unless a declaration follows. */
const EXPORT_FROM =
  /\bexport\b(?!\s+(?:async|function|const|let|var|class|abstract|interface|enum|default|type\s+[\w$]+)\b)/;

/** The line at which a source may load something else than types, or `undefined`. */
export function lineThatLoads(source: string): number | undefined {
  const top = endOfTop(source);
  const below = source.slice(top);
  const found = [IMPORT, EXPORT_FROM].map((pattern) => pattern.exec(below)?.index).filter((at) =>
    at !== undefined
  );
  if (found.length === 0) return undefined;
  return source.slice(0, top + Math.min(...found)).split("\n").length;
}

/** The end of the comments and imports of types with which a source begins. */
function endOfTop(source: string): number {
  let at = 0;
  for (;;) {
    const next = [SPACE_OR_COMMENT, TYPE_IMPORT].map((pattern) => {
      pattern.lastIndex = at;
      return pattern.exec(source)?.[0].length ?? 0;
    }).find((length) => length > 0);
    if (next === undefined) return at;
    at += next;
  }
}
