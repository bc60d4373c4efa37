import type { Commands } from "./_registry.ts";
import { SCRIPT_OPTIONS, scriptSettings } from "./_script_options.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "known-nicks",
    usage: "[options]",
    help: "the nicks that the running client knows, for completions",
    options: SCRIPT_OPTIONS.filter(({ name }) => name !== "json" && name !== "known-only"),
    arity: { least: 0, most: 0 },
    place: "shell",
    run: (_args, _all, options) => {
      const { client } = scriptSettings(options);
      return {
        type: "program",
        run: async () => (await import("../programs/known_nicks.ts")).runKnownNicks(client),
      };
    },
  });
}
