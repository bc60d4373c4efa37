/**
 * The referee: xterm's own emulator, without its window. What a program writes stands here as it would in a
 * real terminal, which wraps rows anew at a resize, joins characters, and keeps what has left at the top.
 * @module
 */
import graphemes from "@xterm/addon-unicode-graphemes";
import xterm from "@xterm/headless";

const SCROLL_BACK_ROWS = 5_000;

/** The number of the mode in which the cursor is shown (DECTCEM). xterm tells of all others. */
const CURSOR_MODE = 25;

export class Referee {
  readonly terminal: xterm.Terminal;
  #isCursorHidden = false;
  #isMistaken = false;

  constructor(columns: number, rows: number) {
    this.terminal = new xterm.Terminal({
      cols: columns,
      rows,
      scrollback: SCROLL_BACK_ROWS,
      allowProposedApi: true,
      logLevel: "off",
    });
    this.terminal.loadAddon(new graphemes.UnicodeGraphemesAddon());
    for (const final of ["h", "l"]) {
      this.terminal.parser.registerCsiHandler({ prefix: "?", final }, (modes) => {
        if (modes.includes(CURSOR_MODE)) this.#isCursorHidden = final === "l";
        // The emulator obeys it as well.
        return false;
      });
    }
  }

  /** Its screen shows the text when this returns, which xterm offers to nobody but itself. */
  write(text: string): void {
    const { _core } = this.terminal as unknown as { _core: { writeSync(text: string): void } };
    _core.writeSync(text);
  }

  resize(columns: number, rows: number): void {
    const before = this.#counts();
    this.terminal.resize(columns, rows);
    for (const [character, count] of this.#counts()) {
      if (count > (before.get(character) ?? 0)) this.#isMistaken = true;
    }
  }

  /**
   * True if the emulator itself has made a mistake: where it wraps rows anew it may put a copy of another
   * cell in the place of a joined character, so that there is more of something than before.
   */
  get isMistaken(): boolean {
    return this.#isMistaken;
  }

  /** How often each character stands in its rows. */
  #counts(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const character of this.everything().join("")) {
      if (character !== " ") counts.set(character, (counts.get(character) ?? 0) + 1);
    }
    return counts;
  }

  /** The rows in sight, without the blanks at their ends. */
  screen(): string[] {
    const { active } = this.terminal.buffer;
    return Array.from({ length: this.terminal.rows }, (_, at) => this.#row(active.baseY + at));
  }

  /** All rows, those that left at the top first, without blank rows at the end. */
  everything(): string[] {
    const rows = Array.from({ length: this.terminal.buffer.active.length }, (_, at) => this.#row(at));
    return rows.slice(0, rows.findLastIndex((row) => row !== "") + 1);
  }

  /** How many rows have left at the top. */
  get pastRows(): number {
    return this.terminal.buffer.active.baseY;
  }

  /** Where the cursor is: a row in sight, and a column. */
  get cursor(): { row: number; column: number; isWrapPending: boolean } {
    const { cursorX, cursorY } = this.terminal.buffer.active;
    const last = this.terminal.cols - 1;
    return { row: cursorY, column: Math.min(cursorX, last), isWrapPending: cursorX > last };
  }

  /** What a program has switched and not switched back. */
  get leftOver(): string[] {
    const { modes, buffer } = this.terminal;
    return [
      ...(modes.bracketedPasteMode ? ["bracketed paste"] : []),
      ...(modes.sendFocusMode ? ["focus events"] : []),
      ...(modes.mouseTrackingMode === "none" ? [] : ["mouse"]),
      ...(modes.synchronizedOutputMode ? ["synchronized output"] : []),
      ...(modes.wraparoundMode ? [] : ["no wrapping"]),
      ...(this.#isCursorHidden ? ["hidden cursor"] : []),
      ...(buffer.active.type === "alternate" ? ["alternate screen"] : []),
    ];
  }

  [Symbol.dispose](): void {
    this.terminal.dispose();
  }

  #row(at: number): string {
    // A window that has become narrower keeps, out of sight, what stood right of its edge.
    return this.terminal.buffer.active.getLine(at)!.translateToString(false, 0, this.terminal.cols).trimEnd();
  }
}
