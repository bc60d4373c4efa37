import type { Commands } from "./_registry.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "send",
    usage: "<nick> <message>",
    help: "send a message directly to somebody",
    details: ["The server keeps it for whoever is offline, or does not answer within half a second."],
    arity: { least: 2, most: 2 },
    place: "prompt",
    run: ([to = "", text = ""]) => ({ type: "actions", actions: [{ type: "sendDirect", to, text }] }),
  });
}
