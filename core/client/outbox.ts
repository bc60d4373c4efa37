/**
 * The outbox: our messages that wait for a receipt, in memory and on disk, in the order in which they were
 * written. It finds and counts messages by id and by recipient without a walk over all.
 */
import { utf8Length } from "../base/bytes.ts";
import { type Entries, RenewedMap } from "../base/renewed_map.ts";
import type { Ref } from "../action.ts";
import type { Key, Millis } from "../base/units.ts";
import { DurableMap } from "../durable/durable_map.ts";
import type { Effects } from "../durable/effects.ts";
import { OUTBOX, type ValueOf } from "../durable/records.ts";
import type { Link, Sending } from "../link/links.ts";
import { NO_HASH, NO_KEY } from "../messages/identity.ts";
import { LastMessage, NO_LAST_MESSAGE } from "./last_message.ts";
import { idOf, type MessageId, type MessageIdParts, partsOf } from "../messages/message_id.ts";
import { type Nick, type NickKey, nickKey } from "../messages/nick.ts";

export const NOTHING: Uint8Array = new Uint8Array(0);

/** Messages that are on their way to a peer in one verb. */
export interface Batch {
  readonly messages: readonly OutgoingMessage[];
  readonly link: Link;
  readonly sending: Sending;
  /** How many of the messages still wait for an answer. */
  left: number;
}

/** The user's words, their recipient, and when they were written. */
type Written = Pick<OutgoingMessage, "to" | "writtenAt" | "sentAt" | "text">;

/** A message of ours. */
export class OutgoingMessage {
  readonly prefix: string;
  readonly sequence: number;
  /** The recipient; `undefined` for the channel. */
  readonly to: Nick | undefined;
  /** When it was written: its age is counted from here. */
  readonly writtenAt: Millis;
  /** The same by the wall clock, for the recipient to read. */
  readonly sentAt: Millis;
  readonly text: string;
  /** The length of the text in UTF-8. */
  readonly bytes: number;
  /** Our message before this one to the same recipient that has not failed. */
  before = NO_LAST_MESSAGE;
  /** The letter or post, the same bytes each time; empty until it is made, and once the server has it. */
  body = NOTHING;
  /** 0, or 1 once the recipient could not open the letter of edition 0. */
  edition = 0;
  /** The ephemeral key of the letter, and the proof in the receipt for it, even if the letter is gone. */
  ephemeral: Key = NO_KEY;
  proof = "";
  /** The server has it. Only the outbox changes this, because it counts the messages that wait. */
  stored = false;

  // The fields below are not on disk.

  /** The link key of the peer that it went to directly: no other peer's word counts. */
  wentTo: Key | undefined = undefined;
  /** The verb in which it is on its way directly, or "waits" if it leaves with the next tick. */
  direct: Batch | "waits" | undefined = undefined;
  /** The verb in which it is on its way to the server. */
  deposit: Sending | undefined = undefined;
  /** The user gave the command in this process and has not been told yet how it went. */
  unsettled = false;
  /** The name of the command, if it has one. */
  ref: Ref | undefined = undefined;
  /** A script is told what becomes of it. */
  isFollowed = false;
  /** The line about a missing answer was shown, or is not to be shown any more. */
  unanswered = false;
  /** It has left both ways at once, because its recipient had not answered the one before. */
  isTwofold = false;
  /** How many times the message was due since it began, or began anew. */
  tries = 0;

  constructor({ prefix, sequence }: MessageIdParts, { to, writtenAt, sentAt, text }: Written) {
    this.prefix = prefix;
    this.sequence = sequence;
    this.to = to;
    this.writtenAt = writtenAt;
    this.sentAt = sentAt;
    this.text = text;
    this.bytes = utf8Length(text);
  }

  get id(): MessageId {
    return idOf(this);
  }

  /** The message before this one; `undefined` if it has the same prefix and the sequence before. */
  get after(): MessageId | undefined {
    return this.before.isJustBefore(this) ? undefined : this.before.id;
  }

  /** Forgets the letter, and how to tell the receipt for it: the next one is of this edition. */
  unseal(edition: number): void {
    this.edition = edition;
    this.body = NOTHING;
    this.ephemeral = NO_KEY;
    this.proof = "";
  }
}

/** The place of the channel among the recipients. No nick is empty. */
const CHANNEL: NickKey = "";

/** The key of a recipient, or of the channel (`undefined`). */
export function recipientKey(to: Nick | undefined): NickKey {
  return to === undefined ? CHANNEL : nickKey(to);
}

type OutboxRecord = ValueOf<typeof OUTBOX>;

export class Outbox {
  readonly #effects: Effects;
  /** The messages in the order in which they were written, grouped by recipient. */
  readonly #messages: DurableMap<OutgoingMessage, OutgoingMessage>;
  /** The same messages by the two parts of their ids. */
  readonly #byPrefix = new Map<string, RenewedMap<number, OutgoingMessage>>();
  /** How many messages to each recipient are not stored. A recipient without any has no entry. */
  readonly #waitingFor = new Map<NickKey, number>();
  #waiting = 0;
  #bytes = 0;

  constructor(effects: Effects) {
    this.#effects = effects;
    this.#messages = new DurableMap(effects, {
      kind: OUTBOX,
      nameOf: (message: OutgoingMessage) => message.id,
      entryOf: (name, record) => {
        const message = messageOf(name, record);
        return [message, message];
      },
      recordOf,
      groupOf: (_message, { to }) => recipientKey(to),
    });
    for (const message of this.#messages.values()) this.#enter(message);
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

  /** The messages whose ids have this prefix, by sequence. */
  messagesWith(prefix: string): Entries<number, OutgoingMessage> {
    return this.#byPrefix.get(prefix) ?? new Map();
  }

  has(message: OutgoingMessage): boolean {
    return this.#messages.get(message) !== undefined;
  }

  messageWith(id: MessageId): OutgoingMessage | undefined {
    const { prefix, sequence } = partsOf(id);
    return this.#byPrefix.get(prefix)?.get(sequence);
  }

  /** Adds a new message. It is not on disk before `save`. */
  add(message: OutgoingMessage): void {
    this.#messages.setUnsaved(message, message);
    this.#enter(message);
  }

  /** Saves a message as it is now. */
  save(message: OutgoingMessage): void {
    this.#messages.save(message);
  }

  setStored(message: OutgoingMessage, stored: boolean): void {
    if (message.stored !== stored) this.#countWaiting(message, stored ? -1 : 1);
    message.stored = stored;
  }

  /** Deletes a message here at once, and on disk a little later. */
  deleteLater(now: Millis, message: OutgoingMessage): void {
    this.#leave(message);
    this.#messages.deleteLater(now, message);
  }

  /** Deletes a message here and on disk at once. */
  delete(message: OutgoingMessage): void {
    this.#leave(message);
    this.#messages.delete(message);
  }

  /** Deletes the record of a message that is gone here (`deleteLater`). */
  forgetRecord(id: MessageId): void {
    this.#effects.forget(OUTBOX.key(id));
  }

  /** Counts a message, and makes it found by its id. */
  #enter(message: OutgoingMessage): void {
    const { prefix, sequence } = message;
    let ofPrefix = this.#byPrefix.get(prefix);
    if (ofPrefix === undefined) this.#byPrefix.set(prefix, ofPrefix = new RenewedMap());
    ofPrefix.set(sequence, message);
    this.#bytes += message.bytes;
    if (!message.stored) this.#countWaiting(message, 1);
  }

  #leave(message: OutgoingMessage): void {
    const { prefix, sequence } = message;
    const ofPrefix = this.#byPrefix.get(prefix);
    if (ofPrefix?.get(sequence) !== message) return;
    ofPrefix.delete(sequence);
    if (ofPrefix.size === 0) this.#byPrefix.delete(prefix);
    this.#bytes -= message.bytes;
    if (!message.stored) this.#countWaiting(message, -1);
  }

  #countWaiting({ to }: OutgoingMessage, more: 1 | -1): void {
    const recipient = recipientKey(to);
    const waiting = (this.#waitingFor.get(recipient) ?? 0) + more;
    if (waiting > 0) this.#waitingFor.set(recipient, waiting);
    else this.#waitingFor.delete(recipient);
    this.#waiting += more;
  }
}

function messageOf(id: MessageId, record: OutboxRecord): OutgoingMessage {
  const { after: [after], edition, sealing: [sealing], stored, to: [to] } = record;
  const message = new OutgoingMessage(partsOf(id), { ...record, to });
  const { prefix, sequence } = message;
  // The text of the message before is gone, so nobody knows its hash any more.
  message.before = LastMessage.of(after ?? idOf({ prefix, sequence: sequence - 1 }), NO_HASH);
  return Object.assign(message, { edition, stored, ...sealing });
}

function recordOf(message: OutgoingMessage): OutboxRecord {
  const { after, body, edition, ephemeral, proof, sentAt, stored, text, to, writtenAt } = message;
  return {
    to: to === undefined ? [] : [to],
    after: after === undefined ? [] : [after],
    writtenAt,
    sentAt,
    stored,
    text,
    edition,
    sealing: body === NOTHING && ephemeral === NO_KEY ? [] : [{ ephemeral, proof, body }],
  };
}
