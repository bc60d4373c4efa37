/**
 * Parley: finds the command among the words on the command line, makes the world, and ends with its exit
 * status.
 */
import { loadCommands } from "./commands/_load.ts";
import { ExpectedError } from "./core/base/expected_error.ts";
import { harmless } from "./core/base/text.ts";
import { DONE, FAILED, makeWorld, WRONG_USAGE } from "./programs/world.ts";

async function main(args: readonly string[]): Promise<number> {
  const commands = await loadCommands();
  const result = commands.runShell(args);
  switch (result.type) {
    case "lines":
      for (const line of result.lines) console.log(line);
      return DONE;
    case "program":
      return await result.run(makeWorld());
    case "wrong":
      complain(result.reason);
      return WRONG_USAGE;
  }
}

/** One sentence on standard error. It may quote what somebody typed. */
function complain(sentence: string): void {
  console.error(harmless(sentence));
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    complain(error.message);
    Deno.exit(FAILED);
  }
}
