/**
 * What no person has seen: a client whose output goes into a pipe keeps each message once it has printed it,
 * and one at a terminal those that it has folded (`floods.ts`). The next client at a terminal shows them to
 * the person (docs/protocol.md, section 6).
 */
import { utf8Length } from "../base/bytes.ts";
import { KEPT_BYTES, KEPT_MESSAGES, KEPT_MORE_BYTES } from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import { DurableMap } from "../durable/durable_map.ts";
import type { Effects } from "../durable/effects.ts";
import { KEPT, type ValueOf } from "../durable/records.ts";
import { type NickKey, nickKey } from "../messages/nick.ts";

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
  /** The bytes of each sender. */
  readonly #bytesOf = new Map<NickKey, number>();
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
    for (const [number, message] of this.#kept.entries()) {
      this.#count(message, 1);
      this.#lastNumber = number;
    }
  }

  /**
   * Keeps a message, unless it is being shown to somebody who is there to see it. The record is saved later
   * than the message was printed, in the commit that forgets the one in the inbox: a process that is killed
   * before that leaves the other record, so a message may come twice, but never not at all.
   */
  keep(now: Millis, message: ValueOf<typeof KEPT>, isShown: boolean): void {
    if ((this.#isAttended && isShown) || !this.#effects.keeps) return;
    const kept = counted(message);
    while (this.#kept.size >= KEPT_MESSAGES || this.#bytes + kept.bytes > KEPT_BYTES) this.#dropOne(now);
    this.#kept.setLater(now, ++this.#lastNumber, kept);
    this.#count(kept, 1);
  }

  /** Shows a person everything that was kept. It is forgotten after it was shown. */
  show(now: Millis): void {
    if (!this.#isAttended || this.#kept.size === 0) return;
    this.#effects.notice({ type: "whileAway", dropped: this.#lastNumber - this.#kept.size });
    for (const [number, kept] of [...this.#kept.entries()]) {
      const { bytes: _, channel, like: [like], ...message } = kept;
      const shown = { ...message, like, dated: true };
      this.#effects.notice({ type: channel ? "channelReceived" : "directReceived", message: shown });
      this.#kept.deleteLater(now, number);
      this.#count(kept, -1);
    }
    this.#lastNumber = 0;
  }

  /** Drops the oldest message of the sender who has the most here: nobody can push out what others wrote. */
  #dropOne(now: Millis): void {
    if (!this.#saidFull) this.#effects.notice({ type: "keptFull" });
    this.#saidFull = true;
    let [most, sender] = [-1, ""];
    for (const [name, bytes] of this.#bytesOf) if (bytes > most) [most, sender] = [bytes, name];
    const [[oldest, message]] = this.#kept.group(sender).entries().take(1).toArray() as [[number, Kept]];
    this.#kept.deleteLater(now, oldest);
    this.#count(message, -1);
  }

  /** Adds a message to the sums (1), or takes it out of them (-1). */
  #count({ from, bytes }: Kept, sign: 1 | -1): void {
    const name = nickKey(from);
    const ofSender = (this.#bytesOf.get(name) ?? 0) + sign * bytes;
    if (ofSender > 0) this.#bytesOf.set(name, ofSender);
    else this.#bytesOf.delete(name);
    this.#bytes += sign * bytes;
  }
}

function counted(message: ValueOf<typeof KEPT>): Kept {
  return { ...message, bytes: utf8Length(message.text) + KEPT_MORE_BYTES };
}
