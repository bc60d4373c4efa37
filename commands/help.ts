import type { Option } from "./_options.ts";
import { type Command, type Commands, inShell, type Lines, usageOf, type Wrong } from "./_registry.ts";
import { variableOf } from "./_settings.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "help",
    usage: "[command]",
    help: "list the commands, or explain one",
    arity: { least: 0, most: 1 },
    completes: "commands",
    place: "both",
    run: ([name], all) => name === undefined ? overview(all) : explain(all, name),
  });
}

function overview(commands: Commands): Lines {
  const [shell, prompt] = [commands.at("shell"), commands.at("prompt")];
  return {
    type: "lines",
    lines: [
      "in a shell, behind the program's name:",
      ...shell.map(line),
      "at the client's prompt:",
      ...prompt.map(line),
    ],
  };
}

function explain(commands: Commands, name: string): Lines | Wrong {
  const command = commands.get(name);
  if (command === undefined) return { type: "wrong", reason: `unknown command '${name}', try 'help'` };
  const different = inShell(command);
  const lines = explained(command);
  if (different !== command) lines.push("in a shell:", ...explained(different));
  return { type: "lines", lines };
}

function explained(command: Command): string[] {
  const { help, options = [], details = [] } = command;
  const more = [help, ...optionLines(options), ...details, ...settingLines(options)];
  return [usageOf(command), ...more.map((line) => `  ${line}`)];
}

const WIDTH = 28;

function line(command: Command): string {
  return `  ${`${command.name} ${command.usage}`.padEnd(WIDTH)} ${command.help}`;
}

/** A line for each option: its forms, what it is for, and what holds without it. */
function optionLines(options: readonly Option[]): string[] {
  const forms = options.map(({ name, short, value }) =>
    `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`
  );
  const width = Math.max(...forms.map((form) => form.length));
  return options.map(({ help, otherwise }, at) =>
    `${forms[at]!.padEnd(width)}   ${help}${otherwise === undefined ? "" : ` (${otherwise})`}`
  );
}

const COLUMNS = 100;

/** The variables of the environment, on as many lines as they need. */
function settingLines(options: readonly Option[]): string[] {
  const variables = options.flatMap(({ setting }) => setting === undefined ? [] : [variableOf(setting)]);
  if (variables.length === 0) return [];
  const lines = ["The environment and config.json can say it as well, see 'help config':"];
  let last = "";
  for (const variable of variables) {
    if (last !== "" && last.length + variable.length + 1 > COLUMNS) {
      lines.push(last);
      last = "";
    }
    last += `${last === "" ? " " : ""} ${variable}`;
  }
  return [...lines, last];
}
