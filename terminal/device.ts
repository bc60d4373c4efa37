/**
 * The terminal as a device: raw keys in, text out, and everything as it was found when the program ends, is
 * stopped, or a signal ends it. It knows nothing of what is shown.
 * @module
 */
import { KeyDecoder, type KeyPress } from "./keys.ts";
import { Output } from "./output.ts";
import type { Size } from "./screen.ts";

/** A terminal sends the rest of a key's sequence at once. After so long Escape was a key of its own. */
const ESCAPE_WAIT_MS = 50;

/** A paste comes without a pause. After so long without a byte the sequence that ends it was lost. */
const PASTE_WAIT_MS = 1_000;

/** Our own signal stops the process sooner than this. If the system has ignored it, we go on after this. */
const SUSPEND_WAIT_MS = 50;

/** Asks the terminal whether it is there (ECMA-48, DSR), and how long it may take to answer. */
const STATUS_ASKED = "\x1b[5n";
const ANSWER_WAIT_MS = 2_000;

/** Told where the terminal does not answer that question. */
export const NO_ANSWER = "[This terminal does not say that it is there, so nothing else can use it.]";

/** The size of the VT100, for a terminal that does not tell its size. */
const DEFAULT_SIZE: Size = { columns: 80, rows: 24 };

export interface DeviceOptions<Own> {
  /** Written when the program takes the terminal over. */
  readonly enter: string;
  /** The text to write when the program gives the terminal back. */
  leave(): string;
  /** The meaning of a sequence to the program itself; without it there is none. */
  readonly ownKey?: (sequence: string) => Own | undefined;
  /** Keys were pressed. */
  onKeys(keys: readonly (KeyPress | Own)[]): void;
  /** The window has another size. */
  onResized(): void;
  /** The terminal is ours again, after another program had the screen. */
  onBack(): void;
  /** The terminal is gone. */
  onEnd(): void;
}

type Timer = ReturnType<typeof setTimeout> | undefined;

export class Device<Own extends { readonly name: string } = never> {
  readonly #options: DeviceOptions<Own>;
  readonly #output = new Output();
  readonly #decoder: KeyDecoder<Own>;
  readonly #input = Deno.stdin.readable.getReader();
  #escapeTimer: Timer;
  #pasteTimer: Timer;
  #suspendTimer: Timer;
  #answerTimer: Timer;
  #isSuspended = false;
  /** Set while another program has the terminal. Resolves when that has ended. */
  #lent: Promise<void> | undefined;
  /** Called when the terminal has answered that it is there: no read waits any more. */
  #releasing: (() => void) | undefined;
  #isClosed = false;

  constructor(options: DeviceOptions<Own>) {
    this.#options = options;
    this.#decoder = new KeyDecoder(options.ownKey);
    Deno.addSignalListener("SIGWINCH", options.onResized);
    Deno.addSignalListener("SIGCONT", this.resume);
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

  /** True after a stop, until the process goes on. */
  get isSuspended(): boolean {
    return this.#isSuspended;
  }

  /** True while another program was given the terminal. */
  get isLent(): boolean {
    return this.#lent !== undefined;
  }

  /** True while text would be lost: another program has the screen. */
  get isAway(): boolean {
    return this.isSuspended || this.isLent;
  }

  /** True once the terminal was given back for good. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  get size(): Size {
    return windowSize();
  }

  write(text: string): void {
    this.#output.write(text);
  }

  /** Stops the process as ctrl-z does; the terminal is in raw mode, so it does not do that by itself. */
  suspend(): void {
    this.#giveBack();
    this.#isSuspended = true;
    // Without job control nobody could wake the process, so the system ignores the signal; then we go on.
    this.#suspendTimer = setTimeout(this.resume, SUSPEND_WAIT_MS);
    Deno.kill(Deno.pid, "SIGTSTP");
  }

  /**
   * Lets another program have the terminal until `use` has resolved. A read that waits would steal its keys,
   * and cannot be taken back; so the terminal is asked whether it is there, and its answer ends the read.
   * Returns false if it does not answer.
   */
  async lend(use: () => Promise<void>): Promise<boolean> {
    if (this.isAway || this.#releasing !== undefined) return true;
    const { promise: lent, resolve: takeBack } = Promise.withResolvers<void>();
    const { promise: answered, resolve: answer } = Promise.withResolvers<boolean>();
    this.#releasing = () => {
      this.#lent = lent;
      answer(true);
    };
    this.#answerTimer = setTimeout(() => answer(false), ANSWER_WAIT_MS);
    this.#output.write(STATUS_ASKED);
    const isFree = await answered;
    clearTimeout(this.#answerTimer);
    this.#releasing = undefined;
    if (!isFree || this.#isClosed) return isFree;
    this.#giveBack();
    await use();
    this.#lent = undefined;
    takeBack();
    if (!this.#isClosed) this.resume();
    return true;
  }

  /** Gives the terminal back and ends reading, so that the process can end by itself. Safe to call again. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#escapeTimer);
    clearTimeout(this.#pasteTimer);
    clearTimeout(this.#suspendTimer);
    clearTimeout(this.#answerTimer);
    Deno.removeSignalListener("SIGWINCH", this.#options.onResized);
    Deno.removeSignalListener("SIGCONT", this.resume);
    globalThis.removeEventListener("unload", this.#closeAtExit);
    if (!this.isAway) this.#giveBack();
    // A read that waits for a key would keep the process alive. Nobody reads on, so it does not matter if
    // this fails.
    this.#input.cancel().catch(() => {});
  }

  readonly #closeAtExit = (): void => this.close();

  async #read(): Promise<void> {
    while (!this.#isClosed) {
      if (this.#lent !== undefined) await this.#lent;
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
    if (keys.some(({ name }) => name === "status")) this.#releasing?.();
    if (this.#isClosed) return;
    if (this.#decoder.isWaiting) this.#escapeTimer = setTimeout(() => this.#decoder.settle(), ESCAPE_WAIT_MS);
    if (this.#decoder.isPasting) {
      this.#pasteTimer = setTimeout(() => this.#press(this.#decoder.endPaste()), PASTE_WAIT_MS);
    }
  }

  /** The process goes on after a stop, and the shell has changed the terminal. It may be called twice. */
  readonly resume = (): void => {
    if (this.#lent !== undefined) return;
    clearTimeout(this.#suspendTimer);
    this.#isSuspended = false;
    try {
      Deno.stdin.setRaw(true);
    } catch {
      // The terminal has hung up, for which the system wakes the process as well: reading fails, and ends it.
      return;
    }
    this.#output.write(this.#options.enter);
    this.#options.onBack();
  };

  #giveBack(): void {
    this.#output.write(this.#options.leave());
    try {
      Deno.stdin.setRaw(false);
    } catch {
      // The terminal is gone, and there is nothing to give back.
    }
  }
}

/** The window, or that of the VT100 where the terminal does not tell. */
export function windowSize(): Size {
  try {
    const { columns, rows } = Deno.consoleSize();
    return columns > 1 && rows > 0 ? { columns, rows } : DEFAULT_SIZE;
  } catch {
    return DEFAULT_SIZE;
  }
}
