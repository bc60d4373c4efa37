/**
 * The links over which we last wrote to our peers directly. A link is found by the nick, and the nicks by the
 * link, without a walk over all.
 */
import type { Link } from "../link/links.ts";
import { type Nick, type NickKey, nickKey } from "../messages/nick.ts";

export class PeerLinks {
  readonly #links = new Map<NickKey, Link>();
  /** The nicks of each link: one peer may have had several. */
  readonly #nicks = new WeakMap<Link, Set<NickKey>>();

  linkOf(nick: Nick): Link | undefined {
    return this.#links.get(nickKey(nick));
  }

  /** The nicks to which we last wrote over this link. */
  nicksOn(link: Link): NickKey[] {
    return [...this.#nicks.get(link) ?? []];
  }

  set(nick: Nick, link: Link): void {
    if (this.linkOf(nick) === link) return;
    this.delete(nick);
    const nicks = this.#nicks.get(link) ?? new Set<NickKey>();
    this.#nicks.set(link, nicks.add(nickKey(nick)));
    this.#links.set(nickKey(nick), link);
  }

  delete(nick: Nick): void {
    const link = this.linkOf(nick);
    if (link === undefined) return;
    this.#links.delete(nickKey(nick));
    this.#nicks.get(link)?.delete(nickKey(nick));
  }
}
