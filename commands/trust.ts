import type { Commands } from "./_registry.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "trust",
    usage: "<nick>",
    help: "take the key that somebody has now for the right one",
    details: [
      "Nothing is sent to somebody whose key has changed until you say so. It takes the mark of 'verify' away.",
    ],
    arity: { least: 1, most: 1 },
    place: "prompt",
    run: ([nick = ""]) => ({ type: "actions", actions: [{ type: "trust", nick }] }),
  });
}
