import type { RevocationSettings } from "../programs/revoke.ts";
import { numberOption, OptionError, readOptions, SERVER_PORT, serverKeyOption } from "./_options.ts";
import type { Commands } from "./_registry.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "revoke",
    usage: "FILE [options]",
    help: "end an identity that was stolen, or may have been",
    details: [
      "FILE is the file 'revocation' of the client's state folder, a copy of it, or what you have typed in from it.",
      "-i, --server ADDRESS     the server's name or address (the one in the file)",
      "-p, --server-port PORT   the server's UDP port, 1 to 65535 (the one in the file)",
      "--server-key KEY         the server's public key (the one in the file)",
      "Nobody can undo it. docs/security.md says what to do after a theft.",
    ],
    arity: { least: 1, most: Infinity },
    place: "shell",
    run: (args) => {
      const settings = readSettings(args);
      return {
        type: "program",
        run: async (world) => (await import("../programs/revoke.ts")).runRevoke(settings, world),
      };
    },
  });
}

export function readSettings(args: readonly string[]): RevocationSettings {
  const names = ["server", "server-port", "server-key"];
  const options = readOptions(args, names, { server: "i", "server-port": "p" }, { argument: "file" });
  const { file, server } = options;
  if (file === undefined) throw new OptionError("there is no file with a revocation, name it");
  const serverPort = options["server-port"] === undefined
    ? undefined
    : numberOption(options, "server-port", SERVER_PORT);
  return { file, server, serverPort, serverKey: serverKeyOption(options) };
}
