import type { Commands } from "./_registry.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "talk",
    usage: "[nick]",
    help: "talk to somebody, or to everybody: each line is a message until '/leave'",
    details: [
      "The prompt says to whom, and only a line that begins with '/' is a command: '/peers', '/quit'.",
      "'//' at the begin of a line sends it with one slash.",
    ],
    arity: { least: 0, most: 1 },
    place: "prompt",
    run: ([to]) => ({ type: "screen", request: { do: "talk", to } }),
  });
}
