/**
 * The history: what was said, kept for a year (docs/architecture.md, section 7). A machine says what is to be
 * remembered; `storage/` keeps it in a file of its own, beside the records.
 * @module
 */
import type { Millis } from "./base/units.ts";
import type { Failure, JournalEvent, MessageState } from "./message.ts";
import type { MessageId } from "./messages/message_id.ts";
import { type Nick, nickKey } from "./messages/nick.ts";

/** A message of ours, and how far it has come. */
export interface WrittenMessage {
  /** The id of the message. */
  readonly id: MessageId;
  /** Our nick. */
  readonly from: Nick;
  /** The recipient; `undefined` for the channel. */
  readonly to: Nick | undefined;
  /** The text as it was written. */
  readonly text: string;
  /** When it was written, by our wall clock. */
  readonly sentAt: Millis;
  /** How far it has come. */
  readonly state: MessageState;
  /** Why it has failed, if it has. */
  readonly failure: Failure | undefined;
}

/** Something to remember. If it comes twice it is the same entry, and its state only ever goes on. */
export type Memory =
  | { readonly type: "received"; readonly message: JournalEvent; readonly when: When }
  | { readonly type: "written"; readonly message: WrittenMessage; readonly when: When }
  /** So many channel messages are missing here: of one sender, or of anybody. */
  | {
    readonly type: "gap";
    /** Tells this gap from all others. */
    readonly name: string;
    readonly from: Nick | undefined;
    readonly count: number;
    readonly when: When;
  };

/** The name that tells an entry from all others: two senders may use the same id. */
export function memoryName(memory: Memory): string {
  switch (memory.type) {
    case "received": {
      const { channel, from, id } = memory.message;
      return `received/${channel}/${nickKey(from)}/${id}`;
    }
    case "written":
      return `written/${memory.message.id}`;
    case "gap":
      return `gap/${memory.name}`;
  }
}

/** When something came here or was written. */
export interface When {
  /** By the machine's own time, which never leaps: ages are counted by it. */
  readonly now: Millis;
  /** By the wall clock: the date. */
  readonly date: Millis;
}

/** A part of the history in which something is looked up. */
export interface HistoryQuery {
  /** The nick whose conversation it is, `null` for the channel, `undefined` for everything. */
  readonly peer: Nick | null | undefined;
  /** Words that the text has, in any order; `undefined` for any text. */
  readonly words: string | undefined;
  /** The nick of whoever wrote it; `undefined` for anybody. */
  readonly from: Nick | undefined;
  /** Only what is older than this date. */
  readonly before: Millis | undefined;
  /** Only what stands before the entry with this number. */
  readonly below: number | undefined;
  /** Only what stands behind the entry with this number. */
  readonly above: number | undefined;
  /** The most entries: the newest ones, or with `above` the oldest. A page may have fewer. */
  readonly count: number;
  /** Leaves out what whoever is there has not been shown yet. */
  readonly shownOnly: boolean;
}

/** The last entry of all. */
export const NEWEST: HistoryQuery = {
  peer: undefined,
  words: undefined,
  from: undefined,
  before: undefined,
  below: undefined,
  above: undefined,
  count: 1,
  shownOnly: false,
};

/** A part of the answer to a query. */
export interface HistoryPage {
  /** Oldest first; what has the words that are sought comes newest first. */
  readonly entries: readonly HistoryEntry[];
  /** The number to go on from (`below`, or `above`); `undefined` if there is no more. */
  readonly next: number | undefined;
  /** True if what stands before the first entry was dropped for its age, or for want of room. */
  readonly isCut: boolean;
  /** How many entries were opened one by one; 0 where an index knows. */
  readonly searched: number;
  /** How many entries there are. */
  readonly total: number;
}

/** An entry of the history. */
export interface HistoryEntry {
  /** Its number in the history: what came later has a greater one. */
  readonly number: number;
  /** So many messages of others came right before it while no history was kept. */
  readonly missed: number;
  /** `undefined` if it cannot be opened, because somebody has changed it. */
  readonly memory: Memory | undefined;
}

/** The history on disk. `storage/` implements it over SQLite. */
export interface HistoryStore {
  /** Makes all of this durable at once, as a store does, or throws and keeps none of it. */
  commit(memories: readonly Memory[]): void;
  /** `shownUntil`: the number of the last event of the journal that whoever is there was shown. */
  read(query: HistoryQuery, shownUntil: number): HistoryPage;
}
