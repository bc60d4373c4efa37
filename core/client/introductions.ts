/**
 * How peers find each other. Most people are behind NATs, which let in only what comes from where something
 * has gone. So both ends of a pair initiate: the one that has something to send asks the server to introduce
 * the two to each other, and the one that is introduced looks for the other, too (docs/protocol.md, section
 * 4).
 */
import { INTRODUCTIONS_BURST, INTRODUCTIONS_PER_SECOND, REACH_AGAIN_MS, SEEK_MS } from "../base/limits.ts";
import { Rate } from "../base/rate.ts";
import type { Millis } from "../base/units.ts";
import type { Link, Links } from "../link/links.ts";
import { type Nick, nickKey } from "../messages/nick.ts";
import type { VerbOf } from "../messages/verb.ts";
import type { Membership } from "./membership.ts";

export interface IntroductionsOptions {
  readonly links: Links;
  readonly membership: Membership;
  readonly nick: Nick;
}

export class Introductions {
  readonly #options: IntroductionsOptions;
  /** When the server was last asked to introduce us to the peer of a link. */
  readonly #askedAt = new WeakMap<Link, Millis>();
  readonly #rate = new Rate(INTRODUCTIONS_PER_SECOND, INTRODUCTIONS_BURST);

  constructor(options: IntroductionsOptions) {
    this.#options = options;
  }

  /** Something is to leave on the link to a peer. If it has no session, the peer is looked for. */
  lookFor(now: Millis, peer: Nick, link: Link): void {
    const { membership, nick } = this.#options;
    if (link.isOpen) return;
    link.seek(now, SEEK_MS);
    if (now - (this.#askedAt.get(link) ?? -Infinity) < REACH_AGAIN_MS) return;
    this.#askedAt.set(link, now);
    membership.link.send(now, { type: "reach", nick, peer }, `reach/${nickKey(peer)}`);
  }

  /**
   * The server says that a peer looks for us. A server that says so all the time makes us send no more than
   * the rate allows.
   */
  introduced(now: Millis, { key, addresses }: VerbOf<"introduce">): void {
    const { links, membership } = this.#options;
    if (!membership.isRegistered || !this.#rate.take(now)) return;
    links.introduce(now, key, membership.resolve(addresses));
  }
}
