/**
 * The terminal under a real pseudo-terminal, made by script(1) of util-linux. What the program writes goes
 * through the emulator, so the tests see what a user would see.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Emulator } from "./emulator.ts";
import { LONGEST } from "./longest.ts";

const PROGRAM = new URL("echo_program.ts", import.meta.url).pathname;
/** Quiet, because Deno itself clears the line of its progress bar on a terminal. */
const RUN = `${Deno.execPath()} run --quiet --no-prompt`;
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

/** A program on its pseudo-terminal, within a shell that says afterwards how the terminal was left. */
class Pty {
  readonly #process: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #limit: ReturnType<typeof setTimeout>;
  output = "";

  constructor(command: string) {
    const shell = `stty rows ${ROWS} cols ${COLUMNS}; ${command}; echo "status $?"; stty -a`;
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

  /** Reads until the output has the text. */
  async see(text: string): Promise<void> {
    while (!this.output.includes(text)) {
      const { value } = await this.#reader.read();
      assert(value !== undefined, `the output ended before ${JSON.stringify(text)}:\n${this.output}`);
      this.output += value;
    }
  }

  /** Reads to the end and returns what the program wrote, and how it left the terminal. */
  async end(): Promise<{ screen: string[]; emulator: Emulator; status: string; settings: string }> {
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
    };
  }
}

/** The terminal echoes and collects lines again, and puts nothing around a paste. */
function checkRestored({ emulator, settings }: { emulator: Emulator; settings: string }): void {
  assertMatch(settings, /[^-]icanon/);
  assertMatch(settings, /[^-]echo /);
  assertMatch(settings, /[^-]isig/);
  assertEquals(emulator.bracketsPastes, false);
}

function onTerminal(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, ignore: !hasTerminals });
}

onTerminal("200 lines arrive while a line is typed that wraps: both stand there as they should", async () => {
  const pty = new Pty(`${RUN} ${PROGRAM} 200 1`);
  await pty.see(">>> ");
  const message =
    "send bob 漢字テスト 👨‍👩‍👧 and a text that is longer than the window is wide, 漢字漢字漢字漢字漢字 e\u0301nd";
  let typed = 0;
  for (const character of message) {
    await pty.type(character);
    // Between two keys lines arrive: so the input is repainted in every state it passes through.
    typed++;
    await pty.see(`line ${typed} `);
  }
  await pty.type("\x1b[D\x1b[D\x1b[D!\x1b[F\r");
  await pty.see("got ");
  await pty.see("line 200 ");
  await pty.type("quit\r");
  const end = await pty.end();

  const corrected = message.replace(/e\u0301nd$/, "!e\u0301nd");
  const rows = end.screen.join("").replaceAll(" ", "");
  assert(rows.includes(`>>>${corrected.replaceAll(" ", "")}`), `as it was typed:\n${end.screen.join("\n")}`);
  assert(pty.output.includes(`got ${JSON.stringify(corrected)}\r`), "the line as it was submitted");
  const numbers = [...end.screen.join("\n").matchAll(/^line (\d+) 漢字 (=*)/gm)].map((line) =>
    Number(line[1])
  );
  assertEquals(numbers, Array.from({ length: 200 }, (_, at) => at + 1));
  assertEquals(end.screen.slice(-2), [">>> quit", "quit"]);
  assertEquals(end.emulator.cursor.column, 0);
  assertEquals(end.status, "0");
  checkRestored(end);
});

onTerminal("a paste, the Tab key, and ctrl-c and ctrl-d at the end", async () => {
  for (const [key, how] of [["\x03", "interrupted"], ["\x04", "ended"]] as const) {
    const pty = new Pty(`${RUN} ${PROGRAM} 0 1`);
    await pty.see(">>> ");
    await pty.type("\x1b[200~two\nlines\x1b[201~ al\t");
    await pty.see("alice  alfred");
    await pty.type("i\t\r");
    await pty.see("got ");
    await pty.type(`draft\x03${key}`);
    const end = await pty.end();
    assertEquals(end.screen, ["alice  alfred", ">>> two⏎lines alice", 'got "two\\nlines alice "', how]);
    assertEquals(end.status, "0");
    checkRestored(end);
  }
});

onTerminal("a line as long as the longest message with its command, typed and pasted", async () => {
  for (const line of LONGEST) {
    const pty = new Pty(`${RUN} ${PROGRAM} 0 1`);
    await pty.see(">>> ");
    const got = `got ${JSON.stringify(line)}\r`;
    for (const keys of [line, `\x1b[200~${line}\x1b[201~`]) {
      pty.output = "";
      await pty.type(`${keys}\r`);
      await pty.see("got ");
      await pty.see('"\r');
      assert(
        pty.output.includes(got),
        `${line.length}: ${pty.output.slice(pty.output.indexOf("got ")).length}`,
      );
    }
    await pty.type("quit\r");
    const end = await pty.end();
    assertEquals(end.status, "0");
    checkRestored(end);
  }
});

onTerminal("ctrl-z where nobody could wake the process: it goes on", async () => {
  const pty = new Pty(`exec ${RUN} ${PROGRAM} 0 1`);
  await pty.see(">>> ");
  await pty.type("dra\x1a");
  await pty.see("\x1b[?2004l");
  await pty.see("\x1b[?2004l\x1b[?2004h");
  await pty.type("ft\r");
  await pty.see('got "draft"');
  await pty.type("quit\r");
  assertEquals((await pty.end()).screen, [">>> draft", 'got "draft"', ">>> quit", "quit"]);
});

onTerminal("a signal and Deno.exit() leave the terminal as it was, too", async () => {
  const terminal = new URL("../../terminal/terminal.ts", import.meta.url).href;
  const source = `import { openTerminal } from "${terminal}";
    const end = () => {};
    openTerminal({ prompt: "> ", complete: () => [], onLine: end, onInterrupt: end, onEnd: end });
    Deno.addSignalListener("SIGTERM", () => Deno.exit(7));
    Deno.kill(Deno.pid, "SIGTERM");`;
  const pty = new Pty(`${Deno.execPath()} eval --quiet --ext=ts '${source}'`);
  const end = await pty.end();
  assertEquals(end.status, "7");
  assertEquals(end.screen, []);
  checkRestored(end);
});
