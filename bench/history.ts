/** How fast the history finds something among a million messages, and how large it is. */
import { HISTORY_PAGE_ENTRIES } from "../core/base/limits.ts";
import { NEWEST } from "../core/history.ts";
import type { HistoryQuery, Memory } from "../core/machine.ts";
import { historyIn, NO_BOUNDS, openHistoryOf } from "../storage/history.ts";
import { StateSeal } from "../storage/state_seal.ts";
import { Dice } from "../tests/kit/dice.ts";

const MESSAGES = 1_000_000;
const SEALED_MESSAGES = 20_000;
const BATCH = 1_000;
const WORDS = 30_000;
const CHARACTERS = 3_000;
const SENDERS = 40;
const REPEATS = 9;

/** Ranks as in natural languages: the first word is in most texts, and most words are in few. */
function rank(dice: Dice, count: number): number {
  return Math.floor(count ** dice.next());
}

/** Three of four messages are words with spaces between them, and one is a sentence of Chinese. */
function textOf(dice: Dice, number: number): string {
  if (number === NEEDLE_AT) return "a needle 会议室";
  const words = Array.from({ length: 4 + dice.below(14) }, () => `w${rank(dice, WORDS)}`);
  if (number % 4 !== 0) return ["the", ...words].join(" ");
  const characters = Array.from({ length: 8 + dice.below(20) }, () => rank(dice, CHARACTERS));
  return `${String.fromCodePoint(...characters.map((at) => 0x4e00 + at))}的，好`;
}

/** Among the oldest. */
const NEEDLE_AT = 5;

function messages(first: number, count: number, dice: Dice): Memory[] {
  return Array.from({ length: count }, (_, at) => {
    const number = first + at;
    const from = `nick${dice.below(SENDERS)}`;
    const more = { dated: false, isOpen: false, like: undefined, isBehindGap: false, isExchanged: false };
    const place = { number, id: number.toString(16).padStart(32, "0"), channel: number % 2 === 0 };
    const message = { ...place, from, text: textOf(dice, number), sentAt: number, ...more };
    return { type: "received", message, when: { now: number, date: number } };
  });
}

/** What is looked up, and how it is called. */
const QUERIES: readonly (readonly [string, Partial<HistoryQuery>])[] = [
  ["the last 50 of all", {}],
  ["the last 50 of a conversation", { peer: "nick7" }],
  ["the last 50 of the channel, before a date", { peer: null, before: MESSAGES / 2 }],
  ["the commonest word", { words: "the" }],
  ["the commonest word of one sender", { words: "the", from: "nick7" }],
  ["two common words", { words: "the w1" }],
  ["three words, seldom together", { words: "w900 w1100 the" }],
  ["a word that is in one message, the oldest", { words: "needle" }],
  ["a word that is in none", { words: "nowhere" }],
  ["the commonest character", { words: "的" }],
  ["two characters inside sentences", { words: "\u4e01\u4e02" }],
  ["three characters that are in one message, the oldest", { words: "会议室" }],
  ["four common characters, seldom together", { words: "\u4e01\u4e02\u4e03\u4e01" }],
];

/** Measures in this folder, which is empty. */
export function history(folder: string, tell: (line: string) => void): void {
  const dice = new Dice(1);
  const began = performance.now();
  const kept = openHistoryOf(folder, undefined, NO_BOUNDS)!;
  for (let first = 1; first <= MESSAGES; first += BATCH) kept.commit(messages(first, BATCH, dice));
  const took = performance.now() - began;
  const megabytes = Deno.statSync(historyIn(folder)).size / 1e6;
  tell(
    `history of ${MESSAGES} messages: ${Math.round(megabytes)} MB, ${
      (took * 1000 / MESSAGES).toFixed(0)
    } microseconds to keep one, ${BATCH} in a commit`,
  );
  kept.close();
  const opening = performance.now();
  const again = openHistoryOf(folder, undefined, NO_BOUNDS)!;
  tell(`  opened in ${(performance.now() - opening).toFixed(1)} ms`);
  for (const [name, query] of QUERIES) {
    const times: number[] = [];
    let found = 0;
    for (let turn = 0; turn < REPEATS; turn++) {
      const start = performance.now();
      found = again.read({ ...NEWEST, count: 50, ...query }, MESSAGES).entries.length;
      times.push(performance.now() - start);
    }
    const [first = 0] = times;
    times.sort((a, b) => a - b);
    tell(
      `  ${name}: ${times[REPEATS >> 1]!.toFixed(1)} ms, the first time ${first.toFixed(1)}, ${found} found`,
    );
  }
  again.close();
}

/** The same where entries are sealed and opened one by one: how many a second. */
export function sealedHistory(folder: string, tell: (line: string) => void): void {
  const kept = openHistoryOf(folder, new StateSeal(new Uint8Array(32).fill(7)), NO_BOUNDS)!;
  const dice = new Dice(1);
  for (let first = 1; first <= SEALED_MESSAGES; first += BATCH) kept.commit(messages(first, BATCH, dice));
  const start = performance.now();
  let searched = 0;
  for (let below: number | undefined = Number.MAX_SAFE_INTEGER; below !== undefined;) {
    const page = kept.read({ ...NEWEST, count: HISTORY_PAGE_ENTRIES, words: "nowhere", below }, 0);
    searched += page.searched;
    below = page.next;
  }
  const took = performance.now() - start;
  tell(`sealed history: ${Math.round(searched * 1000 / took)} messages a second are opened and searched`);
  kept.close();
}
