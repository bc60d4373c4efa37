/**
 * The inbox: messages of others are saved first, shown once, and shown in order (docs/protocol.md, section
 * 6). A message is shown when the one that its sender wrote before it was shown; otherwise it is held, for 5
 * s at most. Its record stays on disk until it was shown. The next start shows what the last one may not have
 * shown.
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

/** A message as its record has it. */
export type IncomingMessage = ValueOf<typeof INBOX>;

/** A message that is not shown yet. Its number of arrival is the name of its record. */
interface Held {
  readonly message: IncomingMessage;
  readonly arrival: number;
}

export class Inbox {
  readonly #effects: Effects;
  readonly #seen: SeenIds;
  readonly #primitives: Primitives;
  /** The last message of each sender that was shown in its place: late ones do not count. */
  readonly #lastShown: DurableMap<NickKey, ValueOf<typeof SHOWN>>;
  /**
   * The messages that are not shown yet, by sender and id, in the order of their arrival. They wait for the
   * one before them, or the last process has left them.
   */
  readonly #held: DurableMap<string, Held>;
  /** When a held message is shown although the one before it is missing. */
  readonly #timers = new Timers<string>();
  /** The number of the last arrival. Numbers go on from the records of the last process. */
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

  /** The last message of a sender that was shown in its place, and the hash of its text. */
  lastShown(from: Nick): ValueOf<typeof SHOWN> {
    return this.#lastShown.get(nickKey(from)) ?? { id: NO_MESSAGE, hash: NO_HASH };
  }

  /** True if the message has come before, whether or not it was shown. */
  hasSeen(message: Pick<IncomingMessage, "channel" | "from" | "id">): boolean {
    return this.#seen.hasSeen(seenAs(message), message.id);
  }

  /** True if nobody can tell whether the message has come before, because ids of that time are forgotten. */
  isForgotten(message: Pick<IncomingMessage, "channel" | "from" | "id">): boolean {
    return this.#seen.isForgotten(seenAs(message), message.id);
  }

  /** Shows the messages that the last process saved and may not have shown. */
  showUnshown(now: Millis): void {
    const unshown = [...this.#held.entries()];
    for (const [, { message }] of unshown) {
      // Ids are saved a little later than the messages themselves.
      if (!this.hasSeen(message)) this.#seen.add(now, seenAs(message), message.id);
    }
    for (const [name, held] of unshown) if (this.#held.get(name) === held) this.#showOrHold(now, held);
  }

  /** Takes a message: it is saved now, and shown now or later. One that was seen before is passed over. */
  accept(now: Millis, message: IncomingMessage): void {
    if (this.hasSeen(message)) return;
    this.#seen.add(now, seenAs(message), message.id);
    const held = { message, arrival: ++this.#arrivals };
    this.#held.set(nameOf(message), held);
    this.#showOrHold(now, held);
  }

  /** Makes a message count as seen that is not to be shown. */
  markSeen(now: Millis, message: Pick<IncomingMessage, "channel" | "from" | "id">): void {
    this.#seen.add(now, seenAs(message), message.id);
  }

  /** Shows the messages that have waited long enough for the one before them. */
  runTimers(now: Millis): void {
    for (let name = this.#timers.next(now); name !== undefined; name = this.#timers.next(now)) {
      // Older messages of the sender may be held behind gaps of their own, and are shown first.
      for (let held; (held = this.#held.get(name)) !== undefined;) this.#showBehindGap(now, held);
    }
  }

  /**
   * Forgets ids that are older than 45 days and older than our oldest prekey: somebody who kept a letter
   * under one of our prekeys could hand it over once more (X3DH section 4.2).
   */
  forgetOldIds(now: Millis, oldestPrekey: Millis): void {
    this.#seen.forgetOldIds(Math.min(now - SEEN_LIFE_MS, oldestPrekey));
  }

  /**
   * Shows a message whose turn has come, and holds any other. If too many are held then, the oldest of its
   * sender's is shown behind its gap.
   */
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

  /**
   * The place of a message among its sender's: it is next, or too early, or too late to stand in its place.
   */
  #placeOf({ id, after, from }: IncomingMessage): "next" | "early" | "late" {
    const last = this.#lastShown.get(nickKey(from))?.id;
    if (after === last) return "next";
    if (last !== undefined && isBefore(id, last)) return "late";
    // A hostile sender may name the message itself, which waits for nothing either.
    const waitsForNothing = after === NO_MESSAGE || after === id;
    return waitsForNothing || this.#wasShown(from, after) ? "next" : "early";
  }

  /** True if a message was seen and is not held any more. */
  #wasShown(from: Nick, id: MessageId): boolean {
    return this.#seen.hasSeen(from, id) && this.#held.get(nameOf({ channel: false, from, id })) === undefined;
  }

  /**
   * Reports a gap, and shows the message behind it with all that follow on it. If several messages of the
   * sender stand behind gaps, the one that was written first is shown.
   */
  #showBehindGap(now: Millis, waiting: Held): void {
    let held = waiting;
    for (const other of this.#held.group(nickKey(waiting.message.from)).values()) {
      if (isBefore(other.message.id, held.message.id)) held = other;
    }
    this.#effects.notice({ type: "missing", from: held.message.from });
    this.#show(now, held, false);
  }

  /** Shows a message, and then those that have waited for it. */
  #show(now: Millis, { message }: Held, late: boolean): void {
    const { id, channel, isOpen, from, sentAt, text } = message;
    this.#held.deleteLater(now, nameOf(message));
    this.#timers.clear(nameOf(message));
    const last = this.#lastShown.get(nickKey(from));
    // The message before this one was shown with another text than its sender gave to that id.
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
 * The name under which ids of a sender are remembered. Everybody sees the ids of posts, so they are kept
 * apart from those of direct messages. No nick has a `#`.
 */
function seenAs({ channel, from }: Pick<IncomingMessage, "channel" | "from">): string {
  return channel ? `#${from}` : from;
}

/** The name of a message. The sender belongs to it, because two senders may use the same id. */
function nameOf(message: Pick<IncomingMessage, "channel" | "from" | "id">): string {
  return `${nickKey(seenAs(message))} ${message.id}`;
}
