import { harmless } from "../core/base/text.ts";
import { type Option, OptionError, readWords } from "./_options.ts";
import type { Command, Commands } from "./_registry.ts";
import { inForce, OF_A_SERVER, type Stated } from "./_settings.ts";

const JSON_OPTION: Option = { name: "json", help: "one object of JSON instead of a table" };

export function register(commands: Commands): void {
  commands.add({
    name: "config",
    usage: "[--json] [command] [its options]",
    help: "show which settings are in force, and where each of them stands",
    options: [JSON_OPTION],
    details: [
      "With a command: all that holds for it, with the options that are given here.",
      "An option comes before the environment (PARLEY_SERVER_PORT for 'server-port'), that before config.json.",
      "config.json is an object of settings, and of servers by their names, '-s lab' takes this one:",
      `  {"nick": "x", "servers": {"lab": {"server": "chat.example", "server-port": 9998}}}`,
      `In a server: ${OF_A_SERVER.join(", ")}. "at": "lab" makes it the usual one.`,
      "A port or a key that stands beside a server holds for that one only.",
    ],
    arity: { least: 0, most: Infinity },
    completes: "commands",
    takesWords: true,
    place: "shell",
    run: (words, all) => {
      const at = words.findIndex((word) => !word.startsWith("-"));
      const [before, behind] = at < 0 ? [words, []] : [words.slice(0, at), words.slice(at + 1)];
      const { flags } = readWords(before, [JSON_OPTION]);
      const rows = at < 0 ? rowsOfAll(all) : rowsOf(shellCommand(all, words[at]!), behind, all);
      const lines = flags.json === undefined ? table(rows, all) : [asJson(rows, all)];
      return { type: "lines", lines };
    },
  });
}

/** A setting, what is in force of it, and where that stands; `undefined` for what holds without any. */
interface Row {
  readonly name: string;
  readonly option: Option;
  readonly stated: Stated | undefined;
}

function shellCommand(commands: Commands, name: string): Command {
  const found = commands.at("shell").find((command) => command.name === name);
  if (found === undefined) throw new OptionError(`unknown command '${name}', try 'help'`);
  return found;
}

/** All options of a command. */
function rowsOf(command: Command, words: readonly string[], commands: Commands): Row[] {
  const stated = commands.inForce(command, words);
  return (command.options ?? []).map((option) => ({
    name: option.name,
    option,
    stated: stated.get(option.name),
  }));
}

/** All settings of all commands, each once. */
function rowsOfAll(commands: Commands): Row[] {
  const bySetting = new Map<string, Option>();
  for (const option of commands.at("shell").flatMap(({ options = [] }) => options)) {
    const { setting } = option;
    if (setting !== undefined && !bySetting.has(setting)) {
      bySetting.set(setting, { ...option, name: setting });
    }
  }
  const options = [...bySetting.values()];
  const stated = inForce(options, {}, commands.settings);
  return options.map((option) => ({ name: option.name, option, stated: stated.get(option.name) }));
}

function table(rows: readonly Row[], commands: Commands): string[] {
  const { path, file, servers, unread } = commands.settings;
  const isEmpty = file.size === 0 && servers.size === 0;
  const cells = [
    ...rows.map(({ name, option, stated }) => [
      name,
      stated?.value ?? option.otherwise ?? "no",
      stated?.where ?? "default",
    ]),
    ...unread.map((variable) => [variable, "no option reads it", "environment"]),
  ].map((row) => row.map(harmless));
  const widths = [0, 1].map((column) => Math.max(...cells.map((row) => row[column]!.length)));
  const names = [...servers.keys()].map(harmless).join(", ");
  return [
    `${harmless(path)}: ${isEmpty ? "nothing is set there" : `servers: ${names || "none"}`}`,
    ...cells.map(([name = "", value = "", where = ""]) =>
      `${name.padEnd(widths[0]!)}  ${value.padEnd(widths[1]!)}  ${where}`
    ),
  ];
}

/** One object of JSON in ASCII, so that nothing in it can do something to a terminal. */
function asJson(rows: readonly Row[], commands: Commands): string {
  const { path, servers, unread } = commands.settings;
  const settings = rows.map(({ name, option, stated }) =>
    stated === undefined
      ? { name, value: null, from: "default", where: null, default: option.otherwise ?? null }
      : { name, value: stated.value, from: stated.from, where: stated.where }
  );
  return JSON.stringify({ file: path, servers: [...servers.keys()], settings, unread })
    .replace(/[\x7f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
