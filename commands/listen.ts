import { numberOption, wholeNumber } from "./_options.ts";
import type { Commands } from "./_registry.ts";
import { SCRIPT_OPTIONS, scriptSettings } from "./_script_options.ts";

const CURSOR = wholeNumber({ least: 0, most: 999_999_999 });

export function register(commands: Commands): void {
  commands.add({
    name: "listen",
    usage: "[options]",
    help: "print messages as they come",
    options: [
      { name: "as", value: "NAME", help: "go on where the last one of that name has stopped", check: isName },
      {
        name: "since",
        value: "CURSOR",
        help: "begin behind this event, if there is no place yet",
        otherwise: "with what comes from now on",
        check: CURSOR,
      },
      {
        name: "exec",
        value: "COMMAND",
        help: "run COMMAND for each message, one at a time",
        otherwise: "print it",
      },
      {
        name: "give-up",
        value: "N",
        help: "pass a message over when COMMAND has failed N times for it, 0: never",
        otherwise: "0",
        check: wholeNumber({ least: 0, most: 1_000_000 }),
      },
      ...SCRIPT_OPTIONS,
    ],
    details: [
      "COMMAND is run by /bin/sh. It finds the fields as EVENT_FROM, EVENT_TEXT and so on, and the JSON on its",
      "standard input. If it fails it is run again after 1 to 60 seconds.",
    ],
    arity: { least: 0, most: 0 },
    place: "shell",
    run: (_args, _all, options) => {
      const settings = {
        ...scriptSettings(options),
        as: options.as,
        since: options.since === undefined ? undefined : numberOption(options, "since", 0),
        exec: options.exec,
        giveUp: numberOption(options, "give-up", 0),
      };
      return {
        type: "program",
        run: async (world) => (await import("../programs/listen.ts")).runListen(settings, world),
      };
    },
  });
}

function isName(text: string): string | undefined {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/.test(text)
    ? undefined
    : `'${text}' cannot be a name: 1 to 32 letters, digits or . _ -, the first one a letter or a digit`;
}
