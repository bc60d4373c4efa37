/**
 * The terminal as a device: raw keys in, text out, and everything as it was found when the program ends, is
 * stopped, or a signal ends it. It knows nothing of what is shown.
 * @module
 */
import { KeyDecoder, type KeyPress } from "../keys.ts";
import { Output } from "../output.ts";
import type { Size } from "../screen.ts";
import {
  ANSWER_WAIT_MS,
  ESCAPE_WAIT_MS,
  PASTE_WAIT_MS,
  STATUS_ASKED,
  SUSPEND_WAIT_MS,
  windowSize,
} from "../terminal.ts";

export interface DeviceOptions<Own> {
  /** Written when the program takes the terminal over, and when it gives the terminal back. */
  readonly enter: string;
  readonly leave: string;
  /** The meaning of a sequence to the program itself. */
  ownKey(sequence: string): Own | undefined;
  /** Keys were pressed. */
  onKeys(keys: readonly (KeyPress | Own)[]): void;
  /** The window has another size, or another program had the screen. */
  onLost(): void;
  /** The terminal is gone. */
  onEnd(): void;
}

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
  /** Set while another program has the terminal. Resolves when that has ended. */
  #lent: Promise<void> | undefined;
  /** Called when the terminal has answered that it is there: no read waits any more. */
  #releasing: (() => void) | undefined;
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
  get isAway(): boolean {
    return this.#isSuspended || this.#lent !== undefined;
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
    this.#suspendTimer = setTimeout(this.#resume, SUSPEND_WAIT_MS);
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
    const timer = setTimeout(() => answer(false), ANSWER_WAIT_MS);
    this.#output.write(STATUS_ASKED);
    const isFree = await answered;
    clearTimeout(timer);
    this.#releasing = undefined;
    if (!isFree || this.#isClosed) return isFree;
    this.#giveBack();
    await use();
    this.#lent = undefined;
    takeBack();
    if (!this.#isClosed) this.#resume();
    return true;
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
    if (keys.some(({ name }) => name === "status")) this.#releasing?.();
    this.#options.onKeys(keys);
    if (this.#isClosed) return;
    if (this.#decoder.isWaiting) this.#escapeTimer = setTimeout(() => this.#decoder.settle(), ESCAPE_WAIT_MS);
    if (this.#decoder.isPasting) {
      this.#pasteTimer = setTimeout(() => this.#press(this.#decoder.endPaste()), PASTE_WAIT_MS);
    }
  }

  /** The process goes on after a stop, and the shell has changed the terminal. It may be called twice. */
  readonly #resume = (): void => {
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
    this.#options.onLost();
  };

  #giveBack(): void {
    this.#output.write(this.#options.leave);
    try {
      Deno.stdin.setRaw(false);
    } catch {
      // The terminal is gone, and there is nothing to give back.
    }
  }
}
