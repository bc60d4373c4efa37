import type { Commands } from "./_registry.ts";
import { SCRIPT_OPTIONS, scriptSettings, TIMEOUT, timeoutFrom, WAIT, waitFrom } from "./_script_options.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "wait",
    usage: "<id> [options]",
    help: "wait until a message has come so far, and say what became of it",
    options: [{ ...WAIT, otherwise: "delivered" }, TIMEOUT, ...SCRIPT_OPTIONS],
    details: ["ID is what 'send' has printed."],
    arity: { least: 1, most: 1 },
    place: "shell",
    run: ([id = ""], _all, options) => {
      const wait = options.wait === undefined ? "delivered" : waitFrom(options);
      const settings = { ...scriptSettings(options), id, wait, timeout: timeoutFrom(options) };
      return {
        type: "program",
        run: async (world) => (await import("../programs/inbox.ts")).runWait(settings, world),
      };
    },
  });
}
