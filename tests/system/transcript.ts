/**
 * What a process has written so far, and waiting for what it has yet to write.
 * @module
 */
import { stripVTControlCharacters } from "node:util";

/** Far more than anything takes on a busy machine: only a test that fails waits so long. */
export const PATIENCE_MS = 60_000;

export class Transcript {
  /** All of it, byte by byte as it came. */
  raw = "";
  hasEnded = false;
  #at = 0;
  #changed = Promise.withResolvers<void>();
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  /** Without escape sequences; a return of the cursor counts as the end of a line. */
  get text(): string {
    return stripVTControlCharacters(this.raw).replaceAll("\r", "\n");
  }

  get lines(): string[] {
    return this.text.split(/\n+/).filter((line) => line !== "");
  }

  async read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.raw += text;
      this.#wakeUp();
    }
    this.hasEnded = true;
    this.#wakeUp();
  }

  /**
   * Waits for a text behind what was seen last; returns what matched. Fails when the process has ended
   * without it. A string has to be a whole line, or several.
   */
  sees(what: string | RegExp): Promise<RegExpMatchArray> {
    return this.#wait(what, false);
  }

  /** Waits for a question, behind which the answer is to be typed in the same line. */
  async asks(question: string): Promise<void> {
    await this.#wait(question, true);
  }

  async #wait(what: string | RegExp, isUnfinished: boolean): Promise<RegExpMatchArray> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#wakeUp();
    }, PATIENCE_MS);
    try {
      for (;;) {
        const changed = this.#changed.promise;
        const text = this.text.slice(this.#at);
        // The last line is still being written.
        const complete = this.hasEnded || isUnfinished ? text : text.slice(0, text.lastIndexOf("\n") + 1);
        const match = typeof what === "string" ? lineIn(complete, what) : text.match(what);
        if (match) {
          this.#at += match.index! + match[0].length;
          return match;
        }
        if (this.hasEnded || late) {
          const why = late ? "in time" : "and has ended";
          throw new Error(
            `${this.#name} has not shown ${cut(`${what}`)} ${why}; it shows:\n${cut(this.text)}`,
          );
        }
        await changed;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Waits for several whole lines, in whatever order they come. */
  async seesInAnyOrder(...whats: readonly string[]): Promise<void> {
    const begin = this.#at;
    let farthest = begin;
    for (const what of whats) {
      this.#at = begin;
      await this.sees(what);
      farthest = Math.max(farthest, this.#at);
    }
    this.#at = farthest;
  }

  #wakeUp(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/** Where whole lines stand in a text. No pattern: a line may be longer than those can be. */
function lineIn(text: string, what: string): RegExpMatchArray | undefined {
  for (let index = text.indexOf(what); index >= 0; index = text.indexOf(what, index + 1)) {
    const begins = index === 0 || text[index - 1] === "\n";
    const after = text[index + what.length] ?? "\n";
    if (begins && after === "\n") return Object.assign([what] as [string], { index });
  }
  return undefined;
}

/** For people to read: of long lines the beginning, the end and the length. */
function cut(text: string): string {
  return text.replaceAll(
    /.{500,}/g,
    (line) => `${line.slice(0, 50)} ... ${line.slice(-50)} (${line.length})`,
  );
}
