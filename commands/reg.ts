import { askInShell } from "./_ask.ts";
import type { Actions, Commands } from "./_registry.ts";

const USAGE = "<nick>";

export function register(commands: Commands): void {
  commands.add({
    name: "reg",
    usage: USAGE,
    help: "come back online under your nick",
    arity: { least: 1, most: 1 },
    place: "both",
    run,
    inShell: askInShell(USAGE, run),
  });
}

function run([nick = ""]: readonly string[]): Actions {
  return { type: "actions", actions: [{ type: "register", nick }] };
}
