import type { DoctorSettings } from "../programs/doctor.ts";
import { numberOption, readOptions, SERVER_PORT, serverKeyOption } from "./_options.ts";
import type { Commands } from "./_registry.ts";
import { OWN_PORT } from "./client.ts";

const NAMES = ["nick", "server", "server-port", "server-key", "port", "host", "state", "identity"];
const ALIAS = { nick: "n", server: "i", "server-port": "p", port: "c" };

export function register(commands: Commands): void {
  commands.add({
    name: "doctor",
    usage: "[options]",
    help: "look what keeps a client from working, and say what to do",
    details: [
      "-n, --nick NICK          your nick (the login name)",
      "-i, --server ADDRESS     the server's name or address (127.0.0.1)",
      "-p, --server-port PORT   the server's UDP port, 1 to 65535 (9999)",
      "--server-key KEY         the server's public key (the one it had before)",
      "-c, --port PORT          our own UDP port, 1024 to 65535 (any free one)",
      "--host ADDRESS           use this address of the machine (0.0.0.0, all of them)",
      "--state DIR              where keys and messages are; ':memory:' for nowhere (the user's state folder)",
      "--identity FILE          your keys (the file 'identity' in the state folder)",
      "--json                   one JSON object instead of lines",
      "It makes and changes nothing. The status is 0 if all is well, and 1 if something was found.",
    ],
    arity: { least: 0, most: Infinity },
    place: "shell",
    run: (args) => {
      const settings = readSettings(args);
      return {
        type: "program",
        run: async (world) => (await import("../programs/doctor.ts")).runDoctor(settings, world),
      };
    },
  });
}

export function readSettings(args: readonly string[]): DoctorSettings {
  const options = readOptions(args, NAMES, ALIAS, { flags: ["json"] });
  return {
    // Whether it can be a nick is one of the findings.
    nick: options.nick,
    server: options.server ?? "127.0.0.1",
    serverPort: numberOption(options, "server-port", SERVER_PORT),
    serverKey: serverKeyOption(options),
    host: options.host ?? "0.0.0.0",
    port: numberOption(options, "port", OWN_PORT),
    state: options.state,
    identity: options.identity,
    json: options.json !== undefined,
  };
}
