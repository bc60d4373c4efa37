/**
 * Questions for single rows, where the table is too large to be sent to everybody (docs/protocol.md, section
 * 7, "A large table"): each is asked until it is answered.
 */
import { LOOKUPS, ROWS_AGAIN_MS } from "../base/limits.ts";
import { Timers } from "../base/timers.ts";
import type { Millis } from "../base/units.ts";
import type { Link } from "../link/links.ts";
import { type Nick, type NickKey, nickKey } from "../messages/nick.ts";
import type { Attempts } from "./attempts.ts";

/** `Attempts` knows these questions by this name. */
const LOOKUP = "lookup";

export class Lookups {
  readonly #link: Link;
  readonly #own: Nick;
  readonly #attempts: Attempts;
  readonly #open = new Map<NickKey, Nick>();
  readonly #timers = new Timers<NickKey>();

  constructor(link: Link, own: Nick, attempts: Attempts) {
    this.#link = link;
    this.#own = own;
    this.#attempts = attempts;
  }

  get deadline(): Millis {
    return this.#timers.deadline;
  }

  /** True while the server has not answered the question for this nick. */
  isOpen(name: Nick): boolean {
    return this.#open.has(nickKey(name));
  }

  /**
   * Asks for the row of a nick; `isCommand` is true if a user waits for it. Returns false if too much is
   * asked already.
   */
  ask(now: Millis, name: Nick, isCommand: boolean): boolean {
    if (isCommand) this.#attempts.wait(now, LOOKUP, true);
    const key = nickKey(name);
    if (this.#open.has(key)) return true;
    if (this.#open.size >= LOOKUPS) return false;
    this.#open.set(key, name);
    this.#send(now, key, name);
    return true;
  }

  /** The server has answered. Returns false if nothing was asked. */
  answered(name: Nick): boolean {
    const key = nickKey(name);
    this.#timers.clear(key);
    const wasOpen = this.#open.delete(key);
    if (this.#open.size === 0) this.#attempts.done(LOOKUP);
    return wasOpen;
  }

  /** The server knows nothing any more of what was asked. */
  restart(now: Millis): void {
    for (const [key, name] of this.#open) this.#send(now, key, name);
  }

  /** Nobody asks any more. */
  clear(): void {
    for (const name of [...this.#open.values()]) this.answered(name);
  }

  runTimers(now: Millis): void {
    for (let key = this.#timers.next(now); key !== undefined; key = this.#timers.next(now)) {
      this.#send(now, key, this.#open.get(key)!);
    }
  }

  #send(now: Millis, key: NickKey, name: Nick): void {
    this.#link.sendAfresh(now, { type: "lookup", nick: this.#own, name }, `lookup/${key}`);
    this.#timers.set(key, now + ROWS_AGAIN_MS);
  }
}
