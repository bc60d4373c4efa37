import type { Commands } from "./_registry.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "show",
    usage: "[nick]",
    help: "show the messages that were folded or ignored, of somebody or of all",
    arity: { least: 0, most: 1 },
    place: "prompt",
    run: ([from]) => ({ type: "screen", request: { do: "show", from } }),
  });
}
