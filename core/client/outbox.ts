/**
 * The outbox: our messages that wait for a receipt, in memory and on disk, in the order in which they were
 * written. It finds and counts messages by id and by recipient without a walk over all.
 */
import { utf8Length } from "../base/bytes.ts";
import type { Millis } from "../base/units.ts";
import { DurableMap } from "../durable/durable_map.ts";
import type { Effects } from "../durable/effects.ts";
import { OUTBOX } from "../durable/records.ts";
import type { MessageId } from "../messages/message_id.ts";
import { type Nick, type NickKey, nickKey } from "../messages/nick.ts";

/** A message of ours. The last three fields are not on disk. */
export interface OutgoingMessage {
  readonly id: MessageId;
  /** The recipient; `undefined` for the channel. */
  readonly to: Nick | undefined;
  /**
   * Our message before this one to the same recipient that has not failed, and the hash of its text. They
   * change only if the message is to be sealed for another identity.
   */
  after: MessageId;
  afterHash: string;
  readonly sentAt: Millis;
  readonly text: string;
  /** The letter or post, the same bytes on every way and each time; empty until it is sealed. */
  body: Uint8Array;
  /** 0, or 1 once the recipient could not open edition 0. */
  edition: number;
  /** The server has it. Only the outbox changes this, because it counts the messages that wait. */
  stored: boolean;
  /** The user gave the command in this process and has not been told yet how it went. */
  unsettled: boolean;
  /** The line about a missing answer was shown, or is not to be shown any more. */
  unanswered: boolean;
  /** How many times the message was due since it began, or began anew. */
  tries: number;
}

/** The place of the channel among the recipients. No nick is empty. */
const CHANNEL: NickKey = "";

/** The key of a recipient, or of the channel (`undefined`). */
export function recipientKey(to: Nick | undefined): NickKey {
  return to === undefined ? CHANNEL : nickKey(to);
}

/** The fields that are not on disk, as a message of an earlier process begins with them. */
const FORMER = { unsettled: false, unanswered: false, tries: 0 };

export class Outbox {
  readonly #effects: Effects;
  readonly #messages: DurableMap<MessageId, OutgoingMessage>;
  /** How many messages to each recipient are not stored. A recipient without any has no entry. */
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

  /** The bytes of all texts in UTF-8. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The number of messages that are not stored. */
  get waiting(): number {
    return this.#waiting;
  }

  /** The same for one recipient. */
  waitingFor(to: Nick): number {
    return this.#waitingFor.get(nickKey(to)) ?? 0;
  }

  /** All recipients of messages that are not stored. The channel is one of them. */
  get recipients(): Iterable<NickKey> {
    return this.#waitingFor.keys();
  }

  /** All messages, oldest first. */
  get messages(): Iterable<OutgoingMessage> {
    return this.#messages.values();
  }

  /** The messages to one recipient or to the channel, oldest first. */
  messagesTo(to: Nick | undefined): Iterable<OutgoingMessage> {
    return this.#messages.group(recipientKey(to)).values();
  }

  messageWith(id: MessageId): OutgoingMessage | undefined {
    return this.#messages.get(id);
  }

  /** Adds a new message. It is not on disk before `save`. */
  add(message: OutgoingMessage): void {
    this.#messages.setUnsaved(message.id, message);
    this.#count(message, 1);
  }

  /** Saves a message as it is now. */
  save(id: MessageId): void {
    this.#messages.save(id);
  }

  setStored(message: OutgoingMessage, stored: boolean): void {
    if (message.stored !== stored) this.#countWaiting(message, stored ? -1 : 1);
    message.stored = stored;
  }

  /** Deletes a message here at once, and on disk a little later. */
  deleteLater(now: Millis, id: MessageId): void {
    this.#leave(id);
    this.#messages.deleteLater(now, id);
  }

  /**
   * Deletes a message here and on disk at once. One that is gone here may still be on disk (`deleteLater`).
   */
  delete(id: MessageId): void {
    this.#leave(id);
    if (!this.#messages.delete(id)) this.#effects.forget(OUTBOX.key(id));
  }

  /** Takes a message out of the counts. */
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
