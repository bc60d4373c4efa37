import type { Commands } from "./_registry.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "quit",
    usage: "",
    help: "go offline and end the program",
    arity: { least: 0, most: 0 },
    place: "prompt",
    run: () => ({ type: "actions", actions: [{ type: "quit" }] }),
  });
}
