/**
 * config.json: an object of settings, and of servers that have a name there. Everything in it is checked,
 * whichever command reads it, and what is wrong is told with its line.
 */
import { isAbsolute } from "node:path";
import { type Option, OptionError } from "./_options.ts";
import { type Level, OF_A_SERVER, type Settings, type Stated } from "./_settings.ts";

const SERVERS = "servers";

/** A key with a value, or with the beginning of an object. */
interface Member {
  /** The keys of the objects around it, and its own. */
  readonly path: readonly string[];
  /** The text, `undefined` for an object. */
  readonly value: string | undefined;
  readonly line: number;
}

/** Reads the text of config.json at `path`. Throws an `OptionError` with the line and the key. */
export function readConfig(
  path: string,
  text: string,
  options: readonly Option[],
): Pick<Settings, "file" | "servers"> {
  const fail = (line: number, what: string) => new OptionError(`${path}:${line}: ${what}`);
  const known = new Map(options.flatMap((option) => option.setting ? [[option.setting, option]] : []));
  const file = new Map<string, Stated>();
  const servers = new Map<string, { line: number; level: Map<string, Stated> }>();
  const seen = new Set<string>();

  for (const { path: keys, value, line } of membersOf(text, fail)) {
    const [first = "", name = "", inner] = keys;
    const key = keys.at(-1)!;
    const id = JSON.stringify(keys);
    if (seen.has(id)) throw fail(line, `"${key}" stands there twice`);
    seen.add(id);
    if (first === SERVERS && keys.length < 3) {
      if (value !== undefined) throw fail(line, `"${key}" has to be an object, {...}`);
      if (keys.length === 2) servers.set(name, { line, level: new Map() });
      continue;
    }
    const allowed = inner === undefined ? [...known.keys(), SERVERS] : OF_A_SERVER;
    const option = allowed.includes(key) ? known.get(key) : undefined;
    if (option === undefined) throw fail(line, `unknown key "${key}", known are ${allowed.join(", ")}`);
    const wrong = value === undefined
      ? "an object, {...}, is neither text nor a number"
      : whatIsWrong(option, value);
    if (wrong !== undefined) throw fail(line, `"${key}": ${wrong}`);
    const level = inner === undefined ? file : servers.get(name)?.level;
    level?.set(key, { value: value!, from: "file", where: `${path}:${line}` });
  }

  for (const [name, { line, level }] of servers) {
    if (!level.has("server")) throw fail(line, `"${name}" has no "server", the name or address of it`);
  }
  return { file, servers: new Map<string, Level>([...servers].map(([name, { level }]) => [name, level])) };
}

function whatIsWrong({ completes, check }: Option, value: string): string | undefined {
  if (value === "") return "it has no value";
  const isPath = completes === "files" || completes === "folders";
  if (isPath && value !== ":memory:" && !isAbsolute(value)) {
    return `'${value}' does not begin at the root: where it leads would depend on the folder that you are in`;
  }
  return check?.(value);
}

/** The parts of a JSON text that is known to be right. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+|\n/g;

/** All members of the object in a JSON text, each with its line. `fail` makes the error. */
function* membersOf(
  text: string,
  fail: (line: number, what: string) => OptionError,
): Generator<Member, void, void> {
  try {
    JSON.parse(text);
  } catch (error) {
    throw notJson(text, String(error instanceof Error ? error.message : error), fail);
  }
  const path: string[] = [];
  let depth = 0;
  let line = 1;
  let key: string | undefined;
  const tokens = text.match(TOKEN) ?? [];
  for (const token of tokens) {
    if (token === "\n") line++;
    else if (token === "{") {
      if (key !== undefined) {
        yield { path: [...path, key], value: undefined, line };
        path.push(key);
      }
      key = undefined;
      depth++;
    } else if (token === "}") {
      path.pop();
      depth--;
    } else if (token === ":" || token === ",") continue;
    else if (depth === 0) throw fail(line, "it has to be an object, {...}");
    else if (key === undefined) key = String(JSON.parse(token));
    else {
      const value: unknown = token === "[" ? [] : JSON.parse(token);
      if (typeof value !== "string" && typeof value !== "number") {
        throw fail(line, `"${key}": ${token === "[" ? "a list" : token} is neither text nor a number`);
      }
      yield { path: [...path, key], value: String(value), line };
      key = undefined;
    }
  }
}

/** V8 says where it stopped, but for a text that ends too early. */
function notJson(
  text: string,
  message: string,
  fail: (line: number, what: string) => OptionError,
): OptionError {
  const [, position] = / at position (\d+)/.exec(message) ?? [];
  const before = position === undefined ? text.trimEnd() : text.slice(0, Number(position));
  const [what] = message.split(/ (?:in JSON|at position)/);
  return fail(before.split("\n").length, `it is not JSON: ${what}`);
}
