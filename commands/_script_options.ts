/** The options of commands in a shell that use the engine of a nick. */
import { readClientSettings } from "./_client_settings.ts";
import type { ScriptSettings } from "../programs/with_engine.ts";
import { numberOption, oneOf, type Option, type Options, wholeNumber } from "./_options.ts";
import * as shared from "./_shared_options.ts";

/** The options that say where the engine is, or where one is started. */
export const SCRIPT_OPTIONS: readonly Option[] = [
  { ...shared.NICK, otherwise: "the login name" },
  shared.AT,
  shared.SERVER,
  shared.SERVER_PORT,
  shared.SERVER_KEY,
  shared.STATE,
  shared.IDENTITY,
  shared.PASSPHRASE_FILE,
  ...shared.HISTORY,
  { name: "known-only", help: "refuse a server that is not known, and do not make an identity" },
  { name: "json", help: "print JSON, one object a line: see 'schema'" },
];

/** How long a message may take. */
export const TIMEOUT: Option = {
  name: "timeout",
  value: "SECONDS",
  help: "how long that may take",
  otherwise: "30",
  check: wholeNumber({ least: 0, most: 86_400 }),
};

const STATES = ["sent", "stored", "delivered"] as const;

export const WAIT: Option = {
  name: "wait",
  value: "STATE",
  help: "sent: it has left; stored: the server or the recipient has saved it; delivered: the recipient has",
  otherwise: "stored",
  completes: STATES,
  check: oneOf(STATES),
};

export function waitFrom({ wait }: Options): typeof STATES[number] {
  return STATES.find((state) => state === wait) ?? "stored";
}

export function timeoutFrom(options: Options): number {
  return numberOption(options, "timeout", 30);
}

export function scriptSettings(options: Options): ScriptSettings {
  return {
    client: readClientSettings(options),
    knownOnly: options["known-only"] !== undefined,
    json: options.json !== undefined,
  };
}
