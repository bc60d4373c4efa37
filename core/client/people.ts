/**
 * The tags that name us and a peer in direct messages (`core/messages/direct.ts`). They are computed once for
 * each peer.
 */
import { remember } from "../base/bounded_map.ts";
import type { Primitives } from "../base/crypto.ts";
import { PEOPLE } from "../base/limits.ts";
import type { Key } from "../base/units.ts";
import { peopleTag, type Person } from "../messages/direct.ts";
import { type NickKey, nickKey } from "../messages/nick.ts";

/** The tags of the messages between us and a peer, in both directions. */
export interface Tags {
  readonly fromUs: string;
  readonly toUs: string;
}

export class People {
  readonly #primitives: Primitives;
  readonly #own: Person;
  readonly #serverKey: () => Key | undefined;
  /** The tags by the peer's nick, and what they were computed for; least recently computed first. */
  readonly #known = new Map<NickKey, Tags & { readonly identity: Key; readonly serverKey: Key }>();

  /** `serverKey` gives the key of our server, once it is known. */
  constructor(primitives: Primitives, own: Person, serverKey: () => Key | undefined) {
    this.#primitives = primitives;
    this.#own = own;
    this.#serverKey = serverKey;
  }

  /** The tags for a peer with this identity. */
  with(peer: Person): Tags {
    const serverKey = this.#serverKey() ?? "";
    const name = nickKey(peer.nick);
    const known = this.#known.get(name);
    if (known?.identity === peer.identity && known.serverKey === serverKey) return known;
    const fromUs = peopleTag(this.#primitives, serverKey, this.#own, peer);
    const toUs = peopleTag(this.#primitives, serverKey, peer, this.#own);
    const tags = { fromUs, toUs, identity: peer.identity, serverKey };
    remember(this.#known, name, tags, PEOPLE);
    return tags;
  }
}
