/** Verbs to test with: one of each with values at their edges, the longest ones, and random ones. */
import { BODY_BYTES, GOT_RUNS, MAIL_TOTAL_BYTES, NICKS, SUCCESSIONS } from "../../core/base/limits.ts";
import type { Address } from "../../core/base/units.ts";
import { type Bundle, OUTCOMES, type Predecessor, type Receipt } from "../../core/messages/identity.ts";
import { type Lineage, NO_LINEAGE } from "../../core/messages/lineage.ts";
import type { Row } from "../../core/messages/table.ts";
import { REASONS, REVOCATION_ANSWERS, type Verb } from "../../core/messages/verb.ts";
import type { ServerLimits } from "../../core/server/server.ts";
import type { Dice } from "./dice.ts";

export const ID = "00112233445566778899aabbccddeeff";
export const TOP_ID = "f".repeat(32);

/** Ids of one sender process, which is 20 digits or a number; the first of them, the second ... */
export function idOf(sequence: number, process: string | number = "aaaaaa00000001bbbbbb"): string {
  return process.toString(16).padStart(20, "0") + sequence.toString(16).padStart(12, "0");
}

export const KEY = "0f".repeat(32);
const U32 = 2 ** 32 - 1;
const U48 = 2 ** 48 - 1;

/** 64 bytes of UTF-8, the most a nick may have. */
export const LONGEST_NICK = "é".repeat(32);
/** 65,536 bytes of UTF-8, the most a text may have. */
export const LONGEST_TEXT = "😀".repeat(16_384);

export const IPV4: Address = { host: "255.0.1.254", port: 65535 };
export const IPV6: Address = { host: "2001:db8::1", port: 1 };
export const SERVER_HOST: Address = { host: "", port: 9999 };

export const SIGNATURE = "5a".repeat(64);
export const BUNDLE: Bundle = {
  identity: "1d".repeat(32),
  key: KEY,
  prekey: "9e".repeat(32),
  prekeyAt: U48,
  counter: U48,
  signature: SIGNATURE,
};

/** Limits of an operator that nobody is to run into. */
export const NO_LIMITS: ServerLimits = {
  nicks: NICKS,
  newNicksPerHour: 1e9,
  mailBytes: MAIL_TOTAL_BYTES,
  nickDays: 0,
};

/** As long as a letter or a post can be. */
export const LONGEST_BODY: Uint8Array = new Uint8Array(BODY_BYTES).fill(0xb0);
export const BODY: Uint8Array = Uint8Array.of(0, 1, 2, 0xff);

/** As many as a nick can have. */
export const PREDECESSORS: readonly Predecessor[] = Array(SUCCESSIONS).fill({
  identity: BUNDLE.identity,
  signature: SIGNATURE,
  consent: SIGNATURE,
});

export const LINEAGE: Lineage = {
  predecessors: PREDECESSORS,
  revocation: [{ identity: BUNDLE.identity, signature: SIGNATURE }],
};

export const ROW: Row = {
  nick: "Zoë_1.-",
  skeleton: "zoe\u0308_l.-",
  ...BUNDLE,
  ordinal: U32,
  online: true,
  addresses: [IPV4, IPV6, SERVER_HOST],
  ...NO_LINEAGE,
};

const RECEIPTS: readonly Receipt[] = OUTCOMES.map((outcome, at) => ({
  id: at === 0 ? ID : TOP_ID,
  edition: at % 2,
  ephemeral: KEY,
  outcome,
  proof: ["", "5a".repeat(32), SIGNATURE][at % 3]!,
}));

const PAIR = { from: LONGEST_NICK, to: LONGEST_NICK, people: "7e".repeat(16), prefix: TOP_ID.slice(0, 20) };
const MESSAGE = { sequence: U48, after: TOP_ID, sentAt: U48, text: LONGEST_TEXT };

/** At least one of every verb. */
export const VERBS: readonly Verb[] = [
  { type: "register", nick: "a", turn: 0, asked: false, bundle: BUNDLE, candidates: [], predecessors: [] },
  {
    type: "register",
    nick: LONGEST_NICK,
    turn: U32,
    asked: true,
    bundle: BUNDLE,
    candidates: [IPV4, IPV6],
    predecessors: PREDECESSORS,
  },
  { type: "sendOnly", nick: LONGEST_NICK, turn: U32, bundle: BUNDLE, voucher: SIGNATURE, predecessors: [] },
  { type: "deregister", nick: "x", turn: 1 },
  { type: "leave", nick: "x", turn: U32 },
  { type: "keepAlive", nick: "x" },
  { type: "rowsSince", nick: "x", version: { start: U48, counter: 0 } },
  { type: "revoke", nick: "x", identity: KEY, signature: SIGNATURE },
  ...REVOCATION_ANSWERS.map((answer): Verb => ({ type: "revoked", nick: "x", answer })),
  {
    type: "registered",
    nick: "x",
    stream: U48,
    version: { start: 1, counter: U48 },
    members: U32,
    waiting: 3,
    dropped: U32,
  },
  ...REASONS.map((reason): Verb => ({ type: "refused", nick: "x", reason })),
  { type: "deregistered", nick: "x" },
  { type: "alive", version: { start: 0, counter: 0 } },
  {
    type: "rows",
    since: { start: 1, counter: 2 },
    upTo: U48,
    newest: U48,
    rows: [ROW, { ...ROW, online: false, ...LINEAGE }],
  },
  { type: "rows", since: { start: 1, counter: 2 }, upTo: 2, newest: 2, rows: [] },
  { type: "olderBundle", nick: "x", bundle: BUNDLE },
  { type: "notRegistered", nick: "x" },
  { type: "replaced", nick: "x" },
  { type: "reach", nick: "x", peer: "y" },
  { type: "introduce", nick: "x", key: KEY, addresses: [SERVER_HOST] },
  { type: "direct", ...PAIR, place: "0b".repeat(8), messages: [MESSAGE] },
  {
    type: "direct",
    ...PAIR,
    to: "x",
    place: "0b".repeat(8),
    messages: [
      { sequence: 1, after: undefined, sentAt: 1_000, text: "" },
      { sequence: 2, after: ID, sentAt: 0, text: "é" },
      { sequence: U48, after: undefined, sentAt: U48, text: "漢" },
    ],
  },
  { type: "got", ...PAIR, outcome: "read", runs: [{ from: 1, to: U48 }] },
  { type: "got", ...PAIR, outcome: "forgotten", runs: [{ from: 7, to: 7 }, { from: 1, to: 2 }] },
  ...RECEIPTS.map((receipt): Verb => ({ type: "receipt", from: "y", to: "x", ...receipt })),
  { type: "deposit", id: ID, from: "x", to: "y", body: BODY },
  { type: "post", id: ID, from: "x", body: BODY },
  { type: "saved", nick: "x", stream: U48, position: U32 },
  { type: "noted", nick: "x", receipts: Array(8).fill({ id: TOP_ID, edition: 1, ephemeral: KEY }) },
  { type: "stored", id: ID, edition: 1, ephemeral: KEY },
  ...REASONS.map((reason): Verb => ({ type: "rejected", id: ID, edition: 0, ephemeral: KEY, reason })),
  item("letter", "x", BODY),
  item("channel", "x", BODY),
  { type: "collected", to: "y", receipts: [] },
  { type: "collected", to: "y", receipts: RECEIPTS },
];

/** Each verb that carries a text or a list, as long as it can be. */
export const LONGEST: readonly Verb[] = [
  {
    type: "register",
    nick: LONGEST_NICK,
    turn: U32,
    asked: true,
    bundle: BUNDLE,
    candidates: Array(4).fill(IPV6),
    predecessors: PREDECESSORS,
  },
  { type: "direct", ...PAIR, place: "0b".repeat(8), messages: [MESSAGE] },
  { type: "deposit", id: ID, from: LONGEST_NICK, to: LONGEST_NICK, body: LONGEST_BODY },
  { type: "post", id: ID, from: LONGEST_NICK, body: LONGEST_BODY },
  item("letter", LONGEST_NICK, LONGEST_BODY),
  item("channel", LONGEST_NICK, LONGEST_BODY),
  { type: "introduce", nick: LONGEST_NICK, key: KEY, addresses: Array(4).fill(IPV6) },
  { type: "got", ...PAIR, outcome: "read", runs: Array(GOT_RUNS).fill({ from: U48 - 2 ** 47, to: U48 }) },
  { type: "noted", nick: LONGEST_NICK, receipts: Array(8).fill({ id: ID, edition: 0, ephemeral: KEY }) },
  { type: "collected", to: LONGEST_NICK, receipts: Array(8).fill(RECEIPTS[2]) },
];

function item(type: "letter" | "channel", from: string, body: Uint8Array): Verb {
  return { type, stream: U48, position: U32, waited: true, id: ID, from, body };
}

/** Bytes with a few of them changed, left out, put in or cut off. */
export function mutated(dice: Dice, bytes: Uint8Array): Uint8Array {
  const mutant = [...bytes];
  for (let changes = 1 + dice.below(4); changes > 0; changes--) {
    const at = dice.below(mutant.length + 1);
    switch (dice.below(4)) {
      case 0:
        if (at < mutant.length) mutant[at] = dice.below(256);
        break;
      case 1:
        if (at < mutant.length) mutant[at]! ^= 1 << dice.below(8);
        break;
      case 2:
        mutant.splice(at, dice.below(3), ...dice.bytes(dice.below(3)));
        break;
      case 3:
        mutant.length = at;
    }
  }
  return Uint8Array.from(mutant);
}
