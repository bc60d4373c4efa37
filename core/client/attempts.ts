import { ATTEMPT_MS } from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import type { OutgoingMessage } from "./outbox.ts";

/** Something that the server is asked for: the message that it is to store, or the name of anything else. */
type Asked = string | OutgoingMessage;

/**
 * Decides when to stop waiting for the server: after five attempts in a row that brought no authentic packet
 * of any kind. An attempt takes half a second, or one probe timeout if that is longer. Then a command of the
 * user's ends the client. Nothing else ends it: the user is told once that the server is silent, and the
 * client goes on trying.
 */
export class Attempts {
  readonly #most: number;
  /** The probe timeout towards the server. */
  readonly #probeTimeout: () => Millis;
  /**
   * The keys of what waits, each with the instant since when; the longest wait comes first. Commands of the
   * user are kept apart from the rest.
   */
  readonly #commands = new Map<Asked, Millis>();
  readonly #others = new Map<Asked, Millis>();
  /** When the user was last told that the server is silent. */
  #saidSilentAt: Millis | undefined;

  /** `most` is the number of attempts; 0 means that the client waits for ever. */
  constructor(most: number, probeTimeout: () => Millis) {
    this.#probeTimeout = probeTimeout;
    this.#most = most === 0 ? Infinity : most;
  }

  /**
   * Begins to wait for an answer. A second call for the same key changes nothing, unless it makes a command
   * of what was none.
   */
  wait(now: Millis, key: Asked, command: boolean): void {
    if (this.#commands.has(key) || (!command && this.#others.has(key))) return;
    this.#others.delete(key);
    (command ? this.#commands : this.#others).set(key, now);
  }

  /** The server has answered, or nobody asks any more. */
  done(key: Asked): void {
    this.#commands.delete(key);
    this.#others.delete(key);
  }

  clear(): void {
    this.#commands.clear();
    this.#others.clear();
  }

  /** When to check again, if the server was last heard at `heardAt`. */
  deadline(heardAt: Millis): Millis {
    const commands = this.#endOf(this.#commands, heardAt);
    return this.#saidSilent(heardAt) ? commands : Math.min(commands, this.#endOf(this.#others, heardAt));
  }

  /** Says what to do now: to end the client, to tell the user once that the server is silent, or nothing. */
  check(now: Millis, heardAt: Millis): "give up" | "say silent" | undefined {
    if (this.#endOf(this.#commands, heardAt) <= now) return "give up";
    if (this.#saidSilent(heardAt) || this.#endOf(this.#others, heardAt) > now) return undefined;
    this.#saidSilentAt = now;
    return "say silent";
  }

  /** When the longest of these waits is over. A packet from the server begins them all anew. */
  #endOf(waits: ReadonlyMap<Asked, Millis>, heardAt: Millis): Millis {
    // Instants never go back, so the first entry is the oldest.
    if (waits.size === 0) return Infinity;
    const [since = Infinity] = waits.values();
    return Math.max(since, heardAt) + this.#most * Math.max(ATTEMPT_MS, this.#probeTimeout());
  }

  /** True if the user was told since the server was last heard. */
  #saidSilent(heardAt: Millis): boolean {
    return this.#saidSilentAt !== undefined && this.#saidSilentAt > heardAt;
  }
}
