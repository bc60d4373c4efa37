/**
 * The registry of commands. A module in this folder exports `register(commands)`, which adds one record; the
 * registry is handed to it. Commands do no I/O: they return what is to be done, or said.
 */
import { OptionError } from "./_options.ts";
import type { Action } from "../core/action.ts";
import type { Acquaintance } from "../core/messages/invitation.ts";
import type { ServerLimits } from "../core/server/server.ts";

/** Where a command can be given: in a shell behind the program's name, at the client's prompt, or both. */
export type Place = "shell" | "prompt" | "both";

/** What a command wants. */
export type Outcome =
  | { readonly type: "actions"; readonly actions: readonly Action[] }
  | { readonly type: "lines"; readonly lines: readonly string[] }
  | { readonly type: "start"; readonly program: Program }
  /** The arguments were wrong. */
  | { readonly type: "wrong"; readonly reason: string };

/** What a command in a shell can start. */
export type Program =
  | { readonly type: "server"; readonly options: ServerSettings }
  | { readonly type: "client"; readonly options: ClientSettings }
  | { readonly type: "nicks"; readonly options: NicksSettings }
  | { readonly type: "demo" };

export const LOG_LEVELS = ["DEBUG", "INFO", "WARN", "ERROR"] as const;
export type LogLevel = typeof LOG_LEVELS[number];

export interface ServerSettings {
  readonly port: number;
  readonly host: string;
  /** A file, `:memory:`, or `undefined` for the usual place. */
  readonly data: string | undefined;
  /** `undefined`: the machine's name. */
  readonly name: string | undefined;
  readonly logLevel: LogLevel;
  readonly limits: ServerLimits;
}

export interface NicksSettings {
  readonly port: number;
  /** A file, or `undefined` for the usual place of the server at that port. */
  readonly data: string | undefined;
  /** The nick to release; `undefined`: to list them. */
  readonly release: string | undefined;
}

export interface ClientSettings {
  /** `undefined`: the login name. */
  readonly nick: string | undefined;
  readonly server: string;
  readonly serverPort: number;
  /** The server's public key, 64 hexadecimal digits; `undefined`: the one it had before, or the one it says. */
  readonly serverKey: string | undefined;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** A folder, `:memory:`, or `undefined` for the usual place. */
  readonly state: string | undefined;
  /** A file with an identity, or `undefined` for the one in the state folder. */
  readonly identity: string | undefined;
  /** Whether an identity without a passphrase is to get one. */
  readonly protects: boolean;
  /** A file with the key of the channel; `undefined`: the channel is open. */
  readonly channelKey: string | undefined;
  /** Whom an invitation names. */
  readonly invited: readonly Acquaintance[];
  readonly attempts: number;
  /** A file, or `undefined` for no log. */
  readonly log: string | undefined;
}

export interface Command {
  readonly name: string;
  /** Behind the name: `<nick> <message>`. */
  readonly usage: string;
  /** One line. */
  readonly help: string;
  /** More lines for `help NAME`. */
  readonly details?: readonly string[];
  /** How many arguments. At the prompt the last of the most possible keeps its spaces. */
  readonly arity: { readonly least: number; readonly most: number };
  readonly place: Place;
  run(args: readonly string[], commands: Commands): Outcome;
}

/** What a module in this folder exports. */
export interface CommandModule {
  register(commands: Commands): void;
}

/** Two modules that want the same name, or one that is no command: said with the files named. */
export class RegistryError extends Error {
  override readonly name = "RegistryError";
}

export class Commands {
  readonly #commands = new Map<string, { command: Command; file: string }>();
  #file = "";

  /** Called by the module that is being registered. */
  add(command: Command): void {
    const other = this.#commands.get(command.name);
    if (other !== undefined) {
      throw new RegistryError(
        `cannot register '${command.name}' of '${this.#file}': '${other.file}' has that name, rename one of them`,
      );
    }
    this.#commands.set(command.name, { command, file: this.#file });
  }

  /** Lets one module register itself. */
  addModule(file: string, module: Partial<CommandModule>): void {
    this.#file = file;
    const before = this.#commands.size;
    if (typeof module.register === "function") module.register(this);
    if (this.#commands.size > before) return;
    throw new RegistryError(
      `cannot use '${file}' as a command: it does not export 'register(commands)' that adds one, see 'send.ts'`,
    );
  }

  /** The commands that can be given at a place, sorted by name. */
  at(place: "shell" | "prompt"): Command[] {
    const commands = [...this.#commands.values()].map(({ command }) => command);
    return commands.filter((command) => command.place === place || command.place === "both")
      .sort((a, b) => a.name < b.name ? -1 : 1);
  }

  get(name: string): Command | undefined {
    return this.#commands.get(name)?.command;
  }

  /** Runs a line typed at the prompt. */
  runLine(line: string): Outcome {
    const words = line.trim();
    const [name = ""] = /^\S*/.exec(words) ?? [];
    const rest = words.slice(name.length).trimStart();
    const command = this.#find(name, "prompt");
    return "run" in command ? this.#run(command, splitArguments(rest, command.arity.most)) : command;
  }

  /** Runs the words behind the program's name in a shell. */
  runShell(words: readonly string[]): Outcome {
    if (words.includes("--help") || words.includes("-h")) {
      return this.runShell(["help", ...words.slice(0, 1).filter((word) => !word.startsWith("-"))]);
    }
    const [name = "help", ...args] = words;
    const command = this.#find(name, "shell");
    return "run" in command ? this.#run(command, args) : command;
  }

  #find(name: string, place: "shell" | "prompt"): Command | Outcome {
    const commands = this.at(place);
    const command = commands.find((candidate) => candidate.name === name);
    if (command !== undefined) return command;
    const nearest = nearestTo(name, commands.map((candidate) => candidate.name));
    const advice = nearest === undefined ? "try 'help'" : `did you mean '${nearest}'?`;
    return { type: "wrong", reason: `unknown command '${name}', ${advice}` };
  }

  #run(command: Command, args: readonly string[]): Outcome {
    const { least, most } = command.arity;
    if (args.length < least || args.length > most) return { type: "wrong", reason: usageOf(command) };
    try {
      return command.run(args, this);
    } catch (error) {
      if (error instanceof OptionError) return { type: "wrong", reason: error.message };
      throw error;
    }
  }
}

export function usageOf(command: Command): string {
  return `usage: ${command.name}${command.usage === "" ? "" : ` ${command.usage}`}`;
}

/** Up to `most` arguments; the last of them keeps the spaces inside it. */
function splitArguments(text: string, most: number): string[] {
  const args: string[] = [];
  let rest = text;
  while (rest !== "" && args.length < most - 1) {
    const [word = ""] = /^\S+/.exec(rest) ?? [];
    args.push(word);
    rest = rest.slice(word.length).trimStart();
  }
  if (rest !== "") args.push(rest);
  return args;
}

/** Names further away than this are no help. */
const FARTHEST = 2;

function nearestTo(word: string, names: readonly string[]): string | undefined {
  const near = names.map((name) => ({ name, far: distance(word, name) })).filter(({ far }) =>
    far <= FARTHEST
  );
  return near.sort((a, b) => a.far - b.far)[0]?.name;
}

/** Levenshtein distance: how many letters to change, add or leave out. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
