/** The server: a socket, its data, and the machine that serves clients until a signal ends it. */
import { hostname } from "node:os";
import { addressKey } from "../core/base/address.ts";
import { utf8Length } from "../core/base/bytes.ts";
import { SERVER_NAME_BYTES } from "../core/base/limits.ts";
import { harmless } from "../core/base/text.ts";
import { VERSION } from "../core/base/version.ts";
import type { Key } from "../core/base/units.ts";
import type { Durability } from "../core/machine.ts";
import { type Notice, render } from "../core/notice.ts";
import { Server, type ServerLimits } from "../core/server/server.ts";
import { serverData } from "../storage/folders.ts";
import { openSqlite } from "../storage/sqlite.ts";
import { MEMORY } from "../storage/state_folder.ts";
import { drive } from "../transport/driver.ts";
import { systemPrimitives } from "../transport/native_aead.ts";
import { type Reach, reachableHost } from "../transport/own_addresses.ts";
import { resolveHost } from "../transport/resolve.ts";
import { bindUdp, NetworkError } from "../transport/udp.ts";
import { NO_COMMITS, TimedStore } from "./commit_times.ts";
import type { LogLevel } from "./log.ts";
import { Operator } from "./operator.ts";
import { serveOperator } from "./server_socket.ts";
import type { StatusAnswer } from "./status.ts";
import { startMachine, type World } from "./world.ts";

export interface ServerSettings {
  /** The release. */
  readonly version: string;
  readonly port: number;
  readonly host: string;
  /** A file, `:memory:`, or `undefined` for the usual place. */
  readonly data: string | undefined;
  /** The data file may be empty: a new server begins in it. */
  readonly isNew: boolean;
  /** The name that announcements give, or `undefined` for the machine's name. */
  readonly name: string | undefined;
  readonly logLevel: LogLevel;
  readonly limits: ServerLimits;
  readonly durability: Durability;
}

/** Runs a server. Returns the exit status, or throws an `ExpectedError` if it cannot start or go on. */
export async function runServer(settings: ServerSettings, world: World): Promise<number> {
  const log = world.openLog({ level: settings.logLevel });
  const host = await resolveHost(settings.host);
  const data = settings.data ?? serverData(settings.port);
  using cleanup = new DisposableStack();
  const socket = cleanup.adopt(bindUdp(host, settings.port, "-p"), (it) => it.close());
  const file = data === MEMORY
    ? undefined
    : cleanup.adopt(openSqlite(data, "server", settings.isNew), (it) => it.close());
  file?.setDurability(settings.durability);
  const store = file === undefined ? undefined : new TimedStore(file, world.now);
  const { limits } = settings;
  const name = serverName(settings.name ?? hostname());
  const { stopwatch } = world;
  const options = { name, durable: store !== undefined, primitives: systemPrimitives(), stopwatch, limits };
  const { machine, now } = startMachine(
    world,
    store,
    (at, records) => new Server(at, options, world.random, records),
  );
  const show = (notice: Notice) => {
    log(render(notice, world.utcOffset).lines[0] ?? "");
    if (notice.type === "serverKey") log(lineForPeople(host, socket.address.port, notice.key));
    operator.noticed(notice);
  };
  const startedAt = world.now();
  const status = (): StatusAnswer => ({
    v: 1,
    versions: { parley: settings.version, protocol: VERSION, deno: Deno.version.deno },
    pid: Deno.pid,
    address: addressKey({ host, port: socket.address.port }),
    data,
    at: new Date(world.wall()).toISOString(),
    uptimeMs: Math.floor(world.now() - startedAt),
    ...machine.status(now()),
    commits: store?.times ?? NO_COMMITS,
    socketDropped: Object.fromEntries(socket.dropped),
  });
  const backup = file === undefined ? undefined : (path: string) => file.backup(path);
  const operator = new Operator({ machine, now, act: (action) => driver.act(action), status, backup });
  const rpc = await serveOperator(socket.address.port, data, operator.handlers).catch((error) => {
    if (!(error instanceof NetworkError)) throw error;
    // Chat does not depend on it.
    log(`${error.message}; nobody can ask this server for its status`);
    return undefined;
  });
  const driver = drive({ machine, socket, store, now, wall: world.wall, show });
  const hangUp = () => log("the terminal is gone, the server goes on");
  world.onEndingSignal(() => driver.act({ type: "leave" }), hangUp);
  log(`listening on ${host}:${socket.address.port}, data in '${data}'`);
  const exitStatus = await driver.ended.finally(() => rpc?.close());
  log("stopped");
  return exitStatus;
}

/** The words for an address that not everybody can reach. */
const REACHES: Readonly<Record<Reach, string>> = {
  anybody: "",
  network: "; outside of its own network people need your router's address, and UDP forwarded there",
  machine: "; this address is for this machine alone",
};

/** The line that an operator sends to those who are to come: how they start, with the key to expect. */
function lineForPeople(bound: string, port: number, key: Key): string {
  const { host, reach } = reachableHost(bound);
  return `for people: parley client -i ${host} -p ${port} --server-key ${key} (open UDP ${port}${
    REACHES[reach]
  })`;
}

/** The beginning of a name that an announcement has room for, in whole characters. */
function serverName(name: string): string {
  let short = harmless(name);
  while (utf8Length(short) > SERVER_NAME_BYTES) short = [...short].slice(0, -1).join("");
  return short;
}
