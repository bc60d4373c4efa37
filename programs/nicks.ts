/** The nicks of a server, listed or released: by the server if it runs, otherwise in its data. */
import { DAY_MS } from "../core/base/limits.ts";
import { harmless } from "../core/base/text.ts";
import type { Millis } from "../core/base/units.ts";
import { beginningOf } from "../core/durable/wall_clock.ts";
import { type Nick, sameNick } from "../core/messages/nick.ts";
import type { ReleaseOutcome } from "../core/notice.ts";
import { type Binding, listNicks, releaseNick } from "../core/server/nick_admin.ts";
import type { SqliteStore } from "../storage/sqlite.ts";
import { StoreError } from "../storage/store_error.ts";
import type { RpcConnection } from "../transport/rpc_connection.ts";
import { type ServerPlace, withServerOrData } from "./server_socket.ts";
import { DONE, type World } from "./world.ts";

export interface NicksSettings extends ServerPlace {
  /** The nick to release. */
  readonly release: string | undefined;
  /** Release all nicks whose owners have not been there for so many days. */
  readonly expireDays: number | undefined;
}

/** The answer of the method `nicks` of a server's socket. */
export interface NicksAnswer {
  readonly nicks: readonly Binding[];
  /** True if no nicks come behind these. */
  readonly isLast: boolean;
}

/** The answer of the method `release`. */
export interface ReleaseAnswer {
  readonly nick: Nick;
  readonly outcome: ReleaseOutcome;
  readonly letters: number;
}

/** The nicks, wherever they are. */
interface NickBook {
  list(): Promise<readonly Binding[]>;
  /** Releases a nick unless its owner was there within the last `idle` milliseconds. */
  release(nick: Nick, idle: Millis): Promise<ReleaseAnswer>;
}

/** Lists or releases nicks. Returns the exit status. */
export function runNicks(settings: NicksSettings, world: World): Promise<number> {
  return withServerOrData(
    settings,
    (server) => run(settings, ofServer(server), world),
    (store) => run(settings, ofStore(store, world), world),
  );
}

async function run({ release, expireDays }: NicksSettings, book: NickBook, world: World): Promise<number> {
  if (release !== undefined) {
    tell(await book.release(release, 0));
    return DONE;
  }
  const nicks = await book.list();
  if (expireDays !== undefined) {
    await expire(nicks, expireDays, book);
    return DONE;
  }
  for (const { nick, identity, letters, online, idleMs } of nicks) {
    const seen = online ? "online" : new Date(world.wall() - idleMs).toISOString().replace(/\.\d+Z$/, "Z");
    console.log(harmless(`${nick} ${identity} ${letters} ${seen}`));
  }
  return DONE;
}

/** An identity that was revoked keeps its nick, or its thief could come back under it. */
async function expire(nicks: readonly Binding[], days: number, book: NickBook): Promise<void> {
  const idle = days * DAY_MS;
  let count = 0;
  for (const { nick, revoked, online, idleMs } of nicks) {
    if (revoked || online || idleMs < idle) continue;
    const answer = await book.release(nick, idle);
    // Its owner may have come back in this moment.
    if (answer.outcome !== "done") continue;
    tell(answer);
    count++;
  }
  if (count === 0) console.log(`no nick was unused for ${days} days`);
}

function tell({ nick, outcome, letters }: ReleaseAnswer): void {
  if (outcome !== "done") {
    const why = outcome === "unknown" ? "nobody has it" : "its owner is online, and would register it again";
    throw new StoreError(`cannot release '${nick}': ${why}`);
  }
  const failed = letters === 1 ? "1 letter to it has" : `${letters} letters to it have`;
  console.log(harmless(`'${nick}' is free, ${failed} failed`));
}

function ofServer(server: RpcConnection): NickBook {
  return {
    async list() {
      const all: Binding[] = [];
      for (;;) {
        const behind = all.at(-1)?.ordinal ?? 0;
        const { nicks, isLast } = await server.request("nicks", { behind }) as NicksAnswer;
        all.push(...nicks);
        if (isLast) return all;
      }
    },
    release: async (nick, idleMs) => await server.request("release", { nick, idleMs }) as ReleaseAnswer,
  };
}

function ofStore(store: SqliteStore, { wall }: World): NickBook {
  const list = () => {
    const records = store.read();
    return listNicks(beginningOf(records, wall()), records);
  };
  return {
    list: () => Promise.resolve(list()),
    release(asked) {
      const bound = list().find(({ nick }) => sameNick(nick, asked));
      if (bound === undefined) return Promise.resolve({ nick: asked, outcome: "unknown", letters: 0 });
      const records = store.read();
      store.commit(releaseNick(beginningOf(records, wall()), records, bound.nick));
      return Promise.resolve({ nick: bound.nick, outcome: "done", letters: bound.letters });
    },
  };
}
