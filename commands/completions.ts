import { completionsFor, SHELLS } from "./_completions.ts";
import { OptionError } from "./_options.ts";
import type { Commands } from "./_registry.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "completions",
    usage: "SHELL",
    help: "print what completes the command line of a shell: bash, zsh or fish",
    details: [
      "bash, in ~/.bashrc: source <(parley completions bash)",
      "zsh, in ~/.zshrc, behind compinit: source <(parley completions zsh)",
      "fish: parley completions fish >~/.config/fish/completions/parley.fish",
    ],
    arity: { least: 1, most: 1 },
    completes: SHELLS,
    place: "shell",
    run: ([name], all) => {
      const shell = SHELLS.find((one) => one === name);
      if (shell === undefined) throw new OptionError(`'${name}' is not one of ${SHELLS.join(", ")}`);
      return { type: "lines", lines: completionsFor(shell, all) };
    },
  });
}
