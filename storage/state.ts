/**
 * The state folder of a client: one nick at one server. The server's key names it, since a server may move to
 * another address, or be called by another name.
 */
import { dirname } from "node:path";
import { userInfo } from "node:os";
import { addressKey, equalAddresses } from "../core/base/address.ts";
import type { Address, Key } from "../core/base/units.ts";
import { type Owner, ownerOf } from "../core/durable/start.ts";
import { isNick, type Nick, nickKey } from "../core/messages/nick.ts";
import { exists, refuseChangeable, stateFolder } from "./folders.ts";
import { byUse, oldFolders, serverKeyIn } from "./old_folders.ts";
import { openSqlite, type SqliteStore } from "./sqlite.ts";
import { explain, StoreError } from "./store_error.ts";

/** The user gives this in the place of a file or a folder to keep nothing. */
export const MEMORY = ":memory:";

/** Whose state is to be opened. */
export interface StateOptions {
  /** `undefined` for the first of NAME, NAME-2 ... that no other process uses; NAME is the login name. */
  readonly nick: Nick | undefined;
  /** A folder, or `undefined` for the usual one. */
  readonly chosen: string | undefined;
  readonly server: Address;
  /** The server has proved that it holds this key. */
  readonly serverKey: Key;
}

/** The opened state of a client. */
export interface State {
  readonly nick: Nick;
  readonly folder: string;
  readonly store: SqliteStore;
  /** True if the state was never used, so that there is no identity yet. */
  readonly isNew: boolean;
  /** Further folders of the same nick at the same server, which releases before 0.7 have made. */
  readonly others: readonly string[];
}

/**
 * Opens the state of a nick. Throws a `StoreError` if the state is in use, is that of another nick or server,
 * or cannot be used.
 */
export function openState({ nick, ...rest }: StateOptions): State {
  if (nick !== undefined) return openStateOf(nick, rest);
  const login = loginName();
  for (let number = 1;; number++) {
    try {
      return openStateOf(number === 1 ? login : `${login}-${number}`, rest);
    } catch (error) {
      if (!(error instanceof StoreError && error.isInUse) || rest.chosen !== undefined) throw error;
    }
  }
}

function openStateOf(nick: Nick, { chosen, server, serverKey }: Omit<StateOptions, "nick">): State {
  const folder = chosen ?? `${stateFolder()}/${serverKey.slice(0, KEY_DIGITS)}/${folderName(nick)}`;
  const others = chosen === undefined ? takeOver(nick, folder, server, serverKey) : [];
  refuseChangeable(folder);
  const store = openSqlite(`${folder}/state.db`, "client");
  const owner = ownerOf(store.read());
  if (owner === undefined || isOurs(owner, { nick, folder, server, serverKey })) {
    return { nick, folder, store, isNew: owner === undefined, others };
  }
  store.close();
  const whose = `'${owner.nick}' at ${addressKey(owner.server)}`;
  throw new StoreError(`cannot use '${folder}': it is the state of ${whose}, choose another with '--state'`);
}

function isOurs(
  owner: Owner,
  { nick, folder, server, serverKey }: { nick: Nick; folder: string; server: Address; serverKey: Key },
): boolean {
  const isOfServer = owner.serverKey === undefined
    ? equalAddresses(owner.server, server) || serverKeyIn(folder) === serverKey
    : owner.serverKey === serverKey;
  return isOfServer && nickKey(owner.nick) === nickKey(nick);
}

/** So much of a server's key names its folder. The state in it names the whole key. */
const KEY_DIGITS = 16;

/** A nick may consist of dots, and a folder must not be called "..". */
function folderName(nick: Nick): string {
  return encodeURIComponent(nickKey(nick)).replaceAll(".", "%2E");
}

/**
 * Moves the old folder that was used most to `folder`, unless there is one already. Returns the others.
 */
function takeOver(nick: Nick, folder: string, server: Address, serverKey: Key): string[] {
  const found = oldFolders(stateFolder(), folderName(nick), server, serverKey);
  if (exists(folder)) return found;
  const [first, ...others] = byUse(found);
  if (first === undefined) return [];
  try {
    Deno.mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
    Deno.renameSync(first, folder);
  } catch (error) {
    throw explain("move the state to", folder, error);
  }
  return others;
}

/** A nick has at most 32 characters, and a number such as "-2" may follow the login name. */
const LOGIN_CHARACTERS = 24;

/** The login name without the characters that a nick cannot have; "guest" if nothing is left. */
export function loginName(): Nick {
  const name = Deno.env.get("USER") ?? Deno.env.get("LOGNAME") ?? userInfo().username;
  const nick = name.replace(/[^\p{L}\p{Nd}_.-]/gu, "").slice(0, LOGIN_CHARACTERS);
  return isNick(nick) ? nick : "guest";
}
