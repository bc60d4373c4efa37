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
  /** What waits and since when, commands of the user's apart from the rest; what has waited longest stands first. */
  readonly #commands = new Map<string, Millis>();
  readonly #others = new Map<string, Millis>();
  #saidSilentAt: Millis | undefined;

  /** `most` attempts, or 0 to wait for ever. */
  constructor(most: number, probeTimeout: () => Millis) {
    this.#probeTimeout = probeTimeout;
    this.#most = most === 0 ? Infinity : most;
  }

  /** A repeat changes nothing, unless it makes a command of what was none. */
  wait(now: Millis, key: string, command: boolean): void {
    if (this.#commands.has(key) || (!command && this.#others.has(key))) return;
    this.#others.delete(key);
    (command ? this.#commands : this.#others).set(key, now);
  }

  /** The server answered, or nobody asks any more. */
  done(key: string): void {
    this.#commands.delete(key);
    this.#others.delete(key);
  }

  clear(): void {
    this.#commands.clear();
    this.#others.clear();
  }

  /** When to look again, if the server was last heard at `heardAt`. */
  deadline(heardAt: Millis): Millis {
    const commands = this.#endOf(this.#commands, heardAt);
    return this.#saidSilent(heardAt) ? commands : Math.min(commands, this.#endOf(this.#others, heardAt));
  }

  /** What is to be done now: end the client, say once that the server is silent, or nothing. */
  check(now: Millis, heardAt: Millis): "give up" | "say silent" | undefined {
    if (this.#endOf(this.#commands, heardAt) <= now) return "give up";
    if (this.#saidSilent(heardAt) || this.#endOf(this.#others, heardAt) > now) return undefined;
    this.#saidSilentAt = now;
    return "say silent";
  }

  /** When the first of these has waited long enough: instants never go back. */
  #endOf(waits: ReadonlyMap<string, Millis>, heardAt: Millis): Millis {
    const [since = Infinity] = waits.values();
    return Math.max(since, heardAt) + this.#most * Math.max(ATTEMPT_MS, this.#probeTimeout());
  }

  #saidSilent(heardAt: Millis): boolean {
    return this.#saidSilentAt !== undefined && this.#saidSilentAt > heardAt;
  }
}
