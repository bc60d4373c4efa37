import type { Commands } from "./_registry.ts";
import { readClientSettings } from "./_client_settings.ts";
import { CLIENT_OPTIONS } from "./client.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "daemon",
    usage: "[options]",
    help: "be online under a nick without a screen, for scripts and for a client that comes later",
    options: CLIENT_OPTIONS.filter(({ name }) => name !== "attempts" && name !== "history-lines"),
    details: [
      "It ends by a signal. 'client' under the same nick is its screen, and 'quit' there leaves it running.",
    ],
    arity: { least: 0, most: 0 },
    place: "shell",
    run: (_args, _all, options) => {
      const settings = readClientSettings(options);
      return {
        type: "program",
        run: async (world) => (await import("../programs/daemon.ts")).runDaemon(settings, world),
      };
    },
  });
}
