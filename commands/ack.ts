import type { Commands } from "./_registry.ts";
import { SCRIPT_OPTIONS, scriptSettings } from "./_script_options.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "ack",
    usage: "<id> [options]",
    help: "mark a message of 'inbox' as seen, with all before it",
    options: SCRIPT_OPTIONS,
    arity: { least: 1, most: 1 },
    place: "shell",
    run: ([id = ""], _all, options) => {
      const settings = { ...scriptSettings(options), id };
      return {
        type: "program",
        run: async (world) => (await import("../programs/inbox.ts")).runAck(settings, world),
      };
    },
  });
}
