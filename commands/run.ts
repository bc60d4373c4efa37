import type { Commands } from "./_registry.ts";
import { SCRIPT_OPTIONS, scriptSettings, TIMEOUT, timeoutFrom, WAIT, waitFrom } from "./_script_options.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "run",
    usage: "<nick> [options] -- <command> [arguments]",
    help: "run a command, and send how it ended to somebody",
    options: [WAIT, TIMEOUT, ...SCRIPT_OPTIONS],
    details: [
      "What the command prints is passed on; its last lines are in the message. The status is that of the command,",
      "and if that is 0 the one of 'send'.",
    ],
    arity: { least: 2, most: Infinity },
    completes: "nicks",
    place: "shell",
    run: ([to = "", ...command], _all, options) => {
      const settings = {
        ...scriptSettings(options),
        to,
        command,
        wait: waitFrom(options),
        timeout: timeoutFrom(options),
        quiet: true,
        once: undefined,
      };
      return {
        type: "program",
        run: async (world) => (await import("../programs/run.ts")).runAndTell(settings, world),
      };
    },
  });
}
