import { utf8Length } from "../base/bytes.ts";
import { NICK_BYTES, NICK_CHARACTERS, NICK_KEY_BYTES } from "../base/limits.ts";

/** A nick as its owner writes it. */
export type Nick = string;

/** A nick as it is compared: without case, after NFKC. */
export type NickKey = string;

/** The server's own line in the table. */
export const SERVER_NICK: Nick = "SERVER";

/** Letters, digits, `_ - .`; no characters that take no room on a screen. */
const SHAPE = /^(?:[\p{L}\p{Nd}_.-](?<!\p{Default_Ignorable_Code_Point}))+$/u;

/** What NFKC and case folding leave as it is. */
const PLAIN = /^[a-z0-9_.-]*$/;

export function nickKey(nick: Nick): NickKey {
  if (PLAIN.test(nick)) return nick;
  // A final sigma is a sigma.
  return nick.normalize("NFKC").toLowerCase().normalize("NFKC").replaceAll("ς", "σ");
}

export function sameNick(a: Nick, b: Nick): boolean {
  return a === b || nickKey(a) === nickKey(b);
}

const SERVER_KEY = nickKey(SERVER_NICK);

/** Whether this can be somebody's nick: 1 to 32 characters, at most 64 bytes of UTF-8, not the server's. */
export function isNick(nick: string): boolean {
  if (PLAIN.test(nick)) return nick !== "" && nick.length <= NICK_CHARACTERS && nick !== SERVER_KEY;
  if (!SHAPE.test(nick) || [...nick].length > NICK_CHARACTERS || utf8Length(nick) > NICK_BYTES) return false;
  const key = nickKey(nick);
  // Some letters become many (U+FDFA: 18), and what is signed has room for 255 bytes.
  return key !== SERVER_KEY && utf8Length(key) <= NICK_KEY_BYTES;
}
