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
  readonly mayRepeat = new Set<string>();
  /** Of whom it was said that a message is missing: one before this number, that of the next one shown. */
  readonly missed = new Map<string, number>();
}

/** `alice: m1`, dated or not, and `[Channel_Message alice: m1]`. */
const SHOWN =
  /^(?<channel>\[Channel_Message(?:, not sealed,)? )?(?<from>[a-z]+): (?:\d{4}-\d\d-\d\d [\d:.]+ )?(?<text>m\d+)\]?$/;
/** Which message is meant stands there only while several wait. */
const ACKNOWLEDGED = /^\[Message received by [a-z]+: "(?<text>m\d+)"\.\]$/;
/**
 * The one before has not come within the 5 seconds for which a client holds a message back (docs/protocol.md,
 * section 6). So long a wait is nothing strange where programs are killed and the machine is busy.
 */
const MISSING = /^\[A message from (?<from>[a-z]+) is missing\.\]$/;
/** Never to be seen here, where nobody means harm. */
const WRONG =
  /messages? from [a-z]+ (is|are) missing|is not the one|cannot be opened|failed|came once more|belongs to another|discarded/;

export class Oracle {
  readonly failures: string[] = [];
  /** How often a line was shown again that may be. */
  repeats = 0;
  /** How many messages were shown behind later ones, which the program had said would be so. */
  late = 0;
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
    const screen = this.#screens.get(reader)!;
    const sender = MISSING.exec(line)?.groups?.["from"];
    if (sender !== undefined) screen.missed.set(sender, Infinity);
    else if (WRONG.test(line)) this.#fail(`${reader} sees ${line}`);
    const acknowledged = ACKNOWLEDGED.exec(line)?.groups?.["text"];
    const acknowledgedMessage = this.#messages.get(acknowledged ?? "");
    if (acknowledgedMessage !== undefined) acknowledgedMessage.isAccepted = true;
    const { text = "", from = "", channel } = SHOWN.exec(line)?.groups ?? {};
    if (text === "") return;
    const message = this.#messages.get(text);
    if (message === undefined || message.from !== from || !message.readers.includes(reader)) {
      return this.#fail(`${reader} sees what was not written to them: ${line}`);
    }
    screen.run.push(text);
    if (screen.shown.has(text)) {
      // Nobody may see it a third time by the same right.
      if (screen.mayRepeat.delete(text)) this.repeats++;
      else this.#fail(`${reader} sees once more: ${line}`);
      return;
    }
    screen.shown.add(text);
    const sequence = `${from} ${channel === undefined}`;
    const last = screen.last.get(sequence) ?? -1;
    screen.last.set(sequence, Math.max(message.number, last));
    const missed = channel === undefined ? screen.missed.get(from) ?? -1 : -1;
    if (message.number > last) {
      if (missed === Infinity) screen.missed.set(from, message.number);
      return;
    }
    // A gap may be of several messages, and is told once.
    if (message.number < missed) this.late++;
    else this.#fail(`${reader} sees too late: ${line}`);
  }

  /** Somebody's program was killed, and all that it showed has been seen. */
  killed(reader: string): void {
    const screen = this.#screens.get(reader)!;
    // A run that ended before it had shown them leaves them to the next one.
    for (const text of screen.run.slice(screen.settled)) screen.mayRepeat.add(text);
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
