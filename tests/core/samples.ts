/** Verbs to test with: one of each with values at their edges, the longest ones, and random ones. */
import type { Address } from "../../core/machine.ts";
import type { Row } from "../../core/table.ts";
import type { Reason, Verb } from "../../core/verb.ts";
import type { Dice } from "./seed.ts";

export const ID = "00112233445566778899aabbccddeeff";
export const TOP_ID = "f".repeat(32);
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

export const ROW: Row = {
  nick: "Zoë_1.-",
  key: KEY,
  ordinal: U32,
  online: true,
  addresses: [IPV4, IPV6, SERVER_HOST],
};

const REASONS: readonly Reason[] = ["in use", "unknown", "quota", "full"];

/** At least one of every verb. */
export const VERBS: readonly Verb[] = [
  { type: "register", nick: "a", turn: 0, asked: false, candidates: [] },
  { type: "register", nick: LONGEST_NICK, turn: U32, asked: true, candidates: [IPV4, IPV6] },
  { type: "deregister", nick: "x", turn: 1 },
  { type: "leave", nick: "x", turn: U32 },
  { type: "keepAlive", nick: "x" },
  { type: "rowsSince", nick: "x", version: { start: U48, counter: 0 } },
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
  { type: "checking", nick: "x" },
  { type: "deregistered", nick: "x" },
  { type: "alive", version: { start: 0, counter: 0 } },
  { type: "rows", since: { start: 1, counter: 2 }, upTo: U48, rows: [ROW, { ...ROW, online: false }] },
  { type: "rows", since: { start: 1, counter: 2 }, upTo: 2, rows: [] },
  { type: "notRegistered", nick: "x" },
  { type: "replaced", nick: "x" },
  { type: "probe", nick: "x" },
  { type: "direct", id: ID, after: TOP_ID, from: "x", to: "y", sentAt: U48, text: LONGEST_TEXT },
  { type: "direct", id: ID, after: ID, from: "x", to: "x", sentAt: 0, text: "" },
  { type: "receipt", id: ID, from: "y", to: "x" },
  { type: "deposit", id: ID, after: ID, from: "x", to: "y", sentAt: 1, text: "\u{FEFF}\0\n\t\u{1B}" },
  { type: "post", id: ID, from: "x", sentAt: 1, text: "hi" },
  { type: "saved", nick: "x", stream: U48, position: U32 },
  { type: "noted", nick: "x", ids: Array(32).fill(TOP_ID) },
  { type: "stored", id: ID },
  ...REASONS.map((reason): Verb => ({ type: "rejected", id: ID, reason })),
  letter({ from: "x", text: "hi" }),
  channel({ from: "x", text: "hi" }),
  { type: "collected", to: "y", ids: [] },
];

/** Each verb that carries a text or a list, as long as it can be. */
export const LONGEST: readonly Verb[] = [
  { type: "register", nick: LONGEST_NICK, turn: U32, asked: true, candidates: Array(4).fill(IPV6) },
  {
    type: "direct",
    id: ID,
    after: ID,
    from: LONGEST_NICK,
    to: LONGEST_NICK,
    sentAt: U48,
    text: LONGEST_TEXT,
  },
  {
    type: "deposit",
    id: ID,
    after: ID,
    from: LONGEST_NICK,
    to: LONGEST_NICK,
    sentAt: U48,
    text: LONGEST_TEXT,
  },
  { type: "post", id: ID, from: LONGEST_NICK, sentAt: U48, text: LONGEST_TEXT },
  letter({ from: LONGEST_NICK, text: LONGEST_TEXT }),
  channel({ from: LONGEST_NICK, text: LONGEST_TEXT }),
  { type: "noted", nick: LONGEST_NICK, ids: Array(32).fill(ID) },
  { type: "collected", to: LONGEST_NICK, ids: Array(32).fill(ID) },
];

function letter(values: { from: string; text: string }): Verb {
  const numbers = { stream: U48, position: U32, sentAt: U48, waited: true };
  return { type: "letter", ...numbers, id: ID, after: ID, ...values };
}

function channel(values: { from: string; text: string }): Verb {
  return {
    type: "channel",
    stream: 0,
    position: 1,
    waited: false,
    id: ID,
    sentAt: 1,
    ...values,
  };
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
