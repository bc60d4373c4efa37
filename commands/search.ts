import { checkAll, COUNT, FROM, PLACE_OPTIONS, sought } from "./_history.ts";
import { readWords } from "./_options.ts";
import type { Commands } from "./_registry.ts";
import { scriptSettings } from "./_script_options.ts";

const OPTIONS = [FROM, COUNT];

/** More than anybody types. */
const MOST_WORDS = 64;

export function register(commands: Commands): void {
  commands.add({
    name: "search",
    usage: "<words> [--from NICK] [-n N]",
    help: "find messages that have all the words, newest first",
    details: ["Case, accents and width do not count. In scripts without spaces any part of a text is found."],
    arity: { least: 1, most: MOST_WORDS },
    place: "both",
    run: (words) => {
      const { args, flags } = readWords(words, OPTIONS);
      const query = sought(args, checkAll(OPTIONS, flags));
      return { type: "actions", actions: [{ type: "readHistory", query }] };
    },
    inShell: {
      usage: "<words> [options]",
      options: [...OPTIONS, ...PLACE_OPTIONS],
      run: (args, _all, options) => {
        const settings = { ...scriptSettings(options), query: sought(args, options) };
        return {
          type: "program",
          run: async (world) => (await import("../programs/history.ts")).runHistory(settings, world),
        };
      },
    },
  });
}
