/** JSON-RPC over a Unix socket: a running program serves it, others connect. */
import { RPC_ACCEPT_AGAIN_MS, RPC_CONNECTIONS, RPC_HEARTBEAT_MS } from "../core/base/limits.ts";
import type { Millis } from "../core/base/units.ts";
import { RPC_CODES, RpcConnection, RpcError, type RpcHandlers } from "./rpc_connection.ts";
import { NetworkError } from "./udp.ts";

/** A socket that is served. */
export interface RpcServer {
  /** Those who are connected. */
  readonly connections: ReadonlySet<RpcConnection>;
  /** Removes the socket, and ends all connections after what is queued for them. */
  close(): Promise<void>;
}

/** Only its user may connect. Deno makes a socket that all may connect to, so its folder must be closed. */
const SOCKET_MODE = 0o600;

/**
 * Serves the socket at `path`; `accept` says what is done for one who connects. A file that a dead process
 * has left there is replaced: the caller holds the lock of what is served, so no two do that at a time.
 * Throws a `NetworkError` if a living process serves it, or if it cannot be made.
 */
export async function serveRpc(
  path: string,
  accept: (connection: RpcConnection) => RpcHandlers,
  heartbeat: Millis = RPC_HEARTBEAT_MS,
): Promise<RpcServer> {
  const listener = await listen(path);
  const connections = new Set<RpcConnection>();
  let isClosing = false;

  function take(stream: Deno.UnixConn): void {
    const connection = new RpcConnection(stream, { role: "beats", every: heartbeat });
    connections.add(connection);
    connection.closed.then(() => connections.delete(connection));
    if (connections.size <= RPC_CONNECTIONS) return connection.start(accept(connection));
    connection.refuse(new RpcError(RPC_CODES.busy, `${RPC_CONNECTIONS} programs are connected already`));
  }

  async function acceptAll(): Promise<void> {
    while (!isClosing) {
      const stream = await listener.accept().catch(() => undefined);
      if (stream !== undefined) take(stream);
      else if (!isClosing) await new Promise((resolve) => setTimeout(resolve, RPC_ACCEPT_AGAIN_MS));
    }
  }

  const accepting = acceptAll();
  return {
    connections,
    async close() {
      // This removes the file as well.
      if (!isClosing) listener.close();
      isClosing = true;
      await accepting;
      await Promise.all([...connections].map((connection) => connection.close()));
    },
  };
}

/**
 * Connects to the socket at `path`; `undefined` if nobody serves it. Throws a `NetworkError` if this user may
 * not connect, or if there is something else at `path`.
 */
export async function connectRpc(
  path: string,
  handlers: RpcHandlers = {},
  heartbeat: Millis = RPC_HEARTBEAT_MS,
): Promise<RpcConnection | undefined> {
  const stream = await connect(path);
  if (stream === undefined) return undefined;
  const connection = new RpcConnection(stream, { role: "listens", every: heartbeat });
  connection.start(handlers);
  return connection;
}

async function connect(path: string): Promise<Deno.UnixConn | undefined> {
  try {
    return await Deno.connect({ transport: "unix", path });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.ConnectionRefused) {
      return undefined;
    }
    throw explain("connect to", path, error);
  }
}

async function listen(path: string): Promise<Deno.UnixListener> {
  const stream = await connect(path);
  stream?.close();
  if (stream !== undefined) {
    throw new NetworkError(`cannot serve '${path}': another process serves it, stop that one`);
  }
  try {
    if (exists(path)) Deno.removeSync(path);
    const listener = Deno.listen({ transport: "unix", path });
    Deno.chmodSync(path, SOCKET_MODE);
    return listener;
  } catch (error) {
    throw explain("serve", path, error);
  }
}

function exists(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSocket === true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function explain(what: string, path: string, error: unknown): NetworkError {
  const reason = error instanceof Error ? error.message : String(error);
  return new NetworkError(`cannot ${what} '${path}': ${reason}`, { cause: error });
}
