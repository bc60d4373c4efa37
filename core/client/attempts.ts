import { ATTEMPT_MS } from "../base/limits.ts";
import type { Millis } from "../base/units.ts";

/**
 * What waits for the server, and when to stop waiting: after five attempts in a row that brought no authentic
 * packet of any kind, each half a second or a probe timeout apart. A command of the user's then ends the client; what the client does by itself never does.
 */
export class Attempts {
  readonly #most: number;
  /** The probe timeout towards the server. */
  readonly #probeTimeout: () => Millis;
  readonly #waits = new Map<string, { since: Millis; command: boolean }>();
  #saidSilentAt: Millis | undefined;

  /** `most` attempts, or 0 to wait for ever. */
  constructor(most: number, probeTimeout: () => Millis) {
    this.#probeTimeout = probeTimeout;
    this.#most = most === 0 ? Infinity : most;
  }

  wait(now: Millis, key: string, command: boolean): void {
    const known = this.#waits.get(key);
    if (known === undefined || (command && !known.command)) this.#waits.set(key, { since: now, command });
  }

  /** The server answered, or nobody asks any more. */
  done(key: string): void {
    this.#waits.delete(key);
  }

  clear(): void {
    this.#waits.clear();
  }

  /** When to look again, if the server was last heard at `heardAt`. */
  deadline(heardAt: Millis): Millis {
    let earliest = Infinity;
    for (const { since, command } of this.#waits.values()) {
      if (command || !this.#saidSilent(heardAt)) earliest = Math.min(earliest, this.#end(since, heardAt));
    }
    return earliest;
  }

  /** What is to be done now: end the client, say once that the server is silent, or nothing. */
  check(now: Millis, heardAt: Millis): "give up" | "say silent" | undefined {
    if (this.#waits.size === 0) return undefined;
    const over = [...this.#waits.values()].filter(({ since }) => this.#end(since, heardAt) <= now);
    if (over.some(({ command }) => command)) return "give up";
    if (over.length === 0 || this.#saidSilent(heardAt)) return undefined;
    this.#saidSilentAt = now;
    return "say silent";
  }

  #end(since: Millis, heardAt: Millis): Millis {
    return Math.max(since, heardAt) + this.#most * Math.max(ATTEMPT_MS, this.#probeTimeout());
  }

  #saidSilent(heardAt: Millis): boolean {
    return this.#saidSilentAt !== undefined && this.#saidSilentAt > heardAt;
  }
}
