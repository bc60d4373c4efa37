/**
 * From the words on the command line to a running program: finds the command, makes clock and randomness, and
 * wires the folders together.
 */
import { hostname } from "node:os";
import { BaseHandler, FileHandler, getLogger, type LevelName, setup } from "@std/log";
import { loadCommands } from "./commands/_load.ts";
import {
  type ClientSettings,
  type Commands,
  type NicksSettings,
  type Outcome,
  type Program,
  RegistryError,
  type ServerSettings,
} from "./commands/_registry.ts";
import { addressKey } from "./core/base/address.ts";
import { utf8Length } from "./core/base/bytes.ts";
import { primitives } from "./core/base/crypto.ts";
import { SERVER_NAME_BYTES } from "./core/base/limits.ts";
import { harmless } from "./core/base/text.ts";
import type { Millis } from "./core/base/units.ts";
import { Client } from "./core/client/client.ts";
import type { Machine } from "./core/machine.ts";
import { Identity, SECRETS_BYTES } from "./core/messages/identity.ts";
import { nickKey, sameNick } from "./core/messages/nick.ts";
import { type Notice, render } from "./core/notice.ts";
import { listNicks, releaseNick } from "./core/server/nick_admin.ts";
import { Server } from "./core/server/server.ts";
import { runDemo } from "./programs/demo.ts";
import { readChannelKey } from "./storage/channel_key.ts";
import { exists, serverData } from "./storage/folders.ts";
import { type OpenIdentity, openIdentity } from "./storage/identity_file.ts";
import { openSqlite } from "./storage/sqlite.ts";
import { MEMORY, openState, type State } from "./storage/state.ts";
import { StoreError } from "./storage/store_error.ts";
import { openLines } from "./terminal/line_mode.ts";
import { Pace } from "./terminal/pace.ts";
import { askPassphrase, PassphraseError } from "./terminal/passphrase.ts";
import { ENDING_SIGNALS } from "./terminal/signals.ts";
import { isInteractive, openTerminal, type Screen } from "./terminal/terminal.ts";
import { drive, type Driver } from "./transport/driver.ts";
import { ANY_IPV4, ANY_IPV6, ownAddresses } from "./transport/own_addresses.ts";
import { resolveHost } from "./transport/resolve.ts";
import { bindUdp, NetworkError, type UdpSocket } from "./transport/udp.ts";

const DONE = 0;
const FAILED = 1;
const WRONG_USAGE = 2;

const PROMPT = ">>> ";

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
    case "nicks":
      return Promise.resolve(runNicks(program.options));
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
  const data = settings.data ?? serverData(settings.port);
  using cleanup = new DisposableStack();
  const socket = cleanup.adopt(bindUdp(host, settings.port, "-p"), (it) => it.close());
  const store = data === MEMORY ? undefined : cleanup.adopt(openSqlite(data, "server"), (it) => it.close());
  const now = makeClock();
  const name = serverName(settings.name ?? hostname());
  const machine = new Server(
    now(),
    { name, durable: store !== undefined, primitives, limits: settings.limits },
    makeRandom(),
    store?.read() ?? [],
  );
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

/** The server's data without the server: nobody else can have it open meanwhile. */
function runNicks({ port, data, release }: NicksSettings): number {
  const path = data ?? serverData(port);
  if (!exists(path)) {
    throw new StoreError(`cannot open '${path}': there is no such file, give it with '--data'`);
  }
  using cleanup = new DisposableStack();
  const store = cleanup.adopt(openSqlite(path, "server"), (it) => it.close());
  const nicks = listNicks(store.read());
  if (release === undefined) {
    for (const { nick, identity, letters } of nicks) console.log(harmless(`${nick} ${identity} ${letters}`));
    return DONE;
  }
  const bound = nicks.find(({ nick }) => sameNick(nick, release));
  if (bound === undefined) {
    throw new StoreError(`cannot release '${release}': nobody has that nick in '${path}'`);
  }
  store.commit(releaseNick(Date.now(), store.read(), bound.nick));
  const failed = bound.letters === 1 ? "1 letter to it has" : `${bound.letters} letters to it have`;
  console.log(harmless(`'${bound.nick}' is free, ${failed} failed`));
  return DONE;
}

/** As much of a name as an announcement has room for. */
function serverName(name: string): string {
  let short = harmless(name);
  while (utf8Length(short) > SERVER_NAME_BYTES) short = [...short].slice(0, -1).join("");
  return short;
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
  const { nick, store, knownServers, ...state } = openState(settings.nick, settings.state, server);
  cleanup.defer(() => store?.close());
  const identity = await openOwnIdentity(settings, state);
  cleanup.defer(() => identity.close());
  const channelKey = settings.channelKey === undefined ? undefined : readChannelKey(settings.channelKey);
  const serverName = addressKey({ host: settings.server, port: settings.serverPort });
  const { serverKey } = settings;
  const socket = cleanup.adopt(bindUdp(host, settings.port, "-c"), (it) => it.close());
  const own = ownAddresses(host, socket.address.port, server);
  const now = makeClock();
  const { attempts } = settings;
  const options = {
    nick,
    server,
    serverName,
    serverKey: serverKey ?? knownServers?.keyOf(serverName),
    own: own[0]!,
    candidates: own.slice(0, 3),
    attempts,
    identity: new Identity(primitives, identity.secrets),
    invited: settings.invited,
    channelKey,
    durable: store !== undefined,
    primitives,
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
    if (notice.type === "serverMet") knownServers?.pin(serverName, notice.key, harmless(notice.name));
    // Only now it is proved that the key which the user named is the server's.
    if (
      notice.type === "registered" && serverKey !== undefined && knownServers?.keyOf(serverName) !== serverKey
    ) {
      knownServers?.pin(serverName, serverKey, "");
    }
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

/** The identity of the state folder, or the one that the user brings; with nothing kept one for this process. */
function openOwnIdentity(
  { identity: brought, protects }: ClientSettings,
  { identityPath, isNew }: Pick<State, "identityPath" | "isNew">,
): Promise<OpenIdentity> {
  const path = brought ?? identityPath;
  const mayMake = brought === undefined && isNew;
  if (path !== undefined) return openIdentity({ path, mayMake, protects, ask: askPassphrase });
  const secrets = crypto.getRandomValues(new Uint8Array(SECRETS_BYTES));
  return Promise.resolve({ secrets, close: () => {} });
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
  "nickOfAnotherKey",
  "peerKeyChanged",
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
  for (const signal of ENDING_SIGNALS) Deno.addSignalListener(signal, () => driver.act({ type: "leave" }));
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
      error instanceof PassphraseError || error instanceof OutputError;
    if (!expected) throw error;
    complain(error.message);
    Deno.exit(FAILED);
  }
}
