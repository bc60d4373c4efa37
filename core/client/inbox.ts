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
import { DurableMap } from "../durable/durable_map.ts";
import type { Effects } from "../durable/effects.ts";
import { INBOX, SHOWN, type ValueOf } from "../durable/records.ts";
import { SeenIds } from "../durable/seen_ids.ts";
import { NO_HASH } from "../messages/identity.ts";
import {
  idOf,
  isBefore,
  isSameId,
  type MessageId,
  type MessageIdParts,
  NO_MESSAGE,
  partsOf,
} from "../messages/message_id.ts";
import { type Nick, type NickKey, nickKey } from "../messages/nick.ts";
import type { Floods } from "./floods.ts";
import { LastMessage, lastMessages, NO_LAST_MESSAGE } from "./last_message.ts";
import type { JournalEvent } from "../notice.ts";
import type { Journal } from "./journal.ts";
import type { LookAlikes } from "./look_alikes.ts";

/** A message that has come. */
export interface IncomingMessage extends MessageIdParts {
  /** The sender's message before it; `undefined` if it has the same prefix and the sequence before. */
  readonly after: MessageId | undefined;
  /** The hash of that message's text. Only letters say it, and not all of them. */
  readonly afterHash: string | undefined;
  readonly channel: boolean;
  /** We have a channel key, and this channel message is not sealed. */
  readonly isOpen: boolean;
  readonly from: Nick;
  readonly sentAt: Millis;
  /** The line shows the date: the message waited at the server, or is late. */
  readonly dated: boolean;
  readonly text: string;
}

export interface InboxOptions {
  readonly effects: Effects;
  readonly primitives: Primitives;
  readonly journal: Journal;
  readonly floods: Floods;
  readonly lookAlikes: LookAlikes;
}

/** The place of a message that is shown: too late for its own, or behind one that has not come. */
interface How {
  readonly late: boolean;
  readonly isBehindGap?: boolean;
}

/** The name that tells a message from all others: two senders may use the same id. */
type Name = Pick<IncomingMessage, "channel" | "from" | "prefix" | "sequence">;

export class Inbox {
  readonly #effects: Effects;
  readonly #seen: SeenIds;
  readonly #primitives: Primitives;
  readonly #journal: Journal;
  readonly #floods: Floods;
  readonly #lookAlikes: LookAlikes;
  /** The last message of each sender that was shown in its place: late ones do not count. */
  readonly #lastShown: DurableMap<NickKey, LastMessage>;
  /**
   * The messages that are not shown yet, by their numbers of arrival, which name their records. They wait for
   * the one before them, or the last process has left them.
   */
  readonly #held: DurableMap<number, IncomingMessage>;
  /** When a held message is shown although the one before it is missing. */
  readonly #timers = new Timers<number>();
  /** The number of the last arrival. Numbers go on from the records of the last process. */
  #arrivals: number;

  constructor({ effects, floods, journal, lookAlikes, primitives }: InboxOptions) {
    this.#lookAlikes = lookAlikes;
    this.#effects = effects;
    this.#primitives = primitives;
    this.#journal = journal;
    this.#floods = floods;
    this.#seen = new SeenIds(effects);
    this.#lastShown = new DurableMap(effects, lastMessages(primitives, SHOWN));
    this.#held = new DurableMap(effects, {
      kind: INBOX,
      nameOf: (arrival: number) => arrival,
      entryOf: (name, { after: [after], afterHash: [afterHash], ...rest }) => {
        return [Number(name), { ...rest, after, afterHash }];
      },
      recordOf,
      groupOf: (_arrival, { from }) => nickKey(from),
    });
    this.#arrivals = [...this.#held.entries()].at(-1)?.[0] ?? 0;
  }

  get deadline(): Millis {
    return this.#timers.deadline;
  }

  /** The last message of a sender that was shown in its place. */
  lastShown(from: Nick): LastMessage {
    return this.#lastShown.get(nickKey(from)) ?? NO_LAST_MESSAGE;
  }

  /** True if the message has come before, whether or not it was shown. */
  hasSeen(message: Name): boolean {
    return this.#seen.hasSeen(seenAs(message), message);
  }

  /** True if nobody can tell whether the message has come before, because ids of that time are forgotten. */
  isForgotten(message: Name): boolean {
    return this.#seen.isForgotten(seenAs(message), message);
  }

  /**
   * Shows what came while nobody was at the terminal, to a person, and the messages that the last process
   * saved and may not have shown.
   */
  showUnshown(now: Millis): void {
    this.showJournal(now);
    const held = [...this.#held.entries()];
    for (const [, message] of held) {
      // Ids are saved a little later than the messages themselves.
      if (!this.hasSeen(message)) this.markSeen(now, message);
    }
    for (const [arrival, message] of held) {
      if (this.#held.get(arrival) === undefined) continue;
      const place = this.#placeOf(message);
      if (place === "early") this.#hold(now, arrival, message);
      else this.#showHeld(now, arrival, message, { late: place === "late" });
    }
  }

  /** Shows what stands in the journal and whoever is there has not been shown. */
  showJournal(now: Millis): void {
    const { printed, unshown } = this.#journal.takeUnshown(now);
    const { events, missed: dropped } = printed;
    if (events.length > 0 || dropped > 0) this.#effects.notice({ type: "whileAway", dropped });
    for (const event of events) this.#tell({ ...event, dated: true });
    for (const event of unshown) {
      this.#noteShown(now, event);
      this.#tell(event);
    }
  }

  /** Takes a message: it is saved now, and shown now or later. One that was seen before is passed over. */
  accept(now: Millis, message: IncomingMessage): void {
    if (this.hasSeen(message)) return;
    this.markSeen(now, message);
    const place = this.#placeOf(message);
    if (place !== "early") return this.#show(now, message, { late: place === "late" });
    const arrival = ++this.#arrivals;
    this.#held.set(arrival, message);
    this.#hold(now, arrival, message);
  }

  /** Makes a message count as seen. */
  markSeen(now: Millis, message: Name): void {
    this.#seen.add(now, seenAs(message), message);
  }

  /** Shows the messages that have waited long enough for the one before them. */
  runTimers(now: Millis): void {
    for (let arrival; (arrival = this.#timers.next(now)) !== undefined;) {
      // Older messages of the sender may be held behind gaps of their own, and are shown first.
      for (let held; (held = this.#held.get(arrival)) !== undefined;) this.#showBehindGap(now, held.from);
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
   * Holds a message whose turn has not come. If too many are held then, the oldest of its sender's is shown
   * behind its gap.
   */
  #hold(now: Millis, arrival: number, message: IncomingMessage): void {
    this.#timers.set(arrival, now + HELD_MS);
    const { size } = this.#held.group(nickKey(message.from));
    if (size > HELD_PER_SENDER_MESSAGES || this.#held.size > HELD_MESSAGES) {
      this.#showBehindGap(now, message.from);
    }
  }

  /**
   * The place of a message among its sender's: it is next, or too early, or too late to stand in its place.
   */
  #placeOf(message: IncomingMessage): "next" | "early" | "late" {
    if (message.channel) return "next";
    const { from } = message;
    const last = this.#lastShown.get(nickKey(from));
    if (last !== undefined) {
      if (follows(message, last)) return "next";
      if (isBefore(idOf(message), last.id)) return "late";
    }
    const after = beforeOf(message);
    // A hostile sender may name the message itself, which waits for nothing either.
    const waitsForNothing = after === NO_MESSAGE || after === idOf(message);
    return waitsForNothing || this.#wasShown(from, partsOf(after)) ? "next" : "early";
  }

  /** True if a message was seen and is not held any more. */
  #wasShown(from: Nick, id: MessageIdParts): boolean {
    if (!this.#seen.hasSeen(from, id)) return false;
    return ![...this.#held.group(nickKey(from)).values()].some((held) => !held.channel && isSameId(held, id));
  }

  /**
   * Reports a gap, and shows the message behind it with all that follow on it. If several messages of the
   * sender stand behind gaps, the one that was written first is shown.
   */
  #showBehindGap(now: Millis, from: Nick): void {
    const [first, ...others] = this.#held.group(nickKey(from));
    let [arrival, message] = first!;
    for (const other of others) {
      if (isBefore(idOf(other[1]), idOf(message))) [arrival, message] = other;
    }
    this.#showHeld(now, arrival, message, { late: false, isBehindGap: true });
  }

  /** Shows a message that is held. */
  #showHeld(now: Millis, arrival: number, message: IncomingMessage, how: How): void {
    // The journal has it from now on.
    this.#held.delete(arrival);
    this.#timers.clear(arrival);
    this.#show(now, message, how);
  }

  /** Shows a message, and then those that have waited for it. */
  #show(now: Millis, message: IncomingMessage, { late, isBehindGap = false }: How): void {
    const { channel, isOpen, from, prefix, sequence, sentAt, text } = message;
    const last = this.#lastShown.get(nickKey(from));
    // The message before this one was shown with another text than its sender gave to that id.
    const isExchanged = !channel && last !== undefined && follows(message, last) &&
      this.#isExchanged(message, last);
    const like = this.#lookAlikes.likeOf(from)?.nick;
    const dated = message.dated || late;
    const shown = { channel, from, text, sentAt, dated, isOpen, like, isBehindGap, isExchanged };
    // Mail that has waited is no flood: a mailbox holds no more of one sender than its share.
    const isFolded = !message.dated && this.#floods.folds(now, from, text);
    const number = this.#journal.add(now, { ...shown, prefix, sequence }, isFolded);
    const event = { ...shown, number, id: idOf(message) };
    if (isFolded) this.#effects.notice({ type: "foldedMessage", message: event });
    else this.#tell(event);
    if (channel) return;
    const end = LastMessage.from(message);
    if (!late) this.#lastShown.setLater(now, nickKey(from), end);
    const ofSender = this.#held.group(nickKey(from));
    if (ofSender.size === 0) return;
    for (const [number, follower] of [...ofSender].filter(([, held]) => follows(held, end))) {
      if (this.#held.get(number) === undefined) continue;
      this.#showHeld(now, number, follower, { late: this.#placeOf(follower) === "late" });
    }
  }

  /** Shows a message that stands in the journal. */
  #tell(message: JournalEvent): void {
    const { channel, from, isBehindGap, isExchanged } = message;
    if (isBehindGap) this.#effects.notice({ type: "missing", from });
    if (isExchanged) this.#effects.notice({ type: "exchanged", from });
    this.#effects.notice({ type: channel ? "channelReceived" : "directReceived", message });
  }

  /** Notes what the last process may have failed to save, because it saves that later than the message. */
  #noteShown(now: Millis, { channel, dated, from, id, text }: JournalEvent): void {
    const name = { channel, from, ...partsOf(id) };
    if (!this.hasSeen(name)) this.markSeen(now, name);
    if (channel || dated) return;
    const last = this.#lastShown.get(nickKey(from));
    if (last !== undefined && isBefore(id, last.id)) return;
    this.#lastShown.setLater(now, nickKey(from), LastMessage.from({ ...name, text }));
  }

  /** True if the text that was shown for the message before is known to be another one than its sender's. */
  #isExchanged({ afterHash }: IncomingMessage, shown: LastMessage): boolean {
    // Direct messages come without a hash, and none is made for them.
    if (afterHash === undefined || afterHash === NO_HASH) return false;
    const hash = shown.hash(this.#primitives);
    return hash !== NO_HASH && hash !== afterHash;
  }
}

function recordOf({ after, afterHash, ...rest }: IncomingMessage): ValueOf<typeof INBOX> {
  return {
    ...rest,
    after: after === undefined ? [] : [after],
    afterHash: afterHash === undefined ? [] : [afterHash],
  };
}

/** The id of the message that this one names as the one before it. */
function beforeOf({ after, prefix, sequence }: IncomingMessage): MessageId {
  return after ?? idOf({ prefix, sequence: sequence - 1 });
}

/** True if a message names this one as the one before it. */
function follows(message: IncomingMessage, before: LastMessage): boolean {
  return message.after === undefined ? before.isJustBefore(message) : message.after === before.id;
}

/**
 * The name under which ids of a sender are remembered. Everybody sees the ids of posts, so they are kept
 * apart from those of direct messages. No nick has a `#`.
 */
function seenAs({ channel, from }: Name): string {
  return channel ? `#${from}` : from;
}
