/**
 * The user's decisions about keys: whom to trust, who is verified, and how others come to know us
 * (docs/security.md, "What is trusted when").
 */
import type { Primitives } from "../base/crypto.ts";
import type { Address, Millis } from "../base/units.ts";
import type { Effects } from "../durable/effects.ts";
import { type Identity, safetyNumber } from "../messages/identity.ts";
import type { Acquaintance } from "../messages/invitation.ts";
import { type Nick, sameNick } from "../messages/nick.ts";
import type { Row } from "../messages/table.ts";
import type { KnownPeers } from "./known_peers.ts";
import type { LookAlikes } from "./look_alikes.ts";
import type { Membership } from "./membership.ts";
import type { Sender } from "./sender.ts";

/** HOST:PORT of the machine itself, as users write it. */
const THIS_MACHINE = /^(127\.[\d.]+|\[::1\]|localhost\.?|0\.0\.0\.0):\d+$/i;

export interface TrustOptions {
  readonly primitives: Primitives;
  readonly effects: Effects;
  readonly identity: Identity;
  readonly nick: Nick;
  /** The server as the user wrote it, HOST:PORT. */
  readonly serverName: string;
  readonly knownPeers: KnownPeers;
  readonly lookAlikes: LookAlikes;
  readonly membership: Membership;
  readonly sender: Sender;
}

export class Trust {
  readonly #options: TrustOptions;

  constructor(options: TrustOptions) {
    this.#options = options;
  }

  /**
   * Pins the identities in an invitation, which the user got by other means. An identity that is pinned
   * already stays: a difference is reported.
   */
  invited(people: readonly Acquaintance[]): void {
    const { effects, knownPeers } = this.#options;
    for (const { nick, identity } of people) {
      if (knownPeers.pinOf(nick) === undefined) knownPeers.pin(nick, identity, false);
      else if (!knownPeers.agrees(nick, identity)) effects.notice({ type: "inviteDiffers", nick });
    }
  }

  /** Pins the identity that the table gives for a nick. It counts as not verified. */
  trust(now: Millis, row: Row): void {
    const { nick, identity } = row;
    const { effects, knownPeers, sender } = this.#options;
    if (this.#isOurs(nick)) return;
    if (row.revocation.length > 0) return effects.notice({ type: "peerRevoked", nick });
    const isNew = !knownPeers.agrees(nick, identity);
    const waiting = isNew ? sender.heldBackFor(nick) : 0;
    knownPeers.pin(nick, identity, false);
    effects.notice({ type: "trusted", nick, identity, waiting });
    if (isNew) sender.trusts(now, row);
  }

  /** True, and the user is told so, if the nick is our own. */
  #isOurs(nick: Nick): boolean {
    const { effects, nick: own } = this.#options;
    if (!sameNick(nick, own)) return false;
    effects.notice({ type: "yourself" });
    return true;
  }

  /**
   * Shows the safety number, which two users compare by other means. Digits that end it prove that they have,
   * and mark the peer as verified; one whose identity is not the pinned one is not marked.
   */
  verify(row: Row, digits: string | undefined): void {
    const { effects, identity, knownPeers, nick, primitives } = this.#options;
    if (this.#isOurs(row.nick)) return;
    if (row.revocation.length > 0) return effects.notice({ type: "peerRevoked", nick: row.nick });
    const number = safetyNumber(primitives, { nick, identity: identity.publicKey }, row);
    const isTrusted = knownPeers.agrees(row.nick, row.identity);
    if (digits !== undefined && !number.replaceAll(" ", "").endsWith(digits)) {
      return effects.notice({ type: "digitsDiffer", nick: row.nick });
    }
    if (digits === undefined || !isTrusted) {
      return effects.notice({ type: "safetyNumber", nick: row.nick, number, isTrusted });
    }
    knownPeers.pin(row.nick, row.identity, true);
    effects.notice({ type: "verified", nick: row.nick });
  }

  /** Shows an invitation, with which somebody else can reach our server and know our identity. */
  invite(): void {
    const { effects, identity, membership, nick, serverName } = this.#options;
    const serverKey = membership.link.peer;
    if (serverKey === undefined) return effects.notice({ type: "serverSilent" });
    effects.notice({ type: "invite", server: serverName, serverKey, nick, identity: identity.publicKey });
    if (THIS_MACHINE.test(serverName)) effects.notice({ type: "inviteIsLocal", server: serverName });
  }

  /**
   * Shows the table, and tells which peers are verified and which have another identity than the pinned one.
   */
  list(server: Address, awaySince: Millis | "never" | undefined): void {
    const { effects, knownPeers, lookAlikes, membership } = this.#options;
    const rows = membership.table.rows();
    const verified = rows.filter(({ nick, identity }) => {
      const pin = knownPeers.pinOf(nick);
      return pin?.verified && pin.identity === identity;
    });
    const changed = rows.filter(({ nick, identity }) => !knownPeers.agrees(nick, identity));
    const nicks = (some: readonly Row[]) => some.map(({ nick }) => nick);
    const marks = { verified: nicks(verified), changed: nicks(changed), alike: lookAlikes.among(rows) };
    effects.notice({ type: "peersListed", server, awaySince, rows, ...marks });
  }
}
