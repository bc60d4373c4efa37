/**
 * Plain lines in, plain lines out: for pipes, for terminals that know no escape sequences, and for people who
 * want it so (`--plain`). There is no prompt, since nothing could keep it below the messages.
 * @module
 */
import { harmless } from "../core/base/text.ts";
import type { Input } from "./input.ts";
import { LineSplitter } from "./line_splitter.ts";
import { Output } from "./output.ts";
import { withoutStyles } from "./rows.ts";
import { NO_LOOK, type Screen } from "./terminal.ts";

export interface LineOptions<Parsed> {
  /**
   * Parses a line, which is too long if it lacks `omitted` bytes. Nothing more is read before the result is
   * there, so the caller sets the pace.
   */
  parse(line: string, omitted: number): Promise<Parsed>;
  /** Takes the result, unless the screen was closed while it was awaited. */
  take(parsed: Parsed): void;
  /** The input has ended, or cannot be read. */
  onEnd(): void;
}

/**
 * Reads the input to its end, or until the screen is closed, and prints to standard output. If a person reads
 * that (`isAttended`), nothing but text is written.
 */
export function openLines<Parsed>(input: Input, options: LineOptions<Parsed>, isAttended = false): Screen {
  const output = new Output();
  const plain = (line: string) => isAttended ? harmlessLines(line) : withoutStyles(line);
  let isClosed = false;
  handOver(input, options, () => isClosed);
  return {
    get isBroken() {
      return output.isBroken;
    },
    look: NO_LOOK,
    // The terminal keeps a line until it is complete. So somebody at it may be typing at any time.
    isTyping: isAttended,
    print: (lines) => output.write(lines.map((line) => `${plain(line)}\n`).join("")),
    // Nothing is changed that was written.
    printMarked: (_name, _mark, line) => output.write(`${plain(line)}\n`),
    mark: () => false,
    setPrompt: () => {},
    rows: { printed: 0, top: 0 },
    notify: () => {},
    close: () => {
      isClosed = true;
      input.cancel();
    },
  };
}

/** Lines with nothing in them that is not text: commands of the user's own print, too. */
function harmlessLines(text: string): string {
  return withoutStyles(text).split("\n").map(harmless).join("\n");
}

/** Hands over line after line, each when the receiver is ready. The last one may lack its line break. */
export async function handOver<Parsed>(
  input: Input,
  options: LineOptions<Parsed>,
  isClosed: () => boolean,
): Promise<void> {
  const splitter = new LineSplitter();
  while (!isClosed()) {
    const piece = await input.read();
    for (const line of piece ? splitter.push(piece) : splitter.end()) {
      if (isClosed()) return;
      const parsed = await options.parse(line, splitter.omitted);
      if (isClosed()) return;
      options.take(parsed);
    }
    if (!piece) break;
  }
  if (!isClosed()) options.onEnd();
}
