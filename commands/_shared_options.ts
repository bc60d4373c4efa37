/** Options that more than one command has. */
import { DAY_MS, HISTORY_DAYS, HISTORY_MEBIBYTES, NICK_BYTES, NICK_CHARACTERS } from "../core/base/limits.ts";
import { DURABILITIES, type Durability } from "../core/machine.ts";
import { isNick } from "../core/messages/nick.ts";
import { checkSwitch, numberOption, oneOf, type Option, type Options, wholeNumber } from "./_options.ts";

/** The port of a server, for all commands that have to do with one. */
export const USUAL_PORT = 9999;
export const isPort = wholeNumber({ least: 1, most: 65535 });

export const NICK: Option = {
  name: "nick",
  short: "n",
  value: "NICK",
  help: "your nick",
  setting: "nick",
  check: (text) =>
    isNick(text)
      ? undefined
      : `'${text}' cannot be a nick: 1 to ${NICK_CHARACTERS} letters, digits or _ - . (at most ${NICK_BYTES} bytes, not signs alone, nothing that looks like SERVER)`,
};

export const SERVER: Option = {
  name: "server",
  short: "i",
  value: "ADDRESS",
  help: "the server's name or address",
  otherwise: "127.0.0.1",
  setting: "server",
};

export const SERVER_PORT: Option = {
  name: "server-port",
  short: "p",
  value: "PORT",
  help: "the server's UDP port, 1 to 65535",
  otherwise: `${USUAL_PORT}`,
  setting: "server-port",
  check: isPort,
};

export const SERVER_KEY: Option = {
  name: "server-key",
  value: "KEY",
  help: "the server's public key",
  otherwise: "the one it had before, or says that it has",
  setting: "server-key",
  check: (text) =>
    /^[0-9a-f]{64}$/i.test(text)
      ? undefined
      : `'${text}' is not a public key: 64 hexadecimal digits, as the server says at its start`,
};

/** The name of a server in config.json: address, port, key and nick come from there. */
export const AT: Option = {
  name: "at",
  short: "s",
  value: "NAME",
  help: "the server of this name in config.json",
  otherwise: "none",
  setting: "at",
};

export const STATE: Option = {
  name: "state",
  value: "DIR",
  help: "keep keys and messages here; ':memory:' keeps nothing",
  otherwise: "the user's state folder",
  setting: "state",
  completes: "folders",
};

export const IDENTITY: Option = {
  name: "identity",
  value: "FILE",
  help: "your keys",
  otherwise: "the file 'identity' in the state folder, made at the first start",
  setting: "identity",
  completes: "files",
};

export const PASSPHRASE_FILE: Option = {
  name: "passphrase-file",
  value: "FILE",
  help: "the passphrase of your keys is the first line of FILE, which nobody else may read",
  otherwise: "it is asked for at the terminal",
  setting: "passphrase-file",
  completes: "files",
};

export const DURABILITY: Option = {
  name: "durability",
  value: "HOW",
  help: "full: what is acknowledged survives a power cut; normal: only a crash",
  otherwise: "full",
  setting: "durability",
  completes: DURABILITIES,
  check: oneOf(DURABILITIES),
};

/** How much a client keeps of conversations, whoever runs it. */
export const HISTORY: readonly Option[] = [
  {
    name: "no-history",
    help: "keep no history of conversations",
    setting: "no-history",
    check: checkSwitch,
  },
  {
    name: "history-days",
    value: "DAYS",
    help: "the history keeps messages for so long",
    otherwise: `${HISTORY_DAYS}`,
    setting: "history-days",
    check: wholeNumber({ least: 1, most: 36_500 }),
  },
  {
    name: "history-size",
    value: "MB",
    help: "the history takes so much of the disk at most",
    otherwise: `${HISTORY_MEBIBYTES}`,
    setting: "history-size",
    check: wholeNumber({ least: 1, most: 1_000_000 }),
  },
];

export function historyFrom(options: Options): { life: number; bytes: number } | undefined {
  if (options["no-history"] === "true") return undefined;
  return {
    life: numberOption(options, "history-days", HISTORY_DAYS) * DAY_MS,
    bytes: numberOption(options, "history-size", HISTORY_MEBIBYTES) * 1024 * 1024,
  };
}

/** The port on which a server listens; `nicks` finds its data by the port. */
export const LISTEN_PORT: Option = {
  name: "port",
  short: "p",
  value: "PORT",
  help: "listen on this UDP port, 1 to 65535",
  otherwise: `${USUAL_PORT}`,
  setting: "listen-port",
  check: isPort,
};

/** A server's data. */
export const DATA: Option = {
  name: "data",
  value: "FILE",
  help: "keep nicks and mail here; ':memory:' keeps nothing",
  otherwise: "the user's data folder",
  setting: "data",
  completes: "files",
};

/** The server that the options name, or the usual one. */
export function serverFrom(options: Options): { server: string; serverPort: number } {
  return {
    server: options.server ?? "127.0.0.1",
    serverPort: numberOption(options, "server-port", USUAL_PORT),
  };
}

export function durabilityFrom({ durability }: Options): Durability {
  return DURABILITIES.find((one) => one === durability) ?? "full";
}
