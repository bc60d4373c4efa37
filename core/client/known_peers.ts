/** The identities of the people whom we have written to or heard from, as `known_hosts` has those of machines. */
import { KNOWN_PEERS } from "../base/limits.ts";
import type { Key } from "../base/units.ts";
import { byNick, DurableMap } from "../durable/durable_map.ts";
import type { Effects } from "../durable/effects.ts";
import { KNOWN_PEER, type ValueOf } from "../durable/records.ts";
import { type Nick, type NickKey, nickKey } from "../messages/nick.ts";

export type Pin = ValueOf<typeof KNOWN_PEER>;

export class KnownPeers {
  readonly #pins: DurableMap<NickKey, Pin>;

  constructor(effects: Effects) {
    this.#pins = new DurableMap(effects, byNick(KNOWN_PEER));
  }

  pinOf(nick: Nick): Pin | undefined {
    return this.#pins.get(nickKey(nick));
  }

  /** Nobody else has our own nick. */
  addOwn(nick: Nick, identity: Key): void {
    this.#pins.setUnsaved(nickKey(nick), { identity, verified: false });
  }

  /** Whether an identity is not another one than the nick had before. */
  agrees(nick: Nick, identity: Key): boolean {
    const pin = this.pinOf(nick);
    return pin === undefined || pin.identity === identity;
  }

  /** The first contact: the identity is pinned, unless one is already. Whether it is the one that is pinned. */
  meet(nick: Nick, identity: Key): boolean {
    if (this.pinOf(nick) === undefined && this.#pins.size < KNOWN_PEERS) this.pin(nick, identity, false);
    return this.agrees(nick, identity);
  }

  /** As the user says, however many there are. */
  pin(nick: Nick, identity: Key, verified: boolean): void {
    this.#pins.set(nickKey(nick), { identity, verified });
  }
}
