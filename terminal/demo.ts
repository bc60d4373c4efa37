/**
 * The demo: a server and three clients, each a process of its own, hold the conversation below. It is written
 * down with what everybody has to see of it; nothing is said before that was seen.
 * @module
 */
import { blue, gray, green, magenta } from "@std/fmt/colors";
import { LineSplitter } from "./line_splitter.ts";
import { Output } from "./output.ts";

/** Who sees what, in this order; other lines may stand between. `ADDRESS` and `TIME` stand for any. */
type Sight = readonly [who: Nick, ...lines: string[]];

type Nick = "x" | "y" | "z";

/** The two things that are not said but done. */
const START = "(starts)";
const END = "(ends the input)";

/** Who says or does what; then what is to be seen, by several at once. */
type Step = readonly [who: Nick, what: string, ...seen: Sight[]];

const WELCOME = ["SERVER: [Welcome, you are registered.]", "[Client table updated.]"];
const STORED = ["[Message received by SERVER.]", "SERVER: [Message received by the server and saved]"];

const CONVERSATION: readonly Step[] = [
  ["x", START, ["x", ...WELCOME, "SERVER @ ADDRESS is ONLINE", "x @ ADDRESS is ONLINE"]],
  ["y", START, ["y", ...WELCOME, "x @ ADDRESS is ONLINE", "y @ ADDRESS is ONLINE"], [
    "x",
    "y @ ADDRESS is ONLINE",
  ]],
  [
    "z",
    START,
    ["z", ...WELCOME, "x @ ADDRESS is ONLINE", "y @ ADDRESS is ONLINE", "z @ ADDRESS is ONLINE"],
    ["x", "z @ ADDRESS is ONLINE"],
    ["y", "z @ ADDRESS is ONLINE"],
  ],
  ["x", "send y MSG x->y", ["y", "x: MSG x->y"], ["x", "[Message received by y.]"]],
  ["x", "send z MSG x->z", ["z", "x: MSG x->z"], ["x", "[Message received by z.]"]],
  ["y", "send x MSG y->x", ["x", "y: MSG y->x"], ["y", "[Message received by x.]"]],
  ["y", "send z MSG y->z", ["z", "y: MSG y->z"], ["y", "[Message received by z.]"]],
  ["z", "send x MSG z->x", ["x", "z: MSG z->x"], ["z", "[Message received by x.]"]],
  ["z", "send y MSG z->y", ["y", "z: MSG z->y"], ["z", "[Message received by y.]"]],
  ["x", "dereg x", ["x", "[You are Offline. Bye.]"], ["y", "x @ ADDRESS is OFFLINE"], [
    "z",
    "x @ ADDRESS is OFFLINE",
  ]],
  ["y", "send x MSG post-dereg from y", ["y", ...STORED]],
  ["z", "send x MSG post-dereg from z", ["z", ...STORED]],
  [
    "x",
    "reg x",
    ["x", ...WELCOME, "x @ ADDRESS is ONLINE", "SERVER: [You have messages]"],
    ["x", "y: TIME MSG post-dereg from y", "z: TIME MSG post-dereg from z"],
    ["y", "x @ ADDRESS is ONLINE"],
    ["y", "[x has collected 1 message.]"],
    ["z", "x @ ADDRESS is ONLINE"],
    ["z", "[x has collected 1 message.]"],
  ],
  [
    "x",
    "send_all MSG x->y, z",
    ["y", "[Channel_Message x: MSG x->y, z]"],
    ["z", "[Channel_Message x: MSG x->y, z]"],
    ["x", "[Message received by Server.]"],
  ],
  ["x", "quit", ["x", "[You are Offline. Bye.]", "[Exiting]"], ["y", "x @ ADDRESS is OFFLINE"]],
  ["y", END, ["y", "[Exiting]"]],
  ["z", END, ["z", "[Exiting]"]],
];

/** So that all is over, and cleaned up, within 20 s. */
const LIMIT_MS = 18_000;

/** Somebody may take the free port between our look at it and the server's. */
const PORTS_TRIED = 5;

const PERMISSIONS = ["--allow-net", "--allow-read", "--allow-write", "--allow-env", "--allow-sys"];

const COLOURS = { server: gray, x: green, y: blue, z: magenta };

/** The demo cannot go on. The message is a sentence for the user. */
class DemoError extends Error {
  override readonly name = "DemoError";
}

/** Lets the conversation take place and prints what each of them shows; the exit status. */
export async function runDemo(): Promise<number> {
  const stage = new Stage(await Deno.makeTempDir({ prefix: "parley-demo-" }));
  const stopped = Promise.withResolvers<never>();
  const interrupt = () => stopped.reject(new DemoError("cannot finish the demo: it was interrupted"));
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP"];
  const limit = setTimeout(() => stopped.reject(stage.whatIsMissing()), LIMIT_MS);
  for (const signal of signals) Deno.addSignalListener(signal, interrupt);
  try {
    await Promise.race([stage.converse(CONVERSATION), stopped.promise]);
    return 0;
  } catch (error) {
    if (!(error instanceof DemoError)) throw error;
    Deno.stderr.writeSync(new TextEncoder().encode(`${error.message}\n`));
    return 1;
  } finally {
    await stage.clear();
    clearTimeout(limit);
    for (const signal of signals) Deno.removeSignalListener(signal, interrupt);
  }
}

class Stage {
  readonly #folder: string;
  readonly #output = new Output();
  readonly #actors = new Map<string, Actor>();
  #port = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async converse(conversation: readonly Step[]): Promise<void> {
    await this.#startServer();
    for (const [who, what, ...seen] of conversation) {
      if (what === START) this.#startClient(who);
      else if (what === END) await this.#actors.get(who)!.endInput();
      else await this.#actors.get(who)!.say(what);
      await Promise.all(seen.map(([by, ...lines]) => this.#actors.get(by)!.see(lines)));
      for (const actor of this.#actors.values()) actor.turnPage();
    }
    const clients = [...this.#actors.values()].filter(({ name }) => name !== "server");
    await Promise.all(clients.map((client) => client.endWell()));
  }

  whatIsMissing(): DemoError {
    const missing = [...this.#actors.values()].flatMap((actor) => actor.missing());
    return new DemoError(`cannot finish the demo: after ${LIMIT_MS / 1000} s ${missing.join(", ")}`);
  }

  /** Ends whoever is still there, and leaves nothing behind. */
  async clear(): Promise<void> {
    for (const actor of this.#actors.values()) await actor.kill();
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #startServer(): Promise<void> {
    for (let tries = 1;; tries++) {
      this.#port = freePort();
      const data = `${this.#folder}/server.db`;
      const server = this.#start("server", ["-p", `${this.#port}`, "--host", "127.0.0.1", "--data", data]);
      try {
        return await server.see([`TIME INFO listening on ADDRESS, data in '${data}'`]);
      } catch (error) {
        if (tries === PORTS_TRIED || !server.lines.some((line) => line.includes("in use"))) throw error;
      }
    }
  }

  #startClient(nick: Nick): void {
    const state = `${this.#folder}/${nick}`;
    this.#start(nick, ["-n", nick, "-i", "127.0.0.1", "-p", `${this.#port}`, "--state", state]);
  }

  #start(name: Nick | "server", options: string[]): Actor {
    const print = (line: string) => {
      const coloured = Deno.stdout.isTerminal() && Deno.env.get("TERM") !== "dumb";
      const text = `${name.padEnd("server".length)} | ${line}`;
      this.#output.write(`${coloured ? COLOURS[name](text) : text}\n`);
    };
    const actor = new Actor(name, [name === "server" ? "server" : "client", ...options], print);
    this.#actors.set(name, actor);
    return actor;
  }
}

/** One process: what it is told, and what it shows. */
class Actor {
  readonly lines: string[] = [];
  readonly name: string;
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #print: (line: string) => void;
  readonly #ended: Promise<unknown>;
  #hasEnded = false;
  /** Where the page begins, and how far on it something expected was found. */
  #page = 0;
  #read = 0;
  readonly #awaited = new Set<string>();
  #wake = Promise.withResolvers<void>();

  constructor(name: string, args: string[], print: (line: string) => void) {
    this.name = name;
    this.#print = print;
    // A standalone binary is the program; otherwise this is Deno, which has to be told of it.
    const run = Deno.build.standalone ? [] : ["run", ...PERMISSIONS, Deno.mainModule];
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [...run, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#process.stdin.getWriter();
    const outputs = [this.#process.stdout, this.#process.stderr].map((stream) => this.#readLines(stream));
    this.#ended = Promise.all([...outputs, this.#process.status]).then(() => {
      this.#hasEnded = true;
      this.#wake.resolve();
    });
  }

  async say(line: string): Promise<void> {
    this.#print(`>>> ${line}`);
    // Whoever is gone hears nothing; that it is gone is found out when something is to be seen of it.
    await this.#input.write(new TextEncoder().encode(`${line}\n`)).catch(() => {});
  }

  async endInput(): Promise<void> {
    await this.#input.close().catch(() => {});
  }

  /** Resolves when these lines stand on the page, in this order. */
  async see(expected: readonly string[]): Promise<void> {
    let at = this.#page;
    for (const line of expected) {
      this.#awaited.add(line);
      const pattern = patternOf(line);
      for (; !this.lines.slice(at).some((seen) => pattern.test(seen)); await this.#wake.promise) {
        if (this.#hasEnded) {
          throw new DemoError(`cannot finish the demo: ${this.missing()[0]}, and has ended`);
        }
      }
      at = this.lines.findIndex((seen, index) => index >= at && pattern.test(seen)) + 1;
      this.#awaited.delete(line);
    }
    this.#read = Math.max(this.#read, at);
  }

  /** What is expected next has to stand behind what was seen so far. */
  turnPage(): void {
    this.#page = this.#read;
  }

  async endWell(): Promise<void> {
    const { code } = await this.#process.status;
    if (code !== 0) throw new DemoError(`cannot finish the demo: ${this.name} ended with status ${code}`);
  }

  missing(): string[] {
    return [...this.#awaited].map((line) => `${this.name} has not shown '${line}'`);
  }

  async kill(): Promise<void> {
    await this.endInput();
    if (!this.#hasEnded) this.#process.kill("SIGKILL");
    await this.#ended;
  }

  async #readLines(stream: ReadableStream<Uint8Array>): Promise<void> {
    const splitter = new LineSplitter();
    for await (const bytes of stream) for (const line of splitter.push(bytes)) this.#take(line);
    for (const line of splitter.end()) this.#take(line);
  }

  #take(line: string): void {
    this.#print(line);
    this.lines.push(line);
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }
}

const PATTERNS = {
  ADDRESS: "127\\.0\\.0\\.1:\\d+",
  TIME: "\\d{4}-\\d\\d-\\d\\d[ T]\\d\\d:\\d\\d:\\d\\d\\.\\d+Z?",
};

function patternOf(line: string): RegExp {
  const literal = line.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${literal.replace("ADDRESS", PATTERNS.ADDRESS).replace("TIME", PATTERNS.TIME)}$`);
}

function freePort(): number {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  socket.close();
  return (socket.addr as Deno.NetAddr).port;
}
