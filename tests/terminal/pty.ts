/**
 * A program on a real pseudo-terminal, made by script(1) of util-linux. What it writes goes through the
 * emulator, so the tests see what a user would see.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Emulator } from "./emulator.ts";

/** Quiet, because Deno itself clears the line of its progress bar on a terminal. */
export const RUN = `${Deno.execPath()} run --quiet --no-prompt`;
const COLUMNS = 40;
const ROWS = 12;

/** A program that hangs is ended after this, so that the test says what it had written until then. */
const TIMEOUT_MS = 60_000;

async function canMakeTerminals(): Promise<boolean> {
  try {
    const { stdout } = await new Deno.Command("script", { args: ["--version"], stderr: "null" }).output();
    return new TextDecoder().decode(stdout).includes("util-linux");
  } catch {
    return false;
  }
}

const hasTerminals = await canMakeTerminals();

/** The last line: the bytes that the next reader of the terminal gets, in brackets. */
const NEXT_READER = `stty -icanon -echo min 0 time 0; echo "unread [$(cat)]"`;

/** A program on its pseudo-terminal, within a shell that says afterwards how the terminal was left. */
export class Pty {
  readonly #process: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #limit: ReturnType<typeof setTimeout>;
  output = "";

  constructor(command: string) {
    const shell = `stty rows ${ROWS} cols ${COLUMNS}; ${command}; echo "status $?"; stty -a; ${NEXT_READER}`;
    this.#process = new Deno.Command("script", {
      args: ["-qefc", shell, "/dev/null"],
      env: { TERM: "xterm", SHELL: "/bin/sh" },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#reader = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#limit = setTimeout(() => this.#process.kill("SIGKILL"), TIMEOUT_MS);
  }

  async type(keys: string): Promise<void> {
    const writer = this.#process.stdin.getWriter();
    await writer.write(new TextEncoder().encode(keys));
    writer.releaseLock();
  }

  /**
   * Types what the program does not read yet, for it is stopped, and returns when the terminal holds it: what
   * was given to script(1) is not there at once. The path is what `tty` says within.
   */
  async typeUnread(keys: string, path: string): Promise<void> {
    await this.type(keys);
    // With a timeout of 0 it reads nothing, and tells whether there is something to be read.
    const args = ["-c", `until read -t 0; do :; done < "$1"`, "bash", path];
    await new Deno.Command("bash", { args }).output();
  }

  /** Reads until the output has the text. */
  async see(text: string): Promise<void> {
    while (!this.output.includes(text)) {
      const { value } = await this.#reader.read();
      assert(value !== undefined, `the output ended before ${JSON.stringify(text)}:\n${this.output}`);
      this.output += value;
    }
  }

  /** Reads to the end and returns what the program wrote, and how it left the terminal. */
  async end(): Promise<
    { screen: string[]; emulator: Emulator; status: string; settings: string; unread: string | undefined }
  > {
    for (let read = await this.#reader.read(); !read.done; read = await this.#reader.read()) {
      this.output += read.value;
    }
    await this.#process.stdin.close();
    await this.#process.status;
    clearTimeout(this.#limit);
    const [written = "", rest = ""] = this.output.split("status ");
    const emulator = new Emulator(COLUMNS, ROWS);
    emulator.write(written);
    return {
      screen: emulator.everything(),
      emulator,
      status: rest.split("\r\n", 1)[0] ?? "",
      settings: rest,
      unread: /\nunread \[([^]*)\]\r\n$/.exec(rest)?.[1],
    };
  }
}

/** The terminal echoes and collects lines again, and puts nothing around a paste. */
export function checkRestored({ emulator, settings }: { emulator: Emulator; settings: string }): void {
  assertMatch(settings, /[^-]icanon/);
  assertMatch(settings, /[^-]echo /);
  assertMatch(settings, /[^-]isig/);
  assertEquals(emulator.bracketsPastes, false);
  assertEquals(emulator.tellsFocus, false);
}

export function onTerminal(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, ignore: !hasTerminals });
}
