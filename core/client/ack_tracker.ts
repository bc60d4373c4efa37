/**
 * The ACK tracker: our messages that wait for a receipt, by id. It remembers (on disk as well) and says when
 * something is due; it sends nothing itself.
 *
 *     queued --500 ms--> also deposited --stored--> stored --collected--> gone
 *        \----------------receipt-------------------/-----receipt-------> gone
 *
 * What its recipient could not open goes back to queued, once.
 */
import { MALFORMED, utf8Length } from "../base/bytes.ts";
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
import type { Effects } from "../durable/effects.ts";
import { OUTBOX, SENT, type ValueOf } from "../durable/records.ts";
import { NO_HASH, textHash } from "../messages/identity.ts";
import { isBefore, type MessageId, NO_MESSAGE } from "../messages/message_id.ts";
import { type Nick, nickKey } from "../messages/nick.ts";

export interface OutgoingMessage {
  readonly id: MessageId;
  /** Absent for the channel. */
  readonly to: Nick | undefined;
  after: MessageId;
  afterHash: string;
  readonly sentAt: Millis;
  readonly text: string;
  /** What leaves, the same on every way and each time: a letter or a post; nothing as long as it is not sealed. */
  body: Uint8Array;
  /** Which of its two sealings that is. */
  edition: number;
  stored: boolean;
  /** The user gave the command in this process and has not yet been told how it went. */
  unsettled: boolean;
  /** The 500 ms are over; the server may have it too. */
  unanswered: boolean;
  retryMs: Millis;
}

const NOTHING = new Uint8Array(0);

type Sent = ValueOf<typeof SENT>;

export class AckTracker {
  readonly #effects: Effects;
  readonly #primitives: Primitives;
  readonly #messages = new Map<MessageId, OutgoingMessage>();
  #storedCount = 0;
  #bytes = 0;
  readonly #lastSent = new Map<string, Sent>();
  /** What failed in this process, and what was sent before it. */
  readonly #failedAfter = new Map<MessageId, Sent>();
  readonly #timers = new Timers<MessageId>();

  constructor(effects: Effects, primitives: Primitives) {
    this.#effects = effects;
    this.#primitives = primitives;
  }

  loadMessage(key: string, value: Uint8Array): void {
    const record = OUTBOX.decode(value);
    if (record === MALFORMED) return;
    const { to: [to], ...rest } = record;
    const id = OUTBOX.nameOf(key);
    this.#messages.set(id, { id, to, ...rest, unsettled: false, unanswered: false, retryMs: RETRY_FIRST_MS });
    if (record.stored) this.#storedCount++;
    this.#bytes += utf8Length(record.text);
    if (to !== undefined) this.#noteSent(nickKey(to), { id, hash: this.#hashOf(id, record.text) });
  }

  loadSent(key: string, value: Uint8Array): void {
    const record = SENT.decode(value);
    if (record !== MALFORMED) this.#noteSent(SENT.nickOf(key), record);
  }

  /** The record may be a little older than the newest message in the outbox. */
  #noteSent(key: string, sent: Sent): void {
    const known = this.#lastSent.get(key);
    if (known === undefined || isBefore(known.id, sent.id)) this.#lastSent.set(key, sent);
  }

  #hashOf(id: MessageId, text: string): string {
    return textHash(this.#primitives, id, text);
  }

  get deadline(): Millis {
    return this.#timers.deadline;
  }

  /** How many messages wait, neither delivered nor stored. */
  get waiting(): number {
    return this.#messages.size - this.#storedCount;
  }

  /** Whether one more of so many bytes would be too many. */
  isFull(bytes: number): boolean {
    return this.waiting >= OUTBOX_MESSAGES || this.#bytes + bytes > OUTBOX_BYTES;
  }

  /** Messages that were stored, and must have been dropped by the server since. */
  expired(now: Millis): OutgoingMessage[] {
    const life = MESSAGE_LIFE_MS + MAIL_LIFE_MS;
    return [...this.#messages.values()].filter(({ stored, sentAt }) => stored && sentAt + life <= now);
  }

  get(id: MessageId): OutgoingMessage | undefined {
    return this.#messages.get(id);
  }

  /** Messages neither delivered nor stored, oldest first; for one recipient or for all. */
  unstored(to?: Nick): OutgoingMessage[] {
    const key = to === undefined ? undefined : nickKey(to);
    return [...this.#messages.values()].filter((message) =>
      !message.stored && (key === undefined || (message.to !== undefined && nickKey(message.to) === key))
    );
  }

  /** The first channel message that the server does not have: they leave one after the other, in order. */
  get nextPost(): OutgoingMessage | undefined {
    for (const message of this.#messages.values()) if (message.to === undefined) return message;
    return undefined;
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
      retryMs: RETRY_FIRST_MS,
    };
    this.#messages.set(id, message);
    this.#bytes += utf8Length(text);
    if (to !== undefined) this.#setLastSent(now, to, { id, hash: this.#hashOf(id, text) });
    this.#timers.set(id, now + ACK_TIMEOUT_MS);
    return message;
  }

  /** What is to be sent of a message from now on. */
  sealed(message: OutgoingMessage, body: Uint8Array): void {
    message.body = body;
    this.keep(message);
  }

  /** Somebody else has the nick now, who knows nothing of what was before; what waits is to be sealed for him. */
  beginAnew(now: Millis, to: Nick): void {
    let last: Sent = { id: NO_MESSAGE, hash: NO_HASH };
    for (const message of this.unstored(to)) {
      Object.assign(message, { after: last.id, afterHash: last.hash, body: NOTHING, edition: 0 });
      this.keep(message);
      last = { id: message.id, hash: this.#hashOf(message.id, message.text) };
    }
    this.#setLastSent(now, to, last);
  }

  /** Its recipient could not open it: it begins anew, once. */
  sealAgain(now: Millis, message: OutgoingMessage): void {
    if (message.stored) this.#storedCount--;
    message.stored = false;
    message.edition = 1;
    message.body = NOTHING;
    this.keep(message);
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
    message.retryMs = RETRY_FIRST_MS;
    this.#timers.set(message.id, now + ACK_TIMEOUT_MS);
  }

  /** The next message whose time has come; it is due again later, less and less often. */
  next(now: Millis): OutgoingMessage | undefined {
    for (let id = this.#timers.next(now); id !== undefined; id = this.#timers.next(now)) {
      const message = this.#messages.get(id);
      if (message === undefined || message.stored) continue;
      this.#timers.set(id, now + message.retryMs);
      message.retryMs = Math.min(message.retryMs * 2, RETRY_MAXIMUM_MS);
      return message;
    }
    return undefined;
  }

  /** The 500 ms have not begun yet: it is looked at again later. */
  postpone(message: OutgoingMessage, until: Millis): void {
    message.retryMs = RETRY_FIRST_MS;
    this.#timers.set(message.id, until);
  }

  isTooOld(now: Millis, message: OutgoingMessage): boolean {
    return message.sentAt + MESSAGE_LIFE_MS <= now;
  }

  /** The recipient has it. */
  delivered(now: Millis, message: OutgoingMessage): void {
    this.#remove(message.id);
    this.#effects.forgetLater(now, OUTBOX.key(message.id));
  }

  /** The server has it: it waits, in case that its recipient cannot open it, until that has collected it. */
  stored(message: OutgoingMessage): void {
    if (!message.stored) this.#storedCount++;
    message.stored = true;
    message.body = NOTHING;
    this.#timers.clear(message.id);
    this.keep(message);
  }

  /** It will never arrive, so nothing waits for it: the next message follows the one before it. */
  failed(now: Millis, message: OutgoingMessage): void {
    this.forget(message.id);
    if (message.to === undefined) return;
    this.#failedAfter.set(message.id, { id: message.after, hash: message.afterHash });
    if (this.#failedAfter.size > OUTBOX_MESSAGES) {
      this.#failedAfter.delete(this.#failedAfter.keys().next().value!);
    }
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
    this.#remove(id);
    this.#effects.forget(OUTBOX.key(id));
  }

  #remove(id: MessageId): void {
    const message = this.#messages.get(id);
    if (message === undefined) return;
    if (message.stored) this.#storedCount--;
    this.#bytes -= utf8Length(message.text);
    this.#messages.delete(id);
    this.#timers.clear(id);
  }

  #setLastSent(now: Millis, to: Nick, sent: Sent): void {
    this.#lastSent.set(nickKey(to), sent);
    this.#effects.saveLater(now, SENT.keyFor(to), () => SENT.encode(sent));
  }

  /** Makes a message durable as it is. */
  keep(message: OutgoingMessage): void {
    const { to: recipient } = message;
    const to = recipient === undefined ? [] : [recipient];
    this.#effects.save(OUTBOX.key(message.id), () => OUTBOX.encode({ ...message, to }));
  }
}
