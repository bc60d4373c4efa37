import { ATTEMPT_MS, ATTEMPTS } from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import type { OutgoingMessage } from "./outbox.ts";

/** Something that the server is asked for: the message that it is to store, or the name of anything else. */
type Asked = string | OutgoingMessage;

/**
 * Decides when to stop waiting for the server: after five attempts in a row that brought no authentic packet
 * of any kind. An attempt takes half a second, or one probe timeout if that is longer. Then a command of the
 * user's ends the client; somebody who may be typing is warned first, and can say that the client stays.
 * Nothing else ends it: the user is told once that the server is silent, and the client goes on trying.
 */
export class Attempts {
  readonly #most: number;
  readonly #waitsForEver: boolean;
  /** The probe timeout towards the server. */
  readonly #probeTimeout: () => Millis;
  /**
   * The keys of what waits, each with the instant since when; the longest wait comes first. Commands of the
   * user are kept apart from the rest.
   */
  readonly #commands = new Map<Asked, Millis>();
  readonly #others = new Map<Asked, Millis>();
  /** The time between the warning and the end; 0 for an end without a warning. */
  readonly #grace: Millis;
  /** When the user was last told that the server is silent. */
  #saidSilentAt: Millis | undefined;
  /** When the user was last told so because of a command. */
  #warnedAt: Millis | undefined;
  /** True while the user has chosen to wait for a silent server: no command ends the client then. */
  #isPatient: boolean;

  /**
   * `most` is the number of attempts; 0 means that the client waits for ever, which a user who may be typing
   * is told after as many attempts as usual.
   */
  constructor(most: number, probeTimeout: () => Millis, grace: Millis = 0) {
    this.#probeTimeout = probeTimeout;
    this.#most = most > 0 ? most : grace > 0 ? ATTEMPTS : Infinity;
    this.#isPatient = this.#waitsForEver = most === 0;
    this.#grace = grace;
  }

  /**
   * Begins to wait for an answer. A second call for the same key changes nothing, unless it makes a command
   * of what was none.
   */
  wait(now: Millis, key: Asked, command: boolean): void {
    const ends = command && !this.#isPatient;
    if (this.#commands.has(key) || (!ends && this.#others.has(key))) return;
    this.#others.delete(key);
    (ends ? this.#commands : this.#others).set(key, now);
  }

  /** The user was warned, and does not want the end. Returns false if there was no such warning. */
  stay(heardAt: Millis): boolean {
    if (!this.#isWarned(heardAt)) return false;
    this.#isPatient = true;
    for (const [key, since] of this.#commands) this.#others.set(key, since);
    this.#commands.clear();
    return true;
  }

  /** True while no command ends the client, though the server is silent. */
  get isPatient(): boolean {
    return this.#isPatient;
  }

  /** The server was heard. */
  heard(): void {
    this.#isPatient = this.#waitsForEver;
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
    const commands = this.#isWarned(heardAt)
      ? this.#warnedAt! + this.#grace
      : this.#endOf(this.#commands, heardAt);
    return this.#saidSilent(heardAt) ? commands : Math.min(commands, this.#endOf(this.#others, heardAt));
  }

  /** Says what to do now: to end the client, to tell the user once that the server is silent, or nothing. */
  check(now: Millis, heardAt: Millis): "give up" | "say silent" | undefined {
    if (this.#isWarned(heardAt)) return this.#warnedAt! + this.#grace <= now ? "give up" : undefined;
    if (this.#endOf(this.#commands, heardAt) <= now) {
      if (this.#grace === 0) return "give up";
      this.#warnedAt = this.#saidSilentAt = now;
      return "say silent";
    }
    if (this.#saidSilent(heardAt) || this.#endOf(this.#others, heardAt) > now) return undefined;
    this.#saidSilentAt = now;
    return "say silent";
  }

  /** When the longest of these waits is over. A packet from the server begins them all anew. */
  #endOf(waits: ReadonlyMap<Asked, Millis>, heardAt: Millis): Millis {
    return beginOf(waits, heardAt) + this.#most * Math.max(ATTEMPT_MS, this.#probeTimeout());
  }

  /** True if the user was told what the commands that wait lead to. */
  #isWarned(heardAt: Millis): boolean {
    return this.#warnedAt !== undefined && this.#warnedAt > beginOf(this.#commands, heardAt);
  }

  /** True if the user was told since the server was last heard. */
  #saidSilent(heardAt: Millis): boolean {
    return this.#saidSilentAt !== undefined && this.#saidSilentAt > heardAt;
  }
}

/** Since when the longest of these waits goes on without a packet from the server. */
function beginOf(waits: ReadonlyMap<Asked, Millis>, heardAt: Millis): Millis {
  // Instants never go back, so the first entry is the oldest.
  const [since = Infinity] = waits.values();
  return Math.max(since, heardAt);
}
