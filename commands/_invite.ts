/** What `invite` shows and `client` takes: `parley://HOST:PORT/?server=KEY&peer=NICK:IDENTITY`. */
import { isNick } from "../core/nick.ts";
import type { Acquaintance } from "../core/trust.ts";
import { OptionError, SERVER_PORT } from "./_options.ts";

const KEY = /^[0-9a-f]{64}$/;

export interface Invitation {
  readonly server: string;
  readonly port: number;
  readonly serverKey: string;
  readonly people: readonly Acquaintance[];
}

export function readInvitation(text: string): Invitation {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const serverKey = url?.searchParams.get("server")?.toLowerCase() ?? "";
  const port = url?.port === "" ? SERVER_PORT.otherwise : Number(url?.port);
  if (url?.protocol !== "parley:" || url.hostname === "" || port === 0 || !KEY.test(serverKey)) {
    throw wrong(text);
  }
  const people = url.searchParams.getAll("peer").map((peer) => {
    const [nick = "", key = "", ...more] = peer.split(":");
    const identity = key.toLowerCase();
    if (!isNick(nick) || !KEY.test(identity) || more.length > 0) throw wrong(text);
    return { nick, identity };
  });
  // A shell cuts it at the '&', unless it stands in quotes.
  if (people.length === 0) throw wrong(text);
  return { server: hostOf(url), port, serverKey, people };
}

/** A URL has the letters of other alphabets as %C3%BC, and IPv6 in brackets. */
function hostOf({ hostname }: URL): string {
  try {
    return decodeURIComponent(hostname).replace(/^\[(.*)\]$/, "$1");
  } catch {
    return hostname;
  }
}

function wrong(text: string): OptionError {
  return new OptionError(
    `'${text}' is not an invitation: 'parley://HOST:PORT/?server=KEY&peer=NICK:KEY', as 'invite' shows it, in quotes`,
  );
}
