import { PLACE_OPTIONS } from "./_history.ts";
import type { Commands } from "./_registry.ts";
import { scriptSettings } from "./_script_options.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "export",
    usage: "[options]",
    help: "print the whole history, oldest first",
    options: PLACE_OPTIONS,
    arity: { least: 0, most: 0 },
    place: "shell",
    run: (_args, _all, options) => {
      const settings = scriptSettings(options);
      return {
        type: "program",
        run: async (world) => (await import("../programs/history.ts")).runExport(settings, world),
      };
    },
  });
}
