/** Over which link we last wrote to whom directly: found by the nick, and by the link, without a walk over all. */
import type { Link } from "../link/links.ts";
import { type Nick, type NickKey, nickKey } from "../messages/nick.ts";

export class PeerLinks {
  readonly #links = new Map<NickKey, Link>();
  /** One peer may have had several nicks. */
  readonly #nicks = new WeakMap<Link, Set<NickKey>>();

  linkOf(nick: Nick): Link | undefined {
    return this.#links.get(nickKey(nick));
  }

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
