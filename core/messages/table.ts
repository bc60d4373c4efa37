/**
 * The client table: who there is, where, and whether ONLINE. Every change counts one up, and each row knows
 * the counter of its last change, so one question, `rows since v`, serves the newcomer, the gap and the snapshot.
 */
import { equalAddresses } from "../base/address.ts";
import { NICKS } from "../base/limits.ts";
import type { Address } from "../base/units.ts";
import { type Bundle, equalBundles } from "./identity.ts";
import { type Nick, type NickKey, nickKey } from "./nick.ts";

/** `start` tells one life of the server from the next: counters of two lives are not compared. */
export interface Version {
  readonly start: number;
  readonly counter: number;
}

/** A line of the table: who holds a nick, with the bundle that he signed for it. */
export interface Row extends Bundle {
  /** As its owner writes it. */
  readonly nick: Nick;
  /** Rows are shown in the order in which the nicks first came. */
  readonly ordinal: number;
  /** As far as the server knows. */
  readonly online: boolean;
  /** Where to try, best first. */
  readonly addresses: readonly Address[];
}

export const NO_VERSION: Version = { start: 0, counter: 0 };

export class Table {
  readonly #rows = new Map<NickKey, Row>();
  #version: Version = NO_VERSION;

  get version(): Version {
    return this.#version;
  }

  get(nick: Nick): Row | undefined {
    return this.#rows.get(nickKey(nick));
  }

  /** In the order in which the nicks first came. */
  rows(): Row[] {
    return [...this.#rows.values()].sort((a, b) => a.ordinal - b.ordinal);
  }

  /** Whether this table lacks changes that somebody at `version` has. */
  isBehind(version: Version): boolean {
    return version.start !== this.#version.start || version.counter > this.#version.counter;
  }

  /**
   * Takes all changes after `from` up to the counter `upTo`. Returns the rows that really changed, or
   * `undefined` when changes before `from` are missing here, so that they have to be asked for first.
   * Rows of an earlier life of the server stay until this life says otherwise.
   */
  apply(from: Version, upTo: number, rows: readonly Row[]): Row[] | undefined {
    const known = from.start === this.#version.start ? this.#version.counter : 0;
    if (from.counter > known) return undefined;
    if (from.start !== this.#version.start || upTo > this.#version.counter) {
      this.#version = { start: from.start, counter: upTo };
    } else if (upTo < known) return [];
    const changed = rows.filter((row) => !equalRows(this.get(row.nick), row));
    for (const row of changed) {
      const key = nickKey(row.nick);
      if (this.#rows.has(key) || this.#rows.size < NICKS) this.#rows.set(key, row);
    }
    return changed;
  }
}

/** Whether two lines of the table say the same. */
export function equalRows(a: Row | undefined, b: Row): boolean {
  return a !== undefined && a.nick === b.nick && equalBundles(a, b) &&
    a.online === b.online && a.ordinal === b.ordinal &&
    a.addresses.length === b.addresses.length &&
    a.addresses.every((address, at) => equalAddresses(address, b.addresses[at]!));
}
