/**
 * The outbox: our messages that wait for a receipt, here and on disk, in the order in which they were written. One of
 * them, and those to one recipient, are found and counted without a walk over all.
 */
import { utf8Length } from "../base/bytes.ts";
import type { Millis } from "../base/units.ts";
import { DurableMap } from "../durable/durable_map.ts";
import type { Effects } from "../durable/effects.ts";
import { OUTBOX } from "../durable/records.ts";
import type { MessageId } from "../messages/message_id.ts";
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
  /** The server has it. Only the outbox changes this, for it counts those that wait. */
  stored: boolean;
  /** The user gave the command in this process and has not yet been told how it went. */
  unsettled: boolean;
  /** The 500 ms are over; the server may have it too. */
  unanswered: boolean;
  /** How often its time has come since it began, or began afresh. */
  tries: number;
}

/** The channel's place among the recipients. No nick is empty. */
const CHANNEL: NickKey = "";

export function recipientKey(to: Nick | undefined): NickKey {
  return to === undefined ? CHANNEL : nickKey(to);
}

/** The state in which a message of an earlier process begins in this one. */
const FORMER = { unsettled: false, unanswered: false, tries: 0 };

export class Outbox {
  readonly #effects: Effects;
  readonly #messages: DurableMap<MessageId, OutgoingMessage>;
  /** How many of a recipient's messages are not stored. Nobody has an entry for whom none waits. */
  readonly #waitingFor = new Map<NickKey, number>();
  #waiting = 0;
  #bytes = 0;

  constructor(effects: Effects) {
    this.#effects = effects;
    this.#messages = new DurableMap(effects, {
      kind: OUTBOX,
      nameOf: (id: MessageId) => id,
      entryOf: (id, { to: [to], ...rest }) => [id, { id, to, ...rest, ...FORMER }],
      recordOf: ({ to, ...rest }: OutgoingMessage) => ({ ...rest, to: to === undefined ? [] : [to] }),
      groupOf: (_id, { to }) => recipientKey(to),
    });
    for (const message of this.#messages.values()) this.#count(message, 1);
  }

  /** The bytes of all texts. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many messages are not stored: in all, and for one recipient. */
  get waiting(): number {
    return this.#waiting;
  }

  waitingFor(to: Nick): number {
    return this.#waitingFor.get(nickKey(to)) ?? 0;
  }

  /** Everybody for whom messages wait that are not stored; the channel is among them. */
  get recipients(): Iterable<NickKey> {
    return this.#waitingFor.keys();
  }

  /** All messages. */
  get messages(): Iterable<OutgoingMessage> {
    return this.#messages.values();
  }

  /** Those to one recipient, or to the channel. */
  messagesTo(to: Nick | undefined): Iterable<OutgoingMessage> {
    return this.#messages.group(recipientKey(to)).values();
  }

  messageWith(id: MessageId): OutgoingMessage | undefined {
    return this.#messages.get(id);
  }

  /** A new message, which is not durable before it is saved. */
  add(message: OutgoingMessage): void {
    this.#messages.setUnsaved(message.id, message);
    this.#count(message, 1);
  }

  /** Makes a message durable as it is. */
  save(id: MessageId): void {
    this.#messages.save(id);
  }

  setStored(message: OutgoingMessage, stored: boolean): void {
    if (message.stored !== stored) this.#countWaiting(message, stored ? -1 : 1);
    message.stored = stored;
  }

  /** Gone here at once, on disk a little later. */
  deleteLater(now: Millis, id: MessageId): void {
    this.#leave(id);
    this.#messages.deleteLater(now, id);
  }

  /** Gone in both places at once. One that is gone here may still stand on disk. */
  delete(id: MessageId): void {
    this.#leave(id);
    if (!this.#messages.delete(id)) this.#effects.forget(OUTBOX.key(id));
  }

  #leave(id: MessageId): void {
    const message = this.#messages.get(id);
    if (message !== undefined) this.#count(message, -1);
  }

  #count(message: OutgoingMessage, more: 1 | -1): void {
    this.#bytes += more * utf8Length(message.text);
    if (!message.stored) this.#countWaiting(message, more);
  }

  #countWaiting({ to }: OutgoingMessage, more: 1 | -1): void {
    const recipient = recipientKey(to);
    const waiting = (this.#waitingFor.get(recipient) ?? 0) + more;
    if (waiting > 0) this.#waitingFor.set(recipient, waiting);
    else this.#waitingFor.delete(recipient);
    this.#waiting += more;
  }
}
