import { askInShell } from "./_ask.ts";
import type { Actions, Commands } from "./_registry.ts";

const USAGE = "";

export function register(commands: Commands): void {
  commands.add({
    name: "invite",
    usage: USAGE,
    help: "show what somebody else can start from: 'client INVITE'",
    details: [
      "It names this server and you, each with its key, so hand it over where nobody can change it.",
      "In a shell it stands in quotes.",
    ],
    arity: { least: 0, most: 0 },
    place: "both",
    run,
    inShell: askInShell(USAGE, run),
  });
}

function run(): Actions {
  return { type: "actions", actions: [{ type: "invite" }] };
}
