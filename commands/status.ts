import type { StatusSettings } from "../programs/status.ts";
import { numberOption, type Option, type Options } from "./_options.ts";
import type { Commands } from "./_registry.ts";
import { DATA, LISTEN_PORT, USUAL_PORT } from "./_shared_options.ts";

const OPTIONS: readonly Option[] = [
  { ...LISTEN_PORT, help: "the server at this port" },
  {
    ...DATA,
    help: "the server with this data; ':memory:' for one that keeps nothing",
    otherwise: "by the port",
  },
  { name: "json", help: "one object of JSON, see docs/operations.md" },
];

export function register(commands: Commands): void {
  commands.add({
    name: "status",
    usage: "[options]",
    help: "ask a running server of yours how it is",
    options: OPTIONS,
    details: ["It takes a second, in which messages, handshakes and dropped datagrams are counted."],
    arity: { least: 0, most: 0 },
    place: "shell",
    run: (_args, _all, options) => {
      const settings = readSettings(options);
      return {
        type: "program",
        run: async (world) => (await import("../programs/status.ts")).runStatus(settings, world),
      };
    },
  });
}

export function readSettings(options: Options): StatusSettings {
  return {
    port: numberOption(options, "port", USUAL_PORT),
    data: options.data,
    json: options.json !== undefined,
  };
}
