import { isNick } from "../core/messages/nick.ts";
import type { NicksSettings } from "../programs/nicks.ts";
import { numberOption, OptionError, readOptions, SERVER_PORT } from "./_options.ts";
import type { Commands } from "./_registry.ts";

/** From a day to a hundred years. */
const DAYS = { least: 1, most: 36_500, otherwise: 1 };

export function register(commands: Commands): void {
  commands.add({
    name: "nicks",
    usage: "[options]",
    help: "list or release the nicks of a server of yours, while it runs or not",
    details: [
      "-p, --port PORT     the data of the server at this port (9999)",
      "--data FILE         the server's data, where that is not in the usual place",
      "--release NICK      make the nick free; mail that waits for it fails, and its senders are told",
      "--expire DAYS       the same for all nicks whose owners have not been there for so many days",
      "A line is a nick, its key, how many letters wait for it, and when its owner was there last.",
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
  const options = readOptions(args, ["port", "data", "release", "expire"], { port: "p" });
  const { data, release, expire } = options;
  if (release !== undefined && !isNick(release)) throw new OptionError(`'${release}' cannot be a nick`);
  if (release !== undefined && expire !== undefined) {
    throw new OptionError("'--release' and '--expire' exclude each other, give one of them");
  }
  const expireDays = expire === undefined ? undefined : numberOption(options, "expire", DAYS);
  return { port: numberOption(options, "port", SERVER_PORT), data, release, expireDays };
}
