import type { Commands } from "./_registry.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "peers",
    usage: "",
    help: "list who is there",
    arity: { least: 0, most: 0 },
    place: "prompt",
    run: () => ({ type: "actions", actions: [{ type: "listPeers" }] }),
  });
}
