import type { SuccessionSettings } from "../programs/succeed.ts";
import { nickOption, numberOption, OptionError, readOptions, SERVER_PORT } from "./_options.ts";
import type { Commands } from "./_registry.ts";

const NAMES = ["nick", "server", "server-port", "state", "identity"];
const ALIAS = { nick: "n", server: "i", "server-port": "p" };

export function register(commands: Commands): void {
  commands.add({
    name: "succeed",
    usage: "-n NICK [options]",
    help: "make a new identity that takes the place of yours, signed by it",
    details: [
      "-n, --nick NICK          your nick",
      "-i, --server ADDRESS     the server's name or address (127.0.0.1)",
      "-p, --server-port PORT   the server's UDP port, 1 to 65535 (9999)",
      "--state DIR              the state folder that gets the new identity (the user's state folder)",
      "--identity FILE          a copy of the old identity (the file 'identity' in the state folder)",
      "--passphrase             protect the new identity by a passphrase, if the old one has none",
      "Start the client then: the server ends the old identity, and peers follow by themselves.",
    ],
    arity: { least: 2, most: Infinity },
    place: "shell",
    run: (args) => {
      const settings = readSettings(args);
      return {
        type: "program",
        run: async (world) => (await import("../programs/succeed.ts")).runSucceed(settings, world),
      };
    },
  });
}

export function readSettings(args: readonly string[]): SuccessionSettings {
  const options = readOptions(args, NAMES, ALIAS, { flags: ["passphrase"] });
  if (options.state === ":memory:") {
    throw new OptionError("a new identity has to be kept, choose another folder with '--state'");
  }
  const nick = nickOption(options);
  if (nick === undefined) {
    throw new OptionError("there is no nick whose identity gets a successor, give '--nick'");
  }
  return {
    nick,
    server: options.server ?? "127.0.0.1",
    serverPort: numberOption(options, "server-port", SERVER_PORT),
    state: options.state,
    identity: options.identity,
    protects: options.passphrase !== undefined,
  };
}
