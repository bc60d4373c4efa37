import { askInShell } from "./_ask.ts";
import type { Actions, Commands } from "./_registry.ts";

const USAGE = "<nick>";

export function register(commands: Commands): void {
  commands.add({
    name: "dereg",
    usage: USAGE,
    help: "go offline under your nick, and stay in the program",
    details: ["Mail is kept for you until 'reg <nick>' or the next start."],
    arity: { least: 1, most: 1 },
    place: "both",
    run,
    inShell: askInShell(USAGE, run),
  });
}

function run([nick = ""]: readonly string[]): Actions {
  return { type: "actions", actions: [{ type: "deregister", nick }] };
}
