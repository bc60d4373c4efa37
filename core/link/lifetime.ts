import { LINK_DEAD_MS, LINK_IDLE_MS, PEER_KEEP_ALIVE_MS } from "../base/limits.ts";
import type { Millis } from "../base/units.ts";

/**
 * Three timers of a link: when it counts as dead, when it has been unused for so long that it may be
 * forgotten, and when it has been quiet for so long that it pings (docs/protocol.md section 4).
 */
export class Lifetime {
  /** Since when something waits for an answer and nothing has arrived; Infinity while nothing waits. */
  #busySince: Millis = Infinity;
  #usedAt: Millis;
  #sentAt: Millis = -Infinity;
  #heardAt: Millis = -Infinity;

  constructor(now: Millis) {
    this.#usedAt = now;
  }

  /** When the last authentic packet came; -Infinity before the first. */
  get heardAt(): Millis {
    return this.#heardAt;
  }

  /** When the link counts as dead: 30 s after the peer was last heard, or something began to wait. */
  get deathAt(): Millis {
    return LINK_DEAD_MS +
      (this.#busySince === Infinity ? Infinity : Math.max(this.#busySince, this.#heardAt));
  }

  /** When the link has been unused for so long that it may be forgotten. */
  get idleAt(): Millis {
    return this.#usedAt + LINK_IDLE_MS;
  }

  /** When the link has sent nothing for so long that NATs may forget it (RFC 4787 section 4.3). */
  get pingAt(): Millis {
    return this.#sentAt + PEER_KEEP_ALIVE_MS;
  }

  /** A verb was sent or received. */
  used(now: Millis): void {
    this.#usedAt = now;
  }

  sent(now: Millis): void {
    this.#sentAt = now;
  }

  heard(now: Millis): void {
    this.#heardAt = now;
  }

  /** The peer has acknowledged something: the wait for the rest begins anew. */
  progressed(now: Millis): void {
    this.#busySince = now;
  }

  /** Notes if anything waits for an answer. The wait lasts from the first true to the next false. */
  note(now: Millis, isBusy: boolean): void {
    if (!isBusy) this.#busySince = Infinity;
    else if (this.#busySince === Infinity) this.#busySince = now;
  }
}
