/**
 * A program for the tests: it starts another one and looks into its memory. A parent may (Linux, ptrace(2), also where
 * Yama restricts it to children). Arguments: the program and its arguments. Each line that it reads is a text; for
 * each it prints a line of JSON, a `Search`. At the end of its input it ends the program, and then itself.
 * @module
 */
import { Buffer } from "node:buffer";
import { LineSplitter } from "../../terminal/line_splitter.ts";

export interface Search {
  /** How much memory was looked through. */
  readonly bytes: number;
  /** In which form the text was found, and where. */
  readonly found: readonly string[];
}

/** How a text may stand in memory or in a file. */
export function formsOf(text: string): ReadonlyMap<string, Buffer> {
  const hex = Buffer.from(text).toString("hex");
  return new Map([
    ["UTF-8", Buffer.from(text)],
    ["UTF-16", Buffer.from(text, "utf16le")],
    ["hex", Buffer.from(hex)],
    ["capital hex", Buffer.from(hex.toUpperCase())],
    ["hex in UTF-16", Buffer.from(hex, "utf16le")],
  ]);
}

const CHUNK_BYTES = 4 * 1024 * 1024;

/** The kernel's own pages, which it does not let others read. */
const KERNELS = new Set(["[vvar]", "[vvar_vclock]", "[vsyscall]"]);

interface Region {
  readonly begin: number;
  readonly end: number;
  readonly name: string;
}

/** proc_pid_maps(5): `begin-end permissions offset device inode name`. */
function readableRegions(pid: number): Region[] {
  const lines = Deno.readTextFileSync(`/proc/${pid}/maps`).trimEnd().split("\n");
  return lines.flatMap((line) => {
    const [range = "", permissions = "", , , , name = "anonymous"] = line.split(/\s+/);
    const [begin = 0, end = 0] = range.split("-").map((digits) => parseInt(digits, 16));
    return permissions.startsWith("r") && !KERNELS.has(name) ? [{ begin, end, name }] : [];
  });
}

/** Looks through all memory of a process, which stands still meanwhile. */
function search(pid: number, text: string): Search {
  const forms = formsOf(text);
  const found = new Set<string>();
  let bytes = 0;
  Deno.kill(pid, "SIGSTOP");
  try {
    using memory = Deno.openSync(`/proc/${pid}/mem`);
    const longest = Math.max(...[...forms.values()].map(({ length }) => length));
    const buffer = Buffer.alloc(CHUNK_BYTES + longest);
    for (const { begin, end, name } of readableRegions(pid)) {
      // What is cut in two by the end of a chunk is found with the next.
      for (let at = begin; at < end; at += CHUNK_BYTES) {
        const count = readAt(memory, at, buffer.subarray(0, Math.min(buffer.length, end - at)));
        bytes += Math.min(count, CHUNK_BYTES);
        for (const [form, wanted] of forms) {
          if (buffer.subarray(0, count).includes(wanted)) found.add(`${form} in ${name}`);
        }
      }
    }
  } finally {
    Deno.kill(pid, "SIGCONT");
  }
  return { bytes, found: [...found] };
}

/** As many bytes as can be read there: some regions end before they say. */
function readAt(memory: Deno.FsFile, position: number, into: Uint8Array): number {
  memory.seekSync(position, Deno.SeekMode.Start);
  let count = 0;
  try {
    while (count < into.length) {
      const more = memory.readSync(into.subarray(count));
      if (more === null || more === 0) break;
      count += more;
    }
  } catch {
    // Nothing stands there.
  }
  return count;
}

if (import.meta.main) {
  const [program = "", ...args] = Deno.args;
  const child = new Deno.Command(program, { args, stdin: "piped" }).spawn();
  try {
    const lines = new LineSplitter();
    for await (const bytes of Deno.stdin.readable) {
      for (const text of lines.push(bytes)) console.log(JSON.stringify(search(child.pid, text)));
    }
  } finally {
    child.kill("SIGTERM");
    await child.status;
  }
}
