import { LINK_DEAD_MS, LINK_IDLE_MS, PEER_KEEP_ALIVE_MS } from "../base/limits.ts";
import type { Millis } from "../base/units.ts";

/** When a link is dead, when nobody uses it any more, and when it has been quiet for so long that it says something. */
export class Lifetime {
  /** Since when an answer is waited for without a sign that anything arrives; Infinity when none is due. */
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

  get deathAt(): Millis {
    return LINK_DEAD_MS +
      (this.#busySince === Infinity ? Infinity : Math.max(this.#busySince, this.#heardAt));
  }

  get idleAt(): Millis {
    return this.#usedAt + LINK_IDLE_MS;
  }

  get pingAt(): Millis {
    return this.#sentAt + PEER_KEEP_ALIVE_MS;
  }

  used(now: Millis): void {
    this.#usedAt = now;
  }

  sent(now: Millis): void {
    this.#sentAt = now;
  }

  heard(now: Millis): void {
    this.#heardAt = now;
  }

  /** Something that was waited for has arrived. */
  progressed(now: Millis): void {
    this.#busySince = now;
  }

  /** Whatever made it so: an answer is waited for from when that is noticed, and not any more when none is due. */
  note(now: Millis, isBusy: boolean): void {
    if (!isBusy) this.#busySince = Infinity;
    else if (this.#busySince === Infinity) this.#busySince = now;
  }
}
