import { MALFORMED } from "../core/base/bytes.ts";
import { ATTEMPTS } from "../core/base/limits.ts";
import { readInvitation } from "../core/messages/invitation.ts";
import type { ClientSettings } from "../programs/client.ts";
import {
  durabilityOption,
  nickOption,
  numberOption,
  OptionError,
  type Options,
  readOptions,
  SERVER_PORT,
  serverKeyOption,
} from "./_options.ts";
import type { Commands } from "./_registry.ts";

const NAMES = [
  "nick",
  "server",
  "server-port",
  "server-key",
  "port",
  "host",
  "state",
  "identity",
  "channel-key",
  "attempts",
  "durability",
  "log",
];
const ALIAS = { nick: "n", server: "i", "server-port": "p", port: "c" };

/** 0 lets the system choose a free port. */
export const OWN_PORT = { least: 1024, most: 65535, otherwise: 0 };
const ATTEMPTS_OPTION = { least: 0, most: 1_000_000, otherwise: ATTEMPTS };

export function register(commands: Commands): void {
  commands.add({
    name: "client",
    usage: "[INVITE] [options]",
    help: "start a client",
    details: [
      "-n, --nick NICK          your nick (the login name, with -2, -3 ... when it is taken on this machine)",
      "-i, --server ADDRESS     the server's name or address (127.0.0.1)",
      "-p, --server-port PORT   the server's UDP port, 1 to 65535 (9999)",
      "--server-key KEY         the server's public key (the one it had before, or says that it has)",
      "-c, --port PORT          our own UDP port, 1024 to 65535 (any free one)",
      "--host ADDRESS           use this address of the machine (0.0.0.0, all of them)",
      "--state DIR              keep keys and messages here; ':memory:' keeps nothing (the user's state folder)",
      "--identity FILE          your keys (the file 'identity' in the state folder, made at the first start)",
      "--passphrase             protect keys that have no passphrase yet by one",
      "--channel-key FILE       a key of 64 hexadecimal digits: channel messages are sealed for those who have it",
      `--attempts N             attempts half a second apart before a command gives up (${ATTEMPTS}; 0: never)`,
      "--durability HOW         full: what is acknowledged survives a power cut; normal: only a crash (full)",
      "--log FILE               write a log, without message texts (none)",
      "INVITE is what 'invite' shows at the prompt of somebody who is there: server and keys come from it.",
    ],
    arity: { least: 0, most: Infinity },
    place: "shell",
    run: (args, all) => {
      const settings = readSettings(args);
      return {
        type: "program",
        run: async (world) => (await import("../programs/client.ts")).runClient(settings, all, world),
      };
    },
  });
}

export function readSettings(args: readonly string[]): ClientSettings {
  const options = readOptions(args, NAMES, ALIAS, { flags: ["passphrase"], argument: "invite" });
  if (options.passphrase !== undefined && options.state === ":memory:" && options.identity === undefined) {
    throw new OptionError("there is no file to protect with '--state :memory:', leave out '--passphrase'");
  }
  return {
    nick: nickOption(options),
    ...serverOf(options),
    host: options.host ?? "0.0.0.0",
    port: numberOption(options, "port", OWN_PORT),
    state: options.state,
    identity: options.identity,
    protects: options.passphrase !== undefined,
    channelKey: options["channel-key"],
    attempts: numberOption(options, "attempts", ATTEMPTS_OPTION),
    durability: durabilityOption(options),
    log: options.log,
  };
}

/** The server that the client is for, from an invitation or from options. */
function serverOf(options: Options) {
  if (options.invite === undefined) {
    return {
      server: options.server ?? "127.0.0.1",
      serverPort: numberOption(options, "server-port", SERVER_PORT),
      serverKey: serverKeyOption(options),
      invited: [],
    };
  }
  const given = ["server", "server-port", "server-key"].find((name) => options[name] !== undefined);
  if (given !== undefined) throw new OptionError(`an invitation names the server, leave out '--${given}'`);
  const invitation = readInvitation(options.invite);
  if (invitation === MALFORMED) {
    throw new OptionError(
      `'${options.invite}' is not an invitation: 'parley://HOST:PORT/?server=KEY&peer=NICK:KEY', as 'invite' shows it, in quotes`,
    );
  }
  const { host: server, port: serverPort = SERVER_PORT.otherwise, serverKey, people: invited } = invitation;
  return { server, serverPort, serverKey, invited };
}
