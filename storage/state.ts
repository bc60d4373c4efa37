/**
 * The state folder of a client: one nick at one server. The server's key names it, since a server may move to
 * another address, or be called by another name.
 */
import { dirname } from "node:path";
import { addressKey, equalAddresses } from "../core/base/address.ts";
import type { Address, Key } from "../core/base/units.ts";
import { type Owner, ownerOf } from "../core/durable/start.ts";
import { type Nick, nickKey } from "../core/messages/nick.ts";
import { exists, refuseChangeable, stateFolder } from "./folders.ts";
import { byUse, oldFolders, serverKeyIn } from "./old_folders.ts";
import { folderName, loginName, stateFolderOf } from "./state_folder.ts";
import { openSqlite, type SqliteStore } from "./sqlite.ts";
import { explain, StoreError } from "./store_error.ts";

/** The owner of the state that is to be opened. */
export interface StateOptions {
  /** `undefined` for the first of NAME, NAME-2 ... that no other process uses; NAME is the login name. */
  readonly nick: Nick | undefined;
  /** A folder, or `undefined` for the usual one. */
  readonly chosen: string | undefined;
  readonly server: Address;
  /** The server has proved that it holds this key. */
  readonly serverKey: Key;
  /** The old folder whose identity the server knows, if there are several. */
  readonly bound: string | undefined;
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

function openStateOf(
  nick: Nick,
  { bound, chosen, server, serverKey }: Omit<StateOptions, "nick">,
): State {
  const folder = stateFolderOf(nick, chosen, serverKey);
  const others = chosen === undefined ? takeOver(nick, folder, server, serverKey, bound) : [];
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

/**
 * The old folders of a nick at this server, that which was used most first. Only the server knows which of
 * several has the identity that the nick belongs to. None counts where there is a folder of today.
 */
export function oldStates(nick: Nick, server: Address, serverKey: Key): string[] {
  if (exists(stateFolderOf(nick, undefined, serverKey))) return [];
  return byUse(oldFolders(stateFolder(), folderName(nick), server, serverKey));
}

/**
 * Moves the only old folder, or of several the one that is bound, to `folder`, unless there is one already.
 * Returns the others. Throws a `StoreError` if it is not known which one is bound.
 */
function takeOver(
  nick: Nick,
  folder: string,
  server: Address,
  serverKey: Key,
  bound: string | undefined,
): string[] {
  const found = oldFolders(stateFolder(), folderName(nick), server, serverKey);
  if (exists(folder)) return found;
  if (found.length === 0) return [];
  const candidates = byUse(found);
  const taken = found.length === 1 ? found[0] : candidates.find((it) => it === bound);
  if (taken === undefined) {
    const names = candidates.map((it) => `'${it}'`).join(", ");
    throw new StoreError(
      `cannot choose among ${names}: start a client as '${nick}', it asks the server, or choose with '--state'`,
    );
  }
  try {
    Deno.mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
    Deno.renameSync(taken, folder);
  } catch (error) {
    throw explain("move the state to", folder, error);
  }
  return candidates.filter((it) => it !== taken);
}
