import type { Commands } from "./_registry.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "verify",
    usage: "<nick>",
    help: "show a number to compare with somebody, and mark the key as verified",
    details: [
      "Compare all 60 digits by other means: read them to each other. The other one sees the same number.",
    ],
    arity: { least: 1, most: 1 },
    place: "prompt",
    run: ([nick = ""]) => ({ type: "actions", actions: [{ type: "verify", nick }] }),
  });
}
