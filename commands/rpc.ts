import type { Commands } from "./_registry.ts";
import { SCRIPT_OPTIONS, scriptSettings } from "./_script_options.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "rpc",
    usage: "[options]",
    help: "talk to the engine of a nick: JSON-RPC 2.0 on standard input and output",
    options: SCRIPT_OPTIONS.filter(({ name }) => name !== "json"),
    details: ["The methods are in 'docs/scripts.md'."],
    arity: { least: 0, most: 0 },
    place: "shell",
    run: (_args, _all, options) => {
      const settings = scriptSettings(options);
      return {
        type: "program",
        run: async (world) => (await import("../programs/rpc.ts")).runRpc(settings, world),
      };
    },
  });
}
