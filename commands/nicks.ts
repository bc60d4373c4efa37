import { isNick } from "../core/messages/nick.ts";
import type { NicksSettings } from "../programs/nicks.ts";
import { numberOption, OptionError, readOptions, SERVER_PORT } from "./_options.ts";
import type { Commands } from "./_registry.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "nicks",
    usage: "[options]",
    help: "list or release the nicks in a server's data",
    details: [
      "-p, --port PORT     the data of the server at this port (9999)",
      "--data FILE         the server's data, where that is not in the usual place",
      "--release NICK      make the nick free; mail that waits for it fails, and its senders are told",
      "The server must not be running. A line is a nick, its key, and how many letters wait for it.",
    ],
    arity: { least: 0, most: Infinity },
    place: "shell",
    run: (args) => {
      const settings = readSettings(args);
      return {
        type: "program",
        run: async (world) => (await import("../programs/nicks.ts")).runNicks(settings, world),
      };
    },
  });
}

export function readSettings(args: readonly string[]): NicksSettings {
  const options = readOptions(args, ["port", "data", "release"], { port: "p" });
  const { data, release } = options;
  if (release !== undefined && !isNick(release)) throw new OptionError(`'${release}' cannot be a nick`);
  return { port: numberOption(options, "port", SERVER_PORT), data, release };
}
