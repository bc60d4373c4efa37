/**
 * The terminal as a device: raw keys in, text out, and everything as it was found when the program ends, is
 * stopped, or a signal ends it. It knows nothing of what is shown.
 * @module
 */
import { KeyDecoder, type KeyPress } from "../keys.ts";
import { Output } from "../output.ts";
import type { Size } from "../screen.ts";

export interface DeviceOptions<Own> {
  /** Written when the program takes the terminal over, and when it gives the terminal back. */
  readonly enter: string;
  readonly leave: string;
  /** What a sequence means to the program itself. */
  ownKey(sequence: string): Own | undefined;
  /** Keys were pressed. */
  onKeys(keys: readonly (KeyPress | Own)[]): void;
  /** The window has another size, or another program had the screen. */
  onLost(): void;
  /** The terminal is gone. */
  onEnd(): void;
}

/** A terminal sends the rest of a key's sequence at once. After so long Escape was a key of its own. */
const ESCAPE_WAIT_MS = 50;

/** A paste comes without a pause. After so long without a byte the sequence that ends it was lost. */
const PASTE_WAIT_MS = 1_000;

/** Our own signal stops the process sooner than this. If the system has ignored it, we go on after this. */
const SUSPEND_WAIT_MS = 50;

/** The size of the VT100, for a terminal that does not tell its size. */
const DEFAULT_SIZE: Size = { columns: 80, rows: 24 };

type Timer = ReturnType<typeof setTimeout> | undefined;

export class Device<Own extends { readonly name: string }> {
  readonly #options: DeviceOptions<Own>;
  readonly #output = new Output();
  readonly #decoder: KeyDecoder<Own>;
  readonly #input = Deno.stdin.readable.getReader();
  #escapeTimer: Timer;
  #pasteTimer: Timer;
  #suspendTimer: Timer;
  #isSuspended = false;
  #isClosed = false;

  constructor(options: DeviceOptions<Own>) {
    this.#options = options;
    this.#decoder = new KeyDecoder((sequence) => options.ownKey(sequence));
    Deno.addSignalListener("SIGWINCH", options.onLost);
    Deno.addSignalListener("SIGCONT", this.#resume);
    // A Deno.exit() somewhere else must give the terminal back as well.
    globalThis.addEventListener("unload", this.#closeAtExit);
    Deno.stdin.setRaw(true);
    this.#output.write(options.enter);
    this.#read();
  }

  /** True if something could not be written. */
  get isBroken(): boolean {
    return this.#output.isBroken;
  }

  /** True while text would be lost: another program has the screen. */
  get isSuspended(): boolean {
    return this.#isSuspended;
  }

  get size(): Size {
    try {
      const { columns, rows } = Deno.consoleSize();
      return columns > 1 && rows > 0 ? { columns, rows } : DEFAULT_SIZE;
    } catch {
      return DEFAULT_SIZE;
    }
  }

  write(text: string): void {
    this.#output.write(text);
  }

  /** Stops the process as ctrl-z does; the terminal is in raw mode, so it does not do that by itself. */
  suspend(): void {
    this.#giveBack();
    this.#isSuspended = true;
    // Without job control nobody could wake the process, so the system ignores the signal; then we go on.
    this.#suspendTimer = setTimeout(this.#resume, SUSPEND_WAIT_MS);
    Deno.kill(Deno.pid, "SIGTSTP");
  }

  /** Gives the terminal back and ends reading, so that the process can end by itself. Safe to call again. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#escapeTimer);
    clearTimeout(this.#pasteTimer);
    clearTimeout(this.#suspendTimer);
    Deno.removeSignalListener("SIGWINCH", this.#options.onLost);
    Deno.removeSignalListener("SIGCONT", this.#resume);
    globalThis.removeEventListener("unload", this.#closeAtExit);
    this.#giveBack();
    // A read that waits for a key would keep the process alive. Nobody reads on, so it does not matter if
    // this fails.
    this.#input.cancel().catch(() => {});
  }

  readonly #closeAtExit = (): void => this.close();

  async #read(): Promise<void> {
    while (!this.#isClosed) {
      // Reading fails when the terminal has hung up, which is one way to end.
      const { value } = await this.#input.read().catch(() => ({ value: undefined }));
      if (this.#isClosed) return;
      if (!value) return this.#options.onEnd();
      clearTimeout(this.#escapeTimer);
      clearTimeout(this.#pasteTimer);
      this.#press(this.#decoder.push(value));
    }
  }

  #press(keys: readonly (KeyPress | Own)[]): void {
    this.#options.onKeys(keys);
    if (this.#isClosed) return;
    if (this.#decoder.isWaiting) this.#escapeTimer = setTimeout(() => this.#decoder.settle(), ESCAPE_WAIT_MS);
    if (this.#decoder.isPasting) {
      this.#pasteTimer = setTimeout(() => this.#press(this.#decoder.endPaste()), PASTE_WAIT_MS);
    }
  }

  /** The process goes on after a stop, and the shell has changed the terminal. It may be called twice. */
  readonly #resume = (): void => {
    clearTimeout(this.#suspendTimer);
    this.#isSuspended = false;
    Deno.stdin.setRaw(true);
    this.#output.write(this.#options.enter);
    this.#options.onLost();
  };

  #giveBack(): void {
    if (!this.#isSuspended) this.#output.write(this.#options.leave);
    try {
      Deno.stdin.setRaw(false);
    } catch {
      // The terminal is gone, and there is nothing to give back.
    }
  }
}
