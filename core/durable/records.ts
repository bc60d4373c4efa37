/**
 * The durable records, which outlive the process: for each kind the form of its keys and the fields of its
 * values. docs/protocol.md, section 8, has them as a table, which a test holds against this file. A key is
 * `kind/name`. The name says what or whom the record is about. Where it is a number, keys sort in the order
 * in which things happened, because numbers in keys have a fixed width.
 */
import { MALFORMED, type Malformed, Reader, Writer } from "../base/bytes.ts";
import type { Records } from "../machine.ts";
import * as f from "../messages/field.ts";
import { MESSAGE_STATES } from "../notice.ts";
import { type MessageId, STATE_BYTES } from "../messages/message_id.ts";
import { type Nick, nickKey } from "../messages/nick.ts";

/** The digits of a number in a key: 10^15 is below 2^53, up to which numbers are exact. */
const NUMBER_DIGITS = 15;

/** The names of records of which there is one of their kind. */
export const OWN = "own";
export const LAST = "last";

/** The name of a record about a nick, percent-encoded: keys are ASCII, nicks need not be. */
export function nameFor(nick: Nick): string {
  return encodeURIComponent(nickKey(nick));
}

/** The first part of a name that has two. */
export function firstOf(name: string): string {
  return name.slice(0, name.indexOf("/"));
}

/** The second part of such a name. */
export function secondOf(name: string): string {
  return name.slice(name.indexOf("/") + 1);
}

/** The prefix of the kind that a key belongs to. */
export function kindPrefixOf(key: string): string {
  return key.slice(0, key.indexOf("/") + 1);
}

/** A kind of record: makes its keys and takes them apart, writes its values and reads them. */
export class RecordKind<Shape extends f.Fields = f.Fields> {
  /** All that its keys begin with: `kind/`. */
  readonly prefix: string;
  /** The fields in the order in which they are written. */
  readonly fields: Shape;

  constructor(kind: string, fields: Shape) {
    this.prefix = `${kind}/`;
    this.fields = fields;
  }

  key(name: string | number): string {
    return this.prefix + (typeof name === "number" ? String(name).padStart(NUMBER_DIGITS, "0") : name);
  }

  /** The key of a record about a nick. */
  keyFor(nick: Nick): string {
    return this.key(nameFor(nick));
  }

  /** Whether a key is of this kind. */
  matches(key: string): boolean {
    return key.startsWith(this.prefix);
  }

  /** The part of a key behind `kind/`. */
  nameOf(key: string): string {
    return key.slice(this.prefix.length);
  }

  encode(values: f.ValuesOf<Shape>): Uint8Array {
    const writer = new Writer();
    f.writeFields(writer, this.fields, values);
    return writer.finish();
  }

  decode(value: Uint8Array): f.ValuesOf<Shape> | Malformed {
    const reader = new Reader(value);
    const values = f.readFields(reader, this.fields) as f.ValuesOf<Shape>;
    return reader.done ? values : MALFORMED;
  }

  /** The name and the values of each record of this kind among others; a damaged one is passed over. */
  *read(records: Records): Iterable<readonly [name: string, values: f.ValuesOf<Shape>]> {
    for (const [key, value] of records) {
      const values = this.matches(key) ? this.decode(value) : MALFORMED;
      if (values !== MALFORMED) yield [this.nameOf(key), values];
    }
  }
}

/** The values of a record of this kind, by field. */
export type ValueOf<Kind> = Kind extends RecordKind<infer Shape> ? f.ValuesOf<Shape> : never;

/**
 * Ids that were seen, by sender and prefix of the ids (`message_id.ts`): when an id was seen last, up to
 * which number ids were forgotten, and runs of sequence numbers. Both sides keep these.
 */
export const SEEN = new RecordKind("seen", { at: f.u48, floor: f.u48, runs: f.rest(f.run) });

/**
 * How late it was last: the machine's own time, and what the wall clock said then. The next process counts on
 * from here (`wall_clock.ts`). Both sides keep it.
 */
export const CLOCK = new RecordKind("clock", { at: f.instant, wall: f.instant });

/**
 * The time in our last initiation. The next one gets a later time whatever the clock says, or responders
 * would take it for a replay (docs/protocol.md, section 2). Both sides keep it.
 */
export const INITIATION = new RecordKind("initiation", { at: f.u48 });

// ---- client ----------------------------------------------------------------------------------------------

/** The owner of the state folder. The keys are not here, but in the file `identity`. */
export const IDENTITY = new RecordKind("identity", {
  nick: f.nick,
  server: f.address,
  /** The key of that server; none in a folder of before 0.7, until the next start. */
  serverKey: f.list(f.key, 1),
  /** Random bits of this folder, and the count of its starts: both go into message ids. */
  state: f.hex(STATE_BYTES),
  starts: f.u32,
});

/**
 * A message of ours whose recipient's receipt has not come, or a post that the server has not stored; by id.
 */
export const OUTBOX = new RecordKind("outbox", {
  /** The recipient; nobody for a post. */
  to: f.list(f.nick, 1),
  /** The message before it; none stands for the one with the same prefix and the sequence before. */
  after: f.list(f.id, 1),
  /** When it was written: by the machine's own time, from which its age is counted, and by the wall clock. */
  writtenAt: f.instant,
  sentAt: f.instant,
  /** The server has saved the letter. The text is kept, in case it has to be sealed again. */
  stored: f.flag,
  text: f.text,
  edition: f.edition,
  /** The letter or post once it was made, byte for byte as it leaves, and the proof of whoever opens it. */
  sealing: f.list(f.composite({ ephemeral: f.key, proof: f.proof, body: f.body }), 1),
});

/** The last message to a peer that has not failed, by nick: the next letter names it as `after`. */
export const SENT = new RecordKind("sent", { id: f.id, hash: f.hash });

/** An incoming message that was saved and perhaps not shown, by order of arrival. The next start shows it. */
export const INBOX = new RecordKind("inbox", {
  prefix: f.prefix,
  sequence: f.u48,
  /** The message before it; none stands for the one with the same prefix and the sequence before. */
  after: f.list(f.id, 1),
  /** The hash of that message's text, if it came in a letter. */
  afterHash: f.list(f.hash, 1),
  channel: f.flag,
  /** We have a channel key, and this channel message is not sealed: everybody can read it. */
  isOpen: f.flag,
  from: f.nick,
  sentAt: f.instant,
  /** The line shows the date: the message waited at the server, or is late. */
  dated: f.flag,
  text: f.text,
});

/**
 * An event of the journal, by its number: a message as it was shown. It stays until the person and every
 * program that reads the journal have dealt with it.
 */
export const EVENT = new RecordKind("event", {
  channel: f.flag,
  prefix: f.prefix,
  sequence: f.u48,
  from: f.nick,
  /** The older nick that the sender's looks like. */
  like: f.list(f.nick, 1),
  sentAt: f.instant,
  /** When it was shown, by the machine's own time. */
  keptAt: f.instant,
  dated: f.flag,
  isOpen: f.flag,
  /** The sender's message before it had not come, or was another one than its sender's. */
  isBehindGap: f.flag,
  isExchanged: f.flag,
  /** The person has seen it, and has not seen one before it. */
  isShown: f.flag,
  text: f.text,
});

/** How far a message of ours has come that a script has sent, by its id. */
export const OUTCOME = new RecordKind("outcome", {
  /** The name of the send, so that it can be repeated and is still one message. */
  once: f.text,
  /** The recipient; nobody for a post. */
  to: f.list(f.nick, 1),
  state: f.oneOf(MESSAGE_STATES),
  /** Why it has failed, or nothing. */
  failure: f.text,
});

/** The last event that a reader of the journal has dealt with, by the reader's name, and when. */
export const READER = new RecordKind("reader", { number: f.u48, at: f.instant });

/** The last message of a peer that was shown in its place, by nick: the next one's `after` should name it. */
export const SHOWN = new RecordKind("shown", { id: f.id, hash: f.hash });

/** A prekey of ours, by its public key. It is destroyed when no letter can need it any more. */
export const PREKEY = new RecordKind("prekey", {
  secret: f.key,
  at: f.instant,
  /** The counter of its bundle: higher than that of every prekey before it. */
  counter: f.u48,
  /** When its successor was made; 0 for the current prekey. */
  supersededAt: f.instant,
});

/**
 * The identity (Ed25519) that is pinned for a nick: since the first message to or from it, or an invitation.
 */
export const KNOWN_PEER = new RecordKind("known_peer", {
  identity: f.key,
  verified: f.flag,
  /** The identity itself, or one whose successor it is, has signed that it is revoked. */
  revoked: f.flag,
});

/** Our own last post: its number, and the hash that the next one names as `previous`. */
export const POSTED = new RecordKind("posted", { number: f.u48, hash: f.hash });

/** The last post that we have seen of another sender, by identity and the state folder's bits of its id. */
export const CHAIN = new RecordKind("chain", { number: f.u48, hash: f.hash });

// ---- server ----------------------------------------------------------------------------------------------

/** The secret key (X25519) of the server, made at its first start. */
export const KEY = new RecordKind("key", { secret: f.key });

/** A nick and its owner, by nick: the first identity that registered it. */
export const NICK = new RecordKind("nick", {
  nick: f.nick,
  skeleton: f.skeleton,
  bundle: f.bundle,
  ordinal: f.u32,
  /** When it was registered first, until its owner has come back on another day; 0 from then on. */
  unusedSince: f.instant,
  /** When the owner registered or left last; while it is online about when it registered. */
  seenAt: f.instant,
  /** Whether the member was online: after a restart of the server it has 75 s to register again. */
  online: f.flag,
  addresses: f.addresses,
  predecessors: f.predecessors,
  revocation: f.revocation,
});

/**
 * An identity that never registers again, by the identity: revoked, or followed by a successor. It outlives
 * the nick that it had.
 */
export const ENDED = new RecordKind("ended", { nick: f.nick, at: f.instant });

/** A letter that waits, by its number among all letters and posts that the server has stored. */
export const LETTER = new RecordKind("letter", {
  id: f.id,
  from: f.nick,
  to: f.nick,
  storedAt: f.instant,
  body: f.body,
});

/**
 * The name of the receipt for a letter. The sender belongs to it, because two senders may use the same id.
 */
export function receiptName(sender: Nick, id: MessageId): string {
  return `${nameFor(sender)}/${id}`;
}

export function receiptKey(sender: Nick, id: MessageId): string {
  return RECEIPT.key(receiptName(sender, id));
}

/**
 * The outcome of a letter, until its sender has acknowledged it (`noted`), by the sender's nick and the id.
 */
export const RECEIPT = new RecordKind("receipt", {
  from: f.nick,
  to: f.nick,
  at: f.instant,
  edition: f.edition,
  ephemeral: f.key,
  outcome: f.outcome,
  proof: f.proof,
});

/** A post, by its number among all letters and posts that the server has stored. */
export const CHANNEL = new RecordKind("channel", {
  /** Counts posts alone, from 1. */
  number: f.u48,
  id: f.id,
  from: f.nick,
  storedAt: f.instant,
  body: f.body,
});

/** The number of the last post that a member has saved, by nick. */
export const CURSOR = new RecordKind("cursor", { number: f.u48 });

/** The number of the last post that was dropped, so that numbers go on even when no post is left. */
export const DROPPED = new RecordKind("dropped", { number: f.u48 });

/** When the server last started. The next start gets a later instant, whatever the clock says. */
export const START = new RecordKind("start", { at: f.u48 });
