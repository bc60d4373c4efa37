/**
 * What sealing costs, in one process and with the real primitives: letters, receipts, and how much longer a
 * text gets.
 */
import { MALFORMED } from "../core/base/bytes.ts";
import { primitives } from "../core/base/crypto.ts";
import { LETTER_SECRET_MS } from "../core/base/limits.ts";
import { isReceiptOf, NO_HASH, type Receipt } from "../core/messages/identity.ts";
import { type Contents, decodeLetter, type Envelope, Opener, Sealer } from "../core/messages/letter.ts";
import { NO_MESSAGE } from "../core/messages/message_id.ts";
import { Author } from "../tests/kit/author.ts";
import { Dice } from "../tests/kit/dice.ts";
import { median } from "./summary.ts";

const ROUNDS = 3;
const CACHED_LETTERS = 20_000;
/** Each takes three or four agreements of keys. */
const FRESH_LETTERS = 2_000;
const RECEIPTS = 3_000;
const TEXT_BYTES = 64;
/** Texts of which the length is compared with that of their letters. */
export const LENGTHS: readonly number[] = [1, 64, 256, 1_000, 65_536];

const random = (count: number) => crypto.getRandomValues(new Uint8Array(count));

/** Microseconds that it takes to do something, after a tenth of it to warm up. */
export function time(count: number, act: (turn: number) => unknown): number {
  for (let turn = 0; turn < count / 10; turn++) act(turn);
  const began = performance.now();
  for (let turn = 0; turn < count; turn++) act(turn);
  return (performance.now() - began) * 1000 / count;
}

const DICE = new Dice(1);
const [ALICE, BOB] = [new Author(primitives, DICE, "alice"), new Author(primitives, DICE, "bob")];
const SEALER = new Sealer(primitives, random, ALICE.identity.keyPair);
const newOpener = () => new Opener(primitives, BOB.identity.keyPair);

function envelopeOf(turn: number): Envelope {
  return { id: turn.toString(16).padStart(32, "0"), from: "alice", to: "bob" };
}

function contentsOf(bytes: number): Contents {
  return { after: NO_MESSAGE, afterHash: NO_HASH, sentAt: 1_700_000_000_000, text: "m".repeat(bytes) };
}

const CONTENTS = contentsOf(TEXT_BYTES);

/** Of alice to bob. At another hour it has another ephemeral key. */
function seal(turn: number, hour: number, contents = CONTENTS): Uint8Array {
  const keys = { sender: ALICE.bundle, recipient: BOB.bundle };
  return SEALER.seal(hour * LETTER_SECRET_MS, envelopeOf(turn), 0, keys, contents)!;
}

/** A letter with a text of so many bytes, as it leaves. */
export function letterOf(bytes: number): Uint8Array {
  return seal(0, 0, contentsOf(bytes));
}

function opened(opener: Opener, turn: number, bytes: Uint8Array): Contents {
  const letter = decodeLetter(bytes);
  const contents = letter === MALFORMED ? undefined : opener.open(envelopeOf(turn), letter, BOB.own);
  if (contents === undefined) throw new Error("a letter does not open");
  return contents;
}

/** How often a second, at its writer and at its reader. */
export interface Rates {
  readonly what: string;
  readonly out: number;
  readonly in: number;
}

/** Letters of 64 bytes, and receipts for them: medians. */
export function letters(): Rates[] {
  const cached = Array.from({ length: CACHED_LETTERS }, (_, turn) => seal(turn, 0));
  const fresh = Array.from({ length: FRESH_LETTERS }, (_, turn) => seal(turn, turn + 1));
  const opener = newOpener();
  const said = { id: envelopeOf(1).id, edition: 0, outcome: "read" } as const;
  const receipt: Receipt = BOB.identity.receipt("bob", "alice", said);
  const nicks = { from: "bob", to: "alice" };
  const isReceipt = () => isReceiptOf(primitives, BOB.identity.publicKey, nicks, receipt);
  if (!isReceipt()) throw new Error("a receipt that is not its recipient's");
  let hour = FRESH_LETTERS;
  return [
    {
      what: "letters within one conversation: seal, open",
      out: perSecond(CACHED_LETTERS, (turn) => seal(turn, 0)),
      in: perSecond(CACHED_LETTERS, (turn) => opened(opener, turn, cached[turn]!)),
    },
    {
      what: "letters with a new ephemeral key each: seal, open",
      out: perSecond(FRESH_LETTERS, (turn) => seal(turn, ++hour)),
      in: perSecond(FRESH_LETTERS, (turn) => opened(newOpener(), turn, fresh[turn]!)),
    },
    {
      what: "receipts: sign, verify",
      out: perSecond(RECEIPTS, () => BOB.identity.receipt("bob", "alice", said)),
      in: perSecond(RECEIPTS, isReceipt),
    },
  ];
}

function perSecond(count: number, act: (turn: number) => unknown): number {
  return 1e6 / median(Array.from({ length: ROUNDS }, () => time(count, act)));
}
