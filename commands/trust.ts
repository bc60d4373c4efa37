import { askInShell } from "./_ask.ts";
import type { Actions, Commands } from "./_registry.ts";

const USAGE = "<nick>";

export function register(commands: Commands): void {
  commands.add({
    name: "trust",
    usage: USAGE,
    help: "take the key that somebody has now for the right one",
    details: [
      "Nothing is sent to somebody whose key has changed until you say so. It takes the mark of 'verify' away.",
    ],
    arity: { least: 1, most: 1 },
    completes: "nicks",
    place: "both",
    run,
    inShell: askInShell(USAGE, run),
  });
}

function run([nick = ""]: readonly string[]): Actions {
  return { type: "actions", actions: [{ type: "trust", nick }] };
}
