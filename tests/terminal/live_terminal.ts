/**
 * A program on a real pseudo-terminal that the referee looks at while it runs. The window can change its
 * size. Nothing here waits for a time; everything waits to see a screen.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Referee } from "./referee.ts";

/** Far more than anything takes on a busy machine: only a test that fails waits so long. */
const PATIENCE_MS = 60_000;

export interface LiveOptions {
  readonly columns: number;
  readonly rows: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** What the shell says first: its terminal, and then the program has it. */
const TERMINAL = /^(?<path>\/dev\/\S+) (?<pid>\d+)\r\n/;

export class LiveTerminal implements AsyncDisposable {
  readonly referee: Referee;
  /** All that the program has written. */
  output = "";
  readonly #process: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #limit: ReturnType<typeof setTimeout>;
  #hasEnded = false;
  #path = "";
  #pid = 0;

  private constructor(command: string, { columns, env, rows }: LiveOptions) {
    this.referee = new Referee(columns, rows);
    const shell = `stty rows ${rows} cols ${columns}; echo "$(tty) $$"; ${command}`;
    this.#process = new Deno.Command("script", {
      args: ["-qefc", shell, "/dev/null"],
      env: { TERM: "xterm-256color", SHELL: "/bin/sh", ...env },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#reader = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#input = this.#process.stdin.getWriter();
    // A program may ask the terminal something, and may have ended when the answer comes.
    this.referee.terminal.onData((answer) => void this.type(answer).catch(() => {}));
    this.#limit = setTimeout(() => this.#process.kill("SIGKILL"), PATIENCE_MS);
  }

  /** Runs a command of the shell. */
  static async run(command: string, options: LiveOptions): Promise<LiveTerminal> {
    const live = new LiveTerminal(command, options);
    let said = "";
    while (!TERMINAL.test(said)) {
      const { value } = await live.#reader.read();
      assert(value !== undefined, `the shell said only ${JSON.stringify(said)}`);
      said += value;
    }
    const { path, pid } = TERMINAL.exec(said)!.groups!;
    live.#path = path!;
    live.#pid = Number(pid);
    live.#take(said.replace(TERMINAL, ""));
    return live;
  }

  async type(keys: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(keys));
  }

  /** The window gets another size: first the emulator, then the program, as it is in a real one. */
  async resize(columns: number, rows: number): Promise<void> {
    this.referee.resize(columns, rows);
    const args = ["-F", this.#path, "rows", `${rows}`, "cols", `${columns}`];
    const { success } = await new Deno.Command("stty", { args }).output();
    assert(success, `stty ${args.join(" ")}`);
  }

  /** Reads until the screen is as it should be: all of it, without blank rows at its end. */
  async shows(rows: readonly string[]): Promise<void> {
    const isSame = () => this.#rows(this.referee.screen()).join("\n") === rows.join("\n");
    await this.#until(isSame);
    if (!isSame()) assertEquals(this.#rows(this.referee.screen()), rows);
  }

  /** The same, with the rows that have left at the top. */
  async holds(rows: readonly string[]): Promise<void> {
    const isSame = () => this.#rows(this.referee.everything()).join("\n") === rows.join("\n");
    await this.#until(isSame);
    if (!isSame()) assertEquals(this.#rows(this.referee.everything()), rows);
  }

  /** Reads until a row of the screen matches. */
  async sees(pattern: RegExp): Promise<void> {
    const find = () => this.referee.screen().some((row) => pattern.test(row));
    await this.#until(find);
    assert(find(), `${pattern} does not come:\n${this.referee.screen().join("\n")}`);
  }

  /** To the program that the shell has become, or to the shell. */
  kill(signal: Deno.Signal): void {
    Deno.kill(this.#pid, signal);
  }

  /** Reads to the end. */
  async end(): Promise<void> {
    await this.#until(() => false);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.end();
    await this.#input.close().catch(() => {});
    await this.#process.status;
    clearTimeout(this.#limit);
    this.referee[Symbol.dispose]();
  }

  /** Reads until it is so, or the program has ended. */
  async #until(isSo: () => boolean): Promise<void> {
    while (!this.#hasEnded && !isSo()) {
      const { done, value } = await this.#reader.read();
      if (done) this.#hasEnded = true;
      else this.#take(value);
    }
  }

  #take(text: string): void {
    this.output += text;
    this.referee.write(text);
  }

  #rows(rows: readonly string[]): readonly string[] {
    return rows.slice(0, rows.findLastIndex((row) => row !== "") + 1);
  }
}
