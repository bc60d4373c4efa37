/**
 * Hosts on this machine with a bad network between them, and our program on them. The network is a relay in
 * Python, which can open a TUN device without a foreign-function interface.
 * @module
 */
import { fileURLToPath } from "node:url";
import { environment, PROJECT } from "../session.ts";

const RELAY = fileURLToPath(new URL("relay.py", import.meta.url));
const PERMISSIONS = ["--allow-net", "--allow-read", "--allow-write", "--allow-env", "--allow-sys"];

/** Longer than any of this takes on a busy machine: only a test that fails waits so long. */
const PATIENCE_MS = 180_000;

/** What the relay does to packets; see relay.py for the units. */
export interface Weather {
  readonly loss?: number;
  readonly corruption?: number;
  readonly duplication?: number;
  readonly delay?: number;
  readonly jitter?: number;
  readonly light?: number;
  readonly dark?: number;
  readonly nat?: number;
  readonly rebinding?: number;
}

/** Of all packets between hosts under one weather. */
export interface Counts {
  readonly packets: number;
  /** Payloads of UDP. */
  readonly bytes: number;
  readonly lost: number;
  readonly corrupted: number;
}

/** Lines of a process, each with the milliseconds at which it came. */
class Lines {
  readonly all: { readonly at: number; readonly text: string }[] = [];
  #changed = Promise.withResolvers<void>();
  #rest = "";
  hasEnded = false;

  async read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (this.#rest + text).split("\n");
      this.#rest = lines.pop()!;
      for (const line of lines) this.all.push({ at: performance.now(), text: line });
      this.#wakeUp();
    }
    this.hasEnded = true;
    this.#wakeUp();
  }

  #wakeUp(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Waits until this is so of the lines. */
  async until(isSo: (lines: Lines["all"]) => boolean, what: string): Promise<void> {
    const late = Promise.withResolvers<never>();
    const fail = (why: string) =>
      new Error(`${what}: ${why}\n${this.all.map(({ text }) => cut(text)).join("\n")}`);
    const timer = setTimeout(() => late.reject(fail("not in time")), PATIENCE_MS);
    late.promise.catch(() => {});
    try {
      while (!isSo(this.all)) {
        if (this.hasEnded) throw fail("the process has ended");
        await Promise.race([this.#changed.promise, late.promise]);
      }
    } finally {
      clearTimeout(timer);
    }
  }
}

function cut(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)} ...` : text;
}

/** A process whose lines are read and that is told lines. */
export class Process {
  readonly output = new Lines();
  readonly startedAt = performance.now();
  readonly ended: Promise<number>;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;

  constructor(command: readonly string[], folder: string) {
    this.#child = new Deno.Command(command[0]!, {
      args: command.slice(1),
      cwd: folder,
      env: environment(folder),
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.ended = Promise.all([this.#child.status, this.output.read(this.#child.stdout)]).then(([{ code }]) =>
      code
    );
  }

  say(line: string): Promise<void> {
    return this.#input.write(new TextEncoder().encode(`${line}\n`));
  }

  async endInput(): Promise<void> {
    await this.#input.close().catch(() => {});
  }

  /** The end, by force. */
  async end(): Promise<void> {
    await this.endInput();
    if (!this.output.hasEnded) this.#child.kill("SIGTERM");
    await this.ended;
  }
}

/** The hosts, numbered from 1; host 1 has the address 10.77.0.1. */
export class BadNetwork implements AsyncDisposable {
  readonly folder: string;
  readonly #relay: Process;
  readonly #processes: Process[] = [];
  #names: string[] = [];

  private constructor(folder: string) {
    this.folder = folder;
    this.#relay = new Process(["python3", RELAY], folder);
  }

  static async create(hosts: number): Promise<BadNetwork> {
    const network = new BadNetwork(await Deno.makeTempDir({ prefix: "parley-net-" }));
    network.#names = await network.#order({ hosts }) as string[];
    return network;
  }

  /** Why this machine cannot have one; `undefined` when it can. */
  static async whyNot(): Promise<string | undefined> {
    if (Deno.build.os !== "linux" || Deno.uid() !== 0) return "network namespaces need Linux and root";
    // A relay that fails says why on standard error, which is no news here.
    const { success } = await new Deno.Command("sh", {
      args: ["-c", `echo '{"hosts": 1}' | python3 '${RELAY}'`],
      stdout: "null",
      stderr: "null",
    }).output();
    return success
      ? undefined
      : "network namespaces need python3, iproute2, /dev/net/tun and the right to use them";
  }

  /** Another weather from now on; returns what was counted under the last one. */
  async change(weather: Weather): Promise<Counts> {
    return await this.#order(weather) as Counts;
  }

  /** Runs our program on a host, whose users have folders of their own. */
  run(host: number, ...args: string[]): Process {
    const ours = [Deno.execPath(), "run", ...PERMISSIONS, `${PROJECT}/main.ts`, ...args];
    const process = new Process(["ip", "netns", "exec", this.#names[host - 1]!, ...ours], this.folder);
    this.#processes.push(process);
    return process;
  }

  async #order(order: object): Promise<unknown> {
    const { output } = this.#relay;
    const answers = output.all.length;
    await this.#relay.say(JSON.stringify(order));
    await output.until(({ length }) => length > answers, "the relay's answer");
    return JSON.parse(output.all.at(-1)!.text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.end()));
    await this.#relay.endInput();
    await this.#relay.ended;
    await Deno.remove(this.folder, { recursive: true });
  }
}
