/**
 * From the words on the command line to a running program: finds the command, makes clock and randomness, and
 * wires the folders together.
 */
import { BaseHandler, FileHandler, getLogger, type LevelName, setup } from "@std/log";
import { loadCommands } from "./commands/_load.ts";
import {
  type ClientSettings,
  type Commands,
  type Outcome,
  type Program,
  RegistryError,
  type ServerSettings,
} from "./commands/_registry.ts";
import { Client, ownerOf } from "./core/client.ts";
import type { Address, Millis } from "./core/machine.ts";
import { isNick, nickKey } from "./core/nick.ts";
import { type Notice, render } from "./core/notice.ts";
import { Server } from "./core/server.ts";
import { harmless } from "./core/text.ts";
import { openSqlite, type SqliteStore } from "./storage/sqlite.ts";
import { StoreError } from "./storage/store_error.ts";
import { runDemo } from "./terminal/demo.ts";
import { openLines } from "./terminal/line_mode.ts";
import { Pace } from "./terminal/pace.ts";
import { isInteractive, openTerminal, type Screen } from "./terminal/terminal.ts";
import { drive, type Driver } from "./transport/driver.ts";
import { resolveHost } from "./transport/resolve.ts";
import { bindUdp, NetworkError } from "./transport/udp.ts";

const DONE = 0;
const FAILED = 1;
const WRONG_USAGE = 2;

const PROMPT = ">>> ";
const MEMORY = ":memory:";

async function main(args: readonly string[]): Promise<number> {
  const commands = await loadCommands();
  const outcome = commands.runShell(args);
  switch (outcome.type) {
    case "lines":
      for (const line of outcome.lines) console.log(line);
      return DONE;
    case "start":
      return await start(outcome.program, commands);
    case "wrong":
      complain(outcome.reason);
      return WRONG_USAGE;
    case "actions":
      return DONE;
  }
}

function start(program: Program, commands: Commands): Promise<number> {
  switch (program.type) {
    case "server":
      return runServer(program.options);
    case "client":
      return runClient(program.options, commands);
    case "demo":
      return runDemo();
  }
}

// ---- server ----------------------------------------------------------------------------------------------

class StandardErrorHandler extends BaseHandler {
  override log(message: string): void {
    console.error(message);
  }
}

const FORMATTER = ({ datetime, levelName, msg }: { datetime: Date; levelName: string; msg: string }) =>
  `${datetime.toISOString()} ${levelName} ${msg}`;

async function runServer(settings: ServerSettings): Promise<number> {
  setUpLog(settings.logLevel, new StandardErrorHandler(settings.logLevel, { formatter: FORMATTER }));
  const log = getLogger();
  const host = await resolveHost(settings.host);
  const data = settings.data ?? `${dataFolder()}/server-${settings.port}.db`;
  using cleanup = new DisposableStack();
  const socket = cleanup.adopt(bindUdp(host, settings.port, "-p"), (it) => it.close());
  const store = data === MEMORY ? undefined : cleanup.adopt(openSqlite(data, "server"), (it) => it.close());
  const now = makeClock();
  const machine = new Server(now(), makeRandom(), store?.read() ?? []);
  const driver = drive({
    machine,
    socket,
    store,
    now,
    show: (notice) => log.info(render(notice, utcOffset).lines[0]),
  });
  leaveOnSignals(driver);
  log.info(`listening on ${host}:${socket.address.port}, data in '${data}'`);
  const status = await driver.ended;
  log.info("stopped");
  return status;
}

function setUpLog(level: LevelName, handler: BaseHandler): void {
  setup({ handlers: { only: handler }, loggers: { default: { level, handlers: ["only"] } } });
}

// ---- client ----------------------------------------------------------------------------------------------

async function runClient(settings: ClientSettings, commands: Commands): Promise<number> {
  const [serverHost, host] = [await resolveHost(settings.server), await resolveHost(settings.host)];
  const server = { host: serverHost, port: settings.serverPort };
  using cleanup = new DisposableStack();
  const { nick, store } = openState(settings, server);
  cleanup.defer(() => store?.close());
  const socket = cleanup.adopt(bindUdp(host, settings.port, "-c"), (it) => it.close());
  const own = ownAddresses(host, socket.address.port, server);
  const now = makeClock();
  const { attempts } = settings;
  const options = {
    nick,
    server,
    own: own[0]!,
    candidates: own.slice(0, 3),
    attempts,
    durable: store !== undefined,
  };
  const machine = new Client(now(), options, makeRandom(), store?.read() ?? []);

  if (settings.log !== undefined) {
    setUpLog("INFO", new FileHandler("INFO", { filename: settings.log, formatter: FORMATTER }));
  }
  const pace = new Pace();
  const words = new Set<string>();
  const show = (notice: Notice): void => {
    if (notice.type === "settled") pace.settled();
    if (notice.type === "tableChanged") { for (const row of notice.rows) words.add(row.nick); }
    if (settings.log !== undefined && notice.type !== "settled") getLogger().info(notice.type);
    const { stream, lines } = render(notice, utcOffset);
    if (stream === "screen") screen.print(lines);
    if (stream !== "error") return;
    screen.close();
    for (const line of lines) console.error(line);
  };
  const driver = drive({ machine, socket, store, now, show });
  const screen = cleanup.adopt(openScreen(driver, commands, pace, words), (it) => it.close());
  leaveOnSignals(driver);
  pace.began();
  driver.act({ type: "register", nick });
  return await driver.ended;
}

/** The terminal, or plain lines where there is none. */
function openScreen(driver: Driver, commands: Commands, pace: Pace, nicks: ReadonlySet<string>): Screen {
  const perform = (outcome: Outcome, complain: (line: string) => void): void => {
    if (outcome.type === "lines") screen.print(outcome.lines);
    if (outcome.type === "wrong") complain(outcome.reason);
    if (outcome.type !== "actions") return;
    for (const action of outcome.actions) {
      pace.began();
      driver.act(action);
    }
  };
  const isBlank = (line: string) => line.trim() === "";
  const screen = isInteractive()
    ? openTerminal({
      prompt: PROMPT,
      complete: (line, cursor) => complete(line.slice(0, cursor), commands, nicks),
      onLine: (line) =>
        isBlank(line)
          ? undefined
          : perform(commands.runLine(line), (reason) => screen.print([harmless(reason)])),
      onInterrupt: () => driver.act({ type: "leave" }),
      onEnd: () => driver.act({ type: "leave" }),
    })
    : openLines({
      ready: (line) => pace.ready(line),
      onLine: (line) => isBlank(line) ? undefined : perform(commands.runLine(line), complain),
      onEnd: () => driver.act({ type: "finish" }),
    });
  return screen;
}

/** Commands as the first word, nicks behind it. */
function complete(before: string, commands: Commands, nicks: ReadonlySet<string>): string[] {
  const words = before.trimStart().split(/\s+/);
  const word = words.at(-1) ?? "";
  if (words.length > 2) return [];
  const candidates = words.length === 1 ? commands.at("prompt").map(({ name }) => name) : [...nicks];
  return candidates.filter((candidate) => nickKey(candidate).startsWith(nickKey(word))).sort();
}

/** Without a store nothing outlives the process. */
interface State {
  readonly nick: string;
  readonly store: SqliteStore | undefined;
}

/** The state of the nick that was asked for, or of the first of NAME, NAME-2 ... that is free on this machine. */
function openState(settings: ClientSettings, server: Address): State {
  if (settings.nick !== undefined) return openStateOf(settings.nick, settings, server);
  const login = loginName();
  for (let number = 1;; number++) {
    try {
      return openStateOf(number === 1 ? login : `${login}-${number}`, settings, server);
    } catch (error) {
      if (!(error instanceof StoreError && error.isInUse) || settings.state !== undefined) throw error;
    }
  }
}

function openStateOf(nick: string, settings: ClientSettings, server: Address): State {
  if (settings.state === MEMORY) return { nick, store: undefined };
  const usual = `${stateFolder()}/${server.host.replaceAll(":", "_")}_${server.port}/${
    encodeURIComponent(nickKey(nick)).replaceAll(".", "%2E")
  }`;
  const folder = settings.state ?? usual;
  const store = openSqlite(`${folder}/state.db`, "client");
  const owner = ownerOf(store.read());
  if (owner === undefined || nickKey(owner) === nickKey(nick)) return { nick, store };
  store.close();
  throw new StoreError(
    `cannot use '${folder}': it is the state of '${owner}', choose another folder with '--state'`,
  );
}

/** Leaves room for a number behind it. */
const LOGIN_CHARACTERS = 24;

function loginName(): string {
  const name = Deno.env.get("USER") ?? Deno.env.get("LOGNAME") ?? Deno.env.get("USERNAME") ?? "";
  const nick = name.replace(/[^\p{L}\p{Nd}_.-]/gu, "").slice(0, LOGIN_CHARACTERS);
  return isNick(nick) ? nick : "guest";
}

/** Where this client can be reached, the likeliest first. */
function ownAddresses(host: string, port: number, server: Address): Address[] {
  if (host !== "0.0.0.0" && host !== "::") return [{ host, port }];
  const local = server.host.startsWith("127.") ? [server.host] : [];
  const interfaces = Deno.networkInterfaces().filter(({ family, address }) =>
    family === "IPv4" && !address.startsWith("127.")
  );
  const hosts = [...local, ...interfaces.map(({ address }) => address)];
  return (hosts.length > 0 ? hosts : ["127.0.0.1"]).map((address) => ({ host: address, port }));
}

// ---- the world -------------------------------------------------------------------------------------------

/**
 * Milliseconds since 1970 that never go back: the monotonic clock, moved forward when the wall clock is ahead
 * (after a suspend, or when the clock is set), since a deadline that is suddenly an hour away would be a hang.
 */
function makeClock(): () => Millis {
  let shift = -Infinity;
  return () => {
    const monotonic = performance.now();
    shift = Math.max(shift, Date.now() - monotonic);
    return monotonic + shift;
  };
}

/** Random bytes from a pool: asking the system for two at a time costs more than the rest of a packet. */
function makeRandom(): (count: number) => Uint8Array {
  const pool = new Uint8Array(4096);
  let used = pool.length;
  return (count) => {
    if (used + count > pool.length) {
      crypto.getRandomValues(pool);
      used = 0;
    }
    used += count;
    return pool.slice(used - count, used);
  };
}

function utcOffset(at: Millis): Millis {
  return -new Date(at).getTimezoneOffset() * 60_000;
}

function leaveOnSignals(driver: Driver): void {
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) Deno.addSignalListener(signal, () => driver.act({ type: "leave" }));
}

function dataFolder(): string {
  return `${
    Deno.env.get("XDG_DATA_HOME") ?? Deno.env.get("LOCALAPPDATA") ?? `${home()}/.local/share`
  }/parley`;
}

function stateFolder(): string {
  return `${
    Deno.env.get("XDG_STATE_HOME") ?? Deno.env.get("LOCALAPPDATA") ?? `${home()}/.local/state`
  }/parley`;
}

function home(): string {
  return Deno.env.get("HOME") ?? ".";
}

/** One sentence on standard error. It may quote what somebody typed. */
function complain(sentence: string): void {
  console.error(harmless(sentence));
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    // A sentence for the user; anything else is a mistake of ours, and its stack is wanted.
    const expected = error instanceof StoreError || error instanceof NetworkError ||
      error instanceof RegistryError;
    if (!expected) throw error;
    complain(error.message);
    Deno.exit(FAILED);
  }
}
