import { ATTEMPTS, HISTORY_PAGE_ENTRIES } from "../core/base/limits.ts";
import { readClientSettings } from "./_client_settings.ts";
import { type Option, wholeNumber } from "./_options.ts";
import type { Commands } from "./_registry.ts";
import * as shared from "./_shared_options.ts";
import { readViewSettings, VIEW_OPTIONS } from "./_view_settings.ts";

export const CLIENT_OPTIONS: readonly Option[] = [
  { ...shared.NICK, otherwise: "the login name, with -2, -3 ... when it is taken on this machine" },
  shared.AT,
  shared.SERVER,
  shared.SERVER_PORT,
  shared.SERVER_KEY,
  {
    name: "port",
    short: "c",
    value: "PORT",
    help: "our own UDP port, 1024 to 65535",
    otherwise: "any free one",
    setting: "port",
    check: wholeNumber({ least: 1024, most: 65535 }),
  },
  {
    name: "host",
    value: "ADDRESS",
    help: "use this address of the machine",
    otherwise: "0.0.0.0, all of them",
    setting: "host",
  },
  shared.STATE,
  shared.IDENTITY,
  { name: "passphrase", help: "protect keys that have no passphrase yet by one" },
  shared.PASSPHRASE_FILE,
  {
    name: "channel-key",
    value: "FILE",
    help: "a key of 64 hexadecimal digits: channel messages are sealed for those who have it",
    otherwise: "none",
    setting: "channel-key",
    completes: "files",
  },
  {
    name: "attempts",
    value: "N",
    help: "attempts half a second apart before a command gives up, 0: never",
    otherwise: `${ATTEMPTS}`,
    setting: "attempts",
    check: wholeNumber({ least: 0, most: 1_000_000 }),
  },
  shared.DURABILITY,
  ...shared.HISTORY,
  {
    name: "history-lines",
    value: "N",
    help: "show the last N messages of the history at the start",
    otherwise: "0",
    setting: "history-lines",
    check: wholeNumber({ least: 0, most: HISTORY_PAGE_ENTRIES }),
  },
  {
    name: "log",
    value: "FILE",
    help: "write a log, without message texts",
    otherwise: "none",
    setting: "log",
    completes: "files",
  },
];

export function register(commands: Commands): void {
  commands.add({
    name: "client",
    usage: "[INVITE] [options]",
    help: "start a client",
    options: [...CLIENT_OPTIONS, ...VIEW_OPTIONS],
    details: [
      "INVITE is what 'invite' shows at the prompt of somebody who is there: server and keys come from it.",
    ],
    arity: { least: 0, most: 1 },
    takesInvitation: true,
    place: "shell",
    run: ([invite], all, options) => {
      const settings = readClientSettings(options, invite);
      const view = readViewSettings(options);
      return {
        type: "program",
        run: async (world) => (await import("../programs/client.ts")).runClient(settings, view, all, world),
      };
    },
  });
}
