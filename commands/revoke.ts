import type { RevocationSettings } from "../programs/revoke.ts";
import type { Option, Options } from "./_options.ts";
import type { Commands } from "./_registry.ts";
import { SERVER, SERVER_KEY, SERVER_PORT } from "./_shared_options.ts";

/** The file names the server of the identity, so no setting takes the place of what it says. */
const OPTIONS: readonly Option[] = [SERVER, SERVER_PORT, SERVER_KEY].map(({ setting: _, ...option }) => ({
  ...option,
  otherwise: "the one in the file",
}));

export function register(commands: Commands): void {
  commands.add({
    name: "revoke",
    usage: "FILE [options]",
    help: "end an identity that was stolen, or may have been",
    options: OPTIONS,
    details: [
      "FILE is the file 'revocation' of the client's state folder, a copy of it, or what you have typed in from it.",
      "Nobody can undo it. docs/security.md says what to do after a theft.",
    ],
    arity: { least: 1, most: 1 },
    completes: "files",
    place: "shell",
    run: ([file = ""], _, options) => {
      const settings = readSettings(options, file);
      return {
        type: "program",
        run: async (world) => (await import("../programs/revoke.ts")).runRevoke(settings, world),
      };
    },
  });
}

export function readSettings(options: Options, file: string): RevocationSettings {
  const port = options["server-port"];
  return {
    file,
    server: options.server,
    serverPort: port === undefined ? undefined : Number(port),
    serverKey: options["server-key"]?.toLowerCase(),
  };
}
