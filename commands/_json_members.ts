/**
 * The members of an object in JSON (RFC 8259), each with its line. Lists, `true`, `false` and `null` have no
 * place in it.
 */

/** A key with a value, or with the beginning of an object. */
export interface Member {
  /** The keys of the objects around it, and its own. */
  readonly path: readonly string[];
  /** The text, or the number as a text; `undefined` for an object. */
  readonly value: string | undefined;
  readonly line: number;
}

/** Makes the error that says what is wrong in a line. */
export type Fail = (line: number, what: string) => Error;

interface Token {
  readonly text: string;
  readonly line: number;
}

const TOKEN = /"(?:[^"\\\n]|\\.)*"|[^\s{}[\]:,"]+|\S|\n/g;

/** Throws what `fail` makes if the text is not such an object. */
export function* membersOf(text: string, fail: Fail): Generator<Member, void, void> {
  const tokens = tokensOf(text);
  let at = 0;
  const next = (): Token => tokens[Math.min(at++, tokens.length - 1)]!;
  const expect = (what: string, token: Token): void => {
    if (token.text !== what) throw misplaced(token, `'${what}'`, fail);
  };

  function* object(path: readonly string[]): Generator<Member, void, void> {
    if (tokens[at]?.text === "}") return void next();
    for (;;) {
      const key = next();
      if (!key.text.startsWith('"')) throw misplaced(key, 'a key, "...",', fail);
      const name = String(decode(key, fail));
      const inner = [...path, name];
      expect(":", next());
      const value = next();
      if (value.text === "{") {
        yield { path: inner, value: undefined, line: key.line };
        yield* object(inner);
      } else {
        yield { path: inner, value: scalar(name, value, fail), line: key.line };
      }
      const end = next();
      if (end.text === "}") return;
      if (end.text !== ",") throw misplaced(end, "',' or '}'", fail);
    }
  }

  const first = next();
  if (first.text !== "{") throw fail(first.line, "it has to be an object, {...}");
  yield* object([]);
  const rest = next();
  if (rest.text !== "") throw misplaced(rest, "the end", fail);
}

/** All tokens with their lines, and an empty one for the end. */
function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "\n") line++;
    else tokens.push({ text: token, line });
  }
  return [...tokens, { text: "", line: tokens.at(-1)?.line ?? 1 }];
}

function scalar(name: string, token: Token, fail: Fail): string {
  const { text, line } = token;
  if ("}],:".includes(text)) throw misplaced(token, "a value", fail);
  const value = text === "[" ? [] : decode(token, fail);
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw fail(line, `"${name}": ${text === "[" ? "a list" : text} is neither text nor a number`);
}

function decode({ text, line }: Token, fail: Fail): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw fail(line, `it is not JSON: ${text} is neither a text in quotes nor a number`);
  }
}

function misplaced({ text, line }: Token, what: string, fail: Fail): Error {
  return fail(line, `it is not JSON: ${text === "" ? "the end" : `'${text}'`} stands where ${what} should`);
}
