import { askInShell } from "./_ask.ts";
import type { Actions, Commands } from "./_registry.ts";

const USAGE = "";

export function register(commands: Commands): void {
  commands.add({
    name: "peers",
    usage: USAGE,
    help: "list who is there",
    arity: { least: 0, most: 0 },
    place: "both",
    run,
    inShell: askInShell(USAGE, run),
  });
}

function run(): Actions {
  return { type: "actions", actions: [{ type: "listPeers" }] };
}
