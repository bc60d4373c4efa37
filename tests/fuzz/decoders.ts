/**
 * Any bytes into the decoders: they throw nothing, and what means something means the same when written
 * again.
 */
import { assert, assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import { equalBytes, MALFORMED } from "../../core/base/bytes.ts";
import { ACK_RANGES, DATAGRAM_BYTES, PARCEL_PARTS, PART_BYTES } from "../../core/base/limits.ts";
import { VERSION } from "../../core/base/version.ts";
import * as records from "../../core/durable/records.ts";
import { OUTCOMES } from "../../core/messages/identity.ts";
import { decodeVerb, encodeVerb } from "../../core/messages/verb.ts";
import { type Frame, readFrames } from "../../core/wire/frame.ts";
import {
  decodePacket,
  encodeAnnounce,
  encodeCookieReply,
  encodeDiscover,
  encodeInitiation,
  encodeResponse,
  encodeVersions,
  INITIATION_NOISE_BYTES,
  MAC_BYTES,
  type Packet,
} from "../../core/wire/packet.ts";
import { encodeTransport } from "../kit/datagram.ts";
import type { Dice } from "../kit/dice.ts";
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
  LONGEST_TEXT,
  SERVER_HOST,
  SIGNATURE,
  VERBS,
} from "../kit/samples.ts";
import { anyBytes, anyFrame, framesBytes, KEY_SAMPLE } from "./hostile.ts";
import type { Note, Target } from "./target.ts";

/** Inputs for one iteration of a decoder. */
const INPUTS = 200;

const RESPONSE_NOISE_BYTES = 60;

/** A target that makes bytes and looks at each. */
function decoder(
  name: string,
  iterations: number,
  make: (dice: Dice) => Uint8Array,
  check: (bytes: Uint8Array) => void,
): Target {
  return {
    name,
    iterations,
    run(dice: Dice, note: Note): void {
      for (let input = 0; input < INPUTS; input++) {
        const bytes = make(dice);
        note(bytes);
        const copy = bytes.slice();
        check(bytes);
        assert(equalBytes(bytes, copy), "a decoder has changed what it reads");
      }
    },
  };
}

// ---- packets ---------------------------------------------------------------------------------------------

const PACKETS: readonly Uint8Array[] = [
  encodeDiscover(KEY_SAMPLE.subarray(16)),
  encodeDiscover(KEY_SAMPLE.subarray(16), DATAGRAM_BYTES),
  encodeAnnounce(KEY_SAMPLE.subarray(16), KEY_SAMPLE, "s", DATAGRAM_BYTES),
  encodeAnnounce(KEY_SAMPLE.subarray(16), KEY_SAMPLE, "é".repeat(16)),
  encodeAnnounce(KEY_SAMPLE.subarray(16), KEY_SAMPLE, ""),
  encodeInitiation(2 ** 32 - 1, new Uint8Array(INITIATION_NOISE_BYTES).fill(7)),
  encodeResponse(1, 2, new Uint8Array(RESPONSE_NOISE_BYTES).fill(7)),
  encodeCookieReply(3, KEY_SAMPLE, KEY_SAMPLE),
  encodeTransport(4, Number.MAX_SAFE_INTEGER, new Uint8Array(16)),
  encodeTransport(4, 0, new Uint8Array(DATAGRAM_BYTES - 13).fill(1)),
  encodeVersions(),
  Uint8Array.of(VERSION + 1 << 4, 1, 2),
];

/** The same packet once more; `undefined` for those of which only a part is told. */
function encodedAgain(packet: Packet): Uint8Array | undefined {
  switch (packet.type) {
    case "discover":
      return encodeDiscover(packet.nonce, packet.length);
    case "announce":
      return encodeAnnounce(packet.nonce, packet.key, packet.name, packet.bytes.length);
    case "initiation":
      return withEndOf(packet.bytes, 2 * MAC_BYTES, encodeInitiation(packet.sender, packet.noise));
    case "response": {
      const { bytes, sender, receiver, noise } = packet;
      return withEndOf(bytes, MAC_BYTES, encodeResponse(sender, receiver, noise));
    }
    case "cookieReply":
      return encodeCookieReply(packet.receiver, packet.salt, packet.sealed);
    case "transport":
      // No packet of such a number is accepted.
      if (!Number.isSafeInteger(packet.number)) return undefined;
      return encodeTransport(packet.receiver, packet.number, packet.sealed);
    default:
      return undefined;
  }
}

function withEndOf(bytes: Uint8Array, count: number, other: Uint8Array): Uint8Array {
  other.set(bytes.subarray(-count), other.length - count);
  return other;
}

function checkPacket(bytes: Uint8Array): void {
  const packet = decodePacket(bytes);
  if (packet === MALFORMED) return;
  assertLessOrEqual(bytes.length, DATAGRAM_BYTES);
  const again = encodedAgain(packet);
  if (again === undefined) return;
  assertEquals(again.length, bytes.length);
  // The padding of these two is not looked at.
  if (packet.type === "discover") assertEquals(decodePacket(again), packet);
  else if (packet.type === "announce") assertEquals(decodePacket(again), { ...packet, bytes: again });
  else assert(equalBytes(again, bytes), `another ${packet.type} when it is written again`);
}

// ---- frames ----------------------------------------------------------------------------------------------

function anyFrames(dice: Dice): Uint8Array {
  const frames = Array.from({ length: 1 + dice.below(5) }, () => anyFrame(dice));
  return anyBytes(dice, [framesBytes(frames)]);
}

function checkFrames(bytes: Uint8Array): void {
  const frames = readFrames(bytes);
  if (frames === MALFORMED) return;
  assertLessOrEqual(frames.length, bytes.length);
  for (const frame of frames) checkFrame(frame);
  if (frames.every(isExact)) assertEquals(readFrames(framesBytes(frames)), frames);
}

/**
 * Above 2^53 the lowest bits of a number are lost. Nothing that we have sent or wait for has such a number.
 */
function isExact(frame: Frame): boolean {
  if (frame.type === "ack") {
    return Number.isSafeInteger(frame.ranges[0]![1]) && Number.isSafeInteger(frame.delay * 16);
  }
  return !("number" in frame) || Number.isSafeInteger(frame.number);
}

function checkFrame(frame: Frame): void {
  if (frame.type === "ack") {
    assertLessOrEqual(frame.ranges.length, ACK_RANGES);
    assert(frame.delay >= 0 && frame.delay < Infinity);
    let above = Infinity;
    for (const [low, high] of frame.ranges) {
      assert(low >= 0 && low <= high && (high < above || !isExact(frame)), "ranges out of order");
      above = low - 1;
    }
  } else if (frame.type === "part") {
    assertLess(frame.index, frame.parts);
    assertLessOrEqual(frame.parts, PARCEL_PARTS);
    assertLessOrEqual(frame.bytes.length, PART_BYTES);
  }
}

// ---- verbs -----------------------------------------------------------------------------------------------

const SHORT_VERBS = VERBS.map(encodeVerb);
const LONG_VERBS = LONGEST.map(encodeVerb);

function checkVerb(bytes: Uint8Array): void {
  const verb = decodeVerb(bytes);
  if (verb === MALFORMED) return;
  const again = encodeVerb(verb);
  assert(equalBytes(again, bytes), `another ${verb.type} when it is written again`);
}

// ---- records ---------------------------------------------------------------------------------------------

const HASH = "ab".repeat(32);
const MESSAGE = { prefix: ID.slice(0, 20), sequence: 2 ** 48 - 1, from: LONGEST_NICK, text: "\0\u{FEFF}é" };
const OUTGOING = { after: [ID], writtenAt: 0, sentAt: 1, text: "" };
const SEALING = { ephemeral: KEY, proof: KEY, body: BODY };
const RECEIPT = { from: "x", to: "y", at: 5, ephemeral: KEY };
const LETTER = { id: ID, from: LONGEST_NICK, to: "y", storedAt: 7, body: BODY };

/** A kind of record: values to begin with, and what any bytes are when they are read and written. */
interface Kind {
  readonly samples: readonly Uint8Array[];
  /** `undefined` when they mean nothing. */
  again(bytes: Uint8Array): Uint8Array | undefined;
}

function kind<Values>(
  record: { encode(values: Values): Uint8Array; decode(bytes: Uint8Array): Values | typeof MALFORMED },
  ...samples: Values[]
): Kind {
  return {
    samples: samples.map((values) => record.encode(values)),
    again(bytes) {
      const values = record.decode(bytes);
      return values === MALFORMED ? undefined : record.encode(values);
    },
  };
}

const KINDS: readonly Kind[] = [
  kind(records.KEY, { secret: KEY }),
  kind(records.INITIATION, { at: 2 ** 48 - 1 }),
  kind(records.IDENTITY, { nick: "x", server: IPV6, serverKey: [KEY], state: "abcdef", starts: 2 ** 32 - 1 }),
  kind(
    records.OUTBOX,
    { ...OUTGOING, to: ["y"], stored: true, edition: 1, sealing: [{ ...SEALING, body: new Uint8Array(0) }] },
    {
      ...OUTGOING,
      to: [],
      stored: false,
      edition: 0,
      sealing: [{ ...SEALING, proof: "", body: LONGEST_BODY }],
    },
    { ...OUTGOING, after: [], to: ["y"], stored: false, edition: 0, sealing: [] },
    { ...OUTGOING, to: [LONGEST_NICK], stored: false, edition: 0, sealing: [SEALING], text: LONGEST_TEXT },
  ),
  kind(
    records.SEEN,
    { at: 7, floor: 2 ** 48 - 1, runs: [] },
    { at: 2 ** 48 - 1, floor: 0, runs: [{ from: 1, to: 2 }, { from: 4, to: 2 ** 48 - 1 }] },
  ),
  kind(records.SENT, { id: ID, hash: HASH }),
  kind(
    records.INBOX,
    {
      ...MESSAGE,
      after: [ID],
      afterHash: [HASH],
      sentAt: 2 ** 48 - 1,
      channel: false,
      isOpen: false,
      dated: true,
    },
    {
      ...MESSAGE,
      after: [],
      afterHash: [],
      sentAt: 0,
      channel: true,
      isOpen: true,
      dated: false,
      text: LONGEST_TEXT,
    },
  ),
  kind(records.EVENT, {
    channel: true,
    prefix: "0".repeat(20),
    sequence: 1,
    from: "x",
    like: ["y"],
    sentAt: 0,
    keptAt: 0,
    dated: true,
    isOpen: false,
    isBehindGap: false,
    isExchanged: true,
    isShown: false,
    text: "hi",
  }),
  kind(records.OUTCOME, { once: "key", to: ["x"], state: "failed", failure: "quota" }),
  kind(records.READER, { number: 1, at: 0 }),
  kind(records.CLOCK, { at: 1, wall: 2 ** 48 - 1 }),
  kind(records.SHOWN, { id: ID, hash: HASH }),
  kind(records.PREKEY, { secret: KEY, at: 2 ** 48 - 1, counter: 2 ** 48 - 1, supersededAt: 0 }),
  kind(
    records.KNOWN_PEER,
    { identity: KEY, verified: true, revoked: false },
    { identity: KEY, verified: false, revoked: true },
  ),
  kind(records.POSTED, { number: 2 ** 48 - 1, hash: HASH }),
  kind(records.CHAIN, { number: 0, hash: HASH }),
  kind(records.NICK, {
    nick: "Zoë",
    skeleton: "zoe\u0308",
    bundle: BUNDLE,
    ordinal: 3,
    unusedSince: 0,
    seenAt: 0,
    online: true,
    addresses: [IPV4, IPV6, SERVER_HOST],
    ...LINEAGE,
  }),
  kind(records.ENDED, { nick: LONGEST_NICK, at: 2 ** 48 - 1 }),
  kind(records.LETTER, LETTER, { ...LETTER, body: LONGEST_BODY }),
  kind(
    records.RECEIPT,
    ...OUTCOMES.map((outcome, at) => (
      { ...RECEIPT, edition: at % 2, outcome, proof: ["", KEY, SIGNATURE][at % 3]! }
    )),
  ),
  kind(records.CHANNEL, { number: 2 ** 48 - 1, id: ID, from: "x", storedAt: 7, body: BODY }),
  kind(records.CURSOR, { number: 9 }),
  kind(records.DROPPED, { number: 9 }),
  kind(records.START, { at: 2 ** 48 - 1 }),
];
const DECODABLE = Object.values(records).filter((value) => typeof value === "object" && "decode" in value);

const RECORDS = KINDS.flatMap(({ samples }) => samples).filter(({ length }) => length < DATAGRAM_BYTES);
const LONG_RECORDS = KINDS.flatMap(({ samples }) => samples).filter(({ length }) => length > DATAGRAM_BYTES);

/** Of whatever kind it was, each kind may find it. */
function checkRecord(bytes: Uint8Array): void {
  assertEquals(KINDS.length, DECODABLE.length, "a kind of record is missing here");
  for (const { again } of KINDS) {
    const written = again(bytes);
    assert(written === undefined || equalBytes(written, bytes), "another record when it is written again");
  }
}

/** Long samples cost a hundred times as much as short ones: they are rare. */
function mostlyShort(short: readonly Uint8Array[], long: readonly Uint8Array[]): (dice: Dice) => Uint8Array {
  return (dice) => anyBytes(dice, dice.happens(0.005) ? long : short);
}

export const DECODERS: readonly Target[] = [
  decoder("packet", 100, (dice) => anyBytes(dice, PACKETS), checkPacket),
  decoder("frame", 60, anyFrames, checkFrames),
  decoder("verb", 100, mostlyShort(SHORT_VERBS, LONG_VERBS), checkVerb),
  decoder("records", 50, mostlyShort(RECORDS, LONG_RECORDS), checkRecord),
];
