import { utf8Length } from "../core/base/bytes.ts";
import { ONCE_BYTES } from "../core/base/limits.ts";
import { OptionError, type Options } from "./_options.ts";
import type { Commands, ShellResult } from "./_registry.ts";
import { SCRIPT_OPTIONS, scriptSettings, TIMEOUT, timeoutFrom, WAIT, waitFrom } from "./_script_options.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "send",
    usage: "<nick> <message>",
    help: "send a message directly to somebody",
    details: ["The server keeps it for whoever is offline, or does not answer within half a second."],
    arity: { least: 2, most: 2 },
    place: "both",
    run: ([to = "", text = ""]) => ({ type: "actions", actions: [{ type: "sendDirect", to, text }] }),
    inShell: {
      usage: "<nick> <message> [options], send --all <message> [options]",
      details: [
        "The message '-' is all of standard input.",
        "The status is 0 only if the message has come as far as '--wait' says; see 'docs/scripts.md'.",
      ],
      options: [
        { name: "all", help: "send it to the channel" },
        WAIT,
        TIMEOUT,
        {
          name: "once",
          value: "KEY",
          help: "a send that is repeated with the same KEY is one message",
          check: (text) =>
            utf8Length(text) <= ONCE_BYTES && !text.startsWith("_")
              ? undefined
              : `'${text}' cannot be a key: at most ${ONCE_BYTES} bytes, and no '_' at its begin`,
        },
        { name: "quiet", help: "print nothing if it went well" },
        ...SCRIPT_OPTIONS,
      ],
      arity: { least: 1, most: 2 },
      completes: "nicks",
      run: (args, _all, options) => sendInShell(args, options),
    },
  });
}

function sendInShell(args: readonly string[], options: Options): ShellResult {
  const isForAll = options.all !== undefined;
  const wait = waitFrom(options);
  if (args.length !== (isForAll ? 1 : 2)) {
    throw new OptionError("usage: send <nick> <message>, or send --all <message>");
  }
  if (isForAll && wait === "delivered") {
    throw new OptionError(
      "a channel message is stored and never delivered to everybody, use '--wait stored'",
    );
  }
  const settings = {
    ...scriptSettings(options),
    to: isForAll ? undefined : args[0],
    text: args.at(-1) ?? "",
    wait,
    timeout: timeoutFrom(options),
    quiet: options.quiet !== undefined,
    once: options.once,
  };
  return {
    type: "program",
    run: async (world) => (await import("../programs/send.ts")).runSend(settings, world),
  };
}
