import { assert, assertEquals, assertFalse, assertGreater, assertLessOrEqual } from "@std/assert";
import { MALFORMED } from "../../../core/base/bytes.ts";
import { PARCEL_PARTS, PART_BYTES, ROWS_BYTES } from "../../../core/base/limits.ts";
import { rowBytes } from "../../../core/messages/field.ts";
import { NO_LETTER } from "../../../core/messages/letter_form.ts";
import {
  decodeVerb,
  encodeOnce,
  encodeVerb,
  REASONS,
  type Verb,
  verbInPieces,
} from "../../../core/messages/verb.ts";
import { FRAME_HEADER_BYTES } from "../../../core/wire/frame.ts";
import { FRAMES_BYTES } from "../../../core/wire/packet.ts";
import { seededDice } from "../../kit/dice.ts";
import {
  BODY,
  BUNDLE,
  ID,
  IPV4,
  IPV6,
  KEY,
  LINEAGE,
  LONGEST,
  LONGEST_BODY,
  LONGEST_NICK,
  mutated,
  ROW,
  SIGNATURE,
  VERBS,
} from "../../kit/samples.ts";

Deno.test("every verb survives the wire with values at their edges", () => {
  for (const verb of [...VERBS, ...LONGEST]) assertEquals(decodeVerb(encodeVerb(verb)), verb);
});

Deno.test("a verb in pieces has the same bytes, and its body is not copied", () => {
  for (const verb of [...VERBS, ...LONGEST]) {
    const pieces = verbInPieces(verb);
    assertEquals(pieces.cut(0, pieces.length), encodeVerb(verb), verb.type);
    if ("body" in verb) assert(pieces.body === verb.body, verb.type);
  }
});

Deno.test("what is told to many is encoded once", () => {
  for (const verb of VERBS) {
    assertEquals(encodeOnce(verb), encodeVerb(verb));
    assert(encodeOnce(verb) === encodeOnce(verb));
    assertFalse(encodeOnce({ ...verb }) === encodeOnce(verb));
  }
});

Deno.test("the samples are of all 37 verbs, and every verb has a tag of its own", () => {
  const tags = new Map(VERBS.map((verb) => [verb.type, encodeVerb(verb)[0]]));
  assertEquals(tags.size, 37);
  assertEquals(new Set(tags.values()).size, 37);
});

Deno.test("every verb at its longest fits into one part if it has no body or text, and into one parcel if it has", () => {
  for (const verb of LONGEST) {
    const { length } = encodeVerb(verb);
    if ("body" in verb || verb.type === "direct") {
      assertGreater(length, PART_BYTES, verb.type);
      assertLessOrEqual(length, PARCEL_PARTS * PART_BYTES, verb.type);
    } else assertLessOrEqual(length, PART_BYTES, verb.type);
  }
});

Deno.test("the longest row fits into a page of its own", () => {
  const longest = { ...ROW, nick: LONGEST_NICK, addresses: Array(4).fill(IPV6), ...LINEAGE };
  assertLessOrEqual(rowBytes(longest), ROWS_BYTES);
});

Deno.test("a page of rows fits into one packet", () => {
  const page = encodeVerb({ ...ROWS, rows: [] }).length;
  assertLessOrEqual(FRAME_HEADER_BYTES + page + ROWS_BYTES, FRAMES_BYTES);
});

Deno.test("every truncation, and a byte too many, means nothing", () => {
  for (const verb of VERBS) {
    const bytes = encodeVerb(verb);
    for (let length = 0; length < bytes.length; length++) {
      const cut = decodeVerb(bytes.subarray(0, length));
      // These go on to the end of the verb, so a cut between two messages or runs leaves the former ones.
      const isWhole = cut !== MALFORMED && (cut.type === "direct" || cut.type === "got");
      if (isWhole) assertEquals(encodeVerb(cut), bytes.subarray(0, length));
      else assertEquals(cut, MALFORMED, `${verb.type} cut to ${length}`);
    }
    assertEquals(decodeVerb(Uint8Array.of(...bytes, 0)), MALFORMED, verb.type);
  }
});

Deno.test("a tag that nobody uses means nothing", () => {
  const tags = new Set(VERBS.map((verb) => encodeVerb(verb)[0]));
  for (let tag = 0; tag < 256; tag++) {
    if (!tags.has(tag)) assertEquals(decodeVerb(Uint8Array.of(tag, 1, 120)), MALFORMED);
  }
});

const DEPOSIT = { type: "deposit", id: ID, from: "x", to: "y", body: BODY } as const;
const REGISTER = {
  type: "register",
  nick: "x",
  turn: 1,
  asked: true,
  bundle: BUNDLE,
  candidates: [],
  predecessors: [],
} as const;
const NAME = { id: ID, edition: 0, ephemeral: KEY } as const;
const RECEIPT = { ...NAME, outcome: "read", proof: SIGNATURE } as const;
const ROWS = { type: "rows", since: { start: 1, counter: 1 }, upTo: 1, newest: 1 } as const;

/** What no honest program sends. */
const WRONG: Readonly<Record<string, Verb>> = {
  "an empty nick": { type: "keepAlive", nick: "" },
  "a nick of 65 bytes": { type: "keepAlive", nick: LONGEST_NICK.slice(0, -1) + "€" },
  "a nick with an escape sequence": { type: "keepAlive", nick: "\u{1B}[2J" },
  "the server's own nick": { ...DEPOSIT, from: "Server" },
  "a body of 65,857 bytes": { ...DEPOSIT, body: new Uint8Array(LONGEST_BODY.length + 1) },
  "9 receipts": { type: "collected", to: "x", receipts: Array(9).fill(RECEIPT) },
  "9 receipts that are noted": { type: "noted", nick: "x", receipts: Array(9).fill(NAME) },
  "a third sealing": { type: "noted", nick: "x", receipts: [{ ...NAME, edition: 2 }] },
  "a proof that is neither a mac nor a signature": {
    type: "receipt",
    from: "y",
    to: "x",
    ...RECEIPT,
    proof: "5a".repeat(33),
  },
  "5 addresses": { ...REGISTER, candidates: Array(5).fill(IPV4) },
  "port 0": { ...ROWS, rows: [{ ...ROW, addresses: [{ host: "10.0.0.1", port: 0 }] }] },
};

for (const [what, verb] of Object.entries(WRONG)) {
  Deno.test(`${what} means nothing`, () => assertEquals(decodeVerb(encodeVerb(verb)), MALFORMED));
}

Deno.test("a flag that is neither 0 nor 1, an unknown reason, outcome or family means nothing", () => {
  const rejected = encodeVerb({ type: "rejected", id: ID, ...NO_LETTER, reason: "known" });
  const reasonAt = rejected.length - 1;
  assertEquals(rejected[reasonAt], 5);
  assertEquals(decodeVerb(rejected.with(reasonAt, REASONS.length)), MALFORMED);
  const register = encodeVerb(REGISTER);
  const askedAt = 7;
  assertEquals(register[askedAt], 1);
  assertEquals(decodeVerb(register.with(askedAt, 2)), MALFORMED);
  const receipt = encodeVerb({ type: "receipt", from: "y", to: "x", ...RECEIPT, outcome: "released" });
  const outcomeAt = receipt.length - 66;
  assertEquals(receipt[outcomeAt], 3);
  assertEquals(decodeVerb(receipt.with(outcomeAt, 5)), MALFORMED);
  assertEquals(decodeVerb(receipt.with(outcomeAt - 33, 2)), MALFORMED);
  const row = encodeVerb({ ...ROWS, rows: [{ ...ROW, addresses: [IPV4] }] });
  const flagAt = row.length - 11;
  assertEquals(row[flagAt], 1);
  assertEquals(decodeVerb(row.with(flagAt, 2)), MALFORMED);
  assertEquals(row[flagAt + 2], 4);
  assertEquals(decodeVerb(row.with(flagAt + 2, 5)), MALFORMED);
});

Deno.test("reasons keep their numbers, and there are eight", () => {
  const numbers = REASONS.map((
    reason,
  ) => [reason, encodeVerb({ type: "rejected", id: ID, ...NO_LETTER, reason }).at(-1)]);
  assertEquals(numbers, [
    ["other key", 0],
    ["unknown", 1],
    ["quota", 2],
    ["full", 3],
    ["rate", 4],
    ["known", 5],
    ["online", 6],
    ["revoked", 7],
  ]);
});

Deno.test("a row without an address means nothing", () => {
  assertEquals(decodeVerb(encodeVerb({ ...ROWS, rows: [{ ...ROW, addresses: [] }] })), MALFORMED);
});

Deno.test("any bytes are a verb or MALFORMED, and a verb is read again as it was written", () => {
  const dice = seededDice();
  const valid = VERBS.map(encodeVerb);
  let verbs = 0;
  for (let round = 0; round < 30_000; round++) {
    const bytes = round % 3 === 0 ? dice.bytes(dice.below(100)) : mutated(dice, dice.pick(valid));
    const verb = decodeVerb(bytes);
    if (verb === MALFORMED) continue;
    verbs++;
    assertEquals(decodeVerb(encodeVerb(verb)), verb);
  }
  assert(verbs > 1000, `only ${verbs} of them were verbs`);
});
