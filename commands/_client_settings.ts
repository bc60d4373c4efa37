/** The settings of the client that a command runs, or uses, from the command's options. */
import { MALFORMED } from "../core/base/bytes.ts";
import { ATTEMPTS } from "../core/base/limits.ts";
import { readInvitation } from "../core/messages/invitation.ts";
import type { ClientSettings } from "../programs/opening.ts";
import { numberOption, OptionError, type Options } from "./_options.ts";
import * as shared from "./_shared_options.ts";

/** 0 lets the system choose a free port. */
const ANY_PORT = 0;

export function readClientSettings(options: Options, invite?: string): ClientSettings {
  if (options.passphrase !== undefined && options.state === ":memory:" && options.identity === undefined) {
    throw new OptionError("there is no file to protect with '--state :memory:', leave out '--passphrase'");
  }
  return {
    nick: options.nick,
    ...serverOf(options, invite),
    host: options.host ?? "0.0.0.0",
    port: numberOption(options, "port", ANY_PORT),
    state: options.state,
    identity: options.identity,
    protects: options.passphrase !== undefined,
    passphraseFile: options["passphrase-file"],
    channelKey: options["channel-key"],
    attempts: numberOption(options, "attempts", ATTEMPTS),
    durability: shared.durabilityFrom(options),
    history: shared.historyFrom(options),
    recalls: numberOption(options, "history-lines", 0),
    log: options.log,
  };
}

/** The server that the client is for, from an invitation or from options. */
function serverOf(options: Options, invite: string | undefined) {
  if (invite === undefined) {
    return {
      ...shared.serverFrom(options),
      serverKey: options["server-key"]?.toLowerCase(),
      invited: [],
    };
  }
  const invitation = readInvitation(invite);
  if (invitation === MALFORMED) {
    throw new OptionError(
      `'${invite}' is not an invitation: 'parley://HOST:PORT/?server=KEY&peer=NICK:KEY', as 'invite' shows it, in quotes`,
    );
  }
  const { host: server, port: serverPort = shared.USUAL_PORT, serverKey, people: invited } = invitation;
  return { server, serverPort, serverKey, invited };
}
