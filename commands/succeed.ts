import type { SuccessionSettings } from "../programs/succeed.ts";
import { type Option, OptionError, type Options } from "./_options.ts";
import type { Commands } from "./_registry.ts";
import { AT, IDENTITY, NICK, SERVER, SERVER_PORT, serverFrom, STATE } from "./_shared_options.ts";

const OPTIONS: readonly Option[] = [
  NICK,
  AT,
  SERVER,
  SERVER_PORT,
  { ...STATE, help: "the state folder that gets the new identity" },
  {
    ...IDENTITY,
    help: "a copy of the old identity",
    otherwise: "the file 'identity' in the state folder",
  },
  { name: "passphrase", help: "protect the new identity by a passphrase, if the old one has none" },
];

export function register(commands: Commands): void {
  commands.add({
    name: "succeed",
    usage: "-n NICK [options]",
    help: "make a new identity that takes the place of yours, signed by it",
    options: OPTIONS,
    details: ["Start the client then: the server ends the old identity, and peers follow by themselves."],
    arity: { least: 0, most: 0 },
    place: "shell",
    run: (_, __, options) => {
      const settings = readSettings(options);
      return {
        type: "program",
        run: async (world) => (await import("../programs/succeed.ts")).runSucceed(settings, world),
      };
    },
  });
}

export function readSettings(options: Options): SuccessionSettings {
  if (options.state === ":memory:") {
    throw new OptionError("a new identity has to be kept, choose another folder with '--state'");
  }
  const { nick } = options;
  if (nick === undefined) {
    throw new OptionError("there is no nick whose identity gets a successor, give '--nick'");
  }
  return {
    nick,
    ...serverFrom(options),
    state: options.state,
    identity: options.identity,
    protects: options.passphrase !== undefined,
  };
}
