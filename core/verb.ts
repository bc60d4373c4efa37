/**
 * What the two sides say to each other, layer 5 of the wire: a tag of one byte, then the fields in order.
 * A verb never says how it travels; a link carries it. Who says it is known from the link: by its key.
 */
import { MALFORMED, type Malformed, Reader, Writer } from "./bytes.ts";
import * as f from "./field.ts";

/** Why the server did not take something. */
export type Reason = "in use" | "unknown" | "quota" | "full";

/** As numbered on the wire. */
const REASONS: readonly Reason[] = ["in use", "unknown", "quota", "full"];

const reason: f.Field<Reason> = {
  write: (w, value) => w.u8(REASONS.indexOf(value)),
  read: (r) => {
    const value = REASONS[r.u8()];
    if (value === undefined) r.fail();
    return value ?? "unknown";
  },
};

/** Tag and fields of every verb. Tags are never used again for something else. */
const VERBS = {
  // client to server: who is there; `turn` counts these three, so that a late one does not undo a newer one;
  // `asked`: the user asked for it, so that a place which was replaced may come back, and not by itself
  register: { tag: 1, fields: { nick: f.nick, turn: f.u32, asked: f.flag, candidates: f.addresses } },
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
  checking: { tag: 18, fields: { nick: f.nick } },
  deregistered: { tag: 19, fields: { nick: f.nick } },
  alive: { tag: 20, fields: { version: f.version } },
  rows: { tag: 21, fields: { since: f.version, upTo: f.u48, rows: f.rows } },
  notRegistered: { tag: 22, fields: { nick: f.nick } },
  replaced: { tag: 23, fields: { nick: f.nick } },
  probe: { tag: 24, fields: { nick: f.nick } },
  // messages, client to client
  direct: {
    tag: 32,
    fields: { id: f.id, after: f.id, from: f.nick, to: f.nick, sentAt: f.instant, text: f.text },
  },
  receipt: { tag: 33, fields: { id: f.id, from: f.nick, to: f.nick } },
  // messages, client to server
  deposit: {
    tag: 40,
    fields: { id: f.id, after: f.id, from: f.nick, to: f.nick, sentAt: f.instant, text: f.text },
  },
  post: { tag: 41, fields: { id: f.id, from: f.nick, sentAt: f.instant, text: f.text } },
  saved: { tag: 42, fields: { nick: f.nick, stream: f.u48, position: f.u32 } },
  noted: { tag: 43, fields: { nick: f.nick, ids: f.ids } },
  // messages, server to client
  stored: { tag: 48, fields: { id: f.id } },
  rejected: { tag: 49, fields: { id: f.id, reason } },
  letter: {
    tag: 50,
    fields: {
      stream: f.u48,
      position: f.u32,
      waited: f.flag,
      id: f.id,
      after: f.id,
      from: f.nick,
      sentAt: f.instant,
      text: f.text,
    },
  },
  channel: {
    tag: 51,
    fields: {
      stream: f.u48,
      position: f.u32,
      waited: f.flag,
      id: f.id,
      from: f.nick,
      sentAt: f.instant,
      text: f.text,
    },
  },
  collected: { tag: 52, fields: { to: f.nick, ids: f.ids } },
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
