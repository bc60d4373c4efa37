/**
 * The durable records: what a key looks like, and the fields of its value. Keys sort in the order in which
 * things happened; numbers in keys have a fixed width for that.
 */
import { MALFORMED, type Malformed, Reader, Writer } from "./bytes.ts";
import * as f from "./field.ts";
import { STATE_BYTES } from "./message_id.ts";
import { KEY_BYTES } from "./packet.ts";
import { type Nick, type NickKey, nickKey } from "./nick.ts";

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
  readonly #fields: Shape;

  constructor(kind: string, fields: Shape) {
    super(kind);
    this.#fields = fields;
  }

  encode(values: f.ValuesOf<Shape>): Uint8Array {
    const writer = new Writer();
    f.writeFields(writer, this.#fields, values);
    return writer.finish();
  }

  decode(value: Uint8Array): f.ValuesOf<Shape> | Malformed {
    const reader = new Reader(value);
    const values = f.readFields(reader, this.#fields) as f.ValuesOf<Shape>;
    return reader.done ? values : MALFORMED;
  }
}

/** The values of a kind of record. */
export type ValueOf<Kind> = Kind extends FieldRecord<infer Shape> ? f.ValuesOf<Shape> : never;

/** By sender and the first 64 bits of ids: when one was seen last, then runs of sequence numbers. Both sides keep these. */
export const SEEN = new RecordKind("seen");

/** The secret key (X25519) of this client or server, made at its first start. Both sides keep these two. */
export const KEY = new FieldRecord("key", { secret: f.hex(KEY_BYTES) });

/** The time in our last initiation: the next one has a later one, whatever the clock says. */
export const INITIATION = new FieldRecord("initiation", { at: f.u48 });

// ---- client ----------------------------------------------------------------------------------------------

/** Whose state this is and at which server, and what goes into ids. */
export const IDENTITY = new FieldRecord("identity", {
  nick: f.nick,
  server: f.address,
  state: f.hex(STATE_BYTES),
  starts: f.u32,
});

/** A message of ours that has not been receipted, by id. `to` is absent for the channel. */
export const OUTBOX = new FieldRecord("outbox", {
  after: f.id,
  to: f.list(f.nick, 1),
  sentAt: f.instant,
  stored: f.flag,
  text: f.text,
});

/** The last message to a peer that has not failed, by nick. */
export const SENT = new FieldRecord("sent", { id: f.id });

/** A message that was saved but perhaps not shown, by order of arrival. */
export const INBOX = new FieldRecord("inbox", {
  id: f.id,
  after: f.id,
  channel: f.flag,
  from: f.nick,
  sentAt: f.instant,
  dated: f.flag,
  text: f.text,
});

/** The last message of a peer that was shown in its place, by nick. */
export const SHOWN = new FieldRecord("shown", { id: f.id });

// ---- server ----------------------------------------------------------------------------------------------

/** A nick and who holds it, by nick. */
export const NICK = new FieldRecord("nick", {
  nick: f.nick,
  key: f.key,
  ordinal: f.u32,
  online: f.flag,
  addresses: f.addresses,
});

/** A letter, by the order in which the server stored it. */
export const LETTER = new FieldRecord("letter", {
  id: f.id,
  after: f.id,
  from: f.nick,
  to: f.nick,
  sentAt: f.instant,
  storedAt: f.instant,
  text: f.text,
});

/** A letter that was collected and whose sender has not acknowledged that, by id. */
export const RECEIPT = new FieldRecord("receipt", { from: f.nick, to: f.nick, at: f.instant });

/** A channel message, by the order in which the server stored it; `number` counts channel messages alone. */
export const CHANNEL = new FieldRecord("channel", {
  number: f.u48,
  id: f.id,
  from: f.nick,
  sentAt: f.instant,
  storedAt: f.instant,
  text: f.text,
});

/** The number of the last channel message that a member has saved, by nick. */
export const CURSOR = new FieldRecord("cursor", { number: f.u48 });

/** The number of the last channel message that was dropped, so that numbers go on when no row is left. */
export const DROPPED = new FieldRecord("dropped", { number: f.u48 });

/** When the server last started: the next start has a later one, whatever the clock says. */
export const START = new FieldRecord("start", { at: f.u48 });
