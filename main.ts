/**
 * From the words on the command line to a running program: finds the command, makes clock and randomness, and
 * wires the folders together.
 */
import { homedir, userInfo } from "node:os";
import { isAbsolute } from "node:path";
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
import type { Address, Machine, Millis } from "./core/machine.ts";
import { isNick, nickKey } from "./core/nick.ts";
import { type Notice, render } from "./core/notice.ts";
import { Server } from "./core/server.ts";
import { harmless } from "./core/text.ts";
import { addressKey, equalAddresses } from "./core/table.ts";
import { openSqlite, type SqliteStore } from "./storage/sqlite.ts";
import { StoreError } from "./storage/store_error.ts";
import { runDemo } from "./terminal/demo.ts";
import { openLines } from "./terminal/line_mode.ts";
import { Pace } from "./terminal/pace.ts";
import { isInteractive, openTerminal, type Screen } from "./terminal/terminal.ts";
import { drive, type Driver } from "./transport/driver.ts";
import { resolveHost } from "./transport/resolve.ts";
import { bindUdp, NetworkError, type UdpSocket } from "./transport/udp.ts";

const DONE = 0;
const FAILED = 1;
const WRONG_USAGE = 2;

const PROMPT = ">>> ";
const MEMORY = ":memory:";
const ANY_IPV4 = "0.0.0.0";
const ANY_IPV6 = "::";

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

function openLog(filename: string): void {
  try {
    setUpLog("INFO", new FileHandler("INFO", { filename, formatter: FORMATTER }));
  } catch (cause) {
    throw new StoreError(`cannot write the log '${filename}': choose another file with '--log'`, { cause });
  }
}

function setUpLog(level: LevelName, handler: BaseHandler): void {
  setup({ handlers: { only: handler }, loggers: { default: { level, handlers: ["only"] } } });
}

// ---- client ----------------------------------------------------------------------------------------------

async function runClient(settings: ClientSettings, commands: Commands): Promise<number> {
  const serverHost = await resolveHost(settings.server);
  const isUnset = settings.host === ANY_IPV4 && serverHost.includes(":");
  const host = isUnset ? ANY_IPV6 : await resolveHost(settings.host);
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
    openLog(settings.log);
  }
  const script: Script = { failed: false, ended: false };
  const pace = new Pace();
  const words = new Set<string>();
  const show = (notice: Notice): void => {
    if (notice.type === "settled") pace.settled();
    if (notice.type === "tableChanged") { for (const row of notice.rows) words.add(row.nick); }
    if (settings.log !== undefined && notice.type !== "settled") getLogger().info(notice.type);
    const { stream, lines } = render(notice, utcOffset);
    if (FAILURES.has(notice.type)) script.failed = true;
    if (stream === "screen") screen.print(lines);
    // What did not arrive was not shown: the commit that says it was must not come.
    if (screen.isBroken) {
      throw new OutputError("cannot write to standard output: nobody reads it, or it has no room");
    }
    if (stream !== "error") return;
    screen.close();
    for (const line of lines) console.error(line);
  };
  const driver = drive({ machine, socket, store, now, show });
  const screen = cleanup.adopt(openScreen(driver, commands, pace, words, script), (it) => it.close());
  leaveOnSignals(driver);
  pace.began();
  driver.act({ type: "register", nick });
  const status = await driver.ended.catch(async (error: unknown) => {
    if (error instanceof OutputError) await sayLeaving(machine, socket, now());
    throw error;
  });
  return status === DONE && script.ended && script.failed ? FAILED : status;
}

/** Commands read to the end of the input: their status tells what a person is told by the lines. */
interface Script {
  failed: boolean;
  ended: boolean;
}

/** Nobody reads us any more, but the others may know that we go. */
async function sayLeaving(machine: Machine, socket: UdpSocket, now: Millis): Promise<void> {
  for (const output of machine.step(now, { type: "action", action: { type: "leave" } })) {
    if (output.type === "transmit") await socket.send(output.bytes, output.to);
  }
}

/** What a command can come to that is not what was wanted. */
const FAILURES: ReadonlySet<Notice["type"]> = new Set<Notice["type"]>([
  "failed",
  "unknownPeer",
  "notYou",
  "youAreOffline",
  "alreadyRegistered",
  "belongsToOther",
  "nickInUse",
  "tooLong",
  "tooMany",
]);

/** Standard output does not take what is shown. */
class OutputError extends Error {
  override readonly name = "OutputError";
}

/** The terminal, or plain lines where there is none. */
function openScreen(
  driver: Driver,
  commands: Commands,
  pace: Pace,
  nicks: ReadonlySet<string>,
  script: Script,
): Screen {
  const perform = (outcome: Outcome, complain: (line: string) => void): void => {
    if (outcome.type === "lines") screen.print(outcome.lines);
    if (outcome.type === "wrong") {
      script.failed = true;
      complain(outcome.reason);
    }
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
      onEnd: () => {
        script.ended = true;
        driver.act({ type: "finish" });
      },
    });
  return screen;
}

/** Commands as the first word, nicks behind it. */
function complete(before: string, commands: Commands, nicks: ReadonlySet<string>): string[] {
  const words = before.trimStart().split(/\s+/);
  const word = words.at(-1) ?? "";
  if (words.length > 2) return [];
  const isCommand = words.length === 1 || words[0] === "help";
  const candidates = isCommand ? commands.at("prompt").map(({ name }) => name) : [...nicks];
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
  const isOurs = owner === undefined ||
    (nickKey(owner.nick) === nickKey(nick) && equalAddresses(owner.server, server));
  if (isOurs) return { nick, store };
  store.close();
  const whose = `'${owner.nick}' at ${addressKey(owner.server)}`;
  throw new StoreError(`cannot use '${folder}': it is the state of ${whose}, choose another with '--state'`);
}

/** Leaves room for a number behind it. */
const LOGIN_CHARACTERS = 24;

function loginName(): string {
  const name = Deno.env.get("USER") ?? Deno.env.get("LOGNAME") ?? userInfo().username;
  const nick = name.replace(/[^\p{L}\p{Nd}_.-]/gu, "").slice(0, LOGIN_CHARACTERS);
  return isNick(nick) ? nick : "guest";
}

/** Where this client can be reached, the likeliest first. */
function ownAddresses(host: string, port: number, server: Address): Address[] {
  if (host !== ANY_IPV4 && host !== ANY_IPV6) return [{ host, port }];
  const local = server.host.startsWith("127.") || server.host === "::1" ? [server.host] : [];
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
  return userFolder("XDG_DATA_HOME", ".local/share");
}

function stateFolder(): string {
  return userFolder("XDG_STATE_HOME", ".local/state");
}

/** By the XDG base directory specification, which ignores what is not absolute. */
function userFolder(variable: string, usual: string): string {
  const chosen = Deno.env.get(variable) ?? Deno.env.get("LOCALAPPDATA") ?? "";
  return `${isAbsolute(chosen) ? chosen : `${homedir()}/${usual}`}/parley`;
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
      error instanceof RegistryError ||
      error instanceof OutputError;
    if (!expected) throw error;
    complain(error.message);
    Deno.exit(FAILED);
  }
}
