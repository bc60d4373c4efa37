import type { Commands } from "./_registry.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "reg",
    usage: "<nick>",
    help: "come back online under your nick",
    arity: { least: 1, most: 1 },
    place: "prompt",
    run: ([nick = ""]) => ({ type: "actions", actions: [{ type: "register", nick }] }),
  });
}
