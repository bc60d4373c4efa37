import type { Commands } from "./_registry.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "send_all",
    usage: "<message>",
    help: "send a message to everybody, through the server",
    details: [
      "Who is offline gets it at the next registration.",
      "The server and whoever registers there can read it, unless clients are started with '--channel-key'.",
      "Nobody can change it, or leave one out unseen: messages are signed and numbered.",
    ],
    arity: { least: 1, most: 1 },
    place: "prompt",
    run: ([text = ""]) => ({ type: "actions", actions: [{ type: "sendChannel", text }] }),
  });
}
