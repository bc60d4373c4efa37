import type { Commands } from "./_registry.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "invite",
    usage: "",
    help: "show what somebody else can start from: 'client INVITE'",
    details: [
      "It names this server and you, each with its key, so hand it over where nobody can change it.",
      "In a shell it stands in quotes.",
    ],
    arity: { least: 0, most: 0 },
    place: "prompt",
    run: () => ({ type: "actions", actions: [{ type: "invite" }] }),
  });
}
