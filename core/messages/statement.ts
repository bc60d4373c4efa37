/**
 * A revocation as a text, which a person can print, keep elsewhere and type in again: who has it can end the
 * identity and can do nothing else. The server's address and key are for the program that hands it in, and
 * are not signed. Spaces, line ends and capital letters inside the digits do not count.
 */
import { addressKey } from "../base/address.ts";
import { MALFORMED, type Malformed } from "../base/bytes.ts";
import { KEY_BYTES, SIGNATURE_BYTES } from "../base/crypto.ts";
import type { Address, Key } from "../base/units.ts";
import type { Revocation } from "./lineage.ts";
import { isNick, type Nick } from "./nick.ts";

export interface Statement extends Revocation {
  readonly nick: Nick;
  /** The server as the user wrote it: its host is a name or an address. */
  readonly server: Address;
  readonly serverKey: Key;
}

/** HOST:PORT, an IPv6 address in brackets. */
const SERVER = /^(?:\[([^\s[\]]+)\]|([^\s:[\]]+)):(\d{1,5})$/;

const DIGITS = /^[0-9a-f]*$/i;
const GROUP_DIGITS = 8;
/** The digits of a key stand in two lines, those of a signature in four. */
const LINE_DIGITS = 32;

export function writeStatement(statement: Statement): string {
  const { nick, serverKey, identity, signature } = statement;
  const server = addressKey(statement.server);
  return `This text ends the identity of ${nick} at the server ${server}, for good. Whoever has it can do
that, and nothing else. Print it, or keep a copy somewhere else than the identity. If the identity is stolen,
or may have been, say

    parley revoke FILE

FILE is this text, or what you have typed in from it, from 'nick:' on. docs/security.md says what to do then.

nick: ${nick}
server: ${server}
server key:${grouped(serverKey)}
identity:${grouped(identity)}
signature:${grouped(signature)}
`;
}

/** The signature is not checked here: the server does that. */
export function readStatement(text: string): Statement | Malformed {
  const [nick, at, ...values] = ["nick", "server", "server key", "identity", "signature"].map((name) =>
    valueOf(text, name)
  );
  const [serverKey, identity, signature] = values.map((some) => some?.toLowerCase().replace(/\s/g, ""));
  const [, ipv6, name, digits = ""] = SERVER.exec(at ?? "") ?? [];
  const host = ipv6 ?? name;
  const port = Number(digits);
  if (nick === undefined || !isNick(nick) || host === undefined || port < 1 || port > 65_535) {
    return MALFORMED;
  }
  if (!isHex(serverKey, KEY_BYTES) || !isHex(identity, KEY_BYTES)) return MALFORMED;
  if (!isHex(signature, SIGNATURE_BYTES)) return MALFORMED;
  return { nick, server: { host, port }, serverKey, identity, signature };
}

/** The rest of the last line that begins with a name and a colon, and the lines of digits below it. */
function valueOf(text: string, name: string): string | undefined {
  const lines = text.split("\n");
  const from = lines.findLastIndex((line) => line.startsWith(`${name}:`));
  if (from < 0) return undefined;
  const below = lines.slice(from + 1);
  const end = below.findIndex((line) => !DIGITS.test(line.replace(/\s/g, "")));
  const digits = below.slice(0, end < 0 ? undefined : end);
  return [lines[from]!.slice(name.length + 1), ...digits].join("\n").trim();
}

function isHex(text: string | undefined, bytes: number): text is string {
  return text !== undefined && text.length === 2 * bytes && DIGITS.test(text);
}

function grouped(digits: string): string {
  const groups = (line: string) => line.match(new RegExp(`.{${GROUP_DIGITS}}`, "g"))!.join(" ");
  const lines = digits.match(new RegExp(`.{${LINE_DIGITS}}`, "g"))!;
  return lines.map((line) => `\n    ${groups(line)}`).join("");
}
