/**
 * The interactive terminal: raw keys in, frames out. It wires decoder, editor and painter to the device,
 * and gives the device back as it was.
 * @module
 */
import type { Key } from "../core/base/units.ts";
import type { Complete } from "./completion.ts";
import { Device, NO_ANSWER, windowSize } from "./device.ts";
import { type Editor, type EditorEvent, NEW_EDITOR, press, withText } from "./editor.ts";
import type { Report } from "./escape_sequences.ts";
import { historyOf } from "./history.ts";
import { isReport, type KeyPress } from "./keys.ts";
import { type Line, shown } from "./line.ts";
import { type Notification, notification } from "./notification.ts";
import { colourOf, type Rgb } from "./palette.ts";
import { searchPrompt } from "./search.ts";
import { Painter } from "./screen.ts";

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

/** How text may look. */
export interface Look {
  /** Whether addresses may be links (OSC 8). */
  readonly hasLinks: boolean;
  /** The sequence that begins somebody's colour; `undefined` where there are no colours. */
  colourOf(identity: Key): string | undefined;
}

/** Lines without colours and links. */
export const NO_LOOK: Look = { hasLinks: false, colourOf: () => undefined };

/** The user's side of the program, on a terminal (`openTerminal`) or in pipes (`openLines`). */
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

class Terminal implements Screen {
  readonly #options: TerminalOptions;
  readonly #device: Device;
  readonly #painter: Painter;
  #size = windowSize();
  #prompt: string;
  #before = "";
  #editor: Editor;
  /** The lines that are printed when the keys are ours again. */
  #held: string[] = [];
  #background: Rgb | undefined;

  constructor(options: TerminalOptions) {
    this.#options = options;
    this.#prompt = options.prompt;
    this.#editor = { ...NEW_EDITOR, history: historyOf(options.history) };
    this.#painter = new Painter(options.prompt, this.#size);
    this.#device = new Device({
      enter: MODES_ON,
      leave: () => this.#painter.erase() + MODES_OFF,
      onKeys: (keys) => this.#press(keys),
      onResized: this.#refresh,
      onBack: () => {
        this.#painter.loseSight();
        this.#refresh();
      },
      onEnd: () => options.onEnd(),
    });
    const { hasColours, hasTexts } = options.features;
    const question = hasColours && hasTexts ? BACKGROUND_ASKED : "";
    this.#device.write(question + this.#painter.draw(this.#line()));
  }

  get look(): Look {
    const { hasColours, hasTexts } = this.#options.features;
    return {
      hasLinks: hasTexts,
      colourOf: (identity) => hasColours ? colourOf(identity, this.#background) : undefined,
    };
  }

  get isBroken(): boolean {
    return this.#device.isBroken;
  }

  get isTyping(): boolean {
    return this.#editor.line.cells.length > 0;
  }

  print(lines: readonly string[]): void {
    const rows = lines.flatMap((line) => line.split("\n"));
    if (this.#device.isClosed) return this.#device.write(rows.map((row) => `${row}\n`).join(""));
    if (this.#device.isLent) return void this.#held.push(...rows);
    this.#makeReady();
    this.#device.write(this.#painter.print(rows, this.#line()));
    this.#askWidth(rows);
  }

  printMarked(name: string, mark: string, line: string): void {
    if (this.#device.isClosed || this.#device.isLent) return this.print([`${mark} ${line}`]);
    this.#makeReady();
    this.#device.write(this.#painter.printMarked(name, `${mark} ${line}`, this.#line()));
  }

  mark(name: string, mark: string): boolean {
    if (this.#device.isClosed || this.#device.isLent) return false;
    this.#makeReady();
    const frame = this.#painter.mark(name, mark, this.#line());
    if (frame !== undefined) this.#device.write(frame);
    return frame !== undefined;
  }

  get rows(): { printed: number; top: number } {
    return this.#painter.rows;
  }

  notify(how: Notification, text: string): void {
    const { hasTexts, isInTmux } = this.#options.features;
    if (hasTexts) this.#device.write(notification(how, text, isInTmux));
  }

  setPrompt(prompt: string, before = ""): void {
    if (this.#prompt === prompt && this.#before === before) return;
    this.#prompt = prompt;
    this.#before = before;
    if (!this.#device.isClosed) this.#refresh();
  }

  close(): void {
    this.#device.close();
    if (this.#held.length > 0) this.print(this.#held.splice(0));
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
      if (this.#device.isClosed) return;
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
        return this.#device.write(this.#painter.clear(this.#line()));
      case "suspended":
        return this.#device.suspend();
    }
  }

  #makeReady(): void {
    if (this.#device.isSuspended) this.#device.resume();
    this.#followResize();
  }

  /** Paints the input line, after a key or a resize. */
  readonly #refresh = (): void => {
    if (this.#device.isAway || this.#device.isClosed) return;
    const { search } = this.#editor;
    this.#painter.setPrompt(search === undefined ? this.#before + this.#prompt : searchPrompt(search));
    if (!this.#followResize()) this.#device.write(this.#painter.draw(this.#line()));
    this.#askWidth([]);
  };

  /** Asks for the width of a cell about which terminals differ, if there is one that was not asked for. */
  #askWidth(lines: readonly string[]): void {
    const question = this.#painter.askWidth(lines, this.#line());
    if (question !== undefined) this.#device.write(question);
  }

  /**
   * Paints all anew if the window has another size, and returns true then. It asks for the size before each
   * frame, since the signal may come later than the next text to write.
   */
  #followResize(): boolean {
    const size = windowSize();
    if (size.columns === this.#size.columns && size.rows === this.#size.rows) return false;
    this.#size = size;
    this.#device.write(this.#painter.resize(size, this.#line()));
    return true;
  }

  /** Lets the user change the text in another program. */
  async #edit(text: string): Promise<void> {
    const isLent = await this.#device.lend(async () => {
      const edited = await this.#options.edit(text);
      if (edited !== undefined) this.#editor = withText(this.#editor, edited);
    });
    if (this.#device.isClosed) return;
    if (!isLent) this.print([NO_ANSWER]);
    else if (this.#held.length > 0) this.print(this.#held.splice(0));
  }

  #line(): Line {
    return shown(this.#editor.line);
  }
}
