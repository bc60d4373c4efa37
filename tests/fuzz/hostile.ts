/** Bytes, frames and verbs as nobody should send them: near to what is right, at the edges, or anything. */
import { Writer } from "../../core/base/bytes.ts";
import { GOT_RUNS, PARCEL_PARTS, PART_BYTES } from "../../core/base/limits.ts";
import type { Address } from "../../core/base/units.ts";
import type { DirectMessage, Run } from "../../core/messages/direct.ts";
import { type Bundle, NO_KEY, OUTCOMES, type Receipt } from "../../core/messages/identity.ts";
import { encodeVerb, type Verb } from "../../core/messages/verb.ts";
import { type Frame, writeFrame } from "../../core/wire/frame.ts";
import type { Dice } from "../kit/dice.ts";
import { BUNDLE, ID, KEY, LONGEST, mutated, ROW, SIGNATURE, TOP_ID, VERBS } from "../kit/samples.ts";

const NUMBERS = [0, 1, 2, 3, 63, 64, 255, 256, 1023, 1024, 1025, 2048, 16383, 16384, 2 ** 30, 2 ** 32 - 1]
  .concat(
    [2 ** 32, 2 ** 48 - 1, 2 ** 52, Number.MAX_SAFE_INTEGER],
  );
const LAST_SEQUENCE = 2 ** 48 - 1;
const PROOFS = ["", "5a".repeat(32), SIGNATURE];
const NICKS = ["alice", "ALICE", "bob", "mal", "mal0", "mal1", "mal2", "nobody", "é".repeat(32)];
const MOST_MUTATIONS = 3;

/** Of insiders and strangers alike: what is said in a verb is never one of those that are counted. */
const SAID: readonly Address[] = [{ host: "10.9.9.9", port: 9 }, { host: "2001:db8::9", port: 9 }];

export function anyNumber(dice: Dice): number {
  return dice.happens(0.5) ? dice.below(40) : dice.pick(NUMBERS);
}

/** Random bytes, samples changed, cut, put together, or as they are. */
export function anyBytes(dice: Dice, samples: readonly Uint8Array[], most = 300): Uint8Array {
  switch (dice.below(8)) {
    case 0:
      return dice.bytes(dice.below(most));
    case 1: {
      const sample = dice.pick(samples);
      return concat(sample.subarray(0, 1), dice.bytes(dice.below(most)));
    }
    case 2:
      return concat(dice.pick(samples), dice.pick(samples));
    case 3:
      return dice.pick(samples);
    case 4: {
      const sample = dice.pick(samples);
      return sample.slice(0, dice.below(sample.length + 1));
    }
    default:
      return changed(dice, dice.pick(samples));
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** A few times mutated, or with one byte at an edge. */
export function changed(dice: Dice, bytes: Uint8Array): Uint8Array {
  if (bytes.length > 0 && dice.happens(0.3)) {
    const copy = bytes.slice();
    copy[dice.below(Math.min(copy.length, 40))] = dice.pick([0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xff]);
    return copy;
  }
  let mutant = bytes;
  for (let times = 1 + dice.below(MOST_MUTATIONS); times > 0; times--) mutant = mutated(dice, mutant);
  return mutant;
}

export function anyId(dice: Dice): string {
  const last = dice.below(8).toString(16);
  return dice.happens(0.8) ? ID.slice(0, -1) + last : dice.pick([TOP_ID, "0".repeat(32), KEY.slice(32)]);
}

export function anyNick(dice: Dice): string {
  return dice.pick(NICKS);
}

/** A verb whose fields are anything of their kinds. */
export function anyVerb(dice: Dice): Verb {
  const verb = dice.happens(0.01) ? dice.pick(LONGEST) : dice.pick(VERBS);
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(verb)) {
    if (name !== "type" && dice.happens(0.7)) fields[name] = anyValue(dice, name, value);
  }
  return { ...verb, ...fields } as Verb;
}

function anyValue(dice: Dice, name: string, value: unknown): unknown {
  switch (name) {
    case "nick":
    case "from":
    case "to":
    case "peer":
      return anyNick(dice);
    case "id":
    case "after":
      return anyId(dice);
    case "receipts":
      return Array.from({ length: dice.below(4) }, () => ({ ...anyReceipt(dice), id: anyId(dice) }));
    case "key":
      return anyBundle(dice).key;
    case "addresses":
    case "candidates":
      return SAID.slice(dice.below(3));
    case "version":
    case "since":
      return { start: anyNumber(dice), counter: anyNumber(dice) };
    case "rows":
      return Array.from({ length: dice.below(4) }, (_, ordinal) => ({
        ...ROW,
        ...anyBundle(dice),
        nick: anyNick(dice),
        ordinal,
        online: dice.happens(0.7),
        addresses: SAID.slice(dice.below(3)),
      }));
    case "bundle":
      return anyBundle(dice);
    case "body":
      return dice.bytes(dice.pick([0, 1, 30, PART_BYTES - 1, PART_BYTES, 3 * PART_BYTES]));
    case "edition":
    case "ephemeral":
    case "outcome":
    case "proof":
      return anyReceipt(dice)[name];
    case "messages":
      return anyMessages(dice);
    case "runs":
      return anyRuns(dice);
    default:
      return typeof value === "number"
        ? anyNumber(dice)
        : typeof value === "boolean"
        ? dice.happens(0.5)
        : value;
  }
}

function anyBundle(dice: Dice): Bundle {
  return { ...BUNDLE, key: dice.happens(0.5) ? KEY : "00".repeat(32) };
}

function anyReceipt(dice: Dice): Omit<Receipt, "id"> {
  return {
    edition: dice.below(2),
    ephemeral: dice.pick([KEY, NO_KEY]),
    outcome: dice.pick(OUTCOMES),
    proof: dice.pick(PROOFS),
  };
}

function anyMessages(dice: Dice): DirectMessage[] {
  return Array.from({ length: 1 + dice.below(dice.pick([3, 30])) }, () => ({
    sequence: Math.min(LAST_SEQUENCE, 1 + anyNumber(dice)),
    after: dice.happens(0.5) ? undefined : anyId(dice),
    sentAt: dice.below(2 ** 40),
    text: "t".repeat(dice.below(20)),
  }));
}

/** In order or not, over each other or not, and with ends that nobody has reached. */
export function anyRuns(dice: Dice): Run[] {
  return Array.from({ length: 1 + dice.below(dice.pick([3, GOT_RUNS])) }, () => {
    const from = Math.min(LAST_SEQUENCE, anyNumber(dice));
    return { from, to: dice.happens(0.2) ? LAST_SEQUENCE : Math.min(LAST_SEQUENCE, from + dice.below(9)) };
  });
}

/** The bytes of a verb, mostly one that means something. */
export function anyVerbBytes(dice: Dice): Uint8Array {
  const bytes = encodeVerb(anyVerb(dice));
  return dice.happens(0.15) ? changed(dice, bytes) : bytes;
}

/** A frame with any numbers in it. */
export function anyFrame(dice: Dice, number = anyNumber(dice)): Frame {
  const short = (verb: Uint8Array) => verb.subarray(0, PART_BYTES);
  switch (dice.below(8)) {
    case 0:
      return { type: "ping" };
    case 1:
      return anyAck(dice);
    case 2:
      return { type: dice.pick(["challenge", "response"] as const), data: dice.bytes(8) };
    case 3:
      return { type: "told", verb: short(anyVerbBytes(dice)) };
    case 4:
      return { type: "unordered", number, verb: short(anyVerbBytes(dice)) };
    case 5:
      return {
        type: "ordered",
        number,
        verb: dice.happens(0.1) ? new Uint8Array(0) : short(anyVerbBytes(dice)),
      };
    default:
      return anyPart(dice, number);
  }
}

export function anyAck(dice: Dice): Frame {
  let high = anyNumber(dice);
  const ranges: [low: number, high: number][] = [];
  for (let more = 1 + dice.below(dice.happens(0.1) ? 32 : 4); more > 0 && high >= 0; more--) {
    const low = Math.max(0, high - dice.below(5));
    ranges.push([low, high]);
    high = low - 2 - dice.below(4);
  }
  return { type: "ack", ranges, delay: dice.pick([0, 0, 1 / 16, 25, 1e6, 2 ** 48]) };
}

export function anyPart(dice: Dice, number: number): Frame {
  const parts = dice.happens(0.1) ? PARCEL_PARTS : 2 + dice.below(3);
  const index = dice.below(parts);
  const length = index === parts - 1 ? 1 + dice.below(PART_BYTES) : PART_BYTES;
  return { type: "part", number, index, parts, bytes: new Uint8Array(length).fill(dice.below(256)) };
}

/** Some frames one after the other, as bytes. */
export function framesBytes(frames: readonly Frame[]): Uint8Array {
  const writer = new Writer();
  for (const frame of frames) writeFrame(writer, frame);
  return writer.finish();
}

export const KEY_SAMPLE: Uint8Array = Uint8Array.fromHex(KEY);
