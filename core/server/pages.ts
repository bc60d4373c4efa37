/**
 * The table as readers get it: rows of members, cut into verbs that fit into a packet each (docs/protocol.md,
 * section 7, "The table").
 */
import { isLoopback } from "../base/address.ts";
import { ROWS_BYTES, ROWS_PACKETS } from "../base/limits.ts";
import type { Address } from "../base/units.ts";
import { presenceBytes, rowBytes, SERVER_HOST_NAME } from "../messages/field.ts";
import { bundleOf, equalBundles } from "../messages/identity.ts";
import { equalLineages } from "../messages/lineage.ts";
import type { Presence, Row, Version } from "../messages/table.ts";
import type { Verb } from "../messages/verb.ts";

/** The words for one kind of readers about a member. */
interface Told {
  readonly row: Row;
  readonly presence: Presence;
}

/** A row as it was told last, in two forms: for readers on the server's own machine, and elsewhere. */
export interface Line {
  readonly local: Told;
  readonly remote: Told;
  /** The counter of the last change of more than presence. */
  readonly keysChange: number;
}

/** A member, as far as its row is concerned. */
export interface Listed {
  /** The counter of the last change of the row. */
  readonly change: number;
  readonly line: Line | undefined;
}

/** The line of a row after a change with this counter. */
export function lineOf(row: Row, change: number, former: Line | undefined): Line {
  const { nick, skeleton, ordinal, online, addresses, predecessors, revocation } = row;
  const known = former?.local.row;
  const isSameOwner = known !== undefined && known.nick === nick && known.skeleton === skeleton &&
    equalBundles(known, row) && equalLineages(known, row);
  const keysChange = isSameOwner ? former!.keysChange : change;
  const rest = { nick, skeleton, ...bundleOf(row), ordinal, online, predecessors, revocation };
  const told = (where: readonly Address[]) => ({
    row: { ...rest, addresses: where },
    presence: { nick, keysChange, online, addresses: where },
  });
  const local = told(addresses);
  // Most rows are the same for everybody, and so need to be written only once.
  const remote = addresses.some(isLoopback) ? told(addressesFor(false, addresses)) : local;
  return { local, remote, keysChange };
}

/**
 * Addresses for a reader on the server's machine (`local`) or elsewhere. Elsewhere a loopback address is
 * shown as the server's own host.
 */
export function addressesFor(local: boolean, addresses: readonly Address[]): readonly Address[] {
  if (local) return addresses;
  return addresses.map((address) =>
    isLoopback(address) ? { host: SERVER_HOST_NAME, port: address.port } : address
  );
}

/**
 * Changes after `from`, in their order, cut into verbs; `upTo` is where they end, and at the same time the
 * newest version. Each verb says from where to where it goes, so that a client notices when one is lost. A
 * row that has changed in nothing but presence goes out as its presence alone.
 */
export function pagesOf(
  changed: Iterable<Listed>,
  { from, upTo: newest, local }: { readonly from: Version; readonly upTo: number; readonly local: boolean },
): Verb[] {
  const pages: Verb[] = [];
  let rows: Row[] = [];
  let presence: Presence[] = [];
  let bytes = 0;
  let since = from;
  const close = (upTo: number) => {
    const span = { since, upTo, newest };
    pages.push(
      presence.length > 0 ? { type: "presence", ...span, presence } : { type: "rows", ...span, rows },
    );
    [rows, presence, bytes, since] = [[], [], 0, { start: from.start, counter: upTo }];
  };
  let last = from.counter;
  for (const { change, line } of changed) {
    const told = local ? line!.local : line!.remote;
    const isBrief = line!.keysChange <= from.counter;
    const more = isBrief ? presenceBytes(told.presence) : rowBytes(told.row);
    if (bytes + more > ROWS_BYTES || (isBrief ? rows : presence).length > 0) close(last);
    // The client asks again for the rest.
    if (pages.length >= ROWS_PACKETS) return pages;
    if (isBrief) presence.push(told.presence);
    else rows.push(told.row);
    bytes += more;
    last = change;
  }
  close(newest);
  return pages;
}
