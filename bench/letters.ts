/**
 * What sealing costs, in one process and with the real primitives: letters, receipts, and how much longer a
 * text gets.
 */
import { MALFORMED } from "../core/base/bytes.ts";
import { KEY_BYTES, primitives } from "../core/base/crypto.ts";
import { isReceiptOf, NO_HASH, NO_KEY, type Receipt } from "../core/messages/identity.ts";
import { type Contents, type Envelope, openLetter, sealLetter } from "../core/messages/letter.ts";
import { decodeLetter } from "../core/messages/letter_form.ts";
import { NO_MESSAGE } from "../core/messages/message_id.ts";
import { Author } from "../tests/kit/author.ts";
import { Dice } from "../tests/kit/dice.ts";
import { median } from "./summary.ts";

const ROUNDS = 3;
/** Each takes four agreements of keys. */
const LETTERS = 2_000;
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
function envelopeOf(turn: number): Envelope {
  return { id: turn.toString(16).padStart(32, "0"), from: "alice", to: "bob" };
}

function contentsOf(bytes: number): Contents {
  return { after: NO_MESSAGE, afterHash: NO_HASH, sentAt: 1_700_000_000_000, text: "m".repeat(bytes) };
}

const CONTENTS = contentsOf(TEXT_BYTES);

/** Of alice to bob. */
function seal(turn: number, contents = CONTENTS): Uint8Array {
  const keys = { keyPair: ALICE.identity.keyPair, sender: ALICE.bundle, recipient: BOB.bundle };
  const ephemeral = primitives.keyPair(random(KEY_BYTES));
  return sealLetter(primitives, ephemeral, envelopeOf(turn), 0, keys, contents)!.body;
}

/** A letter with a text of so many bytes, as it leaves. */
export function letterOf(bytes: number): Uint8Array {
  return seal(0, contentsOf(bytes));
}

function open(turn: number, bytes: Uint8Array): void {
  const letter = decodeLetter(bytes);
  if (letter === MALFORMED || openLetter(primitives, envelopeOf(turn), letter, BOB.own) === undefined) {
    throw new Error("a letter does not open");
  }
}

/** How often a second, at its writer and at its reader. */
export interface Rates {
  readonly what: string;
  readonly out: number;
  readonly in: number;
}

/** Letters of 64 bytes, whose receipts are made with them, and receipts that are signed: medians. */
export function letters(): Rates[] {
  const sealed = Array.from({ length: LETTERS }, (_, turn) => seal(turn));
  const said = { id: envelopeOf(1).id, edition: 0, ephemeral: NO_KEY, outcome: "unreadable" } as const;
  const receipt: Receipt = BOB.identity.receipt("bob", "alice", said);
  const nicks = { from: "bob", to: "alice" };
  const isReceipt = () => isReceiptOf(primitives, BOB.identity.publicKey, nicks, receipt);
  if (!isReceipt()) throw new Error("a receipt that is not its recipient's");
  return [
    {
      what: "letters: seal, open",
      out: perSecond(LETTERS, (turn) => seal(turn)),
      in: perSecond(LETTERS, (turn) => open(turn, sealed[turn]!)),
    },
    {
      what: "signed receipts: sign, verify",
      out: perSecond(RECEIPTS, () => BOB.identity.receipt("bob", "alice", said)),
      in: perSecond(RECEIPTS, isReceipt),
    },
  ];
}

function perSecond(count: number, act: (turn: number) => unknown): number {
  return 1e6 / median(Array.from({ length: ROUNDS }, () => time(count, act)));
}
