/**
 * Plain lines in, plain lines out: for pipes, and for terminals that know no escape sequences. There is no
 * prompt, since nothing could keep it below the messages.
 * @module
 */
import { LineSplitter } from "./line_splitter.ts";
import { Output } from "./output.ts";
import { withoutStyles } from "./rows.ts";
import type { Screen } from "./terminal.ts";

export interface LineOptions<Parsed> {
  /** Parses a line. Nothing more is read before the result is there, so the caller sets the pace. */
  parse(line: string): Promise<Parsed>;
  /** Takes the result, unless the screen was closed while it was awaited. */
  take(parsed: Parsed): void;
  /** The input has ended, or cannot be read. */
  onEnd(): void;
}

/** Reads standard input to its end, or until the screen is closed, and prints to standard output. */
export function openLines<Parsed>(options: LineOptions<Parsed>): Screen {
  const output = new Output();
  const input = Deno.stdin.readable.getReader();
  let isClosed = false;
  handOver(input, options, () => isClosed);
  return {
    get isBroken() {
      return output.isBroken;
    },
    print: (lines) => output.write(lines.map((line) => `${withoutStyles(line)}\n`).join("")),
    close: () => {
      isClosed = true;
      // A read that waits would keep the process alive. Nobody reads on, so it does not matter if this fails.
      input.cancel().catch(() => {});
    },
  };
}

/** Hands over line after line, each when the receiver is ready. The last one may lack its line break. */
export async function handOver<Parsed>(
  input: ReadableStreamDefaultReader<Uint8Array>,
  options: LineOptions<Parsed>,
  isClosed: () => boolean,
): Promise<void> {
  const splitter = new LineSplitter();
  while (!isClosed()) {
    // An input that cannot be read (a folder, a terminal that hung up) counts as ended.
    const { value } = await input.read().catch(() => ({ value: undefined }));
    for (const line of value ? splitter.push(value) : splitter.end()) {
      if (isClosed()) return;
      const parsed = await options.parse(line);
      if (isClosed()) return;
      options.take(parsed);
    }
    if (!value) break;
  }
  if (!isClosed()) options.onEnd();
}
