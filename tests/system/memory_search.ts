/**
 * A program for the tests: it starts another one and looks into its memory. A parent may (Linux, ptrace(2),
 * also where Yama restricts it to children). Arguments: the program and its arguments. Each line that it
 * reads is a list of texts in JSON; it answers each with a line, a `Search`. At the end of its input it ends
 * the program, and then itself.
 * @module
 */
import { Buffer } from "node:buffer";
import { LineSplitter } from "../../terminal/line_splitter.ts";

export interface Search {
  /** How much memory was looked through. */
  readonly bytes: number;
  /** In which forms the texts were found, and where; by text. */
  readonly found: Readonly<Record<string, readonly string[]>>;
}

/**
 * How a text may stand in memory or in a file, each byte as a character: strings are searched faster than
 * bytes.
 */
export function formsOf(text: string): Readonly<Record<string, string>> {
  const hex = Buffer.from(text).toString("hex");
  return {
    "UTF-8": Buffer.from(text).toString("latin1"),
    "UTF-16": Buffer.from(text, "utf16le").toString("latin1"),
    "hex": hex,
    "capital hex": hex.toUpperCase(),
    "hex in UTF-16": Buffer.from(hex, "utf16le").toString("latin1"),
  };
}

const CHUNK_BYTES = 4 * 1024 * 1024;

/**
 * What stands behind a chunk is looked through with it, in case that a text begins in the one and ends in the
 * other.
 */
const OVERLAP_BYTES = 64 * 1024;

/** The kernel's own pages, which it does not let others read. */
const KERNELS = ["[vvar]", "[vvar_vclock]", "[vsyscall]"];

/** Looks through all memory of a process, which stands still meanwhile. */
function search(pid: number, texts: readonly string[]): Search {
  const wanted = texts.map((text) => ({
    text,
    forms: Object.entries(formsOf(text)),
    places: new Set<string>(),
  }));
  const buffer = Buffer.alloc(CHUNK_BYTES + OVERLAP_BYTES);
  let bytes = 0;
  Deno.kill(pid, "SIGSTOP");
  try {
    using memory = Deno.openSync(`/proc/${pid}/mem`);
    for (const { begin, end, name } of presentRegions(pid)) {
      for (let at = begin; at < end; at += CHUNK_BYTES) {
        const count = readAt(memory, at, buffer.subarray(0, Math.min(buffer.length, end - at)));
        bytes += Math.min(count, CHUNK_BYTES);
        const content = buffer.toString("latin1", 0, count);
        for (const { forms, places } of wanted) {
          for (const [form, bytes] of forms) if (content.includes(bytes)) places.add(`${form} in ${name}`);
        }
      }
    }
  } finally {
    Deno.kill(pid, "SIGCONT");
  }
  return { bytes, found: Object.fromEntries(wanted.map(({ text, places }) => [text, [...places]])) };
}

interface Region {
  readonly begin: number;
  readonly end: number;
  readonly name: string;
}

/** proc_pid_smaps(5): `begin-end permissions offset device inode name`, then what is known of it. */
const HEADER = /^([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \d+ *(.*)$/gm;

/**
 * proc_pid_pagemap(5): eight bytes for each page, the highest bits say whether it is in memory, or swapped
 * out.
 */
const PAGE_ENTRY_BYTES = 8;
const IS_ANYWHERE = 0xc0;

/** What can be read and has ever been touched: V8 reserves half a gigabyte, of which it uses little. */
function* presentRegions(pid: number): Generator<Region> {
  using pageMap = Deno.openSync(`/proc/${pid}/pagemap`);
  const maps = Deno.readTextFileSync(`/proc/${pid}/smaps`);
  const pageBytes = 1024 * Number(/^KernelPageSize: +(\d+) kB$/m.exec(maps)?.[1]);
  for (const [, first = "", last = "", name = ""] of maps.matchAll(HEADER)) {
    if (KERNELS.includes(name)) continue;
    const [start, stop] = [parseInt(first, 16) / pageBytes, parseInt(last, 16) / pageBytes];
    const entries = new Uint8Array((stop - start) * PAGE_ENTRY_BYTES);
    readAt(pageMap, start * PAGE_ENTRY_BYTES, entries);
    const isThere = (page: number) => (entries[(page - start + 1) * PAGE_ENTRY_BYTES - 1] ?? 0) & IS_ANYWHERE;
    for (let page = start; page < stop; page++) {
      if (!isThere(page)) continue;
      const begin = page;
      while (page < stop && isThere(page)) page++;
      yield { begin: begin * pageBytes, end: page * pageBytes, name };
    }
  }
}

/** As many bytes as can be read there. */
function readAt(file: Deno.FsFile, position: number, into: Uint8Array): number {
  file.seekSync(position, Deno.SeekMode.Start);
  let count = 0;
  while (count < into.length) {
    const more = file.readSync(into.subarray(count));
    if (more === null || more === 0) break;
    count += more;
  }
  return count;
}

if (import.meta.main) {
  const [program = "", ...args] = Deno.args;
  const child = new Deno.Command(program, { args, stdin: "piped" }).spawn();
  try {
    const lines = new LineSplitter();
    for await (const bytes of Deno.stdin.readable) {
      for (const line of lines.push(bytes)) console.log(JSON.stringify(search(child.pid, JSON.parse(line))));
    }
  } finally {
    child.kill("SIGTERM");
    await child.status;
  }
}
