/**
 * The full screen on a real terminal: keys go through the editor of the input line, and each change of what
 * is to be seen becomes one frame. Frames come at a pace: what changes meanwhile is in the next one.
 * @module
 */
import type { Complete } from "../completion.ts";
import { Device } from "../device.ts";
import { type Editor, type EditorEvent, NEW_EDITOR, press, withText } from "../editor.ts";
import type { Report } from "../escape_sequences.ts";
import { historyOf } from "../history.ts";
import { type EditKey, isReport, type KeyPress } from "../keys.ts";
import { type Line, shown } from "../line.ts";
import { type Notification, notification } from "../notification.ts";
import { colourOf, type Rgb } from "../palette.ts";
import type { Size } from "../screen.ts";
import { searchPrompt } from "../search.ts";
import { BACKGROUND_ASKED, type Features, type Look } from "../terminal.ts";
import { type Frame, framesApart } from "./frame.ts";
import { type FullKey, fullKey } from "./keys.ts";

export interface FullOptions {
  /** Draws the screen as it is to be now. Other words may stand in the place of the prompt. */
  draw(size: Size, input: Line, prompt: string | undefined): Frame;
  /** Completes the word before the cursor for the Tab key. */
  readonly complete: Complete;
  readonly features: Features;
  /** The lines of former runs, the oldest first. */
  readonly history: readonly string[];
  /**
   * Lets the user change a text in another program, which has the terminal meanwhile. Resolves with the new
   * text, or `undefined` if there is none.
   */
  edit(text: string): Promise<string | undefined>;
  /** The terminal does not say that it is there, so no other program can have it. */
  onNoAnswer(): void;
  /** Whether the program takes the mouse, which then selects no text any more. */
  readonly takesMouse: boolean;
  /** A key of the full screen. */
  onKey(key: FullKey): void;
  /** The terminal's window has the focus now, or has lost it. */
  onFocus(hasFocus: boolean): void;
  /** The input line was changed, or a key was pressed that changed nothing. */
  onTyping(): void;
  /** A line was submitted, which looked as `echo`. It is too long if it lacks `omitted` bytes. */
  onLine(line: string, omitted: number, echo: string): void;
  /** A paste of so many bytes was refused. */
  onTooLong(bytes: number): void;
  /** There are several words to choose from. */
  onChoice(words: readonly string[]): void;
  /** The user has pressed ctrl-c on an empty line. */
  onInterrupt(): void;
  /** The user has pressed ctrl-d on an empty line, or the terminal is gone. */
  onEnd(): void;
}

/**
 * The alternate screen, so that the shell's text comes back; reports of the focus; pastes in brackets; and no
 * wrapping, since each cell has its place.
 */
const ENTER = "\x1b[?1049h\x1b[?2004h\x1b[?1004h\x1b[?7l";
const LEAVE = "\x1b[0m\x1b[?25h\x1b[?7h\x1b[?1004l\x1b[?2004l\x1b[?1049l";
/** Clicks and the wheel, with places of any size ("SGR"). */
const MOUSE_ON = "\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF = "\x1b[?1006l\x1b[?1000l";

/** A screen shows 60 pictures a second: what comes within this time shares a frame. */
const FRAME_MS = 16;

/** A key of the full screen among those of the input line. */
interface OwnKey {
  readonly name: "own";
  readonly key: FullKey;
}

export class FullTerminal {
  readonly #options: FullOptions;
  readonly #device: Device<OwnKey>;
  #editor: Editor;
  #background: Rgb | undefined;
  #frame: Frame | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** True if something has changed since the last frame. */
  #isStale = false;
  #isClosed = false;

  constructor(options: FullOptions) {
    this.#options = options;
    this.#editor = { ...NEW_EDITOR, history: historyOf(options.history) };
    const mouse = options.takesMouse;
    const { hasColours, hasTexts } = options.features;
    this.#device = new Device<OwnKey>({
      enter: ENTER + (mouse ? MOUSE_ON : "") + (hasColours && hasTexts ? BACKGROUND_ASKED : ""),
      leave: () => (mouse ? MOUSE_OFF : "") + LEAVE,
      ownKey: (sequence) => {
        const key = fullKey(sequence);
        return key && { name: "own", key };
      },
      onKeys: (keys) => this.#press(keys),
      onResized: () => this.#paintAnew(),
      onBack: () => this.#paintAnew(),
      onEnd: () => options.onEnd(),
    });
    this.#paint();
  }

  /** A link that is broken into rows would be several, so there are none. */
  get look(): Look {
    const { hasColours } = this.#options.features;
    return {
      hasLinks: false,
      colourOf: (identity) => hasColours ? colourOf(identity, this.#background) : undefined,
    };
  }

  get isBroken(): boolean {
    return this.#device.isBroken;
  }

  get isTyping(): boolean {
    return this.#editor.line.cells.length > 0;
  }

  get size(): Size {
    return this.#device.size;
  }

  /** The input as it is shown. */
  get input(): Line {
    return shown(this.#editor.line);
  }

  /** The screen is to be another one. The first change is shown at once, the next ones at a pace. */
  changed(): void {
    if (this.#isClosed) return;
    if (this.#timer !== undefined) this.#isStale = true;
    else this.#paint();
  }

  /** Shows a text, which holds printable characters alone, outside of the terminal's window. */
  notify(how: Notification, text: string): void {
    const { hasTexts, isInTmux } = this.#options.features;
    if (hasTexts && !this.#isClosed) this.#device.write(notification(how, text, isInTmux));
  }

  /** Gives the terminal back. The last words come below the text that stood there before. */
  close(lastWords: readonly string[]): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#device.close();
    this.#device.write(lastWords.map((line) => `${line}\n`).join(""));
  }

  /** Nobody knows what stands on the screen. */
  #paintAnew(): void {
    this.#frame = undefined;
    this.#paint();
  }

  #paint(): void {
    if (this.#isClosed || this.#device.isAway) return;
    clearTimeout(this.#timer);
    this.#isStale = false;
    const { search } = this.#editor;
    const frame = this.#options.draw(this.size, this.input, search && searchPrompt(search));
    this.#device.write(framesApart(this.#frame, frame));
    this.#frame = frame;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#isStale) this.#paint();
    }, FRAME_MS);
  }

  #press(keys: readonly (KeyPress | OwnKey)[]): void {
    for (const key of keys) {
      if (key.name === "own") this.#options.onKey(key.key);
      else if (!isReport(key)) this.#edit(key);
      else this.#hear(key);
      // This key has ended the program; the keys behind it mean nothing any more.
      if (this.#isClosed) return;
    }
    this.changed();
  }

  #hear(report: Report): void {
    if (report.name === "background") this.#background = report.colour;
    if (report.name === "focus") this.#options.onFocus(report.hasFocus);
  }

  #edit(key: EditKey): void {
    const { editor, event } = press(this.#editor, key, this.#options.complete);
    this.#editor = editor;
    if (event) this.#perform(event);
    if (!this.#isClosed) this.#options.onTyping();
  }

  #perform(event: EditorEvent): void {
    switch (event.type) {
      case "submitted":
        return this.#options.onLine(event.line, event.omitted, event.echo);
      case "editor":
        return void this.#editElsewhere(event.text);
      case "tooLong":
        return this.#options.onTooLong(event.bytes);
      case "listed":
        return this.#options.onChoice(event.words);
      case "interrupted":
        return this.#options.onInterrupt();
      case "ended":
        return this.#options.onEnd();
      case "cleared":
        // Another program may have written over the screen: all of it is written anew.
        this.#frame = undefined;
        return;
      case "suspended":
        return this.#device.suspend();
    }
  }

  async #editElsewhere(text: string): Promise<void> {
    let edited: string | undefined;
    const isLent = await this.#device.lend(async () => {
      edited = await this.#options.edit(text);
    });
    if (!isLent) this.#options.onNoAnswer();
    if (edited !== undefined) this.#editor = withText(this.#editor, edited);
    this.changed();
  }
}
