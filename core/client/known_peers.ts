/**
 * The identities that are pinned for the people whom we have written to or heard from, as `known_hosts` of
 * SSH pins the keys of machines (docs/security.md, "What is trusted when").
 */
import { KNOWN_PEERS } from "../base/limits.ts";
import type { Key } from "../base/units.ts";
import { byNick, DurableMap } from "../durable/durable_map.ts";
import type { Effects } from "../durable/effects.ts";
import { KNOWN_PEER, type ValueOf } from "../durable/records.ts";
import { hasHeld } from "../messages/lineage.ts";
import { type Nick, type NickKey, nickKey } from "../messages/nick.ts";
import type { Row } from "../messages/table.ts";

/** The identity that is pinned for a nick, whether the user has verified it, and whether it was revoked. */
export type Pin = ValueOf<typeof KNOWN_PEER>;

export class KnownPeers {
  readonly #pins: DurableMap<NickKey, Pin>;

  constructor(effects: Effects) {
    this.#pins = new DurableMap(effects, byNick(KNOWN_PEER));
  }

  pinOf(nick: Nick): Pin | undefined {
    return this.#pins.get(nickKey(nick));
  }

  /** Pins our own identity in memory, so that nobody else counts as our nick. */
  addOwn(nick: Nick, identity: Key): void {
    this.#pins.setUnsaved(nickKey(nick), { identity, verified: false, revoked: false });
  }

  /** False if another identity is pinned for the nick, or the pinned one was revoked. */
  agrees(nick: Nick, identity: Key): boolean {
    const pin = this.pinOf(nick);
    return pin === undefined || (pin.identity === identity && !pin.revoked);
  }

  /**
   * Pins the identity if it is the first one for this nick, and there is room. Returns false if the pin does
   * not agree.
   */
  meet(nick: Nick, identity: Key): boolean {
    if (this.pinOf(nick) === undefined && this.#pins.size < KNOWN_PEERS) this.pin(nick, identity, false);
    return this.agrees(nick, identity);
  }

  /** Pins an identity in the place of the one before. The user asks for it, so no bound counts here. */
  pin(nick: Nick, identity: Key, verified: boolean): void {
    this.#pins.set(nickKey(nick), { identity, verified, revoked: false });
  }

  /**
   * Follows the pinned identity of a nick to its successor or to its end, as the row says. The caller has
   * checked the signatures. Nobody has compared the successor's number, so it is not verified. Returns the
   * pin as it was, or `undefined` if nothing has changed.
   */
  follow({ nick, identity, predecessors, revocation }: Row): Pin | undefined {
    const pin = this.pinOf(nick);
    if (pin === undefined || pin.revoked || !hasHeld({ identity, predecessors }, pin.identity)) {
      return undefined;
    }
    const revoked = revocation.length > 0;
    if (!revoked && pin.identity === identity) return undefined;
    this.#pins.set(nickKey(nick), { identity, verified: false, revoked });
    return pin;
  }

  /** True if nobody can write to the owner of this row: its identity was revoked, and no other is pinned. */
  isOver({ nick, identity, revocation }: Row): boolean {
    const pin = this.pinOf(nick);
    return revocation.length > 0 && (pin === undefined || pin.identity === identity);
  }
}
