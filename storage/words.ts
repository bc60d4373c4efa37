/**
 * The words by which messages are found. In scripts that put no spaces between words every character and
 * every pair of neighbours is a word, so that what stands inside a sentence is found there.
 */

/** A word of letters, digits and marks, or one pictograph. */
const RUNS = /[\p{L}\p{N}\p{M}_]+|\p{Extended_Pictographic}/gu;

const UNSPACED_SCRIPTS =
  "\\p{scx=Han}\\p{scx=Hiragana}\\p{scx=Katakana}\\p{scx=Hangul}\\p{scx=Thai}\\p{scx=Lao}\\p{scx=Khmer}\\p{scx=Myanmar}";
const UNSPACED = new RegExp(`^[${UNSPACED_SCRIPTS}]`, "u");
const PARTS = new RegExp(`[${UNSPACED_SCRIPTS}]+|[^${UNSPACED_SCRIPTS}]+`, "gu");

/** Only so much of the beginning of a word counts. */
const WORD_CHARACTERS = 64;

/** Accents that stand above or below a letter of another script than those that need them. */
const ACCENTS = /[\u0300-\u036f]/gu;

/** All words of a text, without regard to case, accents and width. */
export function wordsOf(text: string): Set<string> {
  const words = new Set<string>();
  for (const part of partsOf(plain(text))) {
    if (!UNSPACED.test(part)) words.add(cut(part));
    else {
      const characters = [...part];
      for (const [at, character] of characters.entries()) {
        words.add(character);
        if (at > 0) words.add(characters[at - 1]! + character);
      }
    }
  }
  return words;
}

/** Words that are searched for. A text has to have all of them, in any order. */
export class Sought {
  /** Words of `wordsOf`. */
  readonly words: readonly string[];
  /** Parts that have to stand together; the words of `words` may stand apart. */
  readonly #phrases: readonly string[];

  constructor(text: string) {
    const words = new Set<string>();
    const phrases: string[] = [];
    for (const part of partsOf(plain(text))) {
      if (!UNSPACED.test(part)) words.add(cut(part));
      else {
        const characters = [...part];
        if (characters.length === 1) words.add(part);
        // A pair is in few texts, and the characters alone are in many.
        for (let at = 1; at < characters.length; at++) words.add(characters[at - 1]! + characters[at]!);
        if (characters.length > 2) phrases.push(part);
      }
    }
    this.words = [...words];
    this.#phrases = phrases;
  }

  /** True for a text that has all words, if its phrases are right as well. */
  hasPhrases(text: string): boolean {
    if (this.#phrases.length === 0) return true;
    const whole = plain(text);
    return this.#phrases.every((phrase) => whole.includes(phrase));
  }

  isIn(text: string): boolean {
    if (this.words.length === 0) return false;
    const words = wordsOf(text);
    return this.words.every((word) => words.has(word)) && this.hasPhrases(text);
  }
}

function plain(text: string): string {
  return text.normalize("NFKD").replaceAll(ACCENTS, "").normalize("NFC").toLowerCase().replaceAll("ς", "σ");
}

function partsOf(text: string): string[] {
  return (text.match(RUNS) ?? []).flatMap((run) => run.match(PARTS) ?? []);
}

function cut(word: string): string {
  return word.length <= WORD_CHARACTERS ? word : [...word].slice(0, WORD_CHARACTERS).join("");
}
