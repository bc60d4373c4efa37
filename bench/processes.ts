/** Starting the processes of a measurement, all on one processor if asked, and reading what they print. */
import { TextLineStream } from "./text_lines.ts";

const PERMISSIONS = ["--allow-net", "--allow-read", "--allow-write", "--allow-env", "--allow-sys"];

export class Process {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;

  constructor(script: string, args: readonly string[], oneCpu: boolean) {
    const deno = ["run", ...PERMISSIONS, new URL(`../${script}`, import.meta.url).pathname, ...args];
    const command = oneCpu ? ["taskset", "-c", "0", Deno.execPath(), ...deno] : [Deno.execPath(), ...deno];
    this.#child = new Deno.Command(command[0]!, {
      args: command.slice(1),
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    })
      .spawn();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())
      .getReader();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** The next line it prints. */
  async line(): Promise<string> {
    const { value } = await this.#lines.read();
    if (value === undefined) throw new Error(`process ${this.pid} ended before it said anything`);
    return value;
  }

  /** Reads lines until one of them holds this text. */
  async sees(text: string): Promise<void> {
    while (!(await this.line()).includes(text));
  }

  async end(): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended by itself.
    }
    await this.#lines.cancel();
    await this.#child.stdin.close().catch(() => {});
    await this.#child.status;
  }
}
