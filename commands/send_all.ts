import type { Commands } from "./_registry.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "send_all",
    usage: "<message>",
    help: "send a message to everybody, through the server",
    details: ["Who is offline gets it at the next registration."],
    arity: { least: 1, most: 1 },
    place: "prompt",
    run: ([text = ""]) => ({ type: "actions", actions: [{ type: "sendChannel", text }] }),
  });
}
