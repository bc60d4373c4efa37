import { MAIL_TOTAL_BYTES, NEW_NICKS_PER_HOUR, NICKS, UNUSED_NICK_DAYS } from "../core/base/limits.ts";
import { LOG_LEVELS } from "../programs/log.ts";
import type { ServerSettings } from "../programs/server.ts";
import config from "../deno.json" with { type: "json" };
import { numberOption, oneOf, type Option, type Options, wholeNumber } from "./_options.ts";
import type { Commands } from "./_registry.ts";
import { DATA, DURABILITY, durabilityFrom, LISTEN_PORT, USUAL_PORT } from "./_shared_options.ts";

const MIB = 1024 * 1024;
const MAIL_MIB = MAIL_TOTAL_BYTES / MIB;
/** The server holds all mail in memory as well as on disk. */
const MOST_MAIL_MIB = 4096;
/** A hundred years. */
const MOST_NICK_DAYS = 36_500;

const OPTIONS: readonly Option[] = [
  LISTEN_PORT,
  {
    name: "host",
    value: "ADDRESS",
    help: "listen on this address of the machine",
    otherwise: "0.0.0.0, all of them",
    setting: "listen-host",
  },
  DATA,
  { name: "new", help: "make a new server, with a new key, in a data file that is empty" },
  {
    name: "name",
    value: "NAME",
    help: "what clients are told that this server is called",
    otherwise: "the machine's name",
    setting: "server-name",
  },
  {
    name: "max-nicks",
    value: "N",
    help: "take so many nicks in all",
    otherwise: `${NICKS}`,
    setting: "max-nicks",
    check: wholeNumber({ least: 1, most: NICKS }),
  },
  {
    name: "max-new-nicks",
    value: "N",
    help: "take so many new nicks in an hour from one address",
    otherwise: `${NEW_NICKS_PER_HOUR}`,
    setting: "max-new-nicks",
    check: wholeNumber({ least: 1, most: NICKS }),
  },
  {
    name: "nick-days",
    value: "N",
    help: "a nick that was not used since its first day is free after N days, 0: never",
    otherwise: `${UNUSED_NICK_DAYS}`,
    setting: "nick-days",
    check: wholeNumber({ least: 0, most: MOST_NICK_DAYS }),
  },
  {
    name: "max-mail",
    value: "MIB",
    help: "keep so many MiB of mail in all",
    otherwise: `${MAIL_MIB}`,
    setting: "max-mail",
    check: wholeNumber({ least: 1, most: MOST_MAIL_MIB }),
  },
  DURABILITY,
  {
    name: "log-level",
    value: "LEVEL",
    help: "DEBUG, INFO, WARN or ERROR, on standard error",
    otherwise: "INFO",
    setting: "log-level",
    completes: LOG_LEVELS,
    check: oneOf(LOG_LEVELS, (text) => text.toUpperCase()),
  },
];

export function register(commands: Commands): void {
  commands.add({
    name: "server",
    usage: "[options]",
    help: "start a server",
    options: OPTIONS,
    arity: { least: 0, most: 0 },
    place: "shell",
    run: (_, __, options) => {
      const settings = readSettings(options);
      return {
        type: "program",
        run: async (world) => (await import("../programs/server.ts")).runServer(settings, world),
      };
    },
  });
}

export function readSettings(options: Options): ServerSettings {
  return {
    version: config.version,
    port: numberOption(options, "port", USUAL_PORT),
    host: options.host ?? "0.0.0.0",
    data: options.data,
    isNew: options.new !== undefined,
    name: options.name,
    logLevel: LOG_LEVELS.find((level) => level === options["log-level"]?.toUpperCase()) ?? "INFO",
    limits: {
      nicks: numberOption(options, "max-nicks", NICKS),
      newNicksPerHour: numberOption(options, "max-new-nicks", NEW_NICKS_PER_HOUR),
      nickDays: numberOption(options, "nick-days", UNUSED_NICK_DAYS),
      mailBytes: MIB * numberOption(options, "max-mail", MAIL_MIB),
    },
    durability: durabilityFrom(options),
  };
}
