/**
 * The registry of commands. A module in this folder exports `register(commands)`, which adds one command to
 * the registry that is handed to it. A command does no I/O: it returns actions for a client, lines to print,
 * or a program to run.
 */
import type { Action } from "../core/action.ts";
import { ExpectedError } from "../core/base/expected_error.ts";
import type { World } from "../programs/world.ts";
import { OptionError } from "./_options.ts";

/** Actions that the client of the prompt is to carry out. */
export interface Actions {
  readonly type: "actions";
  readonly actions: readonly Action[];
}

/** Lines to print. */
export interface Lines {
  readonly type: "lines";
  readonly lines: readonly string[];
}

/** A program that a command in a shell starts. It is imported when it runs, and returns the exit status. */
export interface Program {
  readonly type: "program";
  run(world: World): Promise<number>;
}

/** The arguments were wrong. `reason` is a sentence for the user. */
export interface Wrong {
  readonly type: "wrong";
  readonly reason: string;
}

/** A shell has no client that could carry actions out, and a prompt has no place for a program. */
export type ShellResult = Lines | Program | Wrong;
export type PromptResult = Lines | Actions | Wrong;

interface CommandOf<Place extends string, Result> {
  readonly name: string;
  /** The arguments behind the name, such as `<nick> <message>`. */
  readonly usage: string;
  /** One line for the list of all commands. */
  readonly help: string;
  /** More lines for `help NAME`. */
  readonly details?: readonly string[];
  /** How many arguments it takes. At the prompt the last one that is possible keeps the spaces inside it. */
  readonly arity: { readonly least: number; readonly most: number };
  /** The place where it can be given: behind the program's name in a shell, at the prompt, or both. */
  readonly place: Place;
  run(args: readonly string[], commands: Commands): Result;
}

export type Command =
  | CommandOf<"shell", ShellResult>
  | CommandOf<"prompt", PromptResult>
  | CommandOf<"both", Lines | Wrong>;

/** The exports of a module in this folder. */
export interface CommandModule {
  register(commands: Commands): void;
}

/** A module cannot be used as a command. The message names its file, and is a sentence for the user. */
export class RegistryError extends ExpectedError {
  override readonly name = "RegistryError";
}

export class Commands {
  readonly #commands = new Map<string, { command: Command; file: string }>();
  /** The file of the module that is being registered. */
  #file = "";

  /** Adds a command. Throws a `RegistryError` if its name is taken, or its result does not fit its place. */
  add(command: Command): void {
    const other = this.#commands.get(command.name);
    if (other !== undefined) {
      throw new RegistryError(
        `cannot register '${command.name}' of '${this.#file}': '${other.file}' has that name, rename one of them`,
      );
    }
    this.#commands.set(command.name, { command, file: this.#file });
    // To run a command has no effect, so a trial finds a mistake now that a user would meet later.
    const args: string[] = Array(command.arity.least).fill("x");
    if (command.place !== "prompt") this.#runInShell(command, args);
    if (command.place !== "shell") this.#runAtPrompt(command, args);
  }

  /** Lets a module register its command. Throws a `RegistryError` if it has none. */
  addModule(file: string, module: Partial<CommandModule>): void {
    this.#file = file;
    const before = this.#commands.size;
    if (typeof module.register === "function") module.register(this);
    if (this.#commands.size > before) return;
    throw new RegistryError(
      `cannot use '${file}' as a command: it does not export 'register(commands)' that adds one, see 'send.ts'`,
    );
  }

  /** The commands that can be given in a place, sorted by name. */
  at(place: "shell" | "prompt"): Command[] {
    const commands = [...this.#commands.values()].map(({ command }) => command);
    return commands.filter((command) => command.place === place || command.place === "both")
      .sort((a, b) => a.name < b.name ? -1 : 1);
  }

  get(name: string): Command | undefined {
    return this.#commands.get(name)?.command;
  }

  /** Runs a line typed at the prompt. */
  runLine(line: string): PromptResult {
    const words = line.trim();
    const [name = ""] = /^\S*/.exec(words) ?? [];
    const rest = words.slice(name.length).trimStart();
    const command = this.#find(name, "prompt");
    if ("type" in command) return command;
    return this.#runAtPrompt(command, splitArguments(rest, command.arity.most));
  }

  /** Runs the words behind the program's name in a shell. */
  runShell(words: readonly string[]): ShellResult {
    if (words.includes("--help") || words.includes("-h")) {
      return this.runShell(["help", ...words.slice(0, 1).filter((word) => !word.startsWith("-"))]);
    }
    const [first = "help", ...args] = words;
    const command = this.#find(first === "--version" ? "version" : first, "shell");
    return "type" in command ? command : this.#runInShell(command, args);
  }

  #runAtPrompt(command: Command, args: readonly string[]): PromptResult {
    const result = this.#run(command, args);
    if (result.type !== "program") return result;
    throw this.#misplaced(command, "at the prompt: it starts a program, register it with place 'shell'");
  }

  #runInShell(command: Command, args: readonly string[]): ShellResult {
    const result = this.#run(command, args);
    if (result.type !== "actions") return result;
    throw this.#misplaced(command, "in a shell: its actions need a client, register it with place 'prompt'");
  }

  #misplaced({ name }: Command, why: string): RegistryError {
    return new RegistryError(`cannot use '${name}' of '${this.#commands.get(name)!.file}' ${why}`);
  }

  #find(name: string, place: "shell" | "prompt"): Command | Wrong {
    const commands = this.at(place);
    const command = commands.find((candidate) => candidate.name === name);
    if (command !== undefined) return command;
    const nearest = nearestTo(name, commands.map((candidate) => candidate.name));
    const advice = nearest === undefined ? "try 'help'" : `did you mean '${nearest}'?`;
    return { type: "wrong", reason: `unknown command '${name}', ${advice}` };
  }

  #run(command: Command, args: readonly string[]): ShellResult | PromptResult {
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

/** The line that shows how a command is given. */
export function usageOf(command: Command): string {
  return `usage: ${command.name}${command.usage === "" ? "" : ` ${command.usage}`}`;
}

/** Cuts a text at spaces into at most `most` arguments; the last of them keeps the spaces inside it. */
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

/** A name with more letters to change than this is not suggested. */
const FARTHEST = 2;

/** The name that the user may have meant. */
function nearestTo(word: string, names: readonly string[]): string | undefined {
  const near = names.map((name) => ({ name, far: distance(word, name) })).filter(({ far }) =>
    far <= FARTHEST
  );
  return near.sort((a, b) => a.far - b.far)[0]?.name;
}

/** The Levenshtein distance: how many letters to change, add or leave out. */
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
