import type { Commands } from "./_registry.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "demo",
    usage: "",
    help: "a server and three clients on this machine hold a conversation",
    arity: { least: 0, most: 0 },
    place: "shell",
    run: () => ({
      type: "program",
      run: async (world) => (await import("../programs/demo.ts")).runDemo(world),
    }),
  });
}
