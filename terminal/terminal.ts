/**
 * The interactive terminal: raw keys in, frames out. It wires decoder, editor and painter to the device,
 * and gives the device back as it was.
 * @module
 */
import type { Key } from "../core/base/units.ts";
import type { Complete } from "./completion.ts";
import { type Editor, type EditorEvent, NEW_EDITOR, press, withText } from "./editor.ts";
import type { Report } from "./escape_sequences.ts";
import { historyOf } from "./history.ts";
import { isReport, KeyDecoder, type KeyPress } from "./keys.ts";
import { type Line, shown } from "./line.ts";
import { type Notification, notification } from "./notification.ts";
import { Output } from "./output.ts";
import { colourOf, type Rgb } from "./palette.ts";
import { searchPrompt } from "./search.ts";
import { Painter, type Size } from "./screen.ts";

/** The things that a terminal can show, and its user wants to see. */
export interface Features {
  readonly hasColours: boolean;
  /** Whether it takes sequences that hold a text (OSC), such as links. */
  readonly hasTexts: boolean;
  readonly isInTmux: boolean;
}

export interface TerminalOptions {
  readonly features: Features;
  /** The first prompt before the input, for example "> ". */
  readonly prompt: string;
  /** Completes the word before the cursor for the Tab key. */
  readonly complete: Complete;
  /**
   * A line was submitted, and `echo` is to be printed for it, in one way or another. It may be empty, and
   * hold "\n" where a pasted text had a line break. It is too long if it lacks `omitted` bytes.
   */
  onLine(line: string, omitted: number, echo: string): void;
  /** The lines of former runs, the oldest first. */
  readonly history: readonly string[];
  /**
   * Lets the user change a text in another program, which has the terminal meanwhile. Resolves with the new
   * text, or `undefined` if there is none.
   */
  edit(text: string): Promise<string | undefined>;
  /** A paste of so many bytes was refused. */
  onTooLong(bytes: number): void;
  /** The terminal's window has the focus now, or has lost it. */
  onFocus(hasFocus: boolean): void;
  /** A key was pressed, and all that it does is done. */
  onKey(): void;
  /** The user has pressed ctrl-c on an empty line. */
  onInterrupt(): void;
  /** The user has pressed ctrl-d on an empty line, or the terminal is gone. */
  onEnd(): void;
}

/** The user's side of the program, on a terminal (`openTerminal`) or in pipes (`openLines`). */
/** How text may look. */
export interface Look {
  /** Whether addresses may be links (OSC 8). */
  readonly hasLinks: boolean;
  /** The sequence that begins somebody's colour; `undefined` where there are no colours. */
  colourOf(identity: Key): string | undefined;
}

/** Lines without colours and links. */
export const NO_LOOK: Look = { hasLinks: false, colourOf: () => undefined };

export interface Screen {
  readonly look: Look;
  /** True if some text did not arrive. Then no message counts as shown any more. */
  readonly isBroken: boolean;
  /** True if something stands in the input line. */
  readonly isTyping: boolean;
  /** Prints lines, which hold no harmful characters any more. The line being typed stays below them. */
  print(lines: readonly string[]): void;
  /** Prints a line behind a mark of one column, which can be changed by this name. */
  printMarked(name: string, mark: string, line: string): void;
  /** Changes the mark of a line. False if the line is not in sight any more, or never had a mark. */
  mark(name: string, mark: string): boolean;
  /** Puts other words before the input, and others before those, which no echo repeats. */
  setPrompt(prompt: string, before?: string): void;
  /** How many rows were printed, and how many of them have left at the top. */
  readonly rows: { readonly printed: number; readonly top: number };
  /** Shows a text, which holds printable characters alone, outside of the terminal's window. */
  notify(how: Notification, text: string): void;
  /** Gives the terminal back and ends reading, so that the process can end by itself. Safe to call again. */
  close(): void;
}

/** A terminal sends the rest of a key's sequence at once. After so long Escape was a key of its own. */
export const ESCAPE_WAIT_MS = 50;

/** A paste comes without a pause. After so long without a byte the sequence that ends it was lost. */
export const PASTE_WAIT_MS = 1_000;

/** Our own signal stops the process sooner than this. If the system has ignored it, we go on after this. */
export const SUSPEND_WAIT_MS = 50;

/** Asks the terminal whether it is there (ECMA-48, DSR), and how long it may take to answer. */
export const STATUS_ASKED = "\x1b[5n";
export const ANSWER_WAIT_MS = 2_000;

/** The size of the VT100, for a terminal that does not tell its size. */
const DEFAULT_SIZE: Size = { columns: 80, rows: 24 };

/** Asks for the colour of the background (xterm control sequences, OSC 11). */
export const BACKGROUND_ASKED = "\x1b]11;?\x1b\\";

/** The terminal puts pastes in brackets, and tells its focus (xterm control sequences). */
const MODES_ON = "\x1b[?2004h\x1b[?1004h";
const MODES_OFF = "\x1b[?1004l\x1b[?2004l";

/** True if both input and output are a terminal that knows escape sequences; otherwise use `openLines`. */
export function isInteractive(): boolean {
  return Deno.stdin.isTerminal() && Deno.stdout.isTerminal() && Deno.env.get("TERM") !== "dumb";
}

/** Reads from the environment what the terminal can do. */
export function featuresOfTerminal(): Features {
  return {
    // See https://no-color.org.
    hasColours: (Deno.env.get("NO_COLOR") ?? "") === "",
    // The console of Linux prints what it does not know of them.
    hasTexts: Deno.env.get("TERM") !== "linux",
    isInTmux: (Deno.env.get("TMUX") ?? "") !== "",
  };
}

/**
 * Takes over the terminal. The caller closes it before the process ends, and so listens for the signals that
 * end one (`ENDING_SIGNALS`): a terminal that is not given back shows nothing of what its user types next.
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
  #prompt: string;
  #before = "";
  #editor: Editor;
  /** Set while the keys are for another program. Resolves when they are ours again. */
  #lent: Promise<void> | undefined;
  /** Called when the terminal has answered that it is there: no read waits any more. */
  #releasing: (() => void) | undefined;
  /** The lines that are printed when the keys are ours again. */
  #held: string[] = [];
  #background: Rgb | undefined;
  #escapeTimer: Timer;
  #pasteTimer: Timer;
  #suspendTimer: Timer;
  #answerTimer: Timer;
  #isSuspended = false;
  #isClosed = false;

  constructor(options: TerminalOptions) {
    this.#options = options;
    this.#prompt = options.prompt;
    this.#editor = { ...NEW_EDITOR, history: historyOf(options.history) };
    this.#painter = new Painter(options.prompt, this.#size);
    Deno.addSignalListener("SIGWINCH", this.#refresh);
    Deno.addSignalListener("SIGCONT", this.#resume);
    // A Deno.exit() somewhere else must give the terminal back as well.
    globalThis.addEventListener("unload", this.#closeAtExit);
    Deno.stdin.setRaw(true);
    const { hasColours, hasTexts } = options.features;
    const question = hasColours && hasTexts ? BACKGROUND_ASKED : "";
    this.#output.write(MODES_ON + question + this.#painter.draw(this.#line()));
    this.#read();
  }

  get look(): Look {
    const { hasColours, hasTexts } = this.#options.features;
    return {
      hasLinks: hasTexts,
      colourOf: (identity) => hasColours ? colourOf(identity, this.#background) : undefined,
    };
  }

  get isBroken(): boolean {
    return this.#output.isBroken;
  }

  get isTyping(): boolean {
    return this.#editor.line.cells.length > 0;
  }

  print(lines: readonly string[]): void {
    const rows = lines.flatMap((line) => line.split("\n"));
    if (this.#isClosed) return this.#output.write(rows.map((row) => `${row}\n`).join(""));
    if (this.#lent !== undefined) return void this.#held.push(...rows);
    this.#makeReady();
    this.#output.write(this.#painter.print(rows, this.#line()));
    this.#askWidth(rows);
  }

  printMarked(name: string, mark: string, line: string): void {
    if (this.#isClosed || this.#lent !== undefined) return this.print([`${mark} ${line}`]);
    this.#makeReady();
    this.#output.write(this.#painter.printMarked(name, `${mark} ${line}`, this.#line()));
  }

  mark(name: string, mark: string): boolean {
    if (this.#isClosed || this.#lent !== undefined) return false;
    this.#makeReady();
    const frame = this.#painter.mark(name, mark, this.#line());
    if (frame !== undefined) this.#output.write(frame);
    return frame !== undefined;
  }

  get rows(): { printed: number; top: number } {
    return this.#painter.rows;
  }

  notify(how: Notification, text: string): void {
    const { hasTexts, isInTmux } = this.#options.features;
    if (hasTexts) this.#output.write(notification(how, text, isInTmux));
  }

  setPrompt(prompt: string, before = ""): void {
    if (this.#prompt === prompt && this.#before === before) return;
    this.#prompt = prompt;
    this.#before = before;
    if (!this.#isClosed) this.#refresh();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#held.length > 0) this.print(this.#held.splice(0));
    clearTimeout(this.#escapeTimer);
    clearTimeout(this.#pasteTimer);
    clearTimeout(this.#suspendTimer);
    clearTimeout(this.#answerTimer);
    Deno.removeSignalListener("SIGWINCH", this.#refresh);
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
      if (this.#lent !== undefined) await this.#lent;
      // Reading fails when the terminal has hung up, which is one way to end.
      const { value } = await this.#input.read().catch(() => ({ value: undefined }));
      if (this.#isClosed) return;
      if (!value) return this.#options.onEnd();
      this.#take(value);
    }
  }

  #take(bytes: Uint8Array): void {
    clearTimeout(this.#escapeTimer);
    clearTimeout(this.#pasteTimer);
    this.#press(this.#decoder.push(bytes));
  }

  #press(keys: readonly KeyPress[]): void {
    let isTyped = false;
    for (const key of keys) {
      if (isReport(key)) {
        this.#hear(key);
        continue;
      }
      isTyped = true;
      const { editor, event } = press(this.#editor, key, this.#options.complete);
      this.#editor = editor;
      if (event) this.#perform(event);
      // This key has ended the program; the keys behind it mean nothing any more.
      if (this.#isClosed) return;
    }
    if (this.#decoder.isWaiting) this.#escapeTimer = setTimeout(() => this.#decoder.settle(), ESCAPE_WAIT_MS);
    if (this.#decoder.isPasting) {
      this.#pasteTimer = setTimeout(() => this.#press(this.#decoder.endPaste()), PASTE_WAIT_MS);
    }
    if (!isTyped) return;
    this.#refresh();
    this.#options.onKey();
  }

  #hear(report: Report): void {
    switch (report.name) {
      case "background":
        this.#background = report.colour;
        return;
      case "cursor":
        if (this.#painter.learnWidth(report.column)) return this.#refresh();
        return this.#askWidth([]);
      case "focus":
        return this.#options.onFocus(report.hasFocus);
      case "status":
        this.#releasing?.();
    }
  }

  #perform(event: EditorEvent): void {
    switch (event.type) {
      case "submitted":
        return this.#options.onLine(event.line, event.omitted, this.#prompt + event.echo);
      case "editor":
        return void this.#edit(event.text);
      case "tooLong":
        return this.#options.onTooLong(event.bytes);
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

  #makeReady(): void {
    if (this.#isSuspended) this.#resume();
    this.#followResize();
  }

  /** Paints the input line, after a key or a resize. */
  readonly #refresh = (): void => {
    if (this.#isSuspended || this.#lent !== undefined || this.#isClosed) return;
    const { search } = this.#editor;
    this.#painter.setPrompt(search === undefined ? this.#before + this.#prompt : searchPrompt(search));
    if (!this.#followResize()) this.#output.write(this.#painter.draw(this.#line()));
    this.#askWidth([]);
  };

  /** Asks for the width of a cell about which terminals differ, if there is one that was not asked for. */
  #askWidth(lines: readonly string[]): void {
    const question = this.#painter.askWidth(lines, this.#line());
    if (question !== undefined) this.#output.write(question);
  }

  /**
   * Paints all anew if the window has another size, and returns true then. It asks for the size before each
   * frame, since the signal may come later than the next text to write.
   */
  #followResize(): boolean {
    const size = windowSize();
    if (size.columns === this.#size.columns && size.rows === this.#size.rows) return false;
    this.#size = size;
    this.#output.write(this.#painter.resize(size, this.#line()));
    return true;
  }

  /**
   * Lets the user change the text in another program. A read that waits would steal its keys, and cannot be
   * taken back; so the terminal is asked whether it is there, and its answer ends the read.
   */
  async #edit(text: string): Promise<void> {
    if (this.#lent !== undefined) return;
    const { promise: lent, resolve: giveBack } = Promise.withResolvers<void>();
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
    if (this.#isClosed) return;
    if (!isFree) {
      return this.print(["[This terminal does not say that it is there, so nothing else can use it.]"]);
    }
    this.#giveBack();
    const edited = await this.#options.edit(text);
    this.#lent = undefined;
    giveBack();
    if (this.#isClosed) return;
    if (edited !== undefined) this.#editor = withText(this.#editor, edited);
    this.#resume();
    this.print(this.#held.splice(0));
  }

  /** Stops the process as ctrl-z does; the terminal is in raw mode, so it does not do that by itself. */
  #suspend(): void {
    this.#giveBack();
    this.#isSuspended = true;
    // Without job control nobody could wake the process, so the system ignores the signal; then we go on.
    this.#suspendTimer = setTimeout(this.#resume, SUSPEND_WAIT_MS);
    Deno.kill(Deno.pid, "SIGTSTP");
  }

  /** The process goes on after a stop, and the shell has changed the terminal. It may be called twice. */
  readonly #resume = (): void => {
    clearTimeout(this.#suspendTimer);
    this.#isSuspended = false;
    this.#painter.loseSight();
    try {
      Deno.stdin.setRaw(true);
    } catch {
      // The terminal has hung up, for which the system wakes the process as well: reading fails, and ends it.
      return;
    }
    this.#output.write(MODES_ON);
    this.#refresh();
  };

  /** Takes the input line off the screen, and leaves the terminal as the shell expects it. */
  #giveBack(): void {
    this.#output.write(this.#painter.erase() + MODES_OFF);
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

/** The window, or that of the VT100 where the terminal does not tell. */
export function windowSize(): Size {
  try {
    const { columns, rows } = Deno.consoleSize();
    return columns > 1 && rows > 0 ? { columns, rows } : DEFAULT_SIZE;
  } catch {
    return DEFAULT_SIZE;
  }
}
