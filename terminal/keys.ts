/**
 * Turns the bytes that a raw terminal sends into keys. The bytes may be cut anywhere: inside a character, an
 * escape sequence, or a paste. So the decoder remembers its place. It reads no clock and touches no terminal.
 * @module
 */
import {
  escapeSequence,
  isComplete,
  type KeyCommand,
  PASTE_BEGINS,
  PASTE_ENDS,
  type Report,
  reportOf,
  TEXT_REPORT,
} from "./escape_sequences.ts";
import { utf8Length } from "../core/base/bytes.ts";
import { LINE_LIMIT_CHARACTERS } from "./line.ts";

/** A key, a run of printable text, a whole paste with its line breaks as they came, or a report. */
export type KeyPress =
  | { readonly name: "text"; readonly text: string }
  /** `omitted`: the number of bytes that are missing at its end, if any are. */
  | { readonly name: "paste"; readonly text: string; readonly omitted?: number }
  | { readonly name: KeyCommand }
  | Report;

/** Everything that concerns the input line. */
export type EditKey = Exclude<KeyPress, Report>;

/** True for what concerns the terminal, and not the input line. */
export function isReport(key: KeyPress): key is Report {
  return REPORTS.has(key.name);
}

const REPORTS: ReadonlySet<string> = new Set<Report["name"]>(["background", "cursor", "focus", "status"]);

const CONTROLS: ReadonlyMap<string, KeyCommand> = new Map([
  ["\x01", "home"], // ctrl-a
  ["\x02", "left"], // ctrl-b
  ["\x03", "interrupt"], // ctrl-c
  ["\x04", "deleteOrEnd"], // ctrl-d
  ["\x05", "end"], // ctrl-e
  ["\x06", "right"], // ctrl-f
  ["\x07", "abort"], // ctrl-g
  ["\x08", "backspace"], // ctrl-h, and Backspace on some terminals
  ["\x09", "tab"],
  ["\x0a", "enter"], // ctrl-j, and every line break of a paste that is not bracketed
  ["\x0b", "killToEnd"], // ctrl-k
  ["\x0c", "clearScreen"], // ctrl-l
  ["\x0d", "enter"],
  ["\x0e", "down"], // ctrl-n
  ["\x10", "up"], // ctrl-p
  ["\x12", "search"], // ctrl-r
  ["\x13", "searchForward"], // ctrl-s
  ["\x14", "transposeLetters"], // ctrl-t
  ["\x15", "killToStart"], // ctrl-u
  ["\x17", "killWord"], // ctrl-w
  ["\x19", "yank"], // ctrl-y
  ["\x1a", "suspend"], // ctrl-z
  ["\x1f", "undo"], // ctrl-_
  ["\x7f", "backspace"],
]);

/** Ctrl-x begins a pair of keys. */
const PAIR = "\x18";
const PAIRS: ReadonlyMap<string, KeyCommand> = new Map([
  ["\x05", "editor"], // ctrl-x ctrl-e
  ["\x15", "undo"], // ctrl-x ctrl-u
]);

const ESCAPE = "\x1b";
const BELL = "\x07";
/** The end of a report in text (ST). */
const STRING_ENDS = "\x1b\\";

/** Terminals report nothing longer. */
const LONGEST_REPORT = 100;

/**
 * A paste is kept up to the length that the input line holds, with the sequence that ends it. Only the length
 * of the rest is kept, so that it cannot eat all memory.
 */
const PASTE_LIMIT_CHARACTERS = LINE_LIMIT_CHARACTERS + PASTE_ENDS.length;

/** The meaning of a sequence to the program itself; `undefined` if it belongs to the input line. */
type OwnKey<Own> = (sequence: string) => Own | undefined;

export class KeyDecoder<Own extends { readonly name: string } = never> {
  readonly #ownKey: OwnKey<Own>;
  readonly #utf8 = new TextDecoder();
  /** The escape sequence so far; empty outside of one. */
  #escape = "";
  /** The characters of the paste so far; `undefined` outside of one. */
  #paste: string[] | undefined;
  /** The last characters of the paste, as many as the sequence that ends it has. */
  #pasteTail = "";
  /** The length of the whole paste in bytes. */
  #pasteBytes = 0;

  /** `ownKey` is asked first about each sequence. */
  constructor(ownKey: OwnKey<Own> = () => undefined) {
    this.#ownKey = ownKey;
  }

  /** True inside a paste. */
  get isPasting(): boolean {
    return this.#paste !== undefined;
  }

  /** A paste ends without the sequence for that, because nothing has come for a while. */
  endPaste(): KeyPress[] {
    return this.#paste === undefined ? [] : [this.#takePaste(this.#paste, "")];
  }

  /** True after an Escape whose sequence has not come yet, or has come only in part. */
  get isWaiting(): boolean {
    return this.#escape !== "" && this.#escape !== PAIR;
  }

  /** Takes the bytes of one read and returns the keys that are complete. */
  push(bytes: Uint8Array): (KeyPress | Own)[] {
    const keys: (KeyPress | Own)[] = [];
    for (const character of this.#utf8.decode(bytes, { stream: true })) {
      const key = this.#take(character);
      const last = keys.at(-1);
      if (isText(key) && isText(last)) {
        keys[keys.length - 1] = { name: "text", text: last.text + key.text };
      } else if (key) keys.push(key);
    }
    return keys;
  }

  /**
   * Nothing came for a while, so an Escape that waits for the rest of its sequence was the key itself. It is
   * dropped, and the next key counts again.
   */
  settle(): void {
    this.#escape = "";
  }

  #take(character: string): KeyPress | Own | undefined {
    if (this.#paste) return this.#takePasted(this.#paste, character);
    if (this.#escape.startsWith(TEXT_REPORT)) return this.#takeReported(character);
    if (this.#escape === PAIR) {
      this.#escape = "";
      const name = PAIRS.get(character);
      if (name !== undefined) return { name };
    } else if (character === PAIR) {
      this.#escape = PAIR;
      return undefined;
    }
    if (character === ESCAPE) {
      this.#escape = ESCAPE;
      return undefined;
    }
    // A control character never belongs to a sequence: the sequence was broken off, and the character counts.
    if (this.#escape !== "" && character >= " ") return this.#takeEscaped(character);
    this.#escape = "";
    return plainKey(character);
  }

  #takeEscaped(character: string): KeyPress | Own | undefined {
    const sequence = this.#escape + character;
    this.#escape = isComplete(sequence) ? "" : sequence;
    if (this.#escape !== "") return undefined;
    if (sequence === PASTE_BEGINS) this.#paste = [];
    const own = this.#ownKey(sequence);
    if (own !== undefined) return own;
    const name = escapeSequence(sequence);
    return name === undefined ? reportOf(sequence) : { name };
  }

  #takeReported(character: string): KeyPress | Own | undefined {
    const sequence = this.#escape + character;
    if (this.#escape.endsWith(ESCAPE) && !sequence.endsWith(STRING_ENDS)) {
      // The report was broken off by another sequence.
      this.#escape = ESCAPE;
      return this.#takeEscaped(character);
    }
    const isOver = character === BELL || sequence.endsWith(STRING_ENDS);
    this.#escape = isOver || sequence.length >= LONGEST_REPORT ? "" : sequence;
    return isOver ? reportOf(sequence) : undefined;
  }

  #takePasted(paste: string[], character: string): KeyPress | undefined {
    if (paste.length < PASTE_LIMIT_CHARACTERS) paste.push(character);
    this.#pasteBytes += utf8Length(character);
    this.#pasteTail = (this.#pasteTail + character).slice(-PASTE_ENDS.length);
    return this.#pasteTail === PASTE_ENDS ? this.#takePaste(paste, PASTE_ENDS) : undefined;
  }

  #takePaste(paste: readonly string[], end: string): KeyPress {
    const whole = paste.join("");
    const text = whole.endsWith(end) ? whole.slice(0, whole.length - end.length) : whole;
    const omitted = this.#pasteBytes - end.length - utf8Length(text);
    this.#pasteTail = "";
    this.#pasteBytes = 0;
    this.#paste = undefined;
    return omitted > 0 ? { name: "paste", text, omitted } : { name: "paste", text };
  }
}

function isText(key: { readonly name: string } | undefined): key is Extract<KeyPress, { name: "text" }> {
  return key?.name === "text";
}

/** The key of a character outside of sequences; `undefined` for a control character without a meaning. */
function plainKey(character: string): KeyPress | undefined {
  const name = CONTROLS.get(character);
  if (name) return { name };
  return /\p{Cc}/u.test(character) ? undefined : { name: "text", text: character };
}
