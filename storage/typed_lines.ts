/**
 * The lines that a user has typed, kept for ctrl-r and the arrow keys of the next run: the file `typed` in
 * the state folder, a JSON string a line. They hold what was said, so they are not kept beside an identity
 * that has a passphrase.
 */
import { protectionOf } from "./identity_file.ts";

const NAME = "typed";

/** As many as an editor has use for, and as many bytes as the longest message has, some times over. */
const LIMIT_LINES = 500;
const LIMIT_BYTES = 1024 * 1024;

export interface TypedLines {
  /** Those of former runs, the oldest first. */
  readonly lines: readonly string[];
  /** Keeps a line. A blank one is not worth it. */
  add(line: string): void;
}

/** Nothing is kept. */
const NOTHING: TypedLines = { lines: [], add: () => {} };

/** Opens the lines of a state folder, if they are to be kept, and of its identity, which may be elsewhere. */
export function openTypedLines(folder: string | undefined, identity: string | undefined): TypedLines {
  if (folder === undefined) return NOTHING;
  const keys = readText(identity ?? `${folder}/identity`);
  if (keys === undefined || protectionOf(keys) !== "clear") return NOTHING;
  const path = `${folder}/${NAME}`;
  const lines = linesIn(readText(path) ?? "");
  let last = lines.at(-1);
  let isLost = !write(path, lines.map(encoded).join(""), { create: true });
  return {
    lines,
    add(line) {
      if (isLost || line.trim() === "" || line === last) return;
      last = line;
      // A disk that is full costs the history of this run, and not the run.
      isLost = !write(path, encoded(line), { append: true });
    },
  };
}

/** The newest lines that have room. Anything else in the file is left out. */
function linesIn(text: string): string[] {
  const lines: string[] = [];
  let bytes = 0;
  for (const each of text.split("\n").reverse()) {
    bytes += each.length;
    if (lines.length >= LIMIT_LINES || bytes > LIMIT_BYTES) break;
    const line = decoded(each);
    if (line !== undefined) lines.unshift(line);
  }
  return lines;
}

function encoded(line: string): string {
  return `${JSON.stringify(line)}\n`;
}

function decoded(text: string): string | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return typeof line === "string" ? line : undefined;
  } catch {
    return undefined;
  }
}

function readText(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}

/** False if it cannot be written. */
function write(path: string, text: string, how: Deno.WriteFileOptions): boolean {
  try {
    Deno.writeTextFileSync(path, text, { ...how, mode: 0o600 });
    return true;
  } catch {
    return false;
  }
}
