/** What a user decides about keys: whom to trust, whom he has verified, and how others come to know him. */
import type { Primitives } from "../base/crypto.ts";
import type { Millis } from "../base/units.ts";
import type { Effects } from "../durable/effects.ts";
import { type Identity, safetyNumber } from "../messages/identity.ts";
import type { Acquaintance } from "../messages/invitation.ts";
import { type Nick, sameNick } from "../messages/nick.ts";
import type { Row } from "../messages/table.ts";
import type { KnownPeers } from "./known_peers.ts";
import type { Membership } from "./membership.ts";
import type { Sender } from "./sender.ts";

export interface TrustOptions {
  readonly primitives: Primitives;
  readonly effects: Effects;
  readonly identity: Identity;
  readonly nick: Nick;
  /** As the user wrote it. */
  readonly serverName: string;
  readonly knownPeers: KnownPeers;
  readonly membership: Membership;
  readonly sender: Sender;
}

export class Trust {
  readonly #options: TrustOptions;

  constructor(options: TrustOptions) {
    this.#options = options;
  }

  /** Somebody has told us by other means who these are. What is pinned stays. */
  invited(people: readonly Acquaintance[]): void {
    const { effects, knownPeers } = this.#options;
    for (const { nick, identity } of people) {
      if (knownPeers.pinOf(nick) === undefined) knownPeers.pin(nick, identity, false);
      else if (!knownPeers.agrees(nick, identity)) effects.notice({ type: "inviteDiffers", nick });
    }
  }

  /** From now on the nick's identity is the one that the table gives; whether it is the right one nobody has verified. */
  trust(now: Millis, row: Row): void {
    const { nick, identity } = row;
    const { effects, knownPeers, sender } = this.#options;
    if (this.#isOurs(nick)) return;
    const isNew = !knownPeers.agrees(nick, identity);
    const waiting = isNew ? sender.heldBackFor(nick) : 0;
    knownPeers.pin(nick, identity, false);
    effects.notice({ type: "trusted", nick, waiting });
    if (isNew) sender.trusts(now, row);
  }

  #isOurs(nick: Nick): boolean {
    const { effects, nick: own } = this.#options;
    if (!sameNick(nick, own)) return false;
    effects.notice({ type: "yourself" });
    return true;
  }

  /** Shows what to compare, and takes it for compared; not that of a key which is not trusted. */
  verify(row: Row): void {
    const { effects, identity, knownPeers, nick, primitives } = this.#options;
    if (this.#isOurs(row.nick)) return;
    const number = safetyNumber(primitives, { nick, identity: identity.publicKey }, row);
    const isTrusted = knownPeers.agrees(row.nick, row.identity);
    if (isTrusted) knownPeers.pin(row.nick, row.identity, true);
    effects.notice({ type: "safetyNumber", nick: row.nick, number, isTrusted });
  }

  /** What somebody else starts from to reach us here, and to know us. */
  invite(): void {
    const { effects, identity, membership, nick, serverName } = this.#options;
    const serverKey = membership.link.peer;
    if (serverKey === undefined) return effects.notice({ type: "serverSilent" });
    effects.notice({ type: "invite", server: serverName, serverKey, nick, identity: identity.publicKey });
  }

  /** Who is there, who of them is verified, and who has another identity than before. */
  list(server: { readonly host: string; readonly port: number }): void {
    const { effects, knownPeers, membership } = this.#options;
    const rows = membership.table.rows();
    const verified = rows.filter(({ nick, identity }) => {
      const pin = knownPeers.pinOf(nick);
      return pin?.verified && pin.identity === identity;
    });
    const changed = rows.filter(({ nick, identity }) => !knownPeers.agrees(nick, identity));
    const nicks = (some: readonly Row[]) => some.map(({ nick }) => nick);
    effects.notice({ type: "peersListed", server, rows, verified: nicks(verified), changed: nicks(changed) });
  }
}
