import { ALL, BEFORE, checkAll, conversation, COUNT, PLACE_OPTIONS } from "./_history.ts";
import { readWords } from "./_options.ts";
import type { Commands } from "./_registry.ts";
import { scriptSettings } from "./_script_options.ts";

const OPTIONS = [COUNT, BEFORE, ALL];

export function register(commands: Commands): void {
  commands.add({
    name: "history",
    usage: "[nick] [-n N] [--before TIME] [--all]",
    help: "show what was said with a nick; without one in this conversation, or else in the channel",
    arity: { least: 0, most: 6 },
    completes: "nicks",
    place: "both",
    run: (words) => {
      const { args, flags } = readWords(words, OPTIONS);
      const query = conversation(args, checkAll(OPTIONS, flags));
      return { type: "actions", actions: [{ type: "readHistory", query }] };
    },
    inShell: {
      usage: "[nick] [options]",
      options: [...OPTIONS, ...PLACE_OPTIONS],
      arity: { least: 0, most: 1 },
      run: (args, _all, options) => {
        const settings = { ...scriptSettings(options), query: conversation(args, options) };
        return {
          type: "program",
          run: async (world) => (await import("../programs/history.ts")).runHistory(settings, world),
        };
      },
    },
  });
}
