import type { DoctorSettings } from "../programs/doctor.ts";
import { numberOption, type Option, type Options } from "./_options.ts";
import type { Commands } from "./_registry.ts";
import * as shared from "./_shared_options.ts";
import { CLIENT_OPTIONS } from "./client.ts";

const NAMES = ["at", "server", "server-port", "server-key", "port", "host", "state", "identity"];

/** Whether the nick can be one is a finding, and not a reason to refuse. */
const { check: _, ...NICK } = shared.NICK;

const OPTIONS: readonly Option[] = [
  { ...NICK, otherwise: "the login name" },
  ...CLIENT_OPTIONS.filter(({ name }) => NAMES.includes(name)),
  { name: "json", help: "one JSON object instead of lines" },
];

export function register(commands: Commands): void {
  commands.add({
    name: "doctor",
    usage: "[options]",
    help: "look what keeps a client from working, and say what to do",
    options: OPTIONS,
    details: ["It makes and changes nothing. The status is 0 if all is well, and 1 if something was found."],
    arity: { least: 0, most: 0 },
    place: "shell",
    run: (_args, _all, options) => {
      const settings = readSettings(options);
      return {
        type: "program",
        run: async (world) => (await import("../programs/doctor.ts")).runDoctor(settings, world),
      };
    },
  });
}

export function readSettings(options: Options): DoctorSettings {
  return {
    nick: options.nick,
    ...shared.serverFrom(options),
    serverKey: options["server-key"]?.toLowerCase(),
    host: options.host ?? "0.0.0.0",
    port: numberOption(options, "port", 0),
    state: options.state,
    identity: options.identity,
    json: options.json !== undefined,
  };
}
