/**
 * What must hold of all that people typed and saw, however often their programs were killed: what was
 * accepted or acknowledged is shown, once, and in the order in which its sender wrote it.
 * @module
 */

/** Something that was typed. Its text is unlike all others. */
interface Message {
  readonly text: string;
  readonly from: string;
  readonly readers: readonly string[];
  /** Of all that this sender typed. */
  readonly number: number;
  /** True once its sender's program has shown that it will not forget it. */
  isAccepted: boolean;
}

/** A person's screen, over all runs of the program. */
class Screen {
  /** The texts shown so far. */
  readonly shown = new Set<string>();
  /** The number of the last message of each sender and kind that was shown. */
  readonly last = new Map<string, number>();
  /** What this run has shown, in order. */
  run: string[] = [];
  /** How many of these the disk must know to be shown. */
  settled = 0;
  /** What the killed runs before may not have noted as shown: this run may show it once more. */
  mayRepeat = new Set<string>();
}

/** `alice: m1`, dated or not, and `[Channel_Message alice: m1]`. */
const SHOWN =
  /^(?<channel>\[Channel_Message(?:, not sealed,)? )?(?<from>[a-z]+): (?:\d{4}-\d\d-\d\d [\d:.]+ )?(?<text>m\d+)\]?$/;
/** Which message is meant stands there only while several wait. */
const ACKNOWLEDGED = /^\[Message received by [a-z]+: "(?<text>m\d+)"\.\]$/;
/** Never to be seen here, where nobody means harm. */
const WRONG = /missing|is not the one|cannot be opened|failed|came once more|belongs to another|discarded/;

export class Oracle {
  readonly failures: string[] = [];
  /** How often a line was shown again that may be. */
  repeats = 0;
  readonly #messages = new Map<string, Message>();
  readonly #screens: ReadonlyMap<string, Screen>;

  constructor(people: readonly string[]) {
    this.#screens = new Map(people.map((nick) => [nick, new Screen()]));
  }

  /** Somebody types a message, to one person or, without `to`, to the channel. Returns its text. */
  writes(from: string, to?: string): string {
    const number = this.#messages.size;
    const text = `m${number}`;
    const readers = to === undefined ? [...this.#screens.keys()].filter((nick) => nick !== from) : [to];
    this.#messages.set(text, { text, from, readers, number, isAccepted: false });
    return text;
  }

  /** How many messages somebody's program has shown in this run. */
  shownBy(reader: string): number {
    return this.#screens.get(reader)!.run.length;
  }

  /**
   * A round is over: somebody typed these messages and then a question, which is answered. So they were saved
   * before, and in the same commit that those messages are shown that stood on the screen before the typing.
   */
  accepts(writer: string, texts: readonly string[], shownBefore: number): void {
    for (const text of texts) this.#messages.get(text)!.isAccepted = true;
    this.#screens.get(writer)!.settled = shownBefore;
  }

  /** Somebody sees a whole line. */
  sees(reader: string, line: string): void {
    if (WRONG.test(line)) this.#fail(`${reader} sees ${line}`);
    const acknowledged = ACKNOWLEDGED.exec(line)?.groups?.["text"];
    const acknowledgedMessage = this.#messages.get(acknowledged ?? "");
    if (acknowledgedMessage !== undefined) acknowledgedMessage.isAccepted = true;
    const { text = "", from = "", channel } = SHOWN.exec(line)?.groups ?? {};
    if (text === "") return;
    const message = this.#messages.get(text);
    if (message === undefined || message.from !== from || !message.readers.includes(reader)) {
      return this.#fail(`${reader} sees what was not written to them: ${line}`);
    }
    const screen = this.#screens.get(reader)!;
    screen.run.push(text);
    if (screen.shown.has(text)) {
      // Nobody may see it a third time by the same right.
      if (screen.mayRepeat.delete(text)) this.repeats++;
      else this.#fail(`${reader} sees once more: ${line}`);
      return;
    }
    screen.shown.add(text);
    const sequence = `${from} ${channel === undefined}`;
    if (message.number < (screen.last.get(sequence) ?? -1)) this.#fail(`${reader} sees too late: ${line}`);
    screen.last.set(sequence, message.number);
  }

  /** Somebody's program was killed, and all that it showed has been seen. */
  killed(reader: string): void {
    const screen = this.#screens.get(reader)!;
    screen.mayRepeat = new Set(screen.run.slice(screen.settled));
    screen.run = [];
    screen.settled = 0;
  }

  /** The messages that somebody must see yet, with their readers. */
  missing(): string[] {
    const lines: string[] = [];
    for (const { text, from, readers, isAccepted } of this.#messages.values()) {
      if (!isAccepted) continue;
      for (const reader of readers) {
        if (!this.#screens.get(reader)!.shown.has(text)) lines.push(`${reader} misses ${text} of ${from}`);
      }
    }
    return lines;
  }

  get accepted(): number {
    return [...this.#messages.values()].filter(({ isAccepted }) => isAccepted).length;
  }

  #fail(what: string): void {
    this.failures.push(what);
  }
}
