/**
 * The ACK tracker: our messages that wait for a receipt, by id. It remembers them, on disk as well, and says
 * when one is due; it sends nothing itself (docs/protocol.md, section 6).
 *
 *     queued --500 ms--> also deposited --stored--> stored --collected--> gone
 *        \----------------receipt-------------------/-----receipt-------> gone
 *
 * A message that its recipient could not open goes back to queued, once.
 */
import { remember } from "../base/bounded_map.ts";
import type { Primitives } from "../base/crypto.ts";
import {
  ACK_TIMEOUT_MS,
  MAIL_LIFE_MS,
  MESSAGE_LIFE_MS,
  MESSAGE_MOST_MS,
  OUTBOX_BYTES,
  OUTBOX_MESSAGES,
  RETRY_FIRST_MS,
  RETRY_MAXIMUM_MS,
  TOO_OLD_AFTER_TRIES,
} from "../base/limits.ts";
import type { Entries } from "../base/renewed_map.ts";
import { Timers } from "../base/timers.ts";
import type { Millis } from "../base/units.ts";
import { DurableMap } from "../durable/durable_map.ts";
import type { Effects } from "../durable/effects.ts";
import { SENT } from "../durable/records.ts";
import type { WallClock } from "../durable/wall_clock.ts";
import type { SealedLetter } from "../messages/letter.ts";
import { isBefore, type MessageId, type MessageIdParts } from "../messages/message_id.ts";
import { type Nick, type NickKey, nickKey } from "../messages/nick.ts";
import { LastMessage, lastMessages, NO_LAST_MESSAGE } from "./last_message.ts";
import { NOTHING, Outbox, OutgoingMessage } from "./outbox.ts";

export class AckTracker {
  readonly #outbox: Outbox;
  /** The last message to each recipient that has not failed. */
  readonly #lastSent: DurableMap<NickKey, LastMessage>;
  /** For each message that has failed in this process the one that was sent before it. */
  readonly #failedAfter = new Map<MessageId, LastMessage>();
  readonly #timers = new Timers<OutgoingMessage>();
  readonly #clock: WallClock;

  constructor(effects: Effects, primitives: Primitives, clock: WallClock) {
    this.#clock = clock;
    this.#outbox = new Outbox(effects);
    this.#lastSent = new DurableMap(effects, lastMessages(primitives, SENT));
    this.#noteNewest();
  }

  /** The record of the last message is saved a little later, so the outbox may hold a newer message. */
  #noteNewest(): void {
    const newest = new Map<NickKey, OutgoingMessage>();
    for (const message of this.#outbox.messages) {
      if (message.to === undefined) continue;
      const known = newest.get(nickKey(message.to));
      if (known === undefined || isBefore(known.id, message.id)) newest.set(nickKey(message.to), message);
    }
    for (const [key, message] of newest) {
      const last = this.#lastSent.get(key);
      if (last !== undefined && isBefore(message.id, last.id)) continue;
      this.#lastSent.setUnsaved(key, LastMessage.from(message));
    }
  }

  get deadline(): Millis {
    return this.#timers.deadline;
  }

  /** The number of messages that are neither delivered nor stored. */
  get waiting(): number {
    return this.#outbox.waiting;
  }

  /** The same for one recipient. */
  waitingFor(to: Nick): number {
    return this.#outbox.waitingFor(to);
  }

  /** All recipients of such messages. The channel is one of them. */
  get recipients(): Iterable<NickKey> {
    return this.#outbox.recipients;
  }

  /** True if there is no room for one more text of so many bytes. */
  isFull(bytes: number): boolean {
    return this.waiting >= OUTBOX_MESSAGES || this.#outbox.bytes + bytes > OUTBOX_BYTES;
  }

  /**
   * Stored messages that the server must have dropped: it got them while they were tried here, and has kept
   * them for 30 days.
   */
  expired(now: Millis): OutgoingMessage[] {
    const life = MESSAGE_MOST_MS + MAIL_LIFE_MS;
    return [...this.#outbox.messages].filter(({ stored, writtenAt }) => stored && writtenAt + life <= now);
  }

  /** False for a message that was delivered or has failed. */
  has(message: OutgoingMessage): boolean {
    return this.#outbox.has(message);
  }

  messageWith(id: MessageId): OutgoingMessage | undefined {
    return this.#outbox.messageWith(id);
  }

  /** All messages that are kept, oldest first. */
  get all(): Iterable<OutgoingMessage> {
    return this.#outbox.messages;
  }

  /** The messages that are neither delivered nor stored, oldest first: to one recipient, or all of them. */
  unstored(to?: Nick): OutgoingMessage[] {
    const messages = to === undefined ? this.#outbox.messages : this.#outbox.messagesTo(to);
    return [...messages].filter(({ stored }) => !stored);
  }

  /** All messages to a recipient, stored or not, oldest first. */
  messagesTo(to: Nick): OutgoingMessage[] {
    return [...this.#outbox.messagesTo(to)];
  }

  /** The oldest post that the server does not have. Posts leave one after the other, in order. */
  get nextPost(): OutgoingMessage | undefined {
    const [first] = this.#outbox.messagesTo(undefined);
    return first;
  }

  /** The messages whose ids have this prefix, by sequence. */
  messagesWith(prefix: string): Entries<number, OutgoingMessage> {
    return this.#outbox.messagesWith(prefix);
  }

  /** Adds a new message of the user's. Its 500 ms begin now. It is not saved before `save` or `sealed`. */
  add(now: Millis, id: MessageIdParts, to: Nick | undefined, text: string): OutgoingMessage {
    const message = new OutgoingMessage(id, {
      to,
      writtenAt: Math.floor(now),
      sentAt: Math.floor(this.#clock.at(now)),
      text,
    });
    message.unsettled = true;
    if (to !== undefined) {
      message.before = this.#lastSent.get(nickKey(to)) ?? NO_LAST_MESSAGE;
      this.#setLastSent(now, to, LastMessage.from(message));
    }
    this.#outbox.add(message);
    this.#timers.set(message, now + ACK_TIMEOUT_MS);
    return message;
  }

  /** Stores the letter or post that every later transmission of this message to the server sends. */
  sealed(message: OutgoingMessage, sealing: Pick<SealedLetter, "body" | "ephemeral" | "proof">): void {
    const { body, ephemeral, proof } = sealing;
    Object.assign(message, { body, ephemeral, proof });
    this.save(message);
  }

  /**
   * Another identity holds the nick now and knows nothing of earlier messages. Those that wait are to be
   * sealed again, and the first of them names no message before it.
   */
  beginAnew(now: Millis, to: Nick): void {
    let last = NO_LAST_MESSAGE;
    for (const message of this.unstored(to)) {
      message.unseal(0);
      message.before = last;
      message.wentTo = undefined;
      this.save(message);
      last = LastMessage.from(message);
    }
    this.#setLastSent(now, to, last);
  }

  /** The recipient could not open the letter: the message begins anew, once, as edition 1. */
  sealAgain(now: Millis, message: OutgoingMessage): void {
    this.#outbox.setStored(message, false);
    message.unseal(1);
    this.save(message);
    this.restart(now, message);
    // The recipient has answered, so the line about a missing answer would be wrong.
    message.unanswered = true;
  }

  /** Puts a message off that the server is too busy to take. */
  delay(message: OutgoingMessage, until: Millis): void {
    this.#timers.set(message, until);
  }

  /** The recipient or the server is back: the 500 ms and the tries begin anew. */
  restart(now: Millis, message: OutgoingMessage): void {
    message.unanswered = false;
    message.tries = 0;
    this.#timers.set(message, now + ACK_TIMEOUT_MS);
  }

  /** A message whose time has come, if there is one. It is due again later, less and less often. */
  takeDue(now: Millis): OutgoingMessage | undefined {
    for (let message; (message = this.#timers.next(now)) !== undefined;) {
      if (message.stored || !this.has(message)) continue;
      this.#timers.set(message, now + retryAfter(message.tries++));
      return message;
    }
    return undefined;
  }

  /** Puts a message off whose 500 ms have not begun yet. */
  postpone(message: OutgoingMessage, until: Millis): void {
    message.tries = 0;
    this.#timers.set(message, until);
  }

  /**
   * True if the message has been tried for 7 days. The clock at a start may be wrong, so one that seems to
   * have become too old since the last process is tried some more.
   */
  isTooOld(now: Millis, { tries, writtenAt }: OutgoingMessage): boolean {
    const age = now - writtenAt;
    return age >= MESSAGE_MOST_MS || (age >= MESSAGE_LIFE_MS && tries >= TOO_OLD_AFTER_TRIES);
  }

  /**
   * The recipient has the message; for a post, the server has it. It is forgotten here at once, and on disk a
   * little later.
   */
  delivered(now: Millis, message: OutgoingMessage): void {
    this.#timers.clear(message);
    this.#outbox.deleteLater(now, message);
  }

  /**
   * The server has the letter. The text is kept until the recipient has collected it, in case it must be
   * sealed again.
   */
  stored(message: OutgoingMessage): void {
    this.#outbox.setStored(message, true);
    message.body = NOTHING;
    this.#timers.clear(message);
    this.save(message);
  }

  /** The message will never arrive, so nobody must wait for it: the next message names the one before it. */
  failed(now: Millis, message: OutgoingMessage): void {
    this.forget(message);
    if (message.to === undefined) return;
    remember(this.#failedAfter, message.id, message.before, OUTBOX_MESSAGES);
    const last = this.#lastSent.get(nickKey(message.to));
    if (last?.id === message.id) this.#setLastSent(now, message.to, this.#notFailed(last));
  }

  /** This message, or the newest one before it that has not failed. */
  #notFailed(sent: LastMessage): LastMessage {
    let newest = sent;
    for (let before; (before = this.#failedAfter.get(newest.id)) !== undefined;) newest = before;
    return newest;
  }

  /** Forgets a message, here and on disk at once. */
  forget(message: OutgoingMessage): void {
    this.#timers.clear(message);
    this.#outbox.delete(message);
  }

  /** Forgets the record of a message that is gone here already (`delivered`), and on disk perhaps not yet. */
  forgetRecord(id: MessageId): void {
    this.#outbox.forgetRecord(id);
  }

  #setLastSent(now: Millis, to: Nick, sent: LastMessage): void {
    this.#lastSent.setLater(now, nickKey(to), sent);
  }

  /** Saves a message as it is now. */
  save(message: OutgoingMessage): void {
    this.#outbox.save(message);
  }
}

/** The wait before the next try: it doubles with each, up to a maximum. */
function retryAfter(tries: number): Millis {
  return Math.min(RETRY_FIRST_MS * 2 ** tries, RETRY_MAXIMUM_MS);
}
