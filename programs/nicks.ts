/** The nicks in a server's data, listed or released, while the server does not run. */
import { harmless } from "../core/base/text.ts";
import { beginningOf } from "../core/durable/wall_clock.ts";
import { sameNick } from "../core/messages/nick.ts";
import { listNicks, releaseNick } from "../core/server/nick_admin.ts";
import { exists, serverData } from "../storage/folders.ts";
import { openSqlite } from "../storage/sqlite.ts";
import { StoreError } from "../storage/store_error.ts";
import { DONE, type World } from "./world.ts";

export interface NicksSettings {
  readonly port: number;
  /** A file, or `undefined` for the usual place of the server at that port. */
  readonly data: string | undefined;
  /** The nick to release, or `undefined` to list them all. */
  readonly release: string | undefined;
}

/** Lists or releases nicks. The store has a lock on the data, so no server can run meanwhile. */
export function runNicks({ port, data, release }: NicksSettings, { wall }: World): number {
  const path = data ?? serverData(port);
  if (!exists(path)) {
    throw new StoreError(`cannot open '${path}': there is no such file, give it with '--data'`);
  }
  using cleanup = new DisposableStack();
  const store = cleanup.adopt(openSqlite(path, "server", false), (it) => it.close());
  const nicks = listNicks(store.read());
  if (release === undefined) {
    for (const { nick, identity, letters } of nicks) console.log(harmless(`${nick} ${identity} ${letters}`));
    return DONE;
  }
  const bound = nicks.find(({ nick }) => sameNick(nick, release));
  if (bound === undefined) {
    throw new StoreError(`cannot release '${release}': nobody has that nick in '${path}'`);
  }
  const records = store.read();
  store.commit(releaseNick(beginningOf(records, wall()), records, bound.nick));
  const failed = bound.letters === 1 ? "1 letter to it has" : `${bound.letters} letters to it have`;
  console.log(harmless(`'${bound.nick}' is free, ${failed} failed`));
  return DONE;
}
