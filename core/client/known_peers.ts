/**
 * The identities that are pinned for the people whom we have written to or heard from, as `known_hosts` of
 * SSH pins the keys of machines (docs/security.md, "What is trusted when").
 */
import { KNOWN_PEERS } from "../base/limits.ts";
import type { Key } from "../base/units.ts";
import { byNick, DurableMap } from "../durable/durable_map.ts";
import type { Effects } from "../durable/effects.ts";
import { KNOWN_PEER, type ValueOf } from "../durable/records.ts";
import { type Nick, type NickKey, nickKey } from "../messages/nick.ts";

/** The identity that is pinned for a nick, and whether the user has verified it. */
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
    this.#pins.setUnsaved(nickKey(nick), { identity, verified: false });
  }

  /** False if another identity is pinned for the nick. */
  agrees(nick: Nick, identity: Key): boolean {
    const pin = this.pinOf(nick);
    return pin === undefined || pin.identity === identity;
  }

  /**
   * Pins the identity if it is the first one for this nick, and there is room. Returns false if another one
   * is pinned.
   */
  meet(nick: Nick, identity: Key): boolean {
    if (this.pinOf(nick) === undefined && this.#pins.size < KNOWN_PEERS) this.pin(nick, identity, false);
    return this.agrees(nick, identity);
  }

  /** Pins an identity in the place of the one before. The user asks for it, so no bound counts here. */
  pin(nick: Nick, identity: Key, verified: boolean): void {
    this.#pins.set(nickKey(nick), { identity, verified });
  }
}
