/**
 * The fields that verbs (docs/protocol.md, section 5) and durable records (section 8) are made of. A verb or
 * record is a list of named fields, written one behind the other without names. Reading never throws: a value
 * that is not allowed marks the reader as failed, and the caller drops the whole verb or record.
 */
import { ipv6Groups, ipv6Text } from "../base/address.ts";
import { Reader, utf8Length, Writer } from "../base/bytes.ts";
import { HASH_BYTES, KEY_BYTES, SIGNATURE_BYTES } from "../base/crypto.ts";
import {
  BODY_BYTES,
  CANDIDATES,
  COLLECTED_RECEIPTS,
  SKELETON_BYTES,
  SUCCESSIONS,
  TEXT_BYTES,
} from "../base/limits.ts";
import type { Address, Millis } from "../base/units.ts";
import { type Bundle, type Outcome, OUTCOMES, type Predecessor, type Receipt } from "./identity.ts";
import type { Revocation } from "./lineage.ts";
import { ID_BYTES, type MessageId, PREFIX_BYTES } from "./message_id.ts";
import { isNick, type Nick } from "./nick.ts";
import type { Row, Version } from "./table.ts";

/** One kind of field: how a value is written and read. `write` is given values that fit only. */
export interface Field<Value> {
  write(writer: Writer, value: Value): void;
  read(reader: Reader): Value;
}

/** Named fields, in the order in which they are written. */
export type Fields = Readonly<Record<string, Field<unknown>>>;

/** The values of such fields, by name. */
export type ValuesOf<Shape> = {
  readonly [Name in keyof Shape]: Shape[Name] extends Field<infer V> ? V : never;
};

export const u8: Field<number> = { write: (w, value) => w.u8(value), read: (r) => r.u8() };
export const u32: Field<number> = { write: (w, value) => w.u32(value), read: (r) => r.u32() };
export const u48: Field<number> = { write: (w, value) => w.u48(value), read: (r) => r.u48() };

/** An instant in whole milliseconds since 1970, UTC, in 6 bytes: they last for 8,900 years. */
export const instant: Field<Millis> = { write: (w, value) => w.u48(Math.floor(value)), read: (r) => r.u48() };

/** One byte, 0 or 1. */
export const flag: Field<boolean> = {
  write: (w, value) => w.u8(value ? 1 : 0),
  read: (r) => {
    const byte = r.u8();
    if (byte > 1) r.fail();
    return byte === 1;
  },
};

export const id: Field<MessageId> = { write: (w, value) => w.hex(value), read: (r) => r.hex(ID_BYTES) };

/** So many bytes, held as lower-case hexadecimal digits. */
export function hex(bytes: number): Field<string> {
  return { write: (w, value) => w.hex(value), read: (r) => r.hex(bytes) };
}

/** The part that the ids of one process to one recipient have in common. */
export const prefix = hex(PREFIX_BYTES);

/**
 * UTF-8 behind a length of one byte. A text that cannot be a nick is refused here, before anybody sees it.
 */
export const nick: Field<Nick> = {
  write: (w, value) => w.text8(value),
  read: (r) => {
    const value = r.text8();
    if (!isNick(value)) r.fail();
    return value;
  },
};

/** A message's text in clear, as the client's own records have it: UTF-8 behind a length of three bytes. */
export const text: Field<string> = {
  write: (w, value) => w.text24(value),
  read: (r) => {
    const value = r.text24();
    if (utf8Length(value) > TEXT_BYTES) r.fail();
    return value;
  },
};

/** At most `most` items (255 or fewer) behind their count in one byte. */
export function list<Value>(item: Field<Value>, most: number): Field<readonly Value[]> {
  return {
    write: (w, values) => {
      w.u8(values.length);
      for (const value of values) item.write(w, value);
    },
    read: (r) => {
      const count = r.u8();
      if (count > most) r.fail();
      const values: Value[] = [];
      while (values.length < count && !r.failed) values.push(item.read(r));
      return values;
    },
  };
}

/** A list without a count: it takes all that is left, so it comes last. */
export function rest<Value>(item: Field<Value>): Field<readonly Value[]> {
  return {
    write: (w, values) => {
      for (const value of values) item.write(w, value);
    },
    read: (r) => {
      const values: Value[] = [];
      while (r.left > 0 && !r.failed) values.push(item.read(r));
      return values;
    },
  };
}

/** One of several values, written as its place in the list in one byte. The list never changes its order. */
export function oneOf<Word>(words: readonly Word[]): Field<Word> {
  return {
    write: (w, value) => w.u8(words.indexOf(value)),
    read: (r) => {
      const word = words[r.u8()];
      if (word === undefined) r.fail();
      return word ?? words[0]!;
    },
  };
}

/** A letter or a post as it leaves: up to `BODY_BYTES` bytes behind a length of three bytes. */
export const body: Field<Uint8Array> = {
  write: (w, value) => {
    w.u24(value.length);
    w.raw(value);
  },
  read: (r) => {
    const length = r.u24();
    if (length > BODY_BYTES) r.fail();
    // A copy, because a body is kept longer than the datagram that it came in.
    return r.failed ? new Uint8Array(0) : r.raw(length).slice();
  },
};

/** The same without its bytes, for a writer who has them follow. */
export const bodyLength: Field<Uint8Array> = { ...body, write: (w, value) => w.u24(value.length) };

export const hash = hex(HASH_BYTES);

/** Whether a letter is the first (0) or the second (1) sealing of its message. */
export const edition = oneOf([0, 1]);
export const outcome: Field<Outcome> = oneOf(OUTCOMES);
export const signature = hex(SIGNATURE_BYTES);

/** The proof in a receipt, behind its length: a mac, a signature, or nothing. */
export const proof: Field<string> = {
  write: (w, value) => {
    w.u8(value.length / 2);
    w.hex(value);
  },
  read: (r) => {
    const length = r.u8();
    if (![0, HASH_BYTES, SIGNATURE_BYTES].includes(length)) r.fail();
    return r.failed ? "" : r.hex(length);
  },
};

const IPV4 = 4;
const IPV6 = 6;
const SERVER_HOST = 0;

/**
 * A host that stands for the server's own machine in a row, whose address differs from reader to reader: each
 * client puts in the address at which it reaches the server.
 */
export const SERVER_HOST_NAME = "";

/** A family byte (4, 6, or 0 for the server's own host), then 4, 16 or no bytes of host, then a port. */
export const address: Field<Address> = {
  write: (w, { host, port }) => {
    if (host === SERVER_HOST_NAME) w.u8(SERVER_HOST);
    else if (host.includes(":")) {
      w.u8(IPV6);
      for (const group of ipv6Groups(host)) w.u16(group);
    } else {
      w.u8(IPV4);
      for (const part of host.split(".")) w.u8(Number(part));
    }
    w.u16(port);
  },
  read: (r) => {
    const family = r.u8();
    let host = SERVER_HOST_NAME;
    if (family === IPV4) host = Array.from({ length: 4 }, () => r.u8()).join(".");
    else if (family === IPV6) host = ipv6Text(Array.from({ length: 8 }, () => r.u16()));
    else if (family !== SERVER_HOST) r.fail();
    const port = r.u16();
    if (port === 0) r.fail();
    return { host, port };
  },
};

/** The addresses where a peer may be found, best first. */
export const addresses = list(address, CANDIDATES);

/** Start and counter of the table, 6 bytes each. */
export const version: Field<Version> = {
  write: (w, value) => {
    w.u48(value.start);
    w.u48(value.counter);
  },
  read: (r) => ({ start: r.u48(), counter: r.u48() }),
};

/** A public or secret key of 32 bytes. */
export const key = hex(KEY_BYTES);

/** The same, but at least one, so that a link to the peer has somewhere to send. */
export const someAddresses: Field<readonly Address[]> = {
  write: (w, value) => addresses.write(w, value),
  read: (r) => {
    const some = addresses.read(r);
    if (some.length === 0) r.fail();
    return some;
  },
};

/** Several fields as one value: an object with their names. */
export function composite<Shape extends Fields>(fields: Shape): Field<ValuesOf<Shape>> {
  return {
    write: (w, values) => writeFields(w, fields, values),
    read: (r) => readFields(r, fields) as ValuesOf<Shape>,
  };
}

/** Numbers from one to another, both included. */
export const run = composite({ from: u48, to: u48 });

/** A bundle, 172 bytes (docs/security.md, "Formats and key schedule"). Its signature is not checked here. */
export const bundle: Field<Bundle> = composite({
  identity: key,
  key,
  prekey: key,
  prekeyAt: instant,
  counter: u48,
  signature,
});

/** The identities that had a nick before. Their signatures are not checked here (`lineage.ts`). */
export const predecessors: Field<readonly Predecessor[]> = list(
  composite({ identity: key, signature, consent: signature }),
  SUCCESSIONS,
);

/** At most one, signed by an identity that has or had the nick. */
export const revocation: Field<readonly Revocation[]> = list(composite({ identity: key, signature }), 1);

/** The fields that name a message and its sealing (`LetterName`). A post has edition 0 and no key. */
export const SEALING_FIELDS = { id, edition, ephemeral: key } as const;

/** The fields of a `Receipt`. */
export const RECEIPT_FIELDS = { ...SEALING_FIELDS, outcome, proof } as const;

const receipt: Field<Receipt> = composite(RECEIPT_FIELDS);
export const receipts = list(receipt, COLLECTED_RECEIPTS);

/** Receipts named by message and sealing: one of each is enough to tell a receipt from every other. */
export const receiptNames = list(composite(SEALING_FIELDS), COLLECTED_RECEIPTS);

/** The skeleton of a nick, behind a length of one byte. */
export const skeleton: Field<string> = {
  write: (w, value) => w.text8(value),
  read: (r) => {
    const value = r.text8();
    if (utf8Length(value) > SKELETON_BYTES) r.fail();
    return value;
  },
};

const row: Field<Row> = {
  write: (w, value) => {
    nick.write(w, value.nick);
    skeleton.write(w, value.skeleton);
    bundle.write(w, value);
    u32.write(w, value.ordinal);
    flag.write(w, value.online);
    someAddresses.write(w, value.addresses);
    predecessors.write(w, value.predecessors);
    revocation.write(w, value.revocation);
  },
  read: (r) => ({
    nick: nick.read(r),
    skeleton: skeleton.read(r),
    ...bundle.read(r),
    ordinal: u32.read(r),
    online: flag.read(r),
    addresses: someAddresses.read(r),
    predecessors: predecessors.read(r),
    revocation: revocation.read(r),
  }),
};

export const rows = list(row, 255);

/** The length of a row on the wire in bytes. */
export function rowBytes(value: Row): number {
  const writer = new Writer();
  row.write(writer, value);
  return writer.finish().length;
}

export function writeFields(writer: Writer, fields: Fields, values: Readonly<Record<string, unknown>>): void {
  for (const name in fields) fields[name]!.write(writer, values[name]);
}

/** Reads all fields, and returns `values` with them in it. */
export function readFields(
  reader: Reader,
  fields: Fields,
  values: Record<string, unknown> = {},
): Record<string, unknown> {
  for (const name in fields) values[name] = fields[name]!.read(reader);
  return values;
}
