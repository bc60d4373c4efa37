/**
 * Makes records of version 4 of those of version 3 (docs/operations.md, "From version 3"). Our own letters
 * that wait are sealed anew; what others have signed or sealed stays, and still counts.
 *
 * An id of version 3 is read as one of version 4, digit for digit:
 *
 *     version 3   state 24 | starts 16           | random 24         | sequence 64
 *     version 4   state 24 | starts 32 = 16 + 16 | random 24 = 8 + 16 | sequence 48
 *
 * So the lower half of its starts is what was random, and its prefix ends in zeros. Its order towards other
 * ids stays.
 */
import { MALFORMED, type Malformed } from "../base/bytes.ts";
import type { Records } from "../machine.ts";
import * as f from "../messages/field.ts";
import { NO_HASH, NO_KEY, noBundle } from "../messages/identity.ts";
import { NO_LINEAGE } from "../messages/lineage.ts";
import { partsOf, STATE_BYTES } from "../messages/message_id.ts";
import { nickSkeleton } from "../messages/nick.ts";
import {
  IDENTITY,
  INBOX,
  kindPrefixOf,
  KNOWN_PEER,
  NICK,
  OUTBOX,
  PREKEY,
  RECEIPT,
  RecordKind,
  secondOf,
  SEEN,
} from "./records.ts";

/** How many starts of version 4 have the starts of version 3 as their upper half. */
const STARTS = 2 ** 16;
const STARTS_END = 2 ** 32;
/** The digits that version 3's prefix lacks. */
const PREFIX_END = "0000";
/** The names of records about a whole state folder have so many digits behind the nick. */
const FOLDER_DIGITS = 6;

/** The counter of prekeys that were made before bundles were counted. They open letters, and nothing else. */
const NOT_COUNTED = 0;

const IDENTITY_3 = new RecordKind("identity", {
  nick: f.nick,
  server: f.address,
  state: f.hex(STATE_BYTES),
  starts: f.u32,
});

const OUTBOX_3 = new RecordKind("outbox", {
  after: f.id,
  afterHash: f.hash,
  to: f.list(f.nick, 1),
  sentAt: f.instant,
  stored: f.flag,
  text: f.text,
  edition: f.edition,
  body: f.body,
});

const INBOX_3 = new RecordKind("inbox", {
  id: f.id,
  after: f.id,
  afterHash: f.hash,
  channel: f.flag,
  isOpen: f.flag,
  from: f.nick,
  sentAt: f.instant,
  dated: f.flag,
  text: f.text,
});

const PREKEY_3 = new RecordKind("prekey", { secret: f.key, at: f.instant, supersededAt: f.instant });

const BUNDLE_3 = f.composite({
  identity: f.key,
  key: f.key,
  prekey: f.key,
  prekeyAt: f.instant,
  signature: f.signature,
});

const KNOWN_PEER_3 = new RecordKind("known_peer", { identity: f.key, verified: f.flag });

const NICK_3 = new RecordKind("nick", {
  nick: f.nick,
  bundle: BUNDLE_3,
  ordinal: f.u32,
  online: f.flag,
  addresses: f.addresses,
});

const RECEIPT_3 = new RecordKind("receipt", {
  from: f.nick,
  to: f.nick,
  at: f.instant,
  edition: f.edition,
  outcome: f.outcome,
  signature: f.signature,
});

type Entry = readonly [key: string, value: Uint8Array];

/** The way to make a record, by kind. Kinds that are not here have stayed as they were. */
const CONVERSIONS: Readonly<Record<string, (key: string, value: Uint8Array) => Entry | Malformed>> = {
  [IDENTITY.prefix]: (key, value) => {
    const owner = IDENTITY_3.decode(value);
    if (owner === MALFORMED) return MALFORMED;
    const starts = (owner.starts + 1) * STARTS % STARTS_END;
    return [key, IDENTITY.encode({ ...owner, serverKey: [], starts })];
  },
  [SEEN.prefix]: (key, value) => {
    const seen = SEEN.decode(value);
    if (seen === MALFORMED) return MALFORMED;
    if (secondOf(SEEN.nameOf(key)).length > FOLDER_DIGITS) return [key + PREFIX_END, value];
    // It says up to which start processes are forgotten.
    return [key, SEEN.encode({ ...seen, floor: seen.floor * STARTS + STARTS - 1 })];
  },
  [OUTBOX.prefix]: (key, value) => {
    const message = OUTBOX_3.decode(value);
    if (message === MALFORMED) return MALFORMED;
    const { after, body, to, ...rest } = message;
    // A letter is sealed anew when it is needed. A post keeps its place in the chain: the server may have it.
    const isPost = to.length === 0 && body.length > 0;
    const sealing = isPost ? [{ ephemeral: NO_KEY, proof: "", body }] : [];
    return [key, OUTBOX.encode({ ...rest, to, after: [after], writtenAt: rest.sentAt, sealing })];
  },
  [INBOX.prefix]: (key, value) => {
    const message = INBOX_3.decode(value);
    if (message === MALFORMED) return MALFORMED;
    const { id, after, afterHash, ...rest } = message;
    const place = { after: [after], afterHash: afterHash === NO_HASH ? [] : [afterHash] };
    return [key, INBOX.encode({ ...rest, ...partsOf(id), ...place })];
  },
  [PREKEY.prefix]: (key, value) => {
    const prekey = PREKEY_3.decode(value);
    return prekey === MALFORMED ? MALFORMED : [key, PREKEY.encode({ ...prekey, counter: NOT_COUNTED })];
  },
  [KNOWN_PEER.prefix]: (key, value) => {
    const pin = KNOWN_PEER_3.decode(value);
    return pin === MALFORMED ? MALFORMED : [key, KNOWN_PEER.encode({ ...pin, revoked: false })];
  },
  [NICK.prefix]: (key, value) => {
    const member = NICK_3.decode(value);
    if (member === MALFORMED) return MALFORMED;
    // The nick stays bound. Its owner signs a bundle of version 4 when he registers.
    const bundle = noBundle(member.bundle.identity);
    const skeleton = nickSkeleton(member.nick);
    // A client of version 3 makes a new prekey every day on which it is online.
    const seenAt = member.bundle.prekeyAt;
    const rest = { skeleton, bundle, unusedSince: 0, seenAt, online: false, ...NO_LINEAGE };
    return [key, NICK.encode({ ...member, ...rest })];
  },
  [RECEIPT.prefix]: (key, value) => {
    const receipt = RECEIPT_3.decode(value);
    if (receipt === MALFORMED) return MALFORMED;
    const { signature, ...rest } = receipt;
    const proof = rest.outcome === "released" ? "" : signature;
    return [key, RECEIPT.encode({ ...rest, ephemeral: NO_KEY, proof })];
  },
};

/** The records of version 4. Damaged ones are left out. */
export function fromVersion3(records: Records): Entry[] {
  return [...records].flatMap(([key, value]) => {
    const convert = CONVERSIONS[kindPrefixOf(key)];
    const entry = convert === undefined ? [key, value] as const : convert(key, value);
    return entry === MALFORMED ? [] : [entry];
  });
}
