import type { Commands } from "./_registry.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "leave",
    usage: "",
    help: "end the conversation that 'talk' began: lines are commands again",
    arity: { least: 0, most: 0 },
    place: "prompt",
    run: () => ({ type: "screen", request: { do: "leave" } }),
  });
}
