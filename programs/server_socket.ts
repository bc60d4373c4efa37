/** The socket of a server, on both ends: what an operator may ask of it while it runs, and who asks. */
import { tmpdir } from "node:os";
import { SERVER_ANSWERS_MS } from "../core/base/limits.ts";
import { exists, serverData } from "../storage/folders.ts";
import { openSqlite, type SqliteStore } from "../storage/sqlite.ts";
import { MEMORY } from "../storage/state_folder.ts";
import { StoreError } from "../storage/store_error.ts";
import { connectRpc, type RpcServer, serveRpc } from "../transport/rpc.ts";
import type { RpcConnection, RpcHandlers } from "../transport/rpc_connection.ts";
import { socketFolder, socketName, socketNameOfPort, socketPath } from "../transport/rpc_path.ts";
import { NetworkError } from "../transport/udp.ts";

/** Which server of this machine and this user is meant. */
export interface ServerPlace {
  readonly port: number;
  /** A file, `:memory:`, or `undefined` for the usual place of the server at that port. */
  readonly data: string | undefined;
}

/** Serves what an operator may ask, under the name of the data, or of the port where nothing is kept. */
export async function serveOperator(
  port: number,
  data: string,
  handlers: RpcHandlers,
): Promise<RpcServer> {
  const name = data === MEMORY ? socketNameOfPort(port) : socketName(data);
  return await serveRpc(pathOf(name), () => handlers);
}

/** Connects to a server of this user; `undefined` if none is running there. */
export async function connectToServer({ port, data }: ServerPlace): Promise<RpcConnection | undefined> {
  const file = data ?? serverData(port);
  const ofFile = file !== MEMORY && exists(file) ? [socketName(file)] : [];
  const ofPort = data === undefined || data === MEMORY ? [socketNameOfPort(port)] : [];
  for (const name of [...ofFile, ...ofPort]) {
    const connection = await connectRpc(pathOf(name));
    if (connection === undefined) continue;
    await hearsFrom(connection);
    return connection;
  }
  return undefined;
}

/** The system connects to a stopped process as well. Throws a `NetworkError` if it does not answer. */
async function hearsFrom(server: RpcConnection): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new NetworkError("cannot ask the server: it runs and does not answer, see whether it is stopped"));
    server.close();
  }, SERVER_ANSWERS_MS);
  await Promise.race([server.request("status"), promise]).finally(() => clearTimeout(timer));
}

/** The same, where a server has to be running. Throws a `NetworkError` if none is. */
export async function askServer<Answer>(
  place: ServerPlace,
  ask: (server: RpcConnection) => Promise<Answer>,
): Promise<Answer> {
  const server = await connectToServer(place);
  if (server === undefined) {
    const where = place.data === undefined ? `at port ${place.port}` : `with the data '${place.data}'`;
    throw new NetworkError(
      `cannot ask the server ${where}: you run none there, start it, or name another with '-p' or '--data'`,
    );
  }
  return await ask(server).finally(() => server.close());
}

/**
 * Does something with the data of a server: through the server if it runs, otherwise in the file, which is
 * locked meanwhile. Throws a `StoreError` if the file cannot be used.
 */
export async function withServerOrData<Result>(
  place: ServerPlace,
  byServer: (server: RpcConnection) => Promise<Result>,
  byStore: (store: SqliteStore) => Promise<Result>,
): Promise<Result> {
  const path = place.data ?? serverData(place.port);
  if (path === MEMORY) return await askServer(place, byServer);
  if (!exists(path)) {
    throw new StoreError(`cannot open '${path}': there is no such file, give it with '--data'`);
  }
  let store: SqliteStore;
  try {
    store = openSqlite(path, "server", false);
  } catch (error) {
    const server = error instanceof StoreError && error.isInUse ? await connectToServer(place) : undefined;
    if (server === undefined) throw error;
    return await byServer(server).finally(() => server.close());
  }
  return await byStore(store).finally(() => store.close());
}

function pathOf(name: string): string {
  return socketPath(socketFolder(Deno.env, tmpdir()), name);
}
