import { isNick } from "../core/messages/nick.ts";
import type { NicksSettings } from "../programs/nicks.ts";
import { numberOption, type Option, OptionError, type Options, wholeNumber } from "./_options.ts";
import type { Commands } from "./_registry.ts";
import { DATA, LISTEN_PORT, USUAL_PORT } from "./_shared_options.ts";

const OPTIONS: readonly Option[] = [
  { ...LISTEN_PORT, help: "the data of the server at this port" },
  { ...DATA, help: "the server's data, where that is not in the usual place", otherwise: "by the port" },
  {
    name: "release",
    value: "NICK",
    help: "make the nick free; mail that waits for it fails, and its senders are told",
    check: (text) => isNick(text) ? undefined : `'${text}' cannot be a nick`,
  },
  {
    name: "expire",
    value: "DAYS",
    help: "the same for all nicks whose owners have not been there for so many days",
    check: wholeNumber({ least: 1, most: 36_500 }),
  },
];

export function register(commands: Commands): void {
  commands.add({
    name: "nicks",
    usage: "[options]",
    help: "list or release the nicks of a server of yours, while it runs or not",
    options: OPTIONS,
    details: [
      "A line is a nick, its key, how many letters wait for it, and when its owner was there last.",
    ],
    arity: { least: 0, most: 0 },
    place: "shell",
    run: (_, __, options) => {
      const settings = readSettings(options);
      return {
        type: "program",
        run: async (world) => (await import("../programs/nicks.ts")).runNicks(settings, world),
      };
    },
  });
}

export function readSettings(options: Options): NicksSettings {
  const { data, release, expire } = options;
  if (release !== undefined && expire !== undefined) {
    throw new OptionError("'--release' and '--expire' exclude each other, give one of them");
  }
  const expireDays = expire === undefined ? undefined : Number(expire);
  return { port: numberOption(options, "port", USUAL_PORT), data, release, expireDays };
}
