/**
 * What the two sides say to each other, layer 5 of the wire: a tag of one byte, then the fields in order.
 * A verb never says how it travels; a link carries it. Who says it is known from the link: by its key.
 */
import { MALFORMED, type Malformed, Reader, Writer } from "../base/bytes.ts";
import * as f from "./field.ts";

/** Why the server did not take something. */
export type Reason = "other key" | "unknown" | "quota" | "full" | "rate" | "known";

/** As numbered on the wire. */
export const REASONS: readonly Reason[] = ["other key", "unknown", "quota", "full", "rate", "known"];

const reason = f.oneOf(REASONS);

/** What the server hands over in a stream. */
const STREAM_ITEM = {
  stream: f.u48,
  position: f.u32,
  waited: f.flag,
  id: f.id,
  from: f.nick,
  body: f.body,
} as const;

/** Tag and fields of every verb. Tags are never used again for something else. */
const VERBS = {
  // client to server: who is there; `turn` counts these three, so that a late one does not undo a newer one;
  // `asked`: the user asked for it, so that a place which was replaced may come back, and not by itself
  register: {
    tag: 1,
    fields: { nick: f.nick, turn: f.u32, asked: f.flag, bundle: f.bundle, candidates: f.addresses },
  },
  deregister: { tag: 2, fields: { nick: f.nick, turn: f.u32 } },
  leave: { tag: 3, fields: { nick: f.nick, turn: f.u32 } },
  keepAlive: { tag: 4, fields: { nick: f.nick } },
  rowsSince: { tag: 5, fields: { nick: f.nick, version: f.version } },
  // server to client
  registered: {
    tag: 16,
    fields: {
      nick: f.nick,
      stream: f.u48,
      version: f.version,
      members: f.u32,
      waiting: f.u32,
      dropped: f.u32,
    },
  },
  refused: { tag: 17, fields: { nick: f.nick, reason } },
  deregistered: { tag: 19, fields: { nick: f.nick } },
  alive: { tag: 20, fields: { version: f.version } },
  // all changes from a version up to a counter; the newest there is tells whether more is to come
  rows: { tag: 21, fields: { since: f.version, upTo: f.u48, newest: f.u48, rows: f.rows } },
  notRegistered: { tag: 22, fields: { nick: f.nick } },
  replaced: { tag: 23, fields: { nick: f.nick } },
  // messages, client to client; a receipt for a letter goes the way it came: to the server
  direct: { tag: 32, fields: { id: f.id, from: f.nick, to: f.nick, body: f.body } },
  receipt: {
    tag: 33,
    fields: {
      from: f.nick,
      to: f.nick,
      id: f.id,
      edition: f.edition,
      outcome: f.outcome,
      signature: f.signature,
    },
  },
  // messages, client to server
  deposit: { tag: 40, fields: { id: f.id, from: f.nick, to: f.nick, body: f.body } },
  post: { tag: 41, fields: { id: f.id, from: f.nick, body: f.body } },
  saved: { tag: 42, fields: { nick: f.nick, stream: f.u48, position: f.u32 } },
  noted: { tag: 43, fields: { nick: f.nick, receipts: f.receiptNames } },
  // messages, server to client
  stored: { tag: 48, fields: { id: f.id } },
  rejected: { tag: 49, fields: { id: f.id, reason } },
  letter: { tag: 50, fields: STREAM_ITEM },
  channel: { tag: 51, fields: STREAM_ITEM },
  collected: { tag: 52, fields: { to: f.nick, receipts: f.receipts } },
} as const;

type Verbs = typeof VERBS;
export type VerbType = keyof Verbs;

/** The verb of one type: its name and the values of its fields. */
export type VerbOf<Type extends VerbType> = { readonly type: Type } & f.ValuesOf<Verbs[Type]["fields"]>;
export type Verb = { [Type in VerbType]: VerbOf<Type> }[VerbType];

const NAMES = Object.keys(VERBS) as VerbType[];
const BY_TAG = new Map<number, VerbType>(NAMES.map((name) => [VERBS[name].tag, name]));

export function encodeVerb(verb: Verb): Uint8Array {
  const writer = new Writer();
  writer.u8(VERBS[verb.type].tag);
  f.writeFields(writer, VERBS[verb.type].fields, verb);
  return writer.finish();
}

export function decodeVerb(bytes: Uint8Array): Verb | Malformed {
  const reader = new Reader(bytes);
  const type = BY_TAG.get(reader.u8());
  if (type === undefined) return MALFORMED;
  const verb = { type, ...f.readFields(reader, VERBS[type].fields) } as Verb;
  return reader.done ? verb : MALFORMED;
}
