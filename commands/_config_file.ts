/**
 * config.json: an object of settings, and of servers that have a name there. Everything in it is checked,
 * whichever command reads it, and what is wrong is told with its line.
 */
import { isAbsolute } from "node:path";
import { membersOf } from "./_json_members.ts";
import { type Option, OptionError } from "./_options.ts";
import { type Level, OF_A_SERVER, type Settings, type Stated } from "./_settings.ts";

const SERVERS = "servers";

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
