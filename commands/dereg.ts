import type { Commands } from "./_registry.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "dereg",
    usage: "<nick>",
    help: "go offline under your nick, and stay in the program",
    details: ["Mail is kept for you until 'reg <nick>' or the next start."],
    arity: { least: 1, most: 1 },
    place: "prompt",
    run: ([nick = ""]) => ({ type: "actions", actions: [{ type: "deregister", nick }] }),
  });
}
