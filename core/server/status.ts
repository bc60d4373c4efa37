/** A report on a running server for its operator: plain values, and no word of anybody. */
import {
  CHANNEL_BYTES,
  CHANNEL_ROWS,
  LINKS,
  MAILBOX_BYTES,
  MAILBOX_LETTERS,
  RECEIPTS,
  SEEN_PREFIXES,
  STREAMS_BYTES,
  UNCONFIRMED_SESSIONS,
  UNFINISHED_BYTES,
} from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import type { DropReason, LinkCounts } from "../link/links.ts";
import type { Reason } from "../messages/verb.ts";
import type { Channel } from "./channel.ts";
import type { OfflineStore } from "./offline_store.ts";
import type { Roster } from "./roster.ts";

/** One bound, and how much of it is used. */
export interface LimitUse {
  readonly name: string;
  readonly used: number;
  readonly most: number;
}

export interface ServerStatus {
  readonly members: { readonly online: number; readonly known: number };
  readonly links: number;
  readonly mail: {
    readonly letters: number;
    readonly bytes: number;
    readonly receipts: number;
    /** How long the oldest letter has waited; `null` if none waits. */
    readonly oldestMs: Millis | null;
  };
  readonly channel: { readonly messages: number; readonly bytes: number };
  /**
   * Since the start: letters and posts that were stored, those that were not taken, by reason, sessions, and
   * datagrams that meant nothing.
   */
  readonly counts: {
    readonly messages: number;
    readonly rejected: Readonly<Partial<Record<Reason, number>>>;
    readonly handshakes: number;
    readonly dropped: Readonly<Record<DropReason, number>>;
  };
  readonly limits: readonly LimitUse[];
}

/** The parts of a server that have something to tell. */
export interface StatusSources {
  readonly roster: Roster;
  readonly store: OfflineStore;
  readonly channel: Channel;
  readonly links: LinkCounts;
  /** How many messages were stored since the start. */
  readonly messages: number;
  /** How many were not taken, by reason. */
  readonly rejected: Readonly<Partial<Record<Reason, number>>>;
  /** The bytes of letters and posts that are under way to members. */
  readonly underWayBytes: number;
  /** The bounds that the operator sets. */
  readonly limits: { readonly nicks: number; readonly mailBytes: number };
}

export function statusOf(now: Millis, sources: StatusSources): ServerStatus {
  const { roster, store, channel, links, limits, messages, rejected, underWayBytes } = sources;
  const members = [...roster.members()];
  const mail = store.amounts;
  const { letters, bytes, receipts, oldestAt } = mail;
  return {
    members: { online: members.filter(({ online }) => online).length, known: members.length },
    links: links.links,
    mail: { letters, bytes, receipts, oldestMs: oldestAt === undefined ? null : now - oldestAt },
    channel: channel.amount,
    counts: { messages, rejected, handshakes: links.handshakes, dropped: links.dropped },
    limits: [
      { name: "nicks", used: members.length, most: limits.nicks },
      { name: "bytes of mail", used: bytes, most: limits.mailBytes },
      { name: "letters of the fullest mailbox", used: mail.mailboxLetters, most: MAILBOX_LETTERS },
      { name: "bytes of the fullest mailbox", used: mail.mailboxBytes, most: MAILBOX_BYTES },
      { name: "receipts", used: receipts, most: RECEIPTS },
      { name: "processes whose ids are remembered", used: mail.processes, most: SEEN_PREFIXES },
      { name: "messages of the channel", used: channel.amount.messages, most: CHANNEL_ROWS },
      { name: "bytes of the channel", used: channel.amount.bytes, most: CHANNEL_BYTES },
      { name: "bytes under way to members", used: underWayBytes, most: STREAMS_BYTES },
      { name: "links", used: links.links, most: LINKS },
      { name: "handshakes under way", used: links.unconfirmed, most: UNCONFIRMED_SESSIONS },
      { name: "bytes of unfinished messages", used: links.unfinishedBytes, most: UNFINISHED_BYTES },
    ],
  };
}
