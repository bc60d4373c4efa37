/** The state folder of a client: one nick at one server. */
import { userInfo } from "node:os";
import { addressKey, equalAddresses } from "../core/base/address.ts";
import type { Address } from "../core/base/units.ts";
import { ownerOf } from "../core/durable/start.ts";
import { isNick, nickKey } from "../core/messages/nick.ts";
import { stateFolder } from "./folders.ts";
import { refuseReadable } from "./identity_file.ts";
import { KnownServers } from "./known_servers.ts";
import { openSqlite, type SqliteStore } from "./sqlite.ts";
import { StoreError } from "./store_error.ts";

/** In the place of a file or folder: nothing is kept. */
export const MEMORY = ":memory:";

export interface State {
  readonly nick: string;
  /** The file of its identity; absent when nothing outlives the process. */
  readonly identityPath: string | undefined;
  /** Whether nobody has used it, so that there is no identity yet. */
  readonly isNew: boolean;
  /** Absent when nothing outlives the process; so are the known servers. */
  readonly store: SqliteStore | undefined;
  readonly knownServers: KnownServers | undefined;
}

/**
 * The state of the nick that was asked for, or of the first of NAME, NAME-2 ... that is free on this machine.
 * `chosen` is a folder, `MEMORY`, or `undefined` for the usual one. Throws a `StoreError`.
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
    return { nick, identityPath: undefined, isNew: true, store: undefined, knownServers: undefined };
  }
  const usual = `${stateFolder()}/${server.host.replaceAll(":", "_")}_${server.port}/${
    encodeURIComponent(nickKey(nick)).replaceAll(".", "%2E")
  }`;
  const folder = chosen ?? usual;
  const store = openSqlite(`${folder}/state.db`, "client");
  refuseReadable(`${folder}/state.db`);
  const owner = ownerOf(store.read());
  const isOurs = owner === undefined ||
    (nickKey(owner.nick) === nickKey(nick) && equalAddresses(owner.server, server));
  if (isOurs) {
    const knownServers = new KnownServers(`${chosen ?? stateFolder()}/known_servers`);
    return { nick, identityPath: `${folder}/identity`, isNew: owner === undefined, store, knownServers };
  }
  store.close();
  const whose = `'${owner.nick}' at ${addressKey(owner.server)}`;
  throw new StoreError(`cannot use '${folder}': it is the state of ${whose}, choose another with '--state'`);
}

/** Leaves room for a number behind it. */
const LOGIN_CHARACTERS = 24;

function loginName(): string {
  const name = Deno.env.get("USER") ?? Deno.env.get("LOGNAME") ?? userInfo().username;
  const nick = name.replace(/[^\p{L}\p{Nd}_.-]/gu, "").slice(0, LOGIN_CHARACTERS);
  return isNick(nick) ? nick : "guest";
}
