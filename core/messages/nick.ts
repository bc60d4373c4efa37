/** Nicks: which texts can be one, and which of them are the same. */
import { utf8Length } from "../base/bytes.ts";
import { NICK_BYTES, NICK_CHARACTERS, NICK_KEY_BYTES } from "../base/limits.ts";

/** A nick as its owner writes it. */
export type Nick = string;

/** A nick in the form in which nicks are compared: in NFKC and lower case. */
export type NickKey = string;

/** The name of the server in lines for users. No client can have it as its nick. */
export const SERVER_NICK: Nick = "SERVER";

/** Letters, digits, `_`, `-` and `.`, but no letters that take no room on a screen (such as U+115F). */
const SHAPE = /^(?:[\p{L}\p{Nd}_.-](?<!\p{Default_Ignorable_Code_Point}))+$/u;

/** Most nicks are of this form, which `nickKey` would not change. */
const PLAIN = /^[a-z0-9_.-]*$/;

/**
 * The form in which nicks are compared: two nicks are the same when their keys are. NFKC (Unicode Standard
 * Annex 15) comes twice, because lower-casing can leave a text that is not in NFKC any more.
 */
export function nickKey(nick: Nick): NickKey {
  if (PLAIN.test(nick)) return nick;
  // The sigma at the end of a Greek word has a lower-case form of its own.
  return nick.normalize("NFKC").toLowerCase().normalize("NFKC").replaceAll("ς", "σ");
}

export function sameNick(a: Nick, b: Nick): boolean {
  return a === b || nickKey(a) === nickKey(b);
}

const SERVER_KEY = nickKey(SERVER_NICK);

/** Whether a text can be a nick: 1 to 32 characters, at most 64 bytes of UTF-8, and not the server's name. */
export function isNick(nick: string): boolean {
  if (PLAIN.test(nick)) return nick !== "" && nick.length <= NICK_CHARACTERS && nick !== SERVER_KEY;
  if (!SHAPE.test(nick) || [...nick].length > NICK_CHARACTERS || utf8Length(nick) > NICK_BYTES) return false;
  const key = nickKey(nick);
  // NFKC makes many letters of some (18 of U+FDFA), and texts to be signed have room for 255 bytes of nick.
  return key !== SERVER_KEY && utf8Length(key) <= NICK_KEY_BYTES;
}
