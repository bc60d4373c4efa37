/** The identities of the people whom we have written to or heard from, as `known_hosts` has those of machines. */
import { MALFORMED } from "./bytes.ts";
import type { Effects } from "./effects.ts";
import type { Key } from "./handshake.ts";
import { KNOWN_PEERS } from "./limits.ts";
import { type Nick, type NickKey, nickKey } from "./nick.ts";
import { KNOWN_PEER, type ValueOf } from "./records.ts";

export type Pin = ValueOf<typeof KNOWN_PEER>;

export class KnownPeers {
  readonly #effects: Effects;
  readonly #pins = new Map<NickKey, Pin>();

  constructor(effects: Effects) {
    this.#effects = effects;
  }

  load(key: string, value: Uint8Array): void {
    const pin = KNOWN_PEER.decode(value);
    if (pin !== MALFORMED) this.#pins.set(KNOWN_PEER.nickOf(key), pin);
  }

  of(nick: Nick): Pin | undefined {
    return this.#pins.get(nickKey(nick));
  }

  /** Whether an identity is not another one than the nick had before. */
  agrees(nick: Nick, identity: Key): boolean {
    const pin = this.of(nick);
    return pin === undefined || pin.identity === identity;
  }

  /** The first contact: the identity is pinned, unless one is already. Whether it is the one that is pinned. */
  meet(nick: Nick, identity: Key): boolean {
    const pin = this.of(nick);
    if (pin === undefined) this.pin(nick, identity, false);
    return pin === undefined || pin.identity === identity;
  }

  pin(nick: Nick, identity: Key, verified: boolean): void {
    const key = nickKey(nick);
    if (!this.#pins.has(key) && this.#pins.size >= KNOWN_PEERS) return;
    const pin = { identity, verified };
    this.#pins.set(key, pin);
    this.#effects.save(KNOWN_PEER.keyFor(nick), () => KNOWN_PEER.encode(pin));
  }
}
