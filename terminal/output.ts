/**
 * The one way to standard output. Writing waits until the terminal or the pipe has taken everything. So
 * written text counts as shown, and a slow reader slows us down instead of filling our memory.
 * @module
 */

/** How long to wait for a terminal that another program has made non-blocking, when it is full. */
const FULL_PAUSE_MS = 5;

export class Output {
  readonly #encoder = new TextEncoder();
  #isBroken = false;

  /** True if something could not be written: nobody reads any more, or there is no room. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Writes the text. If that is not possible, the rest of it is dropped, and `isBroken` says so. */
  write(text: string): void {
    let bytes = this.#encoder.encode(text);
    while (bytes.length > 0 && !this.#isBroken) {
      try {
        bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
      } catch (error) {
        if (error instanceof Deno.errors.WouldBlock) pause();
        else this.#isBroken = true;
      }
    }
  }
}

/** Stops the whole process, since the caller counts on the text being written when `write` returns. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PAUSE_MS);
}
