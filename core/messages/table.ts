/**
 * The client table: one row for each nick, with the owner's bundle, its addresses, and whether it is ONLINE.
 * Every change adds one to the table's counter, and the server knows for each row the counter of its last
 * change. So one question, "which rows have changed since version v?", serves a newcomer, a client that
 * missed a change, and one that wants the whole table (docs/protocol.md, section 7).
 */
import { equalAddresses } from "../base/address.ts";
import { NICKS } from "../base/limits.ts";
import type { Address } from "../base/units.ts";
import { type Bundle, bundleOf, equalBundles, isOlder } from "./identity.ts";
import { equalLineages, type Lineage } from "./lineage.ts";
import { type Nick, type NickKey, nickKey } from "./nick.ts";

/** The version of a table. Counters are compared only within one start, which is one life of the server. */
export interface Version {
  /** The instant of the server's start in milliseconds: later in each life, whatever the clock says. */
  readonly start: number;
  /** The number of changes in this life. */
  readonly counter: number;
}

/** A line of the table: a nick, the bundle that its owner signed for it, and whose successor the owner is. */
export interface Row extends Bundle, Lineage {
  /** The nick as its owner writes it. */
  readonly nick: Nick;
  /** The form that look-alikes share, as the server says it: `nickSkeleton` of the nick. */
  readonly skeleton: string;
  /** Counts nicks in the order in which they were first registered. Rows are shown in this order. */
  readonly ordinal: number;
  /** Whether the server takes the member for ONLINE. */
  readonly online: boolean;
  /** The addresses to try, best first. */
  readonly addresses: readonly Address[];
}

/** The version of a client's table before anything has come: every table is ahead of it. */
export const NO_VERSION: Version = { start: 0, counter: 0 };

/** A client's copy of the server's table. The caller has checked the signatures in all rows. */
export class Table {
  readonly #rows = new Map<NickKey, Row>();
  /** For each skeleton the nick that was registered first. */
  readonly #firsts = new Map<string, NickKey>();
  #version: Version = NO_VERSION;

  get version(): Version {
    return this.#version;
  }

  get(nick: Nick): Row | undefined {
    return this.#rows.get(nickKey(nick));
  }

  /**
   * A row with the newest bundle of its owner that we know. A server that was restored from a copy gives out
   * an older one for a while, and one that means no good may go back to a prekey whose secret was stolen.
   */
  withNewestBundle(row: Row): Row {
    const known = this.get(row.nick);
    return known !== undefined && isOlder(row, known) ? { ...row, ...bundleOf(known) } : row;
  }

  /**
   * The row of the nick that was registered first among those that look like the one of this row, if that is
   * another nick, and of somebody else.
   */
  firstLike({ identity, ordinal, skeleton }: Row): Row | undefined {
    const first = this.#firstWith(skeleton);
    return first !== undefined && first.ordinal < ordinal && first.identity !== identity ? first : undefined;
  }

  /** A nick that is written otherwise than before may have another skeleton now. */
  #firstWith(skeleton: string): Row | undefined {
    const first = this.#rows.get(this.#firsts.get(skeleton) ?? "");
    return first?.skeleton === skeleton ? first : undefined;
  }

  /** All rows in the order in which the nicks were first registered. */
  rows(): Row[] {
    return [...this.#rows.values()].sort((a, b) => a.ordinal - b.ordinal);
  }

  /** Whether the server's table, which is at `version`, has changes that this one lacks. */
  isBehind(version: Version): boolean {
    return version.start !== this.#version.start || version.counter > this.#version.counter;
  }

  /**
   * Takes over all changes after version `from` up to the counter `upTo`. Returns the rows that are different
   * now, or `undefined` when this table lacks changes before `from`, which have to be asked for first. Rows
   * from an earlier life of the server stay until this life gives others.
   */
  apply(from: Version, upTo: number, rows: readonly Row[]): Row[] | undefined {
    const known = from.start === this.#version.start ? this.#version.counter : 0;
    if (from.counter > known) return undefined;
    if (from.start !== this.#version.start || upTo > this.#version.counter) {
      this.#version = { start: from.start, counter: upTo };
    } else if (upTo < known) return []; // An old page, overtaken by a newer one.
    const changed = rows.filter((row) => !equalRows(this.get(row.nick), row));
    for (const row of changed) {
      const key = nickKey(row.nick);
      // A server that makes up nicks without end cannot fill our memory.
      if (this.#rows.has(key) || this.#rows.size < NICKS) this.#set(key, row);
    }
    return changed;
  }

  #set(key: NickKey, row: Row): void {
    const former = this.#rows.get(key)?.skeleton;
    if (former !== undefined && former !== row.skeleton && this.#firsts.get(former) === key) {
      this.#firsts.delete(former);
    }
    this.#rows.set(key, row);
    const first = this.#firstWith(row.skeleton);
    if (first === undefined || row.ordinal < first.ordinal) this.#firsts.set(row.skeleton, key);
  }
}

/** Whether two rows are the same in every field. */
export function equalRows(a: Row | undefined, b: Row): boolean {
  return a !== undefined && a.nick === b.nick && a.skeleton === b.skeleton && equalBundles(a, b) &&
    equalLineages(a, b) &&
    a.online === b.online && a.ordinal === b.ordinal &&
    a.addresses.length === b.addresses.length &&
    a.addresses.every((address, at) => equalAddresses(address, b.addresses[at]!));
}
