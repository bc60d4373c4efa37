/**
 * The durable records: what a key looks like, and the fields of its value. Keys sort in the order in which
 * things happened; numbers in keys have a fixed width for that.
 */
import { MALFORMED, type Malformed, Reader, Writer } from "../base/bytes.ts";
import * as f from "../messages/field.ts";
import { type MessageId, STATE_BYTES } from "../messages/message_id.ts";
import { type Nick, type NickKey, nickKey } from "../messages/nick.ts";

const NUMBER_DIGITS = 15;

/** A kind of record: `kind/name`. */
class RecordKind {
  readonly #kind: string;

  constructor(kind: string) {
    this.#kind = `${kind}/`;
  }

  key(name: string | number): string {
    return this.#kind + (typeof name === "number" ? String(name).padStart(NUMBER_DIGITS, "0") : name);
  }

  /** Keys are ASCII, nicks need not be. */
  keyFor(nick: Nick): string {
    return this.key(encodeURIComponent(nickKey(nick)));
  }

  nickOf(key: string): NickKey {
    return decodeURIComponent(this.nameOf(key));
  }

  matches(key: string): boolean {
    return key.startsWith(this.#kind);
  }

  nameOf(key: string): string {
    return key.slice(this.#kind.length);
  }
}

/** A kind of record whose value is a list of fields. */
class FieldRecord<Shape extends f.Fields> extends RecordKind {
  /** In the order in which they are written. */
  readonly fields: Shape;

  constructor(kind: string, fields: Shape) {
    super(kind);
    this.fields = fields;
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
}

/** The values of a kind of record. */
export type ValueOf<Kind> = Kind extends FieldRecord<infer Shape> ? f.ValuesOf<Shape> : never;

/** By sender and the first 64 bits of ids: when one was seen last, then runs of sequence numbers. Both sides keep these. */
export const SEEN = new RecordKind("seen");

/** The time in our last initiation: the next one has a later one, whatever the clock says. Both sides keep it. */
export const INITIATION = new FieldRecord("initiation", { at: f.u48 });

// ---- client ----------------------------------------------------------------------------------------------

/** Whose state this is and at which server, and what goes into ids. */
export const IDENTITY = new FieldRecord("identity", {
  nick: f.nick,
  server: f.address,
  state: f.hex(STATE_BYTES),
  starts: f.u32,
});

/**
 * A message of ours that has not been receipted, by id. `to` is absent for the channel. `body` is what leaves: a
 * letter, or a post; nothing as long as it has not been sealed.
 */
export const OUTBOX = new FieldRecord("outbox", {
  after: f.id,
  afterHash: f.hash,
  to: f.list(f.nick, 1),
  sentAt: f.instant,
  stored: f.flag,
  text: f.text,
  edition: f.edition,
  body: f.body,
});

/** The last message to a peer that has not failed, by nick: its id, and the hash of its text. */
export const SENT = new FieldRecord("sent", { id: f.id, hash: f.hash });

/** A message that was saved but perhaps not shown, by order of arrival. */
export const INBOX = new FieldRecord("inbox", {
  id: f.id,
  after: f.id,
  afterHash: f.hash,
  channel: f.flag,
  /** A channel message that everybody can read, where we have a channel key. */
  isOpen: f.flag,
  from: f.nick,
  sentAt: f.instant,
  dated: f.flag,
  text: f.text,
});

/** The last message of a peer that was shown in its place, by nick: its id, and the hash of its text. */
export const SHOWN = new FieldRecord("shown", { id: f.id, hash: f.hash });

/** A secret prekey, by its public key; `supersededAt` is 0 for the current one. */
export const PREKEY = new FieldRecord("prekey", {
  secret: f.key,
  at: f.instant,
  supersededAt: f.instant,
});

/** The identity (Ed25519) of somebody whom we have written to or heard from, by nick. */
export const KNOWN_PEER = new FieldRecord("known_peer", { identity: f.key, verified: f.flag });

/** Our own last channel message: its number, and the hash that the next one names. */
export const POSTED = new FieldRecord("posted", { number: f.u48, hash: f.hash });

/** The same of another sender, by identity and the bits of his state folder. */
export const CHAIN = new FieldRecord("chain", { number: f.u48, hash: f.hash });

// ---- server ----------------------------------------------------------------------------------------------

/** The secret key (X25519) of the server, made at its first start. */
export const KEY = new FieldRecord("key", { secret: f.key });

/** A nick and who holds it, by nick. */
export const NICK = new FieldRecord("nick", {
  nick: f.nick,
  bundle: f.bundle,
  ordinal: f.u32,
  online: f.flag,
  addresses: f.addresses,
});

/** A letter, by the order in which the server stored it. It is never looked into. */
export const LETTER = new FieldRecord("letter", {
  id: f.id,
  from: f.nick,
  to: f.nick,
  storedAt: f.instant,
  body: f.body,
});

/** An id is its sender's: others may use the same. */
export function receiptKey(sender: Nick, id: MessageId): string {
  return `${RECEIPT.keyFor(sender)}/${id}`;
}

export function receiptId(key: string): MessageId {
  return key.slice(key.lastIndexOf("/") + 1);
}

/** What became of a letter, as long as its sender has not acknowledged that; by sender and id. */
export const RECEIPT = new FieldRecord("receipt", {
  from: f.nick,
  to: f.nick,
  at: f.instant,
  edition: f.edition,
  outcome: f.outcome,
  signature: f.signature,
});

/** A channel message, by the order in which the server stored it; `number` counts channel messages alone. */
export const CHANNEL = new FieldRecord("channel", {
  number: f.u48,
  id: f.id,
  from: f.nick,
  storedAt: f.instant,
  body: f.body,
});

/** The number of the last channel message that a member has saved, by nick. */
export const CURSOR = new FieldRecord("cursor", { number: f.u48 });

/** The number of the last channel message that was dropped, so that numbers go on when no row is left. */
export const DROPPED = new FieldRecord("dropped", { number: f.u48 });

/** When the server last started: the next start has a later one, whatever the clock says. */
export const START = new FieldRecord("start", { at: f.u48 });
