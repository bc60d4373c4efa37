/**
 * What came while nobody was at the terminal: a client whose output goes into a pipe keeps each message once
 * it has printed it, and the next client at a terminal shows it to the person (docs/protocol.md, section 6).
 */
import { utf8Length } from "../base/bytes.ts";
import { KEPT_BYTES, KEPT_MESSAGES, KEPT_MORE_BYTES } from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import { DurableMap } from "../durable/durable_map.ts";
import type { Effects } from "../durable/effects.ts";
import { KEPT, type ValueOf } from "../durable/records.ts";
import { nickKey } from "../messages/nick.ts";

/** A message that was printed, with the bytes that it counts as. */
type Kept = ValueOf<typeof KEPT> & { readonly bytes: number };

export class WhileAway {
  readonly #effects: Effects;
  /** True if a person at a terminal sees what is shown. */
  readonly #isAttended: boolean;
  /**
   * The messages by their numbers, grouped by sender. Numbers go on until all are shown, so they tell how
   * many were dropped.
   */
  readonly #kept: DurableMap<number, Kept>;
  #bytes = 0;
  #lastNumber = 0;
  #saidFull = false;

  constructor(effects: Effects, isAttended: boolean) {
    this.#effects = effects;
    this.#isAttended = isAttended;
    this.#kept = new DurableMap(effects, {
      kind: KEPT,
      nameOf: (number: number) => number,
      entryOf: (name, message) => [Number(name), counted(message)],
      recordOf: (message: Kept) => message,
      groupOf: (_number, { from }) => nickKey(from),
    });
    for (const [number, { bytes }] of this.#kept.entries()) {
      this.#bytes += bytes;
      this.#lastNumber = number;
    }
  }

  /**
   * Keeps a message that is being printed, if nobody is there to see it. The record is saved later than the
   * message was printed, in the commit that forgets the one in the inbox: a process that is killed before
   * that leaves the other record, so a message may come twice, but never not at all.
   */
  keep(now: Millis, message: ValueOf<typeof KEPT>): void {
    if (this.#isAttended || !this.#effects.keeps) return;
    const kept = counted(message);
    while (this.#kept.size >= KEPT_MESSAGES || this.#bytes + kept.bytes > KEPT_BYTES) this.#dropOne(now);
    this.#kept.setLater(now, ++this.#lastNumber, kept);
    this.#bytes += kept.bytes;
  }

  /** Shows a person everything that was kept. It is forgotten after it was shown. */
  show(now: Millis): void {
    if (!this.#isAttended || this.#kept.size === 0) return;
    this.#effects.notice({ type: "whileAway", dropped: this.#lastNumber - this.#kept.size });
    for (const [number, { bytes: _, channel, like: [like], ...message }] of [...this.#kept.entries()]) {
      const shown = { ...message, like, dated: true };
      this.#effects.notice({ type: channel ? "channelReceived" : "directReceived", message: shown });
      this.#kept.deleteLater(now, number);
    }
  }

  /** Drops the oldest message of the sender who has the most here: nobody can push out what others wrote. */
  #dropOne(now: Millis): void {
    if (!this.#saidFull) this.#effects.notice({ type: "keptFull" });
    this.#saidFull = true;
    let [most, oldest] = [-1, 0];
    for (const messages of this.#kept.groups.values()) {
      const bytes = [...messages.values()].reduce((sum, message) => sum + message.bytes, 0);
      if (bytes > most) [most, oldest] = [bytes, [...messages.keys()][0]!];
    }
    this.#bytes -= this.#kept.get(oldest)!.bytes;
    this.#kept.deleteLater(now, oldest);
  }
}

function counted(message: ValueOf<typeof KEPT>): Kept {
  return { ...message, bytes: utf8Length(message.text) + KEPT_MORE_BYTES };
}
