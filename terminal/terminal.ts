/**
 * The interactive terminal: raw keys in, frames out. It wires decoder, editor and painter to the device,
 * and gives the device back as it was.
 * @module
 */
import type { Complete } from "./completion.ts";
import { type EditorEvent, NEW_EDITOR, press } from "./editor.ts";
import { KeyDecoder } from "./keys.ts";
import { type Line, shown } from "./line.ts";
import { Output } from "./output.ts";
import { Painter, type Size } from "./screen.ts";

export interface TerminalOptions {
  /** What stands before the input, for example "> ". */
  readonly prompt: string;
  /** The words that may stand in the place of the one before the cursor, for the Tab key. */
  readonly complete: Complete;
  /** A line was submitted. It may be empty, and hold "\n" where a pasted text had a line break. */
  onLine(line: string): void;
  /** ctrl-c on an empty line. */
  onInterrupt(): void;
  /** ctrl-d on an empty line, or the terminal is gone. */
  onEnd(): void;
}

export interface Screen {
  /** Whether something printed did not arrive: then nothing more must be counted as shown. */
  readonly isBroken: boolean;
  /** Prints lines, sanitised already; what is being typed stays below them. */
  print(lines: readonly string[]): void;
  /** Gives the terminal back and ends reading, so that the process can end by itself. Safe to call again. */
  close(): void;
}

/** A terminal sends the rest of a key's sequence at once; longer, and Escape was a key of its own. */
const ESCAPE_WAIT_MS = 50;

/** A signal to oneself stops the process sooner; if it was ignored, the terminal is taken back after this. */
const SUSPEND_WAIT_MS = 50;

/** What every terminal was once, for those that do not know their size. */
const DEFAULT_SIZE: Size = { columns: 80, rows: 24 };

const BRACKETED_PASTE_ON = "\x1b[?2004h";
const BRACKETED_PASTE_OFF = "\x1b[?2004l";

/** Whether there is a terminal at both ends that knows escape sequences; otherwise use `openLines`. */
export function isInteractive(): boolean {
  return Deno.stdin.isTerminal() && Deno.stdout.isTerminal() && Deno.env.get("TERM") !== "dumb";
}

/**
 * Takes the terminal. The caller closes it before the process ends: also when a signal ends it, for which the
 * caller has the listener (SIGTERM, SIGHUP, SIGINT).
 */
export function openTerminal(options: TerminalOptions): Screen {
  return new Terminal(options);
}

type Timer = ReturnType<typeof setTimeout> | undefined;

class Terminal implements Screen {
  readonly #options: TerminalOptions;
  readonly #output = new Output();
  readonly #decoder = new KeyDecoder();
  readonly #input = Deno.stdin.readable.getReader();
  readonly #painter: Painter;
  #size = windowSize();
  #editor = NEW_EDITOR;
  #escapeTimer: Timer;
  #suspendTimer: Timer;
  #isSuspended = false;
  #isClosed = false;

  constructor(options: TerminalOptions) {
    this.#options = options;
    this.#painter = new Painter(options.prompt, this.#size);
    Deno.addSignalListener("SIGWINCH", this.#refresh);
    Deno.addSignalListener("SIGCONT", this.#resume);
    // Covers a Deno.exit() somewhere that did not think of the terminal.
    globalThis.addEventListener("unload", this.#closeAtExit);
    Deno.stdin.setRaw(true);
    this.#output.write(BRACKETED_PASTE_ON + this.#painter.draw(this.#line()));
    this.#read();
  }

  get isBroken(): boolean {
    return this.#output.isBroken;
  }

  print(lines: readonly string[]): void {
    const rows = lines.flatMap((line) => line.split("\n"));
    if (this.#isClosed) return this.#output.write(rows.map((row) => `${row}\n`).join(""));
    if (this.#isSuspended) this.#resume();
    this.#followResize();
    this.#output.write(this.#painter.print(rows, this.#line()));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#escapeTimer);
    clearTimeout(this.#suspendTimer);
    Deno.removeSignalListener("SIGWINCH", this.#refresh);
    Deno.removeSignalListener("SIGCONT", this.#resume);
    globalThis.removeEventListener("unload", this.#closeAtExit);
    this.#giveBack();
    // Without this the read that waits for a key would keep the process alive. It may fail: nobody reads on.
    this.#input.cancel().catch(() => {});
  }

  readonly #closeAtExit = (): void => this.close();

  async #read(): Promise<void> {
    while (!this.#isClosed) {
      // A terminal that hung up makes reading fail, which is one way to end.
      const { value } = await this.#input.read().catch(() => ({ value: undefined }));
      if (this.#isClosed) return;
      if (!value) return this.#options.onEnd();
      this.#take(value);
    }
  }

  #take(bytes: Uint8Array): void {
    clearTimeout(this.#escapeTimer);
    for (const key of this.#decoder.push(bytes)) {
      const { editor, event } = press(this.#editor, key, this.#options.complete);
      this.#editor = editor;
      if (event) this.#perform(event);
      // What was typed behind the line that ended it all is for whoever reads the terminal next.
      if (this.#isClosed) return;
    }
    if (this.#decoder.isWaiting) this.#escapeTimer = setTimeout(() => this.#decoder.settle(), ESCAPE_WAIT_MS);
    this.#refresh();
  }

  #perform(event: EditorEvent): void {
    switch (event.type) {
      case "submitted":
        this.print([this.#options.prompt + event.echo]);
        return this.#options.onLine(event.line);
      case "listed":
        return this.print([event.words.join("  ")]);
      case "interrupted":
        return this.#options.onInterrupt();
      case "ended":
        return this.#options.onEnd();
      case "cleared":
        return this.#output.write(this.#painter.clear(this.#line()));
      case "suspended":
        return this.#suspend();
    }
  }

  readonly #refresh = (): void => {
    if (this.#isSuspended) return;
    if (!this.#followResize()) this.#output.write(this.#painter.draw(this.#line()));
  };

  /** Asks for the size before each frame, too: the signal may come after what is to be written now. */
  #followResize(): boolean {
    const size = windowSize();
    if (size.columns === this.#size.columns && size.rows === this.#size.rows) return false;
    this.#size = size;
    this.#output.write(this.#painter.resize(size, this.#line()));
    return true;
  }

  #suspend(): void {
    this.#giveBack();
    this.#isSuspended = true;
    // Where nobody could wake the process (no job control), the system ignores the signal: then go on.
    this.#suspendTimer = setTimeout(this.#resume, SUSPEND_WAIT_MS);
    Deno.kill(Deno.pid, "SIGTSTP");
  }

  /** After a stop, whoever sent it, the shell has set the terminal to its own liking. May come twice. */
  readonly #resume = (): void => {
    clearTimeout(this.#suspendTimer);
    this.#isSuspended = false;
    Deno.stdin.setRaw(true);
    this.#output.write(BRACKETED_PASTE_ON);
    this.#refresh();
  };

  #giveBack(): void {
    this.#output.write(this.#painter.erase() + BRACKETED_PASTE_OFF);
    try {
      Deno.stdin.setRaw(false);
    } catch {
      // The terminal is gone, and there is nothing to give back.
    }
  }

  #line(): Line {
    return shown(this.#editor.line);
  }
}

function windowSize(): Size {
  try {
    const { columns, rows } = Deno.consoleSize();
    return columns > 1 && rows > 0 ? { columns, rows } : DEFAULT_SIZE;
  } catch {
    return DEFAULT_SIZE;
  }
}
