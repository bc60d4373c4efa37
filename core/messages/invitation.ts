/**
 * Invitations, written and read: `parley://HOST:PORT/?server=KEY&peer=NICK:IDENTITY`, with one `peer` or
 * several. Handed over where nobody can change it, an invitation pins the keys of the server and of the peers
 * before the first contact (docs/security.md, "What is trusted when"). Keys are hexadecimal digits. The host
 * is a name, an IPv4 address, or an IPv6 address in brackets (RFC 3986 section 3.2.2).
 */
import { MALFORMED, type Malformed } from "../base/bytes.ts";
import type { Key } from "../base/units.ts";
import { isIdentity } from "./identity.ts";
import { isNick, type Nick } from "./nick.ts";

/** A nick and its identity, learned from an invitation. */
export interface Acquaintance {
  readonly nick: Nick;
  readonly identity: Key;
}

export interface Invitation {
  /** A name or an address, without brackets. */
  readonly host: string;
  /** `undefined` when the invitation names none. */
  readonly port: number | undefined;
  readonly serverKey: Key;
  /** At least one. */
  readonly people: readonly Acquaintance[];
}

const KEY = /^[0-9a-f]{64}$/;

/**
 * A text with a control character is refused: the URL parser drops new lines and tabs, and would read such a
 * text as an invitation that nobody wrote.
 */
const CONTROL = /\p{Cc}/u;

/** `server` is HOST:PORT as the user wrote it, an IPv6 host in brackets. */
export function writeInvitation(server: string, serverKey: Key, { nick, identity }: Acquaintance): string {
  return `parley://${server}/?server=${serverKey}&peer=${encodeURIComponent(nick)}:${identity}`;
}

export function readInvitation(text: string): Invitation | Malformed {
  if (CONTROL.test(text) || text.split("?").length !== 2 || !URL.canParse(text)) return MALFORMED;
  const url = new URL(text);
  const serverKey = url.searchParams.get("server")?.toLowerCase() ?? "";
  const port = url.port === "" ? undefined : Number(url.port);
  const host = hostOf(url);
  if (url.protocol !== "parley:" || port === 0 || !KEY.test(serverKey)) return MALFORMED;
  if (host === "" || CONTROL.test(host) || host.includes("?")) return MALFORMED;
  const people = url.searchParams.getAll("peer").map(readAcquaintance);
  // Without a peer it was probably cut short: a shell cuts an invitation at the '&' unless it is in quotes.
  if (people.length === 0 || !people.every((person) => person !== MALFORMED)) return MALFORMED;
  return { host, port, serverKey, people };
}

function readAcquaintance(text: string): Acquaintance | Malformed {
  const [nick = "", key = "", ...more] = text.split(":");
  const identity = key.toLowerCase();
  return isNick(nick) && KEY.test(identity) && isIdentity(identity) && more.length === 0
    ? { nick, identity }
    : MALFORMED;
}

/** The host without brackets, and with letters that the URL parser has escaped (`%C3%BC`) as they are. */
function hostOf({ hostname }: URL): string {
  try {
    return decodeURIComponent(hostname).replace(/^\[(.*)\]$/, "$1");
  } catch {
    return hostname;
  }
}
