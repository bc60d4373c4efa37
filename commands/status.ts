import type { StatusSettings } from "../programs/status.ts";
import { numberOption, readOptions, SERVER_PORT } from "./_options.ts";
import type { Commands } from "./_registry.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "status",
    usage: "[options]",
    help: "ask a running server of yours how it is",
    details: [
      "-p, --port PORT     the server at this port (9999)",
      "--data FILE         the server with this data; ':memory:' for one that keeps nothing",
      "--json              one object of JSON, see docs/operations.md",
      "It takes a second, in which messages, handshakes and dropped datagrams are counted.",
    ],
    arity: { least: 0, most: Infinity },
    place: "shell",
    run: (args) => {
      const settings = readSettings(args);
      return {
        type: "program",
        run: async (world) => (await import("../programs/status.ts")).runStatus(settings, world),
      };
    },
  });
}

export function readSettings(args: readonly string[]): StatusSettings {
  const options = readOptions(args, ["port", "data"], { port: "p" }, { flags: ["json"] });
  return {
    port: numberOption(options, "port", SERVER_PORT),
    data: options.data,
    json: options.json !== undefined,
  };
}
