import { MAIL_TOTAL_BYTES, NEW_NICKS_PER_HOUR, NICKS, UNUSED_NICK_DAYS } from "../core/base/limits.ts";
import { LOG_LEVELS, type LogLevel } from "../programs/log.ts";
import type { ServerSettings } from "../programs/server.ts";
import config from "../deno.json" with { type: "json" };
import { durabilityOption, numberOption, OptionError, readOptions, SERVER_PORT } from "./_options.ts";
import type { Commands } from "./_registry.ts";

const NAMES = [
  "port",
  "host",
  "data",
  "name",
  "max-nicks",
  "max-new-nicks",
  "max-mail",
  "nick-days",
  "durability",
  "log-level",
];
const MIB = 1024 * 1024;
const MAIL_MIB = MAIL_TOTAL_BYTES / MIB;
/** The server holds all mail in memory as well as on disk. */
const MOST_MAIL_MIB = 4096;
/** A hundred years. */
const MOST_NICK_DAYS = 36_500;

export function register(commands: Commands): void {
  commands.add({
    name: "server",
    usage: "[options]",
    help: "start a server",
    details: [
      "-p, --port PORT     listen on this UDP port, 1 to 65535 (9999)",
      "--host ADDRESS      listen on this address of the machine (0.0.0.0, all of them)",
      "--data FILE         keep nicks and mail here; ':memory:' keeps nothing (the user's data folder)",
      "--new               make a new server, with a new key, in a data file that is empty",
      "--name NAME         what clients are told that this server is called (the machine's name)",
      `--max-nicks N       take so many nicks in all (${NICKS})`,
      `--max-new-nicks N   take so many new nicks in an hour from one address (${NEW_NICKS_PER_HOUR})`,
      `--nick-days N       a nick that was not used since its first day is free after N days, 0: never (${UNUSED_NICK_DAYS})`,
      `--max-mail MIB      keep so many MiB of mail in all (${MAIL_MIB})`,
      "--durability HOW    full: what is acknowledged survives a power cut; normal: only a crash (full)",
      "--log-level LEVEL   DEBUG, INFO, WARN or ERROR, on standard error (INFO)",
    ],
    arity: { least: 0, most: Infinity },
    place: "shell",
    run: (args) => {
      const settings = readSettings(args);
      return {
        type: "program",
        run: async (world) => (await import("../programs/server.ts")).runServer(settings, world),
      };
    },
  });
}

export function readSettings(args: readonly string[]): ServerSettings {
  const options = readOptions(args, NAMES, { port: "p" }, { flags: ["new"] });
  const port = numberOption(options, "port", SERVER_PORT);
  const host = options.host ?? "0.0.0.0";
  const logLevel = readLevel(options["log-level"] ?? "INFO");
  const limits = {
    nicks: numberOption(options, "max-nicks", { least: 1, most: NICKS, otherwise: NICKS }),
    newNicksPerHour: numberOption(options, "max-new-nicks", {
      least: 1,
      most: NICKS,
      otherwise: NEW_NICKS_PER_HOUR,
    }),
    nickDays: numberOption(options, "nick-days", {
      least: 0,
      most: MOST_NICK_DAYS,
      otherwise: UNUSED_NICK_DAYS,
    }),
    mailBytes: MIB *
      numberOption(options, "max-mail", { least: 1, most: MOST_MAIL_MIB, otherwise: MAIL_MIB }),
  };
  return {
    version: config.version,
    port,
    host,
    data: options.data,
    isNew: options.new !== undefined,
    name: options.name,
    logLevel,
    limits,
    durability: durabilityOption(options),
  };
}

function readLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((candidate) => candidate === text.toUpperCase());
  if (level !== undefined) return level;
  throw new OptionError(`'${text}' is not one of ${LOG_LEVELS.join(", ")}, change '--log-level'`);
}
