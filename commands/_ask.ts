/** Actions of the prompt, given in a shell: the engine of the nick carries them out. */
import type { Actions, Command, Program } from "./_registry.ts";
import type { Options } from "./_options.ts";
import { SCRIPT_OPTIONS, scriptSettings } from "./_script_options.ts";

/** The arguments of a command that returns one action. */
type Run = (args: readonly string[]) => Actions;

/** The differences in a shell of a command of the prompt with this usage. */
export function askInShell(usage: string, run: Run) {
  return {
    usage: `${usage} [options]`.trimStart(),
    options: SCRIPT_OPTIONS,
    run: (args: readonly string[], _all: unknown, options: Options): Program => {
      const settings = scriptSettings(options);
      const { actions } = run(args);
      return {
        type: "program",
        run: async (world) => (await import("../programs/ask.ts")).runAsk(settings, actions, world),
      };
    },
  } satisfies Partial<Command>;
}
