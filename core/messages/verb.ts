/**
 * Verbs: everything that two machines say to each other (docs/protocol.md, section 5, says what each one
 * means). On the wire a verb is a tag of one byte, then its fields in order. A verb does not say how it
 * travels: a link carries it. It proves nothing about its speaker either: the link's peer key does.
 */
import { MALFORMED, type Malformed, Pieces, Reader, Writer } from "../base/bytes.ts";
import { directMessages, PEOPLE_BYTES, runs } from "./direct.ts";
import * as f from "./field.ts";
import { PREKEY_ID_BYTES } from "./letter_form.ts";

/**
 * Why the server refuses a nick or a message.
 *
 *     other key   another identity owns the nick
 *     unknown     nobody has registered the recipient's nick
 *     quota       the recipient's mailbox is full, or the sender's share of it is
 *     full        the server takes no more nicks, or no more mail
 *     rate        too much comes from this address or this member: try again later
 *     known       the message was collected long ago, and its receipt is gone
 *     online      the nick's holder is online, so no client may register only to send
 *     revoked     the identity has ended: it was revoked, or has a successor
 */
export type Reason =
  | "other key"
  | "unknown"
  | "quota"
  | "full"
  | "rate"
  | "known"
  | "online"
  | "revoked";

/** The place in this list is the reason's number on the wire. It never changes. */
export const REASONS: readonly Reason[] = [
  "other key",
  "unknown",
  "quota",
  "full",
  "rate",
  "known",
  "online",
  "revoked",
];

const reason = f.oneOf(REASONS);

/**
 * The server's answer to a revocation.
 *
 *     done      the identity has ended, now or before
 *     unknown   it never had this nick here
 *     forged    it did not sign this
 *     rate      too many come from this address: try again later
 */
export type RevocationAnswer = "done" | "unknown" | "forged" | "rate";

/** The place in this list is the answer's number on the wire. It never changes. */
export const REVOCATION_ANSWERS: readonly RevocationAnswer[] = ["done", "unknown", "forged", "rate"];

/** The fields of a letter or post that the server hands over to a member. */
const STREAM_ITEM = {
  /** Names the stream, one for each registration; a later stream has a higher number. */
  stream: f.u48,
  /** Counts the items of the stream from 1. */
  position: f.u32,
  /** The item was stored before the member registered. */
  waited: f.flag,
  id: f.id,
  from: f.nick,
  body: f.body,
} as const;

/** Tag and fields of every verb. A tag whose verb is gone is never used for another one. */
const VERBS = {
  // A client tells the server whether it is there. `turn` counts the first four of these verbs, so that a
  // late one does not undo a newer one. `asked` is true when the user gave the command: only then may a
  // client take back a place that another one of the same identity has taken.
  register: {
    tag: 1,
    fields: {
      nick: f.nick,
      turn: f.u32,
      asked: f.flag,
      bundle: f.bundle,
      candidates: f.addresses,
      predecessors: f.predecessors,
    },
  },
  // A client that only sends says this instead. Its link has a key of its own, for which the identity in the
  // bundle vouches (`Identity.voucher`).
  sendOnly: {
    tag: 7,
    fields: {
      nick: f.nick,
      turn: f.u32,
      bundle: f.bundle,
      voucher: f.signature,
      predecessors: f.predecessors,
    },
  },
  deregister: { tag: 2, fields: { nick: f.nick, turn: f.u32 } },
  leave: { tag: 3, fields: { nick: f.nick, turn: f.u32 } },
  keepAlive: { tag: 4, fields: { nick: f.nick } },
  rowsSince: { tag: 5, fields: { nick: f.nick, version: f.version } },
  // A table may be too large to be sent to everybody. Then a client asks for one row and its changes, or for
  // nicks by their beginning.
  lookup: { tag: 9, fields: { nick: f.nick, name: f.nick } },
  complete: { tag: 10, fields: { nick: f.nick, prefix: f.prefixText } },
  // A client opens a direct way to a peer. The server tells both where the other is, and both initiate.
  reach: { tag: 8, fields: { nick: f.nick, peer: f.nick } },
  // Anybody may hand in a revocation: its signature alone proves it.
  revoke: { tag: 6, fields: { nick: f.nick, identity: f.key, signature: f.signature } },
  // The server answers. In `registered`, `members` is the number of members, `online` how many of them are
  // there, and `isWhole` says whether everybody gets all rows; `waiting` is the number of items that waited
  // for this one and begin the stream, and `dropped` the number of channel messages that are gone before the
  // client has read them.
  registered: {
    tag: 16,
    fields: {
      nick: f.nick,
      stream: f.u48,
      version: f.version,
      members: f.u32,
      online: f.u32,
      isWhole: f.flag,
      waiting: f.u32,
      dropped: f.u32,
    },
  },
  refused: { tag: 17, fields: { nick: f.nick, reason } },
  deregistered: { tag: 19, fields: { nick: f.nick } },
  // The version of the table: of the whole one; or, behind `counts`, of the rows that the client has asked
  // for. `counts` has the number of members, and how many of them are online.
  alive: { tag: 20, fields: { version: f.version } },
  counts: { tag: 28, fields: { version: f.version, members: f.u32, online: f.u32 } },
  // `rows` has all changes after the version `since` up to the counter `upTo`. The table itself is at
  // `newest`: if that is higher, more rows are to come, or to be asked for.
  rows: { tag: 27, fields: { since: f.version, upTo: f.u48, newest: f.u48, rows: f.rows } },
  // The same for rows of which nothing has changed but whether and where their owners are.
  presence: {
    tag: 30,
    fields: { since: f.version, upTo: f.u48, newest: f.u48, presence: f.presences },
  },
  // The answers to `lookup`: the row, as it was at `version`, perhaps with that of an older nick that looks
  // like it; or nobody has the nick. And the nicks that begin with what was asked for, if not too many.
  found: { tag: 29, fields: { version: f.version, rows: f.rows } },
  unknown: { tag: 31, fields: { name: f.nick } },
  completed: { tag: 32, fields: { prefix: f.prefixText, nicks: f.nicks } },
  // Not registered: `bundle` is the newest of this identity that the server has, and the client's was older.
  olderBundle: { tag: 25, fields: { nick: f.nick, bundle: f.bundle } },
  notRegistered: { tag: 22, fields: { nick: f.nick } },
  replaced: { tag: 23, fields: { nick: f.nick } },
  revoked: { tag: 26, fields: { nick: f.nick, answer: f.oneOf(REVOCATION_ANSWERS) } },
  // The holder of this key was just seen at these addresses, and looks for us.
  introduce: { tag: 24, fields: { nick: f.nick, key: f.key, addresses: f.someAddresses } },
  // Direct messages go from client to client, in the order in which they were written. `people` names the two
  // (`direct.ts`), and `place` the recipient's prekey in the sender's table (`prekeyId`). `got` tells what
  // became of them, after they were saved: one outcome, and the sequences of the messages that have it.
  direct: {
    tag: 34,
    fields: {
      from: f.nick,
      to: f.nick,
      people: f.hex(PEOPLE_BYTES),
      place: f.hex(PREKEY_ID_BYTES),
      prefix: f.prefix,
      messages: directMessages,
    },
  },
  got: {
    tag: 35,
    fields: {
      from: f.nick,
      to: f.nick,
      people: f.hex(PEOPLE_BYTES),
      outcome: f.outcome,
      prefix: f.prefix,
      runs,
    },
  },
  // The recipient of a letter tells the server what became of it.
  receipt: {
    tag: 36,
    fields: { from: f.nick, to: f.nick, ...f.RECEIPT_FIELDS },
  },
  // A client hands messages to the server, and acknowledges: with `saved` a position of its stream, with
  // `noted` the receipts that came in `collected`.
  deposit: { tag: 40, fields: { id: f.id, from: f.nick, to: f.nick, body: f.body } },
  post: { tag: 41, fields: { id: f.id, from: f.nick, body: f.body } },
  saved: { tag: 42, fields: { nick: f.nick, stream: f.u48, position: f.u32 } },
  noted: { tag: 43, fields: { nick: f.nick, receipts: f.receiptNames } },
  // The server answers a deposit or post: it names the sealing, for a late answer says nothing of a message
  // that was sealed again. It hands over the items of a stream, and the receipts for letters that the client
  // has deposited.
  stored: { tag: 48, fields: f.SEALING_FIELDS },
  rejected: { tag: 49, fields: { ...f.SEALING_FIELDS, reason } },
  letter: { tag: 50, fields: STREAM_ITEM },
  channel: { tag: 51, fields: STREAM_ITEM },
  collected: { tag: 53, fields: { to: f.nick, receipts: f.receipts } },
} as const;

type Verbs = typeof VERBS;
export type VerbType = keyof Verbs;

/** A verb of one type: its name and the values of its fields. */
export type VerbOf<Type extends VerbType> = { readonly type: Type } & f.ValuesOf<Verbs[Type]["fields"]>;
export type Verb = { [Type in VerbType]: VerbOf<Type> }[VerbType];

const NAMES = Object.keys(VERBS) as VerbType[];
const BY_TAG = new Map<number, VerbType>(NAMES.map((name) => [VERBS[name].tag, name]));

/** True for verbs that are handed on in the order in which they were sent. */
export function isOrdered(verb: Verb): boolean {
  return verb.type === "direct" || "body" in verb;
}

export function encodeVerb(verb: Verb): Uint8Array {
  const writer = new Writer();
  writeHead(writer, verb);
  if ("body" in verb) writer.raw(verb.body);
  return writer.finish();
}

/** The bytes of verbs that somebody was told. */
const encoded = new WeakMap<Verb, Uint8Array>();

/** The same bytes, in memory once for all who are told this verb: a change of the table goes to everybody. */
export function encodeOnce(verb: Verb): Uint8Array {
  const known = encoded.get(verb);
  if (known !== undefined) return known;
  const bytes = encodeVerb(verb);
  encoded.set(verb, bytes);
  return bytes;
}

/** The same bytes. A body, which always comes last, is not copied: one post goes to many members. */
export function verbInPieces(verb: Verb): Pieces {
  const writer = new Writer();
  writeHead(writer, verb);
  return new Pieces(writer.finish(), "body" in verb ? verb.body : undefined);
}

/** Writes all of a verb but the bytes of its body. */
function writeHead(writer: Writer, verb: Verb): void {
  const { tag, fields } = VERBS[verb.type];
  writer.u8(tag);
  f.writeFields(writer, "body" in verb ? { ...fields, body: f.bodyLength } : fields, verb);
}

/** Bytes left over make a verb malformed. */
export function decodeVerb(bytes: Uint8Array): Verb | Malformed {
  const reader = new Reader(bytes);
  const type = BY_TAG.get(reader.u8());
  if (type === undefined) return MALFORMED;
  const verb = f.readFields(reader, VERBS[type].fields, { type }) as Verb;
  return reader.done ? verb : MALFORMED;
}
