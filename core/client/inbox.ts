/**
 * What others wrote to us: saved first, shown once, in order. A message is shown when the one that its sender
 * wrote before it was shown; otherwise it is held, 5 s at most. Records of what may not have been shown stay on
 * disk and are shown at the next start.
 */
import type { Primitives } from "../base/crypto.ts";
import { HELD_MESSAGES, HELD_MS, HELD_PER_SENDER_MESSAGES, SEEN_LIFE_MS } from "../base/limits.ts";
import { Timers } from "../base/timers.ts";
import type { Millis } from "../base/units.ts";
import { byNick, DurableMap } from "../durable/durable_map.ts";
import type { Effects } from "../durable/effects.ts";
import { INBOX, SHOWN, type ValueOf } from "../durable/records.ts";
import { SeenIds } from "../durable/seen_ids.ts";
import { NO_HASH, textHash } from "../messages/identity.ts";
import { isBefore, type MessageId, NO_MESSAGE } from "../messages/message_id.ts";
import { type Nick, type NickKey, nickKey } from "../messages/nick.ts";

export type IncomingMessage = ValueOf<typeof INBOX>;

interface Held {
  readonly message: IncomingMessage;
  readonly arrival: number;
}

export class Inbox {
  readonly #effects: Effects;
  readonly #seen: SeenIds;
  readonly #primitives: Primitives;
  readonly #lastShown: DurableMap<NickKey, ValueOf<typeof SHOWN>>;
  /**
   * Messages that were not shown, by sender and id, in order of arrival: they wait for the one before them, or the
   * last process has left them.
   */
  readonly #held: DurableMap<string, Held>;
  readonly #timers = new Timers<string>();
  #arrivals: number;

  constructor(effects: Effects, primitives: Primitives) {
    this.#effects = effects;
    this.#primitives = primitives;
    this.#seen = new SeenIds(effects);
    this.#lastShown = new DurableMap(effects, byNick(SHOWN));
    this.#held = new DurableMap(effects, {
      kind: INBOX,
      nameOf: (_name: string, { arrival }: Held) => arrival,
      entryOf: (name, message) => [nameOf(message), { message, arrival: Number(name) }],
      recordOf: ({ message }) => message,
      groupOf: (_name, { message }) => nickKey(message.from),
    });
    this.#arrivals = [...this.#held.values()].at(-1)?.arrival ?? 0;
  }

  get deadline(): Millis {
    return this.#timers.deadline;
  }

  /** The last message of a sender that stands in its place: its id, and the hash of its text. */
  lastShown(from: Nick): ValueOf<typeof SHOWN> {
    return this.#lastShown.get(nickKey(from)) ?? { id: NO_MESSAGE, hash: NO_HASH };
  }

  hasSeen(message: Pick<IncomingMessage, "channel" | "from" | "id">): boolean {
    return this.#seen.hasSeen(seenAs(message), message.id);
  }

  /** Whether a message may have been seen so long ago, behind so many gaps, that nobody knows. */
  isForgotten(message: Pick<IncomingMessage, "channel" | "from" | "id">): boolean {
    return this.#seen.isForgotten(seenAs(message), message.id);
  }

  /** Shows what the last process had saved and perhaps not shown. */
  showUnshown(now: Millis): void {
    const unshown = [...this.#held.entries()];
    for (const [, { message }] of unshown) {
      if (!this.hasSeen(message)) this.#seen.add(now, seenAs(message), message.id);
    }
    for (const [name, held] of unshown) if (this.#held.get(name) === held) this.#showOrHold(now, held);
  }

  /** Takes a message: saved now, shown now or later. One that was seen before is passed over. */
  accept(now: Millis, message: IncomingMessage): void {
    if (this.hasSeen(message)) return;
    this.#seen.add(now, seenAs(message), message.id);
    const held = { message, arrival: ++this.#arrivals };
    this.#held.set(nameOf(message), held);
    this.#showOrHold(now, held);
  }

  /** A message that is passed over from now on. */
  markSeen(now: Millis, message: Pick<IncomingMessage, "channel" | "from" | "id">): void {
    this.#seen.add(now, seenAs(message), message.id);
  }

  /** Messages that have waited long enough for the one before them. */
  runTimers(now: Millis): void {
    for (let name = this.#timers.next(now); name !== undefined; name = this.#timers.next(now)) {
      // There may be other gaps before it.
      for (let held; (held = this.#held.get(name)) !== undefined;) this.#showBehindGap(now, held);
    }
  }

  /** Forgets ids; not those under a prekey that we still have, for who keeps a letter could hand it over once more. */
  forgetOldIds(now: Millis, oldestPrekey: Millis): void {
    this.#seen.forgetOldIds(Math.min(now - SEEN_LIFE_MS, oldestPrekey));
  }

  #showOrHold(now: Millis, held: Held): void {
    const { message } = held;
    const place = message.channel ? "next" : this.#placeOf(message);
    if (place !== "early") return this.#show(now, held, place === "late");
    this.#timers.set(nameOf(message), now + HELD_MS);
    const ofSender = this.#held.group(nickKey(message.from));
    if (ofSender.size > HELD_PER_SENDER_MESSAGES || this.#held.size > HELD_MESSAGES) {
      this.#showBehindGap(now, ofSender.values().next().value!);
    }
  }

  /** Where a message stands among its sender's: the next one, too early, or too late to stand in its place. */
  #placeOf({ id, after, from }: IncomingMessage): "next" | "early" | "late" {
    const last = this.#lastShown.get(nickKey(from))?.id;
    if (after === last) return "next";
    if (last !== undefined && isBefore(id, last)) return "late";
    const waitsForNothing = after === NO_MESSAGE || after === id;
    return waitsForNothing || this.#wasShown(from, after) ? "next" : "early";
  }

  #wasShown(from: Nick, id: MessageId): boolean {
    return this.#seen.hasSeen(from, id) && this.#held.get(nameOf({ channel: false, from, id })) === undefined;
  }

  /**
   * Tells of the gap, and shows what stands right behind it; all that follows on that is shown with it. Of
   * several messages behind gaps the one that was written first comes first.
   */
  #showBehindGap(now: Millis, waiting: Held): void {
    let held = waiting;
    for (const other of this.#held.group(nickKey(waiting.message.from)).values()) {
      if (isBefore(other.message.id, held.message.id)) held = other;
    }
    this.#effects.notice({ type: "missing", from: held.message.from });
    this.#show(now, held, false);
  }

  #show(now: Millis, { message }: Held, late: boolean): void {
    const { id, channel, isOpen, from, sentAt, text } = message;
    this.#held.deleteLater(now, nameOf(message));
    this.#timers.clear(nameOf(message));
    const last = this.#lastShown.get(nickKey(from));
    if (!channel && last !== undefined && last.id === message.after && last.hash !== message.afterHash) {
      this.#effects.notice({ type: "exchanged", from });
    }
    const shown = { from, text, sentAt, dated: message.dated || late, isOpen };
    this.#effects.notice({ type: channel ? "channelReceived" : "directReceived", message: shown });
    if (channel) return;
    if (!late) {
      const end = { id, hash: textHash(this.#primitives, id, text) };
      this.#lastShown.setLater(now, nickKey(from), end);
    }
    const ofSender = this.#held.group(nickKey(from)).values();
    for (const follower of [...ofSender].filter(({ message: { after } }) => after === id)) {
      if (this.#held.get(nameOf(follower.message)) === undefined) continue;
      this.#show(now, follower, this.#placeOf(follower.message) === "late");
    }
  }
}

/**
 * Under what name an id is remembered: everybody sees the ids of channel messages, so they are kept apart from
 * those of direct ones. No nick has a `#`.
 */
function seenAs({ channel, from }: Pick<IncomingMessage, "channel" | "from">): string {
  return channel ? `#${from}` : from;
}

/** An id is its sender's: others may use the same. */
function nameOf(message: Pick<IncomingMessage, "channel" | "from" | "id">): string {
  return `${nickKey(seenAs(message))} ${message.id}`;
}
