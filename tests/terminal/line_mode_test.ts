import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { Input } from "../../terminal/input.ts";
import { handOver } from "../../terminal/line_mode.ts";
import { LINE_LIMIT_BYTES, LineSplitter } from "../../terminal/line_splitter.ts";
import { LONGEST } from "./longest.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

function linesOf(...reads: (string | Uint8Array)[]): string[] {
  const splitter = new LineSplitter();
  const lines = reads.flatMap((read) => [...splitter.push(typeof read === "string" ? bytesOf(read) : read)]);
  return [...lines, ...splitter.end()];
}

Deno.test("lines end with LF or CR LF, the last one maybe with nothing", () => {
  assertEquals(linesOf("one\ntwo\r\n\nfour"), ["one", "two", "", "four"]);
  assertEquals(linesOf("one\n"), ["one"]);
  assertEquals(linesOf(""), []);
  assertEquals(linesOf("a\rb\n"), ["a\rb"]);
});

Deno.test("lines may be split at any byte", () => {
  const reads = [...bytesOf("漢字\r\né\nend")].map((byte) => Uint8Array.of(byte));
  assertEquals(linesOf(...reads), ["漢字", "é", "end"]);
});

Deno.test("bytes that are no UTF-8 are replaced", () => {
  assertEquals(linesOf(Uint8Array.of(0x61, 0xff, 0x0a, 0xe6, 0xbc)), ["a\ufffd", "\ufffd"]);
});

Deno.test("of a line that is too long the rest is dropped, a character that was cut with it", () => {
  assertEquals(linesOf("x".repeat(LINE_LIMIT_BYTES), "yy\nnext\n"), ["x".repeat(LINE_LIMIT_BYTES), "next"]);
  const [wide, next] = linesOf("漢".repeat(LINE_LIMIT_BYTES), "\nnext");
  assertEquals([wide, next], ["漢".repeat(Math.trunc(LINE_LIMIT_BYTES / 3)), "next"]);
  assertEquals(linesOf(`${"x".repeat(LINE_LIMIT_BYTES)}\n`), ["x".repeat(LINE_LIMIT_BYTES)]);
});

Deno.test("how much a line lacks is told, blanks at its end apart", () => {
  const lacks = (line: string) => {
    const splitter = new LineSplitter();
    const lines = [...bytesOf(`${line}\nnext`)].map((byte) => Uint8Array.of(byte));
    return [...lines.flatMap((byte) => splitter.push(byte).map(() => splitter.omitted).toArray())];
  };
  assertEquals(lacks("x".repeat(LINE_LIMIT_BYTES)), [0]);
  assertEquals(lacks("x".repeat(LINE_LIMIT_BYTES) + " ".repeat(100)), [0]);
  assertEquals(lacks(`${"x".repeat(LINE_LIMIT_BYTES)}   yy  `), [5]);
  assertEquals(lacks("漢".repeat(LINE_LIMIT_BYTES)), [
    3 * (LINE_LIMIT_BYTES - Math.trunc(LINE_LIMIT_BYTES / 3)),
  ]);
});

Deno.test("the longest message, its command and a byte more are not too long", () => {
  for (const line of LONGEST) {
    const [longest = "", next] = linesOf(`${line}\r\nnext`);
    assertEquals([longest.length, next], [line.length, "next"]);
    assert(longest === line);
  }
});

Deno.test("a line is handed over when the receiver is ready, and no more is read than that", async () => {
  const total = 200_000;
  const chunkLines = 100;
  let produced = 0;
  const input = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (produced === total) return controller.close();
      const lines = Array.from({ length: chunkLines }, (_, at) => `line ${produced + at}\n`);
      produced += chunkLines;
      controller.enqueue(bytesOf(lines.join("")));
    },
  }, { highWaterMark: 0 });

  let received = 0;
  let mostAhead = 0;
  let ended = false;
  await handOver(new Input(input.getReader()), {
    parse: async (line) => {
      assertEquals(line, `line ${received}`);
      mostAhead = Math.max(mostAhead, produced - received);
      await Promise.resolve();
    },
    take: () => received++,
    onEnd: () => ended = true,
  }, () => false);
  assertEquals([received, ended], [total, true]);
  assertLessOrEqual(mostAhead, chunkLines);
});

Deno.test("after closing nothing is handed over, be there more lines or the end", async () => {
  const input = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytesOf("one\ntwo\nthree\n"));
      controller.close();
    },
  });
  const received: string[] = [];
  let isClosed = false;
  await handOver(new Input(input.getReader()), {
    parse: (line) => {
      isClosed = line === "two";
      return Promise.resolve(line);
    },
    take: (line) => received.push(line),
    onEnd: () => received.push("the end"),
  }, () => isClosed);
  assertEquals(received, ["one"]);
});

Deno.test("an input that cannot be read has ended", async () => {
  const input = new ReadableStream<Uint8Array>({ pull: () => Promise.reject(new Error("is a directory")) });
  let ended = false;
  await handOver(new Input(input.getReader()), {
    parse: () => Promise.resolve(),
    take: () => {},
    onEnd: () => ended = true,
  }, () => false);
  assertEquals(ended, true);
});

const PROGRAM = new URL("lines_program.ts", import.meta.url).pathname;

function start(): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", PROGRAM],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function write(program: Deno.ChildProcess, text: string): Promise<void> {
  const writer = program.stdin.getWriter();
  await writer.write(bytesOf(text));
  writer.releaseLock();
}

Deno.test("a pipe in, a pipe out: plain lines, and the process ends by itself", async () => {
  const program = start();
  await write(program, "one\r\ntwo");
  await program.stdin.close();
  const { code, stdout, stderr } = await program.output();
  assertEquals(new TextDecoder().decode(stderr), "");
  assertEquals(new TextDecoder().decode(stdout), 'got "one"\ngot "two"\nended after 2\n');
  assertEquals(code, 0);
});

Deno.test("close ends the process though the input is open, and printing goes on until then", async () => {
  const program = start();
  await write(program, "close\nnever seen\n");
  const { code, stdout } = await program.output();
  assertEquals(new TextDecoder().decode(stdout), 'got "close"\nclosed\n');
  assertEquals(code, 0);
  await program.stdin.close();
});

Deno.test("an output that nobody reads does not end the work, and says nothing", async () => {
  const program = start();
  await program.stdout.cancel();
  await write(program, "line\n".repeat(1_000));
  await program.stdin.close();
  const stderr = await new Response(program.stderr).text();
  assertEquals([stderr, (await program.status).code], ["", 0]);
});
