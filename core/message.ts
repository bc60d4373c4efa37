/** Messages as they are told of: those of others that have come, and how far ours have come. */
import type { Millis } from "./base/units.ts";
import type { MessageId } from "./messages/message_id.ts";
import type { Nick } from "./messages/nick.ts";
import type { Reason } from "./messages/verb.ts";

/** An incoming message, ready to be shown. It stands in the journal (`client/journal.ts`). */
export interface JournalEvent {
  /** Its number in the journal. Numbers have no gaps. */
  readonly number: number;
  /** The id of the message. */
  readonly id: MessageId;
  /** True for a channel message. */
  readonly channel: boolean;
  /** The sender's nick. */
  readonly from: Nick;
  /** The text as it came, which may hold any characters: `render` makes it harmless. */
  readonly text: string;
  /** An instant of the sender's wall clock. */
  readonly sentAt: Millis;
  /** The line shows the date: the message waited at the server, or came too late to stand in its place. */
  readonly dated: boolean;
  /** We have a channel key and this channel message is not sealed: everybody can read it. */
  readonly isOpen: boolean;
  /** The older nick that the sender's looks like, if the sender is not verified. */
  readonly like: Nick | undefined;
  /** The sender's message before this one had not come. */
  readonly isBehindGap: boolean;
  /** The message shown before this one has another text than its sender gave to that id. */
  readonly isExchanged: boolean;
}

/** Some events of the journal in a row. */
export interface JournalPage {
  /** The events, oldest first. */
  readonly events: readonly JournalEvent[];
  /** How many events before the first of these are gone, because nobody has read them for too long. */
  readonly missed: number;
  /** The number of the newest event in the journal. */
  readonly newest: number;
}

/** Why a message has failed for good. `FAILURES` (notice.ts) has a sentence for each. */
export type Failure =
  | Reason
  | "keys"
  | "too old"
  | "expired"
  | "unreadable"
  | "refused"
  | "released"
  | "forgotten";

/**
 * How far a message of ours has come. It is in our outbox; it has left as well; the server, for a channel
 * message, or the server or its recipient has saved it; its recipient has saved it; it will never arrive.
 */
export const MESSAGE_STATES = ["queued", "sent", "stored", "delivered", "failed"] as const;
/** One of these. */
export type MessageState = typeof MESSAGE_STATES[number];
