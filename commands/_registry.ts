/**
 * The registry of commands. A module in this folder exports `register(commands)`, which adds one command to
 * the registry that is handed to it. A command does no I/O: it returns actions for a client, lines to print,
 * or a program to run.
 */
import type { Action } from "../core/action.ts";
import { ExpectedError } from "../core/base/expected_error.ts";
import type { World } from "../programs/world.ts";
import { nearestTo } from "./_nearest.ts";
import { type Completion, type Option, OptionError, type Options, readWords } from "./_options.ts";
import { inForce, NO_SETTINGS, type Settings, type Stated } from "./_settings.ts";

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

/** Something that the prompt itself does. The client hears nothing of it. */
export interface OnScreen {
  readonly type: "screen";
  readonly request: ScreenRequest;
}

/** A wish of a command to the prompt. */
export type ScreenRequest =
  /** From now on lines go to this person, or to the channel (`undefined`). */
  | { readonly do: "talk"; readonly to: string | undefined }
  /** Lines are commands again. */
  | { readonly do: "leave" }
  /** Messages of somebody are not shown any more, or are again. */
  | { readonly do: "ignore"; readonly nick: string }
  /** Hidden messages are shown, of somebody or of all (`undefined`). */
  | { readonly do: "show"; readonly from: string | undefined };

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
export type PromptResult = Lines | Actions | OnScreen | Wrong;

interface CommandOf<Place extends string, Result> {
  readonly name: string;
  /** The arguments behind the name, such as `<nick> <message>`. */
  readonly usage: string;
  /** One line for the list of all commands. */
  readonly help: string;
  /** More lines for `help NAME`, behind those of the options. */
  readonly details?: readonly string[];
  /** The options that it takes in a shell, in the order of help. */
  readonly options?: readonly Option[];
  /**
   * How many arguments it takes, options not counted. At the prompt the last one that is possible keeps the
   * spaces inside it.
   */
  readonly arity: { readonly least: number; readonly most: number };
  /** The completions of its arguments in a shell. */
  readonly completes?: Completion;
  /** Its argument is an invitation, which names the server in the place of all options and settings. */
  readonly takesInvitation?: true;
  /** It is handed the words of a shell as they are, options among them. */
  readonly takesWords?: true;
  /** The place where it can be given: behind the program's name in a shell, at the prompt, or both. */
  readonly place: Place;
  /** The options are those in force, wherever they stand; at the prompt there are none. */
  run(args: readonly string[], commands: Commands, options: Options): Result;
}

/** The differences of a command of the prompt when it is given in a shell, where it is a program. */
type InShell = Partial<Omit<CommandOf<"shell", ShellResult>, "name" | "place" | "run">> & {
  run(args: readonly string[], commands: Commands, options: Options): ShellResult;
};

export type Command =
  | CommandOf<"shell", ShellResult>
  | CommandOf<"prompt", PromptResult>
  | CommandOf<"both", PromptResult> & { readonly inShell?: InShell };

/** The exports of a module in this folder. */
export interface CommandModule {
  register(commands: Commands): void;
}

/** A module cannot be used as a command. The message names its file, and is a sentence for the user. */
export class RegistryError extends ExpectedError {
  override readonly name = "RegistryError";
}

/** Whether a command came with the program, or is one of the user's own, which no compiler has seen. */
type Whose = "ours" | "own";

/** A name is typed as it is, in every shell. */
const NAME = /^[a-z][a-z0-9_-]*$/;

export class Commands {
  #commands = new Map<string, { command: Command; file: string; whose: Whose }>();
  readonly #readSettings: (commands: Commands) => Settings;
  #settings: Settings | undefined;
  /** The file of the module that is being registered. */
  #file = "";
  #whose: Whose = "ours";

  /** `readSettings` is called once, and only when a command asks for settings. */
  constructor(readSettings: (commands: Commands) => Settings = () => NO_SETTINGS) {
    this.#readSettings = readSettings;
  }

  /**
   * Adds a command. Throws a `RegistryError` if its name is none or is taken, or its result does not fit its
   * place.
   */
  add(command: Command): void {
    if (this.#whose === "own") refuseMisshapen(command, this.#file);
    if (!NAME.test(command.name)) {
      throw new RegistryError(
        `cannot register '${command.name}' of '${this.#file}': a name is small letters, digits, _ and -`,
      );
    }
    const other = this.#commands.get(command.name);
    if (other !== undefined) {
      throw new RegistryError(
        `cannot register '${command.name}' of '${this.#file}': '${other.file}' has that name, rename one of them`,
      );
    }
    this.#commands.set(command.name, { command, file: this.#file, whose: this.#whose });
    // To run a command has no effect, so a trial finds a mistake now that a user would meet later. No setting
    // is read for it: other commands, whose settings they may be, are not here yet.
    this.#settings = NO_SETTINGS;
    const args = ({ arity }: Command): string[] => Array(arity.least).fill("x");
    const shell = inShell(command);
    try {
      if (command.place !== "prompt") this.#inShell(shell, this.#run(shell, args(shell), {}));
      if (command.place !== "shell") this.#runAtPrompt(command, args(command));
    } finally {
      this.#settings = undefined;
    }
  }

  /** Lets a module register its command. Throws, and adds nothing, if it has none or it cannot be used. */
  addModule(file: string, module: Partial<CommandModule>, whose: Whose = "ours"): void {
    this.#file = file;
    this.#whose = whose;
    const before = new Map(this.#commands);
    try {
      if (typeof module.register === "function") module.register(this);
      if (this.#commands.size > before.size) return;
    } catch (error) {
      this.#commands = before;
      throw error;
    }
    throw new RegistryError(
      `cannot use '${file}' as a command: it does not export 'register(commands)' that adds one, see 'send.ts'`,
    );
  }

  /** The commands that can be given in a place, sorted by name. */
  at(place: "shell" | "prompt"): Command[] {
    const commands = [...this.#commands.values()].map(({ command }) => command);
    return commands.filter((command) => command.place === place || command.place === "both")
      .map((command) => place === "shell" ? inShell(command) : command)
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
    const end = words.includes("--") ? words.indexOf("--") : words.length;
    if (words.slice(0, end).some((word) => word === "--help" || word === "-h")) {
      return this.runShell(["help", ...words.slice(0, 1).filter((word) => !word.startsWith("-"))]);
    }
    const [first = "help", ...rest] = words;
    const command = this.#find(first === "--version" ? "version" : first, "shell");
    if ("type" in command) return command;
    return orWrong(() => {
      if (command.takesWords) return this.#inShell(command, this.#run(command, rest, {}));
      const { args, stated } = this.#read(command, rest);
      const options = Object.fromEntries([...stated].map(([name, { value }]) => [name, value]));
      return this.#inShell(command, this.#run(command, args, options));
    });
  }

  /** The settings that are in force for a command with these options. Throws an `OptionError`. */
  inForce(command: Command, words: readonly string[]): ReadonlyMap<string, Stated> {
    const { args, stated } = this.#read(command, words);
    if (args.length > 0) throw new OptionError(`unexpected argument '${args[0]}', only options count here`);
    return stated;
  }

  /** Throws an `ExpectedError` if they cannot be read. */
  get settings(): Settings {
    return this.#settings ??= this.#readSettings(this);
  }

  #read(command: Command, words: readonly string[]) {
    const { options = [], takesInvitation = false } = command;
    const { args, flags } = readWords(words, options);
    const settings = options.some(({ setting }) => setting !== undefined) ? this.settings : NO_SETTINGS;
    return { args, stated: inForce(options, flags, settings, takesInvitation && args.length > 0) };
  }

  #runAtPrompt(command: Command, args: readonly string[]): PromptResult {
    const result = this.#run(command, args, {});
    if (result.type !== "program") return result;
    throw this.#misplaced(command, "at the prompt: it starts a program, register it with place 'shell'");
  }

  #inShell(command: Command, result: ShellResult | PromptResult): ShellResult {
    if (result.type !== "actions" && result.type !== "screen") return result;
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

  #run(command: Command, args: readonly string[], options: Options): ShellResult | PromptResult {
    const { least, most } = command.arity;
    if (args.length > most && command.options !== undefined) {
      return { type: "wrong", reason: `unexpected argument '${args[most]}'` };
    }
    if (args.length < least || args.length > most) return { type: "wrong", reason: usageOf(command) };
    return orWrong(() => {
      if (this.#commands.get(command.name)?.whose !== "own") return command.run(args, this, options);
      return this.#runOwn(command, args, options);
    });
  }

  /** A mistake in a command of the user's own ends the command, not the program. */
  #runOwn(command: Command, args: readonly string[], options: Options): ShellResult | PromptResult {
    const { file } = this.#commands.get(command.name)!;
    try {
      const result = command.run(args, this, options);
      if (RESULTS.includes(result.type)) return result;
      throw new Error(`its result has the type '${result.type}', which is not one of ${RESULTS.join(", ")}`);
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      return { type: "wrong", reason: `'${command.name}' of '${file}' has failed: ${what}` };
    }
  }
}

const RESULTS = ["lines", "actions", "program", "wrong"];

/** Throws a `RegistryError` for what a compiler would have found. */
function refuseMisshapen(command: Partial<Command>, file: string): void {
  const { name, usage, help, details = [], options = [], arity, place, run } = command;
  const texts = [name, usage, help, ...details, ...options.flatMap(({ name, help }) => [name, help])];
  const fault = texts.some((text) => typeof text !== "string")
    ? "name, usage, help and details are texts"
    : !Number.isInteger(arity?.least) || typeof arity?.most !== "number"
    ? "arity is { least, most }"
    : place !== "shell" && place !== "prompt" && place !== "both"
    ? "place is 'shell', 'prompt' or 'both'"
    : typeof run !== "function"
    ? "run is a function"
    : undefined;
  if (fault !== undefined) throw new RegistryError(`cannot use '${file}' as a command: ${fault}`);
}

/** A command as it is in a shell. */
export function inShell(command: Command): Command {
  if (command.place !== "both" || command.inShell === undefined) return command;
  return { ...command, ...command.inShell, place: "shell" };
}

/** Turns an `OptionError` into a result. */
function orWrong<Result>(run: () => Result): Result | Wrong {
  try {
    return run();
  } catch (error) {
    if (error instanceof OptionError) return { type: "wrong", reason: error.message };
    throw error;
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
