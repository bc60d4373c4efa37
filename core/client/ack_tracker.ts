/**
 * The ACK tracker: our messages that wait for a receipt, by id. It remembers (on disk as well) and says when
 * something is due; it sends nothing itself.
 *
 *     queued --500 ms--> also deposited --stored--> stored --collected--> gone
 *        \----------------receipt-------------------/-----receipt-------> gone
 *
 * What its recipient could not open goes back to queued, once.
 */
import { utf8Length } from "../base/bytes.ts";
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
import { OUTBOX, SENT, type ValueOf } from "../durable/records.ts";
import { NO_HASH, textHash } from "../messages/identity.ts";
import { isBefore, type MessageId, NO_MESSAGE } from "../messages/message_id.ts";
import { type Nick, type NickKey, nickKey } from "../messages/nick.ts";

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

/** The state in which a message of an earlier process begins in this one. */
const FORMER = { unsettled: false, unanswered: false, retryMs: RETRY_FIRST_MS };

export class AckTracker {
  readonly #effects: Effects;
  readonly #primitives: Primitives;
  readonly #messages: DurableMap<MessageId, OutgoingMessage>;
  #storedCount = 0;
  #bytes = 0;
  readonly #lastSent: DurableMap<NickKey, Sent>;
  /** What failed in this process, and what was sent before it. */
  readonly #failedAfter = new Map<MessageId, Sent>();
  readonly #timers = new Timers<MessageId>();

  constructor(effects: Effects, primitives: Primitives) {
    this.#effects = effects;
    this.#primitives = primitives;
    this.#messages = new DurableMap(effects, {
      kind: OUTBOX,
      nameOf: (id: MessageId) => id,
      entryOf: (id, { to: [to], ...rest }) => [id, { id, to, ...rest, ...FORMER }],
      recordOf: ({ to, ...rest }: OutgoingMessage) => ({ ...rest, to: to === undefined ? [] : [to] }),
    });
    this.#lastSent = new DurableMap(effects, byNick(SENT));
    for (const { text, stored } of this.#messages.values()) {
      if (stored) this.#storedCount++;
      this.#bytes += utf8Length(text);
    }
    this.#noteNewest();
  }

  /** The record of what was sent last may be a little older than the newest message in the outbox. */
  #noteNewest(): void {
    const newest = new Map<NickKey, OutgoingMessage>();
    for (const message of this.#messages.values()) {
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
    this.#messages.setUnsaved(id, message);
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
    this.#leave(message.id);
    this.#messages.deleteLater(now, message.id);
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
    this.#leave(id);
    // One that was delivered is gone here, and may still stand on disk.
    if (!this.#messages.delete(id)) this.#effects.forget(OUTBOX.key(id));
  }

  /** A message is about to go. */
  #leave(id: MessageId): void {
    const message = this.#messages.get(id);
    if (message === undefined) return;
    if (message.stored) this.#storedCount--;
    this.#bytes -= utf8Length(message.text);
    this.#timers.clear(id);
  }

  #setLastSent(now: Millis, to: Nick, sent: Sent): void {
    this.#lastSent.setLater(now, nickKey(to), sent);
  }

  /** Makes a message durable as it is. */
  keep(message: OutgoingMessage): void {
    this.#messages.save(message.id);
  }
}
