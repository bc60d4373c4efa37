/** The man page, in the language of mdoc(7), made from the registry. */
import type { Option } from "./_options.ts";
import type { Command, Commands } from "./_registry.ts";
import { variableOf } from "./_settings.ts";

/** When what stands here was last changed; the rest changes with the program. */
const DATE = "November 26, 2026";

/** An example: its purpose, and the words behind the program's name. */
export const EXAMPLES: readonly (readonly [what: string, words: readonly string[]])[] = [
  ["A server on the usual port:", ["server"]],
  ["A client of a server on another machine:", ["client", "-n", "x", "-i", "192.168.1.33"]],
  ["What would be in force for it:", ["config", "client", "-n", "x", "-i", "192.168.1.33"]],
  ["All that can be said to a server:", ["help", "server"]],
  ["One message, whose status is the truth about it:", ["send", "bob", "done", "--wait", "delivered"]],
  ["How a command has ended, for somebody:", ["run", "bob", "--", "make", "test"]],
  ["Each message for a command:", ["listen", "--as", "printer", "--exec", "./print.sh"]],
];

export function manPage(commands: Commands, version: string): string[] {
  const shell = commands.at("shell");
  return [
    `.Dd ${DATE}`,
    ".Dt PARLEY 1",
    ".Os",
    ".Sh NAME",
    ".Nm parley",
    ".Nd chat over UDP for the terminal",
    ".Sh SYNOPSIS",
    ".Nm",
    ".Ar command",
    ".Op Ar options",
    ".Op Ar arguments",
    ".Sh DESCRIPTION",
    ...text(
      "Clients send messages directly to each other and acknowledge every one; a small server keeps the table of who is there, keeps mail for whoever is not, and relays a group channel. All words behind '--' are arguments. These are the commands:",
    ),
    ...tagged(shell, (command) => [
      itemOf(command),
      ...text(command.help),
      ...tagged(command.options ?? [], (option) => [optionItem(option), ...text(helpOf(option))]),
      ...paragraphs(command.details),
    ]),
    ".Sh AT THE PROMPT",
    ...text("At the prompt of a client there are these commands:"),
    ...tagged(commands.at("prompt"), (command) => [
      itemOf(command),
      ...text(command.help),
      ...paragraphs(command.details),
    ]),
    ".Sh ENVIRONMENT",
    ...text(
      "Options come before the environment, and that before config.json. A variable that is empty counts as absent.",
    ),
    ...tagged(settingsOf(shell), ([setting, uses]) => [
      `.It Ev ${variableOf(setting)}`,
      ...text(`As ${uses.join(", ")}; in config.json "${setting}".`),
    ]),
    ".Pp",
    ...text("The folders of files are those of the XDG base directory specification."),
    ".Sh FILES",
    ...tagged(FILES, ([path, what]) => [`.It Pa ${word(path)}`, ...text(what)]),
    ".Sh EXIT STATUS",
    ...text(
      "0: done. 1: failed. 2: wrong usage. Commands for scripts also end with these: 3: stored, and not delivered in time. 4: refused, or a key has changed. 5: the server does not answer; the message is in the outbox. 6: too much for now or in all. 7: nobody has that nick.",
    ),
    ".Sh EXAMPLES",
    ...EXAMPLES.flatMap(([what, words]) => [
      ...text(what),
      `.Dl parley ${words.map(word).join(" ")}`,
      ".Pp",
    ]),
    ...text(`This is the page of version ${version}.`),
  ];
}

const FILES = [
  ["~/.config/parley/config.json", "settings, and servers by their names"],
  ["~/.config/parley/commands", "commands of your own"],
  ["~/.local/state/parley", "identities, messages, and the keys of peers and servers"],
  ["~/.local/share/parley/server-PORT.db", "the data of the server at a port"],
] as const;

/** A list: each item is a line that begins it, and what is to be said of it. */
function tagged<Item>(items: readonly Item[], show: (item: Item) => readonly string[]): string[] {
  return items.length === 0 ? [] : [".Bl -tag -width Ds", ...items.flatMap(show), ".El"];
}

function paragraphs(lines: readonly string[] = []): string[] {
  return lines.filter((line) => line !== "").flatMap((line) => [".Pp", ...text(line)]);
}

function itemOf({ name, usage }: Command): string {
  return `.It ${["Cm", word(name), ...usageMacros(usage)].join(" ")}`;
}

/** A usage such as `TO [-n NICK] <text>`. */
function usageMacros(usage: string): string[] {
  const parts = usage.match(/\[[^\]]*\]|<[^>]*>|\S+/g) ?? [];
  return parts.flatMap((part) => {
    if (part.startsWith("[")) return ["Oo", ...usageMacros(part.slice(1, -1)), "Oc"];
    if (part.startsWith("<")) return ["Ar", word(part.slice(1, -1))];
    return part.startsWith("-") ? ["Fl", word(part.slice(1))] : ["Ar", word(part)];
  });
}

function optionItem({ name, short, value }: Option): string {
  const forms = [...short === undefined ? [] : [`Fl ${short} ,`], `Fl -${word(name)}`];
  return `.It ${forms.join(" ")}${value === undefined ? "" : ` Ar ${word(value)}`}`;
}

function helpOf({ help, otherwise }: Option): string {
  return `${help}${otherwise === undefined ? "" : ` (${otherwise})`}`;
}

/** Each setting, with the options that it is for. */
function settingsOf(commands: readonly Command[]): (readonly [setting: string, uses: readonly string[]])[] {
  const uses = new Map<string, string[]>();
  for (const command of commands) {
    for (const { name, setting } of command.options ?? []) {
      if (setting === undefined) continue;
      const of = uses.get(setting) ?? [];
      uses.set(setting, [...of, `--${name} of ${command.name}`]);
    }
  }
  return [...uses].sort(([a], [b]) => a < b ? -1 : 1);
}

const COLUMNS = 76;

/** Lines of text, none of which is a macro. A sentence begins a line of its own. */
function text(words: string): string[] {
  return words.trim().split(/(?<=[.!?]) +(?=[A-Z])/).flatMap(wrapped).map((line) =>
    line.replaceAll("\\", "\\e").replace(/^[.']/, "\\&$&")
  );
}

function wrapped(sentence: string): string[] {
  const lines: string[] = [];
  for (const next of sentence.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + next.length < COLUMNS) {
      lines[lines.length - 1] = `${last} ${next}`;
    } else lines.push(next);
  }
  return lines;
}

/** An argument of a macro: it is none itself, no sign that ends it is taken for a delimiter. */
function word(argument: string): string {
  return `\\&${argument.replaceAll("\\", "\\e").replaceAll('"', "\\(dq")}\\&`;
}
