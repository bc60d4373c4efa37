/** Which folder has the state of a nick, whether it is there or not. */
import { userInfo } from "node:os";
import type { Key } from "../core/base/units.ts";
import { isNick, type Nick, nickKey } from "../core/messages/nick.ts";
import { stateFolder } from "./folders.ts";

/** The user gives this in the place of a file or a folder to keep nothing. */
export const MEMORY = ":memory:";

/** The folder of the state of a nick: the one that the user has chosen, or the usual one at that server. */
export function stateFolderOf(nick: Nick, chosen: string | undefined, serverKey: Key): string {
  return chosen ?? `${stateFolder()}/${serverKey.slice(0, KEY_DIGITS)}/${folderName(nick)}`;
}

/** So much of a server's key names its folder. The state in it names the whole key. */
const KEY_DIGITS = 16;

/** A nick may consist of dots, and a folder must not be called "..". */
export function folderName(nick: Nick): string {
  return encodeURIComponent(nickKey(nick)).replaceAll(".", "%2E");
}

/** A nick has at most 32 characters, and a number such as "-2" may follow the login name. */
const LOGIN_CHARACTERS = 24;

/** The login name without the characters that a nick cannot have; "guest" if nothing is left. */
export function loginName(): Nick {
  const name = Deno.env.get("USER") ?? Deno.env.get("LOGNAME") ?? userInfo().username;
  const nick = name.replace(/[^\p{L}\p{Nd}_.-]/gu, "").slice(0, LOGIN_CHARACTERS);
  return isNick(nick) ? nick : "guest";
}
