/** A process of this machine whose lines are read, each with its time, and that is told lines. */
import { withoutSettings } from "../../programs/settings.ts";
import { environment, PROJECT } from "./program.ts";

/** Longer than anything takes on a busy machine: only a test that fails waits so long. */
const PATIENCE_MS = 180_000;

export interface ChildLine {
  /** Milliseconds, as `performance.now()` gives them. */
  readonly at: number;
  readonly text: string;
}

export class Child {
  /** All that it has printed. */
  readonly lines: ChildLine[] = [];
  readonly startedAt = performance.now();
  /** The exit status, when all has been read. */
  readonly ended: Promise<number>;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  #changed = Promise.withResolvers<void>();
  #hasEnded = false;
  #taken = 0;

  /**
   * `folder` takes the place of the user's folders; without one the process has the user's own, but no
   * settings.
   */
  constructor([program = "", ...args]: readonly string[], { folder, stderr = "inherit" }: {
    readonly folder?: string;
    readonly stderr?: "inherit" | "null";
  } = {}) {
    // A file is no folder, so no settings are in it.
    const place = folder === undefined
      ? { env: withoutSettings(`${PROJECT}/main.ts`) }
      : { cwd: folder, env: environment(folder) };
    const streams = { stdin: "piped", stdout: "piped", stderr } as const;
    this.#child = new Deno.Command(program, { args, ...place, ...streams }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.ended = this.#read();
  }

  get pid(): number {
    return this.#child.pid;
  }

  async #read(): Promise<number> {
    let rest = "";
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.lines.push({ at: performance.now(), text: line });
      this.#wakeUp();
    }
    this.#hasEnded = true;
    this.#wakeUp();
    return (await this.#child.status).code;
  }

  #wakeUp(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  say(line: string): Promise<void> {
    return this.#input.write(new TextEncoder().encode(`${line}\n`));
  }

  async endInput(): Promise<void> {
    await this.#input.close().catch(() => {});
  }

  /** The first line that was not yet taken, however long that takes. */
  async nextLine(): Promise<string> {
    while (this.lines.length <= this.#taken) {
      if (this.#hasEnded) throw new Error(`process ${this.pid} ended before it said anything`);
      await this.#changed.promise;
    }
    return this.lines[this.#taken++]!.text;
  }

  /** Takes lines until one of them holds this text. */
  async sees(text: string): Promise<void> {
    while (!(await this.nextLine()).includes(text));
  }

  /** Waits until this is so of all its lines. */
  async until(isSo: (lines: readonly ChildLine[]) => boolean, what: string): Promise<void> {
    const late = Promise.withResolvers<never>();
    const fail = (why: string) =>
      new Error(`${what}: ${why}\n${this.lines.map(({ text }) => cut(text)).join("\n")}`);
    const timer = setTimeout(() => late.reject(fail("not in time")), PATIENCE_MS);
    late.promise.catch(() => {});
    try {
      while (!isSo(this.lines)) {
        if (this.#hasEnded) throw fail("the process has ended");
        await Promise.race([this.#changed.promise, late.promise]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** The end, by force. */
  async end(): Promise<void> {
    await this.endInput();
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended by itself.
    }
    await this.ended;
  }
}

function cut(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)} ...` : text;
}
