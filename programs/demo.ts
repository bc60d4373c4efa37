/**
 * The demo: a server and three clients, each a process of its own, hold the conversation below.
 * @module
 */
import { blue, gray, green, magenta } from "@std/fmt/colors";
import { ExpectedError } from "../core/base/expected_error.ts";
import { LineSplitter } from "../terminal/line_splitter.ts";
import { Output } from "../terminal/output.ts";
import { mayRun } from "./hook.ts";
import { withoutSettings } from "./settings.ts";
import { DONE, type World } from "./world.ts";

/**
 * The script. x, y and z are clients. "x (starts)" and "x >>> COMMAND" say what one of them does; the lines
 * below it with a bar have to be seen before anybody goes on. Lines of one client that stand together have to
 * be seen in this order, and others may come between. ADDRESS and TIME stand for any.
 */
const CONVERSATION = `
x (starts)
x | SERVER: [Welcome, you are registered.]
x | [Client table updated.]
x | SERVER @ ADDRESS is ONLINE
x | x @ ADDRESS is ONLINE
y (starts)
y | SERVER: [Welcome, you are registered.]
y | x @ ADDRESS is ONLINE
y | y @ ADDRESS is ONLINE
x | y @ ADDRESS is ONLINE
z (starts)
z | SERVER: [Welcome, you are registered.]
z | x @ ADDRESS is ONLINE
z | y @ ADDRESS is ONLINE
z | z @ ADDRESS is ONLINE
x | z @ ADDRESS is ONLINE
y | z @ ADDRESS is ONLINE

x >>> send y MSG x->y
y | x: MSG x->y
x | [Message received by y.]
x >>> send z MSG x->z
z | x: MSG x->z
x | [Message received by z.]
y >>> send x MSG y->x
x | y: MSG y->x
y | [Message received by x.]
y >>> send z MSG y->z
z | y: MSG y->z
y | [Message received by z.]
z >>> send x MSG z->x
x | z: MSG z->x
z | [Message received by x.]
z >>> send y MSG z->y
y | z: MSG z->y
z | [Message received by y.]

x >>> dereg x
x | [You are Offline. Bye.]
y | x @ ADDRESS is OFFLINE
z | x @ ADDRESS is OFFLINE
y >>> send x MSG post-dereg from y
y | [Message received by SERVER.]
y | SERVER: [Message received by the server and saved]
z >>> send x MSG post-dereg from z
z | [Message received by SERVER.]
z | SERVER: [Message received by the server and saved]
x >>> reg x
x | SERVER: [Welcome, you are registered.]
x | x @ ADDRESS is ONLINE
x | SERVER: [You have messages]
x | y: TIME MSG post-dereg from y
x | z: TIME MSG post-dereg from z
y | x @ ADDRESS is ONLINE
z | x @ ADDRESS is ONLINE
y | [x has collected 1 message.]
z | [x has collected 1 message.]

x >>> send_all MSG x->y, z
y | [Channel_Message x: MSG x->y, z]
z | [Channel_Message x: MSG x->y, z]
x | [Message received by Server.]
x >>> quit
x | [You are Offline. Bye.]
x | [Exiting]
y | x @ ADDRESS is OFFLINE
y (ends the input)
y | [Exiting]
z (ends the input)
z | [Exiting]
`;

/** After this the demo fails, so that everything is over and cleared away within 20 s. */
const LIMIT_MS = 18_000;

/** Another process may take a free port before our server binds it. */
const PORTS_TRIED = 5;

const HOST = "127.0.0.1";
const PERMISSIONS = ["--allow-net", "--allow-read", "--allow-write", "--allow-env", "--allow-sys"];

const COLOURS: Record<string, (text: string) => string> = { server: gray, x: green, y: blue, z: magenta };

/** The demo cannot go on. The message is a sentence for the user. */
class DemoError extends ExpectedError {
  override readonly name = "DemoError";

  constructor(why: string) {
    super(`cannot finish the demo: ${why}`);
  }
}

/** Lets the conversation take place, and prints all that its processes show. Returns the exit status. */
export async function runDemo(world: World): Promise<number> {
  mayRun();
  const stage = new Stage(await Deno.makeTempDir({ prefix: "parley-demo-" }));
  const stopped = Promise.withResolvers<never>();
  const stop = (why: string) => stopped.reject(new DemoError(why));
  const interrupt = () => stop("it was interrupted");
  world.onEndingSignal(interrupt);
  const limit = setTimeout(() => stop(`after ${LIMIT_MS / 1000} s ${stage.awaited}`), LIMIT_MS);
  try {
    await Promise.race([stage.play(CONVERSATION), stopped.promise]);
    return DONE;
  } finally {
    await stage.clear();
    clearTimeout(limit);
  }
}

/** Reads the script line by line: makes the actors act, and waits until they have shown the right lines. */
class Stage {
  /** The event that has not come yet, for an error message: "x has not ...". */
  awaited = "";
  readonly #folder: string;
  readonly #actors = new Map<string, Actor>();
  #port = 0;
  #isOver = false;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async play(conversation: string): Promise<void> {
    await this.#startServer();
    let last = "";
    for (const line of conversation.trim().split(/\n+/)) {
      const [, nick = "", mark, text = ""] = /^(\w) (\||>>>|\(.*\)) ?(.*)$/.exec(line) ?? [];
      if (mark !== "|") { for (const actor of this.#actors.values()) actor.turnPage(); }
      if (mark === "(starts)") this.#start(nick, ["client", "-n", nick, "-i", HOST, "--state"]);
      else if (mark === "(ends the input)") await this.#actors.get(nick)!.endInput();
      else if (mark === ">>>") await this.#actors.get(nick)!.say(text);
      else await this.#see(nick, text, nick !== last);
      last = mark === "|" ? nick : "";
    }
    for (const nick of ["x", "y", "z"]) {
      this.awaited = `${nick} has not ended`;
      const status = await this.#actors.get(nick)!.status();
      if (status !== 0) throw new DemoError(`${nick} has ended with status ${status}`);
    }
  }

  /** Ends all processes that still run, and leaves nothing behind. */
  async clear(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#actors.values().map((actor) => actor.kill()));
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #startServer(): Promise<void> {
    this.awaited = "the server has not started";
    for (let tries = 1; tries <= PORTS_TRIED; tries++) {
      this.#port = freePort();
      const server = this.#start("server", ["server", "--host", HOST, "--data"]);
      if (await server.sees(/ listening on /)) return;
    }
    throw new DemoError("the server has ended");
  }

  /** Starts a process. `args` end with the option whose value is its own folder or file. */
  #start(name: string, args: readonly string[]): Actor {
    if (this.#isOver) throw new DemoError("it is over");
    const all = [...args, `${this.#folder}/${name}`, "-p", `${this.#port}`];
    const actor = new Actor(name, all, withoutSettings(`${this.#folder}/config`));
    this.#actors.set(name, actor);
    return actor;
  }

  /** Waits until an actor shows a line: behind its last one, or `anywhere` since the script's last action. */
  async #see(nick: string, text: string, anywhere: boolean): Promise<void> {
    this.awaited = `${nick} has not shown '${text}'`;
    const isThere = await this.#actors.get(nick)!.sees(patternOf(text), anywhere);
    if (!isThere) throw new DemoError(`${this.awaited} and has ended`);
  }
}

/** One process, and the lines that it shows. Those shown since the script's last action are a page. */
class Actor {
  readonly #name: string;
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #ended: Promise<unknown>;
  #hasEnded = false;
  #changed = Promise.withResolvers<void>();
  readonly #lines: string[] = [];
  /** The index behind the line that was seen last. */
  #at = 0;
  /** The index behind the farthest line that was seen. */
  #farthest = 0;
  /** The index of the first line of the page. */
  #page = 0;

  constructor(name: string, args: readonly string[], env: Record<string, string>) {
    this.#name = name;
    // A standalone binary is the program itself. Deno has to be told which program to run.
    const program = Deno.build.standalone ? [] : ["run", ...PERMISSIONS, Deno.mainModule];
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [...program, ...args],
      env,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#process.stdin.getWriter();
    const read = [this.#process.stdout, this.#process.stderr].map((stream) => this.#read(stream));
    this.#ended = Promise.all([this.#process.status, ...read]).then(() => {
      this.#hasEnded = true;
      this.#changed.resolve();
    });
  }

  /** Waits for a line on the page, behind the last one seen or anywhere. False if it cannot come any more. */
  async sees(pattern: RegExp, anywhere = false): Promise<boolean> {
    for (let at = anywhere ? this.#page : this.#at;;) {
      if (at === this.#lines.length) {
        if (this.#hasEnded) return false;
        await this.#changed.promise;
      } else if (pattern.test(this.#lines[at++]!)) {
        this.#at = at;
        this.#farthest = Math.max(this.#farthest, at);
        return true;
      }
    }
  }

  /** Begins a page: the next lines have to stand behind all that were seen so far. */
  turnPage(): void {
    this.#page = this.#at = this.#farthest;
  }

  async say(command: string): Promise<void> {
    this.#print(`>>> ${command}`);
    // A process that has ended does not take it. The script fails at the next line that it should show.
    await this.#input.write(new TextEncoder().encode(`${command}\n`)).catch(() => {});
  }

  async endInput(): Promise<void> {
    await this.#input.close().catch(() => {});
  }

  async status(): Promise<number> {
    return (await this.#process.status).code;
  }

  async kill(): Promise<void> {
    await this.endInput();
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.#ended;
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const splitter = new LineSplitter();
    for await (const bytes of stream) {
      for (const line of splitter.push(bytes)) {
        this.#print(line);
        this.#lines.push(line);
      }
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }
  }

  #print(line: string): void {
    const text = `${this.#name.padEnd("server".length)} | ${line}`;
    const isPlain = !Deno.stdout.isTerminal() || Deno.env.get("TERM") === "dumb";
    new Output().write(`${isPlain ? text : COLOURS[this.#name]!(text)}\n`);
  }
}

function patternOf(text: string): RegExp {
  const literal = text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const pattern = literal.replace("ADDRESS", "127\\.0\\.0\\.1:\\d+").replace(
    "TIME",
    "\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{6}",
  );
  return new RegExp(`^${pattern}$`);
}

function freePort(): number {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: HOST, port: 0 });
  socket.close();
  return (socket.addr as Deno.NetAddr).port;
}
