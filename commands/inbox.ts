import type { Commands } from "./_registry.ts";
import { SCRIPT_OPTIONS, scriptSettings } from "./_script_options.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "inbox",
    usage: "[options]",
    help: "list the messages that you have not seen",
    options: SCRIPT_OPTIONS,
    details: ["They stay unseen until 'ack', or until a client at a terminal has shown them."],
    arity: { least: 0, most: 0 },
    place: "shell",
    run: (_args, _all, options) => {
      const settings = scriptSettings(options);
      return {
        type: "program",
        run: async (world) => (await import("../programs/inbox.ts")).runInbox(settings, world),
      };
    },
  });
}
