/** Nicks: which texts can be one, and which of them are the same. */
import { utf8Length } from "../base/bytes.ts";
import { NICK_BYTES, NICK_CHARACTERS, NICK_KEY_BYTES, SKELETON_BYTES } from "../base/limits.ts";
import { caselessSkeletonOf } from "./skeleton.ts";

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

/** The skeleton of a nick, by which look-alikes are found. Only the beginning of a very long one counts. */
export function nickSkeleton(nick: Nick): string {
  let skeleton = "";
  for (const character of caselessSkeletonOf(nick)) {
    if (utf8Length(skeleton + character) > SKELETON_BYTES) break;
    skeleton += character;
  }
  return skeleton;
}

/** Signs that may stand in a nick, or that letters of it look like, and marks on letters. */
const NO_LETTERS = /[^\p{L}\p{Nd}]/gu;

/** Further letters that look like those of `SERVER_NICK`: small capitals, and what U+03B5 looks like. */
const OF_SERVER: Readonly<Record<string, string>> = { "\u1D07": "e", "\uA793": "e", "\u0280": "r" };

const SERVER_LETTERS = nickKey(SERVER_NICK);

/** The letters and digits that somebody sees who reads a nick. */
function lettersOf(nick: Nick, key: NickKey): string {
  // No letter of a plain nick looks like one of `SERVER_NICK` and is another one.
  if (PLAIN.test(key)) return key.replace(NO_LETTERS, "");
  return caselessSkeletonOf(nick).replace(NO_LETTERS, "").replace(/./gu, (one) => OF_SERVER[one] ?? one);
}

/**
 * Whether a text can be a nick: 1 to 32 characters, at most 64 bytes of UTF-8, with a letter or digit, and
 * nothing that looks like the server's name.
 */
export function isNick(nick: string): boolean {
  if (!SHAPE.test(nick) || [...nick].length > NICK_CHARACTERS || utf8Length(nick) > NICK_BYTES) return false;
  const key = nickKey(nick);
  // NFKC makes many letters of some (18 of U+FDFA), and texts to be signed have room for 255 bytes of nick.
  if (utf8Length(key) > NICK_KEY_BYTES) return false;
  const letters = lettersOf(nick, key);
  return letters !== "" && letters !== SERVER_LETTERS;
}
