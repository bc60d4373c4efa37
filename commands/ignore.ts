import type { Commands } from "./_registry.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "ignore",
    usage: "<nick>",
    help: "show no messages of somebody until the client ends, or until it is said again",
    details: ["The last ones are kept for 'show'."],
    arity: { least: 1, most: 1 },
    place: "prompt",
    run: ([nick = ""]) => ({ type: "screen", request: { do: "ignore", nick } }),
  });
}
