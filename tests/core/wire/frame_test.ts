import { assert, assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import { MALFORMED, Writer } from "../../../core/base/bytes.ts";
import { ACK_RANGES, PARCEL_PARTS, PART_BYTES } from "../../../core/base/limits.ts";
import {
  type Frame,
  FRAME_HEADER_BYTES,
  type PartFrame,
  type Ranges,
  readFrames,
  writeFrame,
  writePadding,
} from "../../../core/wire/frame.ts";
import { FRAMES_BYTES } from "../../../core/wire/packet.ts";
import { type Dice, seededDice } from "../../kit/dice.ts";
import { mutated } from "../../kit/samples.ts";

const TOP = Number.MAX_SAFE_INTEGER;
const DATA = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

const PART: PartFrame = {
  type: "part",
  number: 1,
  index: 0,
  parts: 2,
  bytes: new Uint8Array(PART_BYTES).fill(7),
};

/** As many ranges as there may be, as far apart as may be. */
const MOST_RANGES: Ranges = Array.from({ length: ACK_RANGES }, (_, at) => {
  const low = TOP - at * 2 ** 31;
  return [low, low] as const;
});

const FRAMES: readonly Frame[] = [
  { type: "ping" },
  { type: "ack", ranges: [[0, 0]], delay: 0 },
  { type: "ack", ranges: [[1, TOP]], delay: 25.0625 },
  { type: "ack", ranges: [[10, 12], [5, 7], [0, 1]], delay: 1 / 16 },
  { type: "ack", ranges: MOST_RANGES, delay: 2 ** 32 },
  { type: "challenge", data: DATA },
  { type: "response", data: DATA },
  { type: "told", verb: Uint8Array.of(9) },
  { type: "unordered", number: 1, verb: Uint8Array.of(4, 1, 120) },
  { type: "ordered", number: TOP, verb: new Uint8Array(63) },
  { type: "ordered", number: 2 ** 14, verb: new Uint8Array(0) },
  { type: "ordered", number: 2, verb: new Uint8Array(PART_BYTES).fill(1) },
  PART,
  { ...PART, number: TOP, index: 1, bytes: Uint8Array.of(1) },
  { ...PART, index: PARCEL_PARTS - 2, parts: PARCEL_PARTS },
  { ...PART, index: PARCEL_PARTS - 1, parts: PARCEL_PARTS },
];

function written(...frames: readonly Frame[]): Uint8Array {
  const writer = new Writer();
  for (const frame of frames) writeFrame(writer, frame);
  return writer.finish();
}

function malformed(digits: string, why: string): void {
  assertEquals<unknown>(readFrames(Uint8Array.fromHex(digits)), MALFORMED, why);
}

Deno.test("every kind of frame survives the wire, alone and behind all others", () => {
  for (const frame of FRAMES) assertEquals<unknown>(readFrames(written(frame)), [frame]);
  assertEquals<unknown>(readFrames(written(...FRAMES)), FRAMES);
});

Deno.test("the first byte is the kind", () => {
  const kinds = new Map(FRAMES.map((frame) => [frame.type, written(frame)[0]]));
  assertEquals([...kinds], [
    ["ping", 1],
    ["ack", 2],
    ["challenge", 3],
    ["response", 4],
    ["told", 5],
    ["unordered", 6],
    ["ordered", 7],
    ["part", 8],
  ]);
});

Deno.test("frames byte by byte", () => {
  assertEquals(written({ type: "ping" }).toHex(), "01");
  assertEquals(written({ type: "challenge", data: DATA }).toHex(), "030102030405060708");
  assertEquals(written({ type: "told", verb: Uint8Array.of(9, 8) }).toHex(), "05020908");
  assertEquals(written({ type: "unordered", number: 64, verb: Uint8Array.of(9) }).toHex(), "0640400109");
  assertEquals(written({ type: "ordered", number: 1, verb: new Uint8Array(0) }).toHex(), "070100");
  const last = { ...PART, number: 5, index: 2, parts: 3, bytes: Uint8Array.of(0xab) };
  assertEquals(written(last).toHex(), "0805020301ab");
  assertEquals(written({ ...PART, index: 3, parts: 61 }).subarray(0, 6).toHex(), "0801033d4460");
});

Deno.test("an ack is as in RFC 9000, section 19.3: lengths and gaps from the largest down", () => {
  const ack = written({ type: "ack", ranges: [[10, 12], [5, 7], [0, 1]], delay: 2 });
  // Largest 12, delay 32/16 ms, 2 more ranges; 3 numbers, 2 missing, 3 numbers, 3 missing, 2 numbers: less 1
  // each.
  assertEquals(ack.toHex(), "020c2002" + "02" + "0102" + "0201");
});

Deno.test("a delay is cut off to sixteenths of a millisecond; there is none below zero", () => {
  for (const [delay, read] of [[25.03, 25], [0.99, 15 / 16], [-3, 0], [1e6, 1e6]] as const) {
    assertEquals<unknown>(readFrames(written({ type: "ack", ranges: [[1, 1]], delay })), [
      { type: "ack", ranges: [[1, 1]], delay: read },
    ]);
  }
});

Deno.test("a packet without frames says nothing", () => {
  assertEquals<unknown>(readFrames(new Uint8Array(0)), []);
});

Deno.test("every truncation means nothing, except between two frames", () => {
  for (const frame of FRAMES) {
    const bytes = written(frame);
    for (let length = 1; length < bytes.length; length++) {
      assertEquals<unknown>(
        readFrames(bytes.subarray(0, length)),
        MALFORMED,
        `${frame.type} cut to ${length}`,
      );
    }
    const two = written({ type: "ping" }, frame);
    assertEquals<unknown>(readFrames(two.subarray(0, 1)), [{ type: "ping" }]);
  }
});

Deno.test("padding is passed over, before, between and behind frames, and alone", () => {
  for (const length of [1, 7, 1000]) {
    const writer = new Writer();
    writePadding(writer, length);
    const padding = writer.finish().toHex();
    const ping = "01";
    const read = (digits: string) => readFrames(Uint8Array.fromHex(digits));
    assertEquals<unknown>(read(padding), []);
    assertEquals<unknown>(read(padding + ping + padding + ping + padding), [{ type: "ping" }, {
      type: "ping",
    }]);
    malformed(padding + "09", "an unknown kind behind it");
  }
});

Deno.test("a kind that nobody uses means nothing", () => {
  for (let kind = 0; kind < 256; kind++) {
    if (kind > 8) assertEquals<unknown>(readFrames(Uint8Array.of(kind)), MALFORMED, String(kind));
  }
});

Deno.test("one frame that means nothing makes the packet mean nothing", () => {
  const good = written(...FRAMES.slice(0, 4)).toHex();
  malformed("09" + good, "an unknown kind before them");
  malformed(good + "0603", "a frame cut off behind them");
});

Deno.test("a length beyond the packet means nothing, however large", () => {
  malformed("050201", "told");
  malformed("0601" + "ffffffffffffffff", "unordered");
  malformed("0701" + "bfffffff", "ordered");
  malformed("05" + "c000000000000002" + "01", "eight bytes for a small number");
});

Deno.test("ranges below zero, or more of them than are remembered, mean nothing", () => {
  malformed("0205000006", "the first range");
  malformed("020500010004" + "00", "a gap");
  malformed("020500010000" + "04", "the second range");
  const ranges = [...MOST_RANGES, [5, 5] as const];
  malformed(written({ type: "ack", ranges, delay: 0 }).toHex(), "33 ranges");
  malformed("0205" + "00" + "ffffffffffffffff" + "00", "a count that lies");
});

/** Parts that no sender makes. */
const WRONG_PARTS: Readonly<Record<string, Partial<PartFrame>>> = {
  "no parts": { parts: 0 },
  "one part": { parts: 1 },
  "a part behind the last": { index: 2 },
  "too many parts": { parts: PARCEL_PARTS + 1 },
  "a part that is not the last and too short": { bytes: new Uint8Array(PART_BYTES - 1) },
  "a part that is too long": { bytes: new Uint8Array(PART_BYTES + 1) },
  "a last part that is too long": { index: 1, bytes: new Uint8Array(PART_BYTES + 1) },
  "an empty part": { bytes: new Uint8Array(0) },
  "an empty last part": { index: 1, bytes: new Uint8Array(0) },
};

for (const [what, values] of Object.entries(WRONG_PARTS)) {
  Deno.test(`${what} means nothing`, () => {
    assertEquals<unknown>(readFrames(written({ ...PART, ...values })), MALFORMED);
  });
}

Deno.test("before the bytes of a verb stands no more than what room is kept for", () => {
  let most = 0;
  for (const number of [0, 63, 64, 2 ** 14, 2 ** 30, TOP]) {
    for (const length of [1, 63, 64, PART_BYTES]) {
      const verb = new Uint8Array(length);
      const last: PartFrame = { ...PART, number, index: PARCEL_PARTS - 1, parts: PARCEL_PARTS, bytes: verb };
      const frames: Frame[] = [
        { type: "told", verb },
        { type: "unordered", number, verb },
        { type: "ordered", number, verb },
        last,
      ];
      for (const frame of frames) most = Math.max(most, written(frame).length - length);
    }
  }
  assertEquals(most, FRAME_HEADER_BYTES);
});

Deno.test("the longest part leaves room for an ack, a challenge and an answer to one beside it", () => {
  const ack: Frame = { type: "ack", ranges: [[1, TOP]], delay: 25 };
  const paths: Frame[] = [{ type: "challenge", data: DATA }, { type: "response", data: DATA }];
  assertLessOrEqual(written(ack, ...paths, { ...PART, number: TOP }).length, FRAMES_BYTES);
});

/** Above 2^53 the lowest bits of a number are lost. */
function isExact(frame: Frame): boolean {
  if (frame.type !== "ack") return !("number" in frame) || Number.isSafeInteger(frame.number);
  return Number.isSafeInteger(frame.ranges[0]![1]) && Number.isSafeInteger(frame.delay * 16);
}

function anyFrames(dice: Dice): Frame[] {
  return Array.from({ length: 1 + dice.below(4) }, () => dice.pick(FRAMES));
}

Deno.test("any bytes are frames or MALFORMED, and frames are read again as they were written", () => {
  const dice = seededDice();
  let read = 0;
  const rounds = 10_000;
  for (let round = 0; round < rounds; round++) {
    const bytes = round % 2 === 0 ? mutated(dice, written(...anyFrames(dice))) : dice.bytes(dice.below(80));
    const frames = readFrames(bytes);
    if (frames === MALFORMED) continue;
    read++;
    for (const frame of frames) {
      if (frame.type !== "ack") continue;
      assertLessOrEqual(frame.ranges.length, ACK_RANGES);
      for (const [low, high] of frame.ranges) assert(low >= 0 && low <= high);
    }
    if (frames.every(isExact)) assertEquals<unknown>(readFrames(written(...frames)), frames);
  }
  assert(read > 100, `only ${read} of them were frames`);
  assertLess(read, rounds);
});
