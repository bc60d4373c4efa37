import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { MALFORMED } from "../../core/bytes.ts";
import { FRAME_HEADER_BYTES } from "../../core/frame.ts";
import { PARCEL_PARTS, PART_BYTES, ROWS_BYTES } from "../../core/limits.ts";
import { FRAMES_BYTES } from "../../core/packet.ts";
import { decodeVerb, encodeVerb, type Verb } from "../../core/verb.ts";
import { ID, IPV4, KEY, LONGEST, LONGEST_NICK, LONGEST_TEXT, mutated, ROW, VERBS } from "./samples.ts";
import { seededDice } from "./seed.ts";

Deno.test("every verb survives the wire with values at their edges", () => {
  for (const verb of [...VERBS, ...LONGEST]) assertEquals(decodeVerb(encodeVerb(verb)), verb);
});

Deno.test("the samples are of all 25 verbs, and every verb has a tag of its own", () => {
  const tags = new Map(VERBS.map((verb) => [verb.type, encodeVerb(verb)[0]]));
  assertEquals(tags.size, 25);
  assertEquals(new Set(tags.values()).size, 25);
});

Deno.test("every verb at its longest fits into one part if it has no text, and into one parcel if it has", () => {
  for (const verb of LONGEST) {
    const { length } = encodeVerb(verb);
    if ("text" in verb) {
      assertGreater(length, PART_BYTES, verb.type);
      assertLessOrEqual(length, PARCEL_PARTS * PART_BYTES, verb.type);
    } else assertLessOrEqual(length, PART_BYTES, verb.type);
  }
});

Deno.test("a page of rows fits into one packet", () => {
  const page = encodeVerb({ ...ROWS, rows: [] }).length;
  assertLessOrEqual(FRAME_HEADER_BYTES + page + ROWS_BYTES, FRAMES_BYTES);
});

Deno.test("every truncation, and a byte too many, means nothing", () => {
  for (const verb of VERBS) {
    const bytes = encodeVerb(verb);
    for (let length = 0; length < bytes.length; length++) {
      assertEquals(decodeVerb(bytes.subarray(0, length)), MALFORMED, `${verb.type} cut to ${length}`);
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

const DIRECT = { type: "direct", id: ID, after: ID, from: "x", to: "y", sentAt: 0, text: "" } as const;
const ROWS = { type: "rows", since: { start: 1, counter: 1 }, upTo: 1 } as const;

/** What no honest program sends. */
const WRONG: Readonly<Record<string, Verb>> = {
  "an empty nick": { type: "keepAlive", nick: "" },
  "a nick of 65 bytes": { type: "keepAlive", nick: LONGEST_NICK.slice(0, -1) + "€" },
  "a nick with an escape sequence": { type: "keepAlive", nick: "\u{1B}[2J" },
  "the server's own nick": { ...DIRECT, from: "Server" },
  "a text of 65,537 bytes": { ...DIRECT, text: LONGEST_TEXT + "x" },
  "33 ids": { type: "noted", nick: "x", ids: Array(33).fill(ID) },
  "5 addresses": { type: "register", nick: "x", turn: 1, asked: true, candidates: Array(5).fill(IPV4) },
  "port 0": { ...ROWS, rows: [{ ...ROW, addresses: [{ host: "10.0.0.1", port: 0 }] }] },
};

for (const [what, verb] of Object.entries(WRONG)) {
  Deno.test(`${what} means nothing`, () => assertEquals(decodeVerb(encodeVerb(verb)), MALFORMED));
}

Deno.test("a flag that is neither 0 nor 1, an unknown reason or family means nothing", () => {
  const rejected = encodeVerb({ type: "rejected", id: ID, reason: "full" });
  rejected[rejected.length - 1] = 4;
  assertEquals(decodeVerb(rejected), MALFORMED);
  const register = encodeVerb({ type: "register", nick: "x", turn: 1, asked: true, candidates: [] });
  const askedAt = register.length - 2;
  assertEquals(register[askedAt], 1);
  assertEquals(decodeVerb(register.with(askedAt, 2)), MALFORMED);
  const row = encodeVerb({
    ...ROWS,
    rows: [{ nick: "x", key: KEY, ordinal: 1, online: true, addresses: [IPV4] }],
  });
  const flagAt = row.length - 9;
  assertEquals(row[flagAt], 1);
  assertEquals(decodeVerb(row.with(flagAt, 2)), MALFORMED);
  assertEquals(row[flagAt + 2], 4);
  assertEquals(decodeVerb(row.with(flagAt + 2, 5)), MALFORMED);
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
