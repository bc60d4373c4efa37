import { OptionError } from "./_options.ts";
import { askInShell } from "./_ask.ts";
import type { Actions, Commands } from "./_registry.ts";

const USAGE = "<nick> [DIGITS]";

export function register(commands: Commands): void {
  commands.add({
    name: "verify",
    usage: USAGE,
    help: "show a number to compare with somebody; with the digits that they read to you, mark the key",
    details: [
      "Compare all 60 digits by other means: read them to each other. The other one sees the same number.",
      "DIGITS are what the other one reads to you, the whole number or its end; the last five are enough.",
    ],
    arity: { least: 1, most: 2 },
    completes: "nicks",
    place: "both",
    run,
    inShell: askInShell(USAGE, run),
  });
}

function run([nick = "", digits]: readonly string[]): Actions {
  return {
    type: "actions",
    actions: [{ type: "verify", nick, digits: digits === undefined ? undefined : readDigits(digits) }],
  };
}

function readDigits(text: string): string {
  const digits = text.replace(/\s/g, "");
  if (/^\d{5,60}$/.test(digits)) return digits;
  throw new OptionError(
    `'${text}' is not the end of a safety number: the last five digits or more, as the other one reads them to you`,
  );
}
