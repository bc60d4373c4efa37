/** State folders of releases before 0.7, which were named by the server's address: `HOST_PORT/NICK`. */
import { MALFORMED } from "../core/base/bytes.ts";
import type { Address, Key } from "../core/base/units.ts";
import { CHAIN, KNOWN_PEER, POSTED, SEEN } from "../core/durable/records.ts";
import { exists } from "./folders.ts";
import { openSqlite } from "./sqlite.ts";
import { statementIn } from "./statement_file.ts";

const NAME = /_\d{1,5}$/;

/** The kinds of records that only a client has that was registered. */
const EARNED = [SEEN, KNOWN_PEER, CHAIN, POSTED];

/**
 * The folders called `name` that belong to the server with this key. One whose server never proved its key
 * counts by its address.
 */
export function oldFolders(root: string, name: string, server: Address, serverKey: Key): string[] {
  const atAddress = `${server.host.replaceAll(":", "_")}_${server.port}`;
  if (!exists(root)) return [];
  return [...Deno.readDirSync(root)].filter((entry) => entry.isDirectory && NAME.test(entry.name))
    .map((entry) => ({ place: entry.name, folder: `${root}/${entry.name}/${name}` }))
    .filter(({ folder }) => exists(`${folder}/state.db`))
    .filter(({ folder, place }) => {
      const known = serverKeyIn(folder);
      return known === undefined ? place === atAddress : known === serverKey;
    })
    .map(({ folder }) => folder);
}

/**
 * Sorts such folders: a server that was known by two addresses knows the nick by one identity alone. The
 * folder that has more from others comes first, then the one whose identity is older. Throws a `StoreError`
 * if a client of an old release uses one of them.
 */
export function byUse(folders: readonly string[]): string[] {
  return folders.map((folder) => ({ folder, earned: earnedIn(folder), madeAt: madeAt(folder) }))
    .sort((a, b) => b.earned - a.earned || a.madeAt - b.madeAt)
    .map(({ folder }) => folder);
}

/** The key of a state folder's server, if the statement in it that revokes the identity names one. */
export function serverKeyIn(folder: string): Key | undefined {
  const statement = statementIn(`${folder}/revocation`);
  return statement === MALFORMED ? undefined : statement.serverKey;
}

function earnedIn(folder: string): number {
  const store = openSqlite(`${folder}/state.db`, "client");
  try {
    return [...store.read()].filter(([key]) => EARNED.some((kind) => kind.matches(key))).length;
  } finally {
    store.close();
  }
}

function madeAt(folder: string): number {
  const path = `${folder}/identity`;
  return exists(path) ? Number(Deno.statSync(path).mtime) : Infinity;
}
