/**
 * The ACK tracker: our messages that wait for a receipt, by id. It remembers (on disk as well) and says when
 * something is due; it sends nothing itself.
 *
 *     queued --500 ms--> also deposited --stored--> stored --collected--> gone
 *        \----------------receipt-------------------/-----receipt-------> gone
 *
 * What its recipient could not open goes back to queued, once.
 */
import { remember } from "../base/bounded_map.ts";
import type { Primitives } from "../base/crypto.ts";
import {
  ACK_TIMEOUT_MS,
  MAIL_LIFE_MS,
  MESSAGE_LIFE_MS,
  OUTBOX_BYTES,
  OUTBOX_MESSAGES,
  RETRY_FIRST_MS,
  RETRY_MAXIMUM_MS,
} from "../base/limits.ts";
import { Timers } from "../base/timers.ts";
import type { Millis } from "../base/units.ts";
import { byNick, DurableMap } from "../durable/durable_map.ts";
import type { Effects } from "../durable/effects.ts";
import { SENT, type ValueOf } from "../durable/records.ts";
import { NO_HASH, textHash } from "../messages/identity.ts";
import { isBefore, type MessageId, NO_MESSAGE } from "../messages/message_id.ts";
import { type Nick, type NickKey, nickKey } from "../messages/nick.ts";
import { Outbox, type OutgoingMessage } from "./outbox.ts";

const NOTHING = new Uint8Array(0);

type Sent = ValueOf<typeof SENT>;

export class AckTracker {
  readonly #primitives: Primitives;
  readonly #outbox: Outbox;
  readonly #lastSent: DurableMap<NickKey, Sent>;
  /** What failed in this process, and what was sent before it. */
  readonly #failedAfter = new Map<MessageId, Sent>();
  readonly #timers = new Timers<MessageId>();

  constructor(effects: Effects, primitives: Primitives) {
    this.#primitives = primitives;
    this.#outbox = new Outbox(effects);
    this.#lastSent = new DurableMap(effects, byNick(SENT));
    this.#noteNewest();
  }

  /** The record of what was sent last may be a little older than the newest message in the outbox. */
  #noteNewest(): void {
    const newest = new Map<NickKey, OutgoingMessage>();
    for (const message of this.#outbox.messages) {
      if (message.to === undefined) continue;
      const known = newest.get(nickKey(message.to));
      if (known === undefined || isBefore(known.id, message.id)) newest.set(nickKey(message.to), message);
    }
    for (const [key, { id, text }] of newest) {
      const last = this.#lastSent.get(key);
      if (last !== undefined && isBefore(id, last.id)) continue;
      this.#lastSent.setUnsaved(key, { id, hash: this.#hashOf(id, text) });
    }
  }

  #hashOf(id: MessageId, text: string): string {
    return textHash(this.#primitives, id, text);
  }

  get deadline(): Millis {
    return this.#timers.deadline;
  }

  /** How many messages wait, neither delivered nor stored. */
  get waiting(): number {
    return this.#outbox.waiting;
  }

  /** The same for one recipient. */
  waitingFor(to: Nick): number {
    return this.#outbox.waitingFor(to);
  }

  /** Everybody for whom messages wait; the channel is among them. */
  get recipients(): Iterable<NickKey> {
    return this.#outbox.recipients;
  }

  /** Whether one more of so many bytes would be too many. */
  isFull(bytes: number): boolean {
    return this.waiting >= OUTBOX_MESSAGES || this.#outbox.bytes + bytes > OUTBOX_BYTES;
  }

  /** Messages that were stored, and must have been dropped by the server since. */
  expired(now: Millis): OutgoingMessage[] {
    const life = MESSAGE_LIFE_MS + MAIL_LIFE_MS;
    return [...this.#outbox.messages].filter(({ stored, sentAt }) => stored && sentAt + life <= now);
  }

  messageWith(id: MessageId): OutgoingMessage | undefined {
    return this.#outbox.messageWith(id);
  }

  /** Messages neither delivered nor stored, oldest first; for one recipient or for all. */
  unstored(to?: Nick): OutgoingMessage[] {
    const messages = to === undefined ? this.#outbox.messages : this.#outbox.messagesTo(to);
    return [...messages].filter(({ stored }) => !stored);
  }

  /** The first channel message that the server does not have: they leave one after the other, in order. */
  get nextPost(): OutgoingMessage | undefined {
    const [first] = this.#outbox.messagesTo(undefined);
    return first;
  }

  /** A new message of the user's, to be `keep`t before it is sent. The 500 ms begin now. */
  add(now: Millis, id: MessageId, to: Nick | undefined, text: string): OutgoingMessage {
    const after = to === undefined ? undefined : this.#lastSent.get(nickKey(to));
    const message: OutgoingMessage = {
      id,
      to,
      after: after?.id ?? NO_MESSAGE,
      afterHash: after?.hash ?? NO_HASH,
      sentAt: Math.floor(now),
      text,
      body: NOTHING,
      edition: 0,
      stored: false,
      unsettled: true,
      unanswered: false,
      tries: 0,
    };
    this.#outbox.add(message);
    if (to !== undefined) this.#setLastSent(now, to, { id, hash: this.#hashOf(id, text) });
    this.#timers.set(id, now + ACK_TIMEOUT_MS);
    return message;
  }

  /** What is to be sent of a message from now on. */
  saveSealed(message: OutgoingMessage, body: Uint8Array): void {
    message.body = body;
    this.save(message);
  }

  /** Somebody else has the nick now, who knows nothing of what was before; what waits is to be sealed for him. */
  beginAnew(now: Millis, to: Nick): void {
    let last: Sent = { id: NO_MESSAGE, hash: NO_HASH };
    for (const message of this.unstored(to)) {
      Object.assign(message, { after: last.id, afterHash: last.hash, body: NOTHING, edition: 0 });
      this.save(message);
      last = { id: message.id, hash: this.#hashOf(message.id, message.text) };
    }
    this.#setLastSent(now, to, last);
  }

  /** Its recipient could not open it: it begins anew, once. */
  sealAgain(now: Millis, message: OutgoingMessage): void {
    this.#outbox.setStored(message, false);
    message.edition = 1;
    message.body = NOTHING;
    this.save(message);
    this.restart(now, message);
    // The recipient has answered, if not as we would like.
    message.unanswered = true;
  }

  /** A message that the server takes later. */
  delay(message: OutgoingMessage, until: Millis): void {
    this.#timers.set(message.id, until);
  }

  /** Begins again: the recipient or the server is back. */
  restart(now: Millis, message: OutgoingMessage): void {
    message.unanswered = false;
    message.tries = 0;
    this.#timers.set(message.id, now + ACK_TIMEOUT_MS);
  }

  /** The next message whose time has come; it is due again later, less and less often. */
  takeDue(now: Millis): OutgoingMessage | undefined {
    for (let id = this.#timers.next(now); id !== undefined; id = this.#timers.next(now)) {
      const message = this.#outbox.messageWith(id);
      if (message === undefined || message.stored) continue;
      this.#timers.set(id, now + retryAfter(message.tries++));
      return message;
    }
    return undefined;
  }

  /** The 500 ms have not begun yet: it is looked at again later. */
  postpone(message: OutgoingMessage, until: Millis): void {
    message.tries = 0;
    this.#timers.set(message.id, until);
  }

  isTooOld(now: Millis, message: OutgoingMessage): boolean {
    return message.sentAt + MESSAGE_LIFE_MS <= now;
  }

  /** The recipient has it. */
  delivered(now: Millis, message: OutgoingMessage): void {
    this.#timers.clear(message.id);
    this.#outbox.deleteLater(now, message.id);
  }

  /** The server has it: it waits, in case that its recipient cannot open it, until that has collected it. */
  stored(message: OutgoingMessage): void {
    this.#outbox.setStored(message, true);
    message.body = NOTHING;
    this.#timers.clear(message.id);
    this.save(message);
  }

  /** It will never arrive, so nothing waits for it: the next message follows the one before it. */
  failed(now: Millis, message: OutgoingMessage): void {
    this.forget(message.id);
    if (message.to === undefined) return;
    const before = { id: message.after, hash: message.afterHash };
    remember(this.#failedAfter, message.id, before, OUTBOX_MESSAGES);
    const last = this.#lastSent.get(nickKey(message.to));
    if (last?.id === message.id) this.#setLastSent(now, message.to, this.#notFailed(last));
  }

  /** The message itself, or the newest before it that has not failed. */
  #notFailed(sent: Sent): Sent {
    let newest = sent;
    for (let before; (before = this.#failedAfter.get(newest.id)) !== undefined;) newest = before;
    return newest;
  }

  /** Gone for good, durable before anybody hears of it. */
  forget(id: MessageId): void {
    this.#timers.clear(id);
    this.#outbox.delete(id);
  }

  #setLastSent(now: Millis, to: Nick, sent: Sent): void {
    this.#lastSent.setLater(now, nickKey(to), sent);
  }

  /** Makes a message durable as it is. */
  save(message: OutgoingMessage): void {
    this.#outbox.save(message.id);
  }
}

/** How long to wait after so many tries. */
function retryAfter(tries: number): Millis {
  return Math.min(RETRY_FIRST_MS * 2 ** tries, RETRY_MAXIMUM_MS);
}
