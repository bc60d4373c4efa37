/**
 * The values of options that are not on the command line: settings in the environment and in config.json.
 * This file decides which of them is in force.
 */
import { type Option, OptionError, type Options } from "./_options.ts";

/** A value, and the place where it stands: an option, a variable, or a file and a line. */
export interface Stated {
  readonly value: string;
  readonly from: "flag" | "environment" | "file";
  readonly where: string;
}

/** Values by the names of their settings. */
export type Level = ReadonlyMap<string, Stated>;

export interface Settings {
  readonly environment: Level;
  readonly file: Level;
  /** The path of config.json, whether there is such a file or not. */
  readonly path: string;
  /** The servers that config.json gives names to. */
  readonly servers: ReadonlyMap<string, Level>;
  /** The variables of the environment that look like settings and are none. */
  readonly unread: readonly string[];
}

/** Settings of which nothing is set. */
export const NO_SETTINGS: Settings = {
  environment: new Map(),
  file: new Map(),
  path: "config.json",
  servers: new Map(),
  unread: [],
};

/** The options that config.json may set for a server that has a name there. */
export const OF_A_SERVER: readonly string[] = [
  "server",
  "server-port",
  "server-key",
  "nick",
  "state",
  "identity",
  "channel-key",
];

/** Options that stand beside an address belong to it, and mean nothing beside another one. */
const OF_AN_ADDRESS = ["server-port", "server-key"];

/** The names of all variables with settings begin with it. */
export const PREFIX = "PARLEY_";

/** The variable of a setting. */
export function variableOf(setting: string): string {
  return PREFIX + setting.toUpperCase().replaceAll("-", "_");
}

/** The settings among the variables of the environment. An empty variable counts as absent. */
export function readEnvironment(
  variables: Readonly<Record<string, string>>,
  options: readonly Option[],
): Pick<Settings, "environment" | "unread"> {
  const environment = new Map<string, Stated>();
  const read = new Set<string>();
  for (const { setting } of options) {
    if (setting === undefined) continue;
    const where = variableOf(setting);
    read.add(where);
    const value = variables[where] ?? "";
    if (value !== "") environment.set(setting, { value, from: "environment", where });
  }
  const unread = Object.keys(variables).filter((name) => name.startsWith(PREFIX) && !read.has(name));
  return { environment, unread: unread.sort() };
}

/**
 * The values in force, by the names of the options: the command line over the environment over config.json.
 * The settings of a named server come right behind the command line that names it, and otherwise between the
 * environment and the rest of config.json. `isInvited` says that an invitation names the server. Throws an
 * `OptionError` if a value cannot be used.
 */
export function inForce(
  options: readonly Option[],
  flags: Options,
  { environment, file, servers, path }: Settings,
  isInvited = false,
): ReadonlyMap<string, Stated> {
  const line = new Map<string, Stated>();
  for (const { name } of options) {
    const value = flags[name];
    if (value !== undefined) line.set(name, { value, from: "flag", where: `--${name}` });
  }
  const givesServer = isInvited
    ? ["server", "at", ...OF_AN_ADDRESS].find((name) => line.has(name))
    : undefined;
  if (givesServer !== undefined) {
    throw new OptionError(`an invitation names the server, leave out '--${givesServer}'`);
  }

  const found = new Map<string, Stated>();
  let hasAddress = isInvited;
  const take = (level: Level, keyOf: (option: Option) => string | undefined) => {
    const isOfAnother = isInvited || hasAddress && level.has("server");
    for (const option of options) {
      const key = keyOf(option);
      const stated = key === undefined ? undefined : level.get(key);
      if (stated === undefined || option.name === "at" || found.has(option.name)) continue;
      if (isOfAnother && ["server", ...OF_AN_ADDRESS].includes(option.setting ?? "")) continue;
      found.set(option.name, checked(option, stated));
      if (option.setting === "server") hasAddress = true;
    }
  };
  const bySetting = ({ setting }: Option) => setting;
  const hasAt = options.some(({ name }) => name === "at");
  const at = hasAt ? line.get("at") ?? environment.get("at") ?? file.get("at") : undefined;
  const takeNamed = () => {
    if (at === undefined || hasAddress) return;
    const server = servers.get(at.value);
    if (server === undefined) throw unknownServer(at, path, [...servers.keys()]);
    found.set("at", at);
    take(server, bySetting);
  };

  take(line, ({ name }) => name);
  if (at?.from === "flag") {
    if (hasAddress) throw new OptionError(`'--at ${at.value}' names the server, leave out '--server'`);
    takeNamed();
  }
  take(environment, bySetting);
  takeNamed();
  take(file, bySetting);
  return found;
}

function checked({ check }: Option, stated: Stated): Stated {
  const wrong = check?.(stated.value);
  if (wrong === undefined) return stated;
  throw new OptionError(`${wrong}, change '${stated.where}'`);
}

function unknownServer({ value, where }: Stated, path: string, names: readonly string[]): OptionError {
  const others = names.length === 0 ? "it names none" : `it names ${names.join(", ")}`;
  return new OptionError(`no server is called '${value}' in '${path}': ${others}, change '${where}'`);
}
