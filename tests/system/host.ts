/**
 * What the end-to-end tests need: a host with a folder, a server and clients of its own, and runs of the
 * program, which are processes that are typed to and looked at. Nothing here waits for a time; everything
 * waits to see something.
 * @module
 */
import { fileURLToPath } from "node:url";
import { environment, PERMISSIONS, PROJECT } from "../kit/program.ts";
import { Emulator } from "../terminal/emulator.ts";
import { PATIENCE_MS, Transcript } from "./transcript.ts";

/** The window of a run on a terminal. */
const COLUMNS = 100;
const ROWS = 24;

/**
 * Ports below those that the system gives to whoever asks for any (Linux 32,768 and up, elsewhere 49,152): so
 * no client takes the port of a server that is about to be started again.
 */
const PORTS = { first: 10_000, count: 20_000 };

/** What a server calls itself here, and not as the machine, whose name may be long. */
export const SERVER_NAME = "test";

/** Before the program starts. */
// deno-lint-ignore no-control-regex -- escape sequences are what it looks for
const DENO_CLEARS_ITS_PROGRESS_BAR = /^(\x1b\[0G\x1b\[2K\x1b\[J)*/;

export interface Options {
  /** On a terminal of its own; otherwise its three streams are pipes. */
  readonly terminal?: boolean;
  readonly columns?: number;
  readonly env?: Record<string, string>;
  /** Further flags of Deno, such as a permission. */
  readonly flags?: readonly string[];
  /** Without the permission to run other programs, whichever command it is. */
  readonly mayNotRun?: boolean;
  /** The folder of another copy of the project. */
  readonly project?: string;
  /** A command of the shell to run instead, in which `"$@"` stands for ours. Not on a terminal. */
  readonly shell?: string;
}

/** A server, its clients, and a folder that takes the place of the user's. */
export class Host implements AsyncDisposable {
  readonly folder: string;
  readonly #runs: Run[] = [];
  port = 0;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<Host> {
    await (loaded ??= loadProgram());
    return new Host(await Deno.makeTempDir({ prefix: "parley-test-" }));
  }

  /** With a server that listens. */
  static async withServer(): Promise<Host> {
    const host = await Host.create();
    await host.startServer();
    return host;
  }

  /** Runs our program. */
  run(args: readonly string[], options: Options = {}): Run {
    const run = new Run(args, options, this.folder);
    this.#runs.push(run);
    return run;
  }

  /**
   * A server that listens: the first on a free port, the next ones on the same again, with the same data and
   * name unless the arguments say otherwise.
   */
  async startServer(args: readonly string[] = [], options: Options = {}): Promise<Run> {
    const isFirst = this.port === 0;
    for (let tries = 1;; tries++) {
      if (isFirst) this.port = freePort();
      const place = ["-p", `${this.port}`, "--host", "127.0.0.1"];
      const usual = { "--data": `${this.folder}/server.db`, "--name": SERVER_NAME };
      const rest = Object.entries(usual).filter(([name]) => !args.includes(name)).flat();
      const server = this.run(["server", ...place, ...rest, ...args], options);
      try {
        await server.error.sees(/ listening on .*\n/);
        return server;
      } catch (error) {
        if (!isFirst || tries === 5 || !server.error.text.includes("in use")) throw error;
      }
    }
  }

  /** The usual state folder of a nick, at the one server that there has been. */
  stateOf(nick: string): string {
    const root = `${this.folder}/state/parley`;
    const [server] = [...Deno.readDirSync(root)].filter(({ isDirectory }) => isDirectory);
    return `${root}/${server?.name}/${nick}`;
  }

  client(nick: string, args: readonly string[] = [], options: Options = {}): Run {
    return this.run(["client", "-n", nick, "-i", "127.0.0.1", "-p", `${this.port}`, ...args], options);
  }

  /** A client that is registered, and knows all of these to be online. */
  async online(nick: string, others: readonly string[] = [], options: Options = {}): Promise<Run> {
    const client = this.client(nick, [], options);
    await client.sees("SERVER: [Welcome, you are registered.]");
    for (const name of [nick, ...others].sort()) await client.sees(isOnline(name));
    return client;
  }

  /** The same, on a terminal. */
  onTerminal(nick: string, others: readonly string[] = [], options: Options = {}): Promise<Run> {
    return this.online(nick, others, { ...options, terminal: true });
  }

  /** Makes a nick known to the server and leaves again. */
  async beenThere(nick: string): Promise<void> {
    const client = await this.online(nick);
    await client.endInput();
    await client.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#runs.map((run) => run.end()));
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** A process of ours, the keys it is given and what it shows. */
export class Run {
  readonly output: Transcript;
  readonly error: Transcript;
  readonly #ended: Promise<number>;
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #name: string;
  readonly #onTerminal: boolean;
  readonly #columns: number;
  #hasEnded = false;

  constructor(args: readonly string[], options: Options, folder: string) {
    this.#name = args.join(" ");
    this.output = new Transcript(this.#name);
    this.error = new Transcript(`${this.#name} (standard error)`);
    this.#onTerminal = options.terminal ?? false;
    this.#columns = options.columns ?? COLUMNS;
    const command = ourCommand(args, options);
    const [program = "", ...rest] = this.#onTerminal
      ? ["script", "-qefc", onTerminal(command, this.#columns), "/dev/null"]
      : options.shell === undefined
      ? command
      : ["bash", "-c", options.shell, "bash", ...command];
    this.#process = new Deno.Command(program, {
      args: rest,
      cwd: folder,
      env: { ...environment(folder), ...options.env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#process.stdin.getWriter();
    this.#ended = this.#watch();
  }

  async #watch(): Promise<number> {
    const { stdout, stderr, status } = this.#process;
    const [{ code }] = await Promise.all([status, this.output.read(stdout), this.error.read(stderr)]);
    this.#hasEnded = true;
    return code;
  }

  /** The number of its process, where it is not on a terminal. */
  get pid(): number {
    return this.#process.pid;
  }

  /** The exit status, once everything it wrote has been read. Fails when it does not end. */
  get status(): Promise<number> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new Error(`${this.#name} does not end; it shows:\n${this.output.text}${this.error.text}`));
    }, PATIENCE_MS);
    return Promise.race([this.#ended, late.promise]).finally(() => clearTimeout(timer));
  }

  sees(what: string | RegExp): Promise<RegExpMatchArray> {
    return this.output.sees(what);
  }

  /** Keys, as they are. */
  async type(keys: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(keys));
  }

  /** A line and Enter. */
  async say(line: string): Promise<void> {
    await this.type(line + (this.#onTerminal ? "\r" : "\n"));
  }

  async endInput(): Promise<void> {
    await this.#input.close();
  }

  /** To the program itself, not to what holds its terminal. */
  kill(signal: Deno.Signal): void {
    if (this.#onTerminal) Deno.kill(this.#pid()!, signal);
    else this.#process.kill(signal);
  }

  /** Takes its terminal away, as closing the window does. */
  hangUp(): void {
    this.#process.kill("SIGKILL");
  }

  /** What the user has seen: the rows of the screen, and those that have left it at the top. */
  get screen(): string[] {
    const emulator = new Emulator(this.#columns, ROWS);
    emulator.write(this.programOutput);
    return emulator.everything();
  }

  /** What the program itself wrote, escape sequences and all. */
  get programOutput(): string {
    const { raw } = this.output;
    if (!this.#onTerminal) return raw;
    const begin = raw.search(/pid \d+\r\n/);
    if (begin < 0) return "";
    const end = raw.lastIndexOf("\nafter ");
    const output = raw.slice(raw.indexOf("\n", begin) + 1, end < 0 ? raw.length : end);
    return output.replace(DENO_CLEARS_ITS_PROGRESS_BAR, "").replace(/\r$/, "");
  }

  /** The settings of the terminal, as the shell saw them before and after. */
  get settings(): { before: string | undefined; after: string | undefined } {
    const find = (word: string) => new RegExp(`${word} ([0-9a-f:]+)\r\n`).exec(this.output.raw)?.[1];
    return { before: find("before"), after: find("after") };
  }

  async end(): Promise<void> {
    await this.endInput().catch(() => {});
    try {
      const pid = this.#onTerminal && !this.#hasEnded ? this.#pid() : undefined;
      if (pid !== undefined) Deno.kill(pid, "SIGKILL");
      else this.#process.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.#ended;
  }

  #pid(): number | undefined {
    const [, pid] = /pid (\d+)\r\n/.exec(this.output.raw) ?? [];
    return pid === undefined ? undefined : Number(pid);
  }
}

/** A process whose wall clock is off by so much until SIGUSR2 sets it right. */
export function withClock(by: number): Options {
  const first = fileURLToPath(new URL("set_clock.ts", import.meta.url));
  const shell = `deno=$1; shift 2; exec "$deno" run --preload '${first}' "$@"`;
  return { shell, env: { SET_CLOCK: `${by}` } };
}

/** A whole line of the table. */
export function isOnline(nick: string): RegExp {
  return new RegExp(`^${nick} @ 127\\.0\\.0\\.1:\\d+ is ONLINE\n`, "m");
}

/** A whole line of the table. */
export function isOffline(nick: string): RegExp {
  return new RegExp(`^${nick} @ 127\\.0\\.0\\.1:\\d+ is OFFLINE\n`, "m");
}

/** A port that nobody has, for whoever wants a server to be there, or not. */
export function freePort(): number {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    try {
      Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

let loaded: Promise<unknown> | undefined;

/** Lets Deno fetch what the program needs: later it would say so on the program's standard error. */
function loadProgram(): Promise<unknown> {
  return new Deno.Command(Deno.execPath(), { args: ["cache", "--quiet", `${PROJECT}/main.ts`] }).output();
}

function ourCommand(
  args: readonly string[],
  { flags = [], mayNotRun = false, project = PROJECT }: Options,
): string[] {
  const runsOthers = !mayNotRun && ["demo", "listen", "run"].includes(args[0] ?? "");
  const permissions = runsOthers ? [...PERMISSIONS, "--allow-run"] : PERMISSIONS;
  return [Deno.execPath(), "run", ...permissions, ...flags, `${project}/main.ts`, ...args];
}

/** For the shell inside `script`: says what there is to know of the terminal before and after. */
function onTerminal(command: readonly string[], columns: number): string {
  const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  return `stty rows ${ROWS} cols ${columns}; echo "before $(stty -g)"; ` +
    `sh -c 'echo "pid $$"; exec "$0" "$@"' ${quoted}; status=$?; echo; echo "after $(stty -g)"; exit $status`;
}
