/**
 * Nicks that look like one that somebody else had before (docs/security.md, "What is trusted when"). They are
 * marked wherever the user reads the name, until the user has verified who has it.
 */
import type { Nick } from "../messages/nick.ts";
import type { Row, Table } from "../messages/table.ts";
import type { LookAlike } from "../notice.ts";
import type { KnownPeers } from "./known_peers.ts";

export class LookAlikes {
  readonly #table: Table;
  readonly #knownPeers: KnownPeers;

  constructor(table: Table, knownPeers: KnownPeers) {
    this.#table = table;
    this.#knownPeers = knownPeers;
  }

  /** The line of the older nick that this one looks like; `undefined` if there is none, or it is verified. */
  likeOf(nick: Nick): Row | undefined {
    const row = this.#table.get(nick);
    if (row === undefined) return undefined;
    const pin = this.#knownPeers.pinOf(nick);
    return pin?.verified && pin.identity === row.identity ? undefined : this.#table.firstLike(row);
  }

  /** Those of these rows that are to be marked. */
  among(rows: readonly Row[]): LookAlike[] {
    return rows.flatMap(({ nick }) => {
      const like = this.likeOf(nick);
      return like === undefined ? [] : [[nick, like.nick] as const];
    });
  }
}
