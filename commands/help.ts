import { type Command, type Commands, type Lines, usageOf, type Wrong } from "./_registry.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "help",
    usage: "[command]",
    help: "list the commands, or explain one",
    arity: { least: 0, most: 1 },
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
  return {
    type: "lines",
    lines: [usageOf(command), `  ${command.help}`, ...(command.details ?? []).map((more) => `  ${more}`)],
  };
}

const WIDTH = 28;

function line(command: Command): string {
  return `  ${`${command.name} ${command.usage}`.padEnd(WIDTH)} ${command.help}`;
}
