import type { Millis } from "../base/units.ts";
import type { Nick } from "../messages/nick.ts";

/**
 * Decides whether a receipt has to say which message it is about: it does if several to the same recipient
 * wait. Receipts that come together are all about several, the last of them, too.
 */
export class Several {
  #now: Millis = -Infinity;
  /** The recipients to whom several messages waited at the instant `#now`. */
  readonly #recipients = new Set<Nick>();

  /** A receipt has come. `waiting` is the number of messages to its recipient that wait, with this one. */
  isAmong(now: Millis, recipient: Nick, waiting: number): boolean {
    if (now !== this.#now && this.#recipients.size > 0) this.#recipients.clear();
    this.#now = now;
    if (waiting > 1) this.#recipients.add(recipient);
    return this.#recipients.has(recipient);
  }
}
