import type { BackupSettings } from "../programs/backup.ts";
import { numberOption, type Option, type Options } from "./_options.ts";
import type { Commands } from "./_registry.ts";
import { DATA, LISTEN_PORT, USUAL_PORT } from "./_shared_options.ts";

const OPTIONS: readonly Option[] = [
  { ...LISTEN_PORT, help: "the server at this port" },
  { ...DATA, help: "the server's data, where that is not in the usual place", otherwise: "by the port" },
];

export function register(commands: Commands): void {
  commands.add({
    name: "backup",
    usage: "FILE [options]",
    help: "copy the data of a server of yours into a new file, while it runs or not",
    options: OPTIONS,
    details: ["FILE must not be there yet. To restore it see docs/operations.md."],
    arity: { least: 1, most: 1 },
    completes: "files",
    place: "shell",
    run: ([file = ""], _all, options) => {
      const settings = readSettings(options, file);
      return {
        type: "program",
        run: async () => (await import("../programs/backup.ts")).runBackup(settings),
      };
    },
  });
}

export function readSettings(options: Options, file: string): BackupSettings {
  return { port: numberOption(options, "port", USUAL_PORT), data: options.data, file };
}
