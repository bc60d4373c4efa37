import type { BackupSettings } from "../programs/backup.ts";
import { numberOption, OptionError, readOptions, SERVER_PORT } from "./_options.ts";
import type { Commands } from "./_registry.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "backup",
    usage: "FILE [options]",
    help: "copy the data of a server of yours into a new file, while it runs or not",
    details: [
      "-p, --port PORT     the server at this port (9999)",
      "--data FILE         the server's data, where that is not in the usual place",
      "FILE must not be there yet. To restore it see docs/operations.md.",
    ],
    arity: { least: 1, most: Infinity },
    place: "shell",
    run: (args) => {
      const settings = readSettings(args);
      return {
        type: "program",
        run: async () => (await import("../programs/backup.ts")).runBackup(settings),
      };
    },
  });
}

export function readSettings(args: readonly string[]): BackupSettings {
  const options = readOptions(args, ["port", "data"], { port: "p" }, { argument: "file" });
  const { data, file } = options;
  if (file === undefined) throw new OptionError("there is no file for the copy, name it");
  return { port: numberOption(options, "port", SERVER_PORT), data, file };
}
