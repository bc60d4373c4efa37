/** The state folder of a client: one nick at one server. */
import { userInfo } from "node:os";
import { addressKey, equalAddresses } from "../core/base/address.ts";
import type { Address } from "../core/base/units.ts";
import { ownerOf } from "../core/durable/start.ts";
import { isNick, nickKey } from "../core/messages/nick.ts";
import { stateFolder } from "./folders.ts";
import { KnownServers } from "./known_servers.ts";
import { openSqlite, type SqliteStore } from "./sqlite.ts";
import { StoreError } from "./store_error.ts";

/** The user gives this in the place of a file or a folder to keep nothing. */
export const MEMORY = ":memory:";

/** The opened state of a client. If nothing outlives the process, it has no path, store, or known servers. */
export interface State {
  readonly nick: string;
  /** The usual file of the identity, and the file of the statement that revokes it. */
  readonly identityPath: string | undefined;
  readonly revocationPath: string | undefined;
  /** True if the state was never used, so that there is no identity yet. */
  readonly isNew: boolean;
  readonly store: SqliteStore | undefined;
  readonly knownServers: KnownServers | undefined;
}

/**
 * Opens the state of a nick. Without one it is the first of NAME, NAME-2 ... that no other process uses,
 * where NAME is the login name. `chosen` is a folder, `MEMORY`, or `undefined` for the usual one. Throws a
 * `StoreError` if the state is in use, is that of another nick or server, or cannot be used.
 */
export function openState(nick: string | undefined, chosen: string | undefined, server: Address): State {
  if (nick !== undefined) return openStateOf(nick, chosen, server);
  const login = loginName();
  for (let number = 1;; number++) {
    try {
      return openStateOf(number === 1 ? login : `${login}-${number}`, chosen, server);
    } catch (error) {
      if (!(error instanceof StoreError && error.isInUse) || chosen !== undefined) throw error;
    }
  }
}

function openStateOf(nick: string, chosen: string | undefined, server: Address): State {
  if (chosen === MEMORY) {
    return {
      nick,
      identityPath: undefined,
      revocationPath: undefined,
      isNew: true,
      store: undefined,
      knownServers: undefined,
    };
  }
  // A nick may consist of dots, and a folder must not be called "..".
  const usual = `${stateFolder()}/${server.host.replaceAll(":", "_")}_${server.port}/${
    encodeURIComponent(nickKey(nick)).replaceAll(".", "%2E")
  }`;
  const folder = chosen ?? usual;
  const store = openSqlite(`${folder}/state.db`, "client");
  const owner = ownerOf(store.read());
  const isOurs = owner === undefined ||
    (nickKey(owner.nick) === nickKey(nick) && equalAddresses(owner.server, server));
  if (isOurs) {
    const knownServers = new KnownServers(`${chosen ?? stateFolder()}/known_servers`);
    return {
      nick,
      identityPath: `${folder}/identity`,
      revocationPath: `${folder}/revocation`,
      isNew: owner === undefined,
      store,
      knownServers,
    };
  }
  store.close();
  const whose = `'${owner.nick}' at ${addressKey(owner.server)}`;
  throw new StoreError(`cannot use '${folder}': it is the state of ${whose}, choose another with '--state'`);
}

/** A nick has at most 32 characters, and a number such as "-2" may follow the login name. */
const LOGIN_CHARACTERS = 24;

/** The login name without the characters that a nick cannot have; "guest" if nothing is left. */
function loginName(): string {
  const name = Deno.env.get("USER") ?? Deno.env.get("LOGNAME") ?? userInfo().username;
  const nick = name.replace(/[^\p{L}\p{Nd}_.-]/gu, "").slice(0, LOGIN_CHARACTERS);
  return isNick(nick) ? nick : "guest";
}
