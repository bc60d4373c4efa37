/**
 * Parley: finds the command among the words on the command line, makes the world, and ends with its exit
 * status.
 */
import { loadCommands } from "./commands/_load.ts";
import { ExpectedError } from "./core/base/expected_error.ts";
import { harmless } from "./core/base/text.ts";
import { addOwnCommands } from "./programs/own_commands.ts";
import { readSettings } from "./programs/settings.ts";
import { DONE, FAILED, makeWorld, WRONG_USAGE } from "./programs/world.ts";

async function main(args: readonly string[]): Promise<number> {
  const commands = await loadCommands(readSettings);
  // A user who is about to trust a file need not be told that it is not trusted.
  const left = args[0] === "trust-command" ? [] : await addOwnCommands(commands);
  for (const sentence of left) complain(sentence);
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

/**
 * The sentence for an error that is no fault of the program. Deno fetches the npm packages when something
 * first imports them, and throws a `TypeError` that names the package if it cannot.
 */
function sentenceFor(error: unknown): string | undefined {
  if (error instanceof ExpectedError) return error.message;
  const [, name] = error instanceof TypeError ? /npm package '?([^\s']+)/.exec(error.message) ?? [] : [];
  if (name === undefined) return undefined;
  return `cannot load the npm package '${name}': it is not in Deno's cache and the registry does not answer, run 'deno install' here while there is a network`;
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    const sentence = sentenceFor(error);
    if (sentence === undefined) throw error;
    complain(sentence);
    Deno.exit(FAILED);
  }
}
