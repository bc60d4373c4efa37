import type { Commands } from "./_registry.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "trust-command",
    usage: "FILE",
    help: "let a file of yours be a command, as it is now",
    details: [
      "FILE is in the folder 'commands' beside config.json, and exports 'register' as the program's own do.",
      "Read it first: it can do whatever you can do. When it has changed it is left out until you say this again.",
    ],
    arity: { least: 1, most: 1 },
    completes: "files",
    place: "shell",
    run: ([file = ""], all) => ({
      type: "program",
      run: async () => (await import("../programs/own_commands.ts")).trustCommand(file, all),
    }),
  });
}
