/**
 * Standard input, read in pieces as they come. It can be read ahead: what has come is kept, and handed out
 * again later.
 * @module
 */
import { READ_AHEAD_BYTES } from "../core/base/limits.ts";

export class Input {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** The pieces that were read ahead. */
  readonly #ahead: Uint8Array[] = [];
  /** A read that was begun, and whose piece nobody has taken. */
  #pending: Promise<Uint8Array | undefined> | undefined;

  constructor(reader: ReadableStreamDefaultReader<Uint8Array>) {
    this.#reader = reader;
  }

  /**
   * Reads ahead until the input ends, or `limit` resolves, or `READ_AHEAD_BYTES` have come. Returns the whole
   * input if it has ended.
   */
  async readAhead(limit: Promise<void>): Promise<readonly Uint8Array[] | undefined> {
    const isOver = limit.then(() => "over" as const);
    for (let bytes = 0; bytes <= READ_AHEAD_BYTES;) {
      this.#pending ??= this.#next();
      const piece = await Promise.race([this.#pending, isOver]);
      if (piece === "over") return undefined;
      this.#pending = undefined;
      if (piece === undefined) return this.#ahead;
      this.#ahead.push(piece);
      bytes += piece.length;
    }
    return undefined;
  }

  /** The next piece; `undefined` when the input has ended. */
  read(): Promise<Uint8Array | undefined> {
    const piece = this.#ahead.shift();
    if (piece !== undefined) return Promise.resolve(piece);
    const pending = this.#pending ?? this.#next();
    this.#pending = undefined;
    return pending;
  }

  /** Ends reading. A read that waits would keep the process alive. */
  cancel(): void {
    // Nobody reads on, so it does not matter if this fails.
    this.#reader.cancel().catch(() => {});
  }

  /** An input that cannot be read (a folder, a terminal that hung up) counts as ended. */
  async #next(): Promise<Uint8Array | undefined> {
    return (await this.#reader.read().catch(() => undefined))?.value;
  }
}
