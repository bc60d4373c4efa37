/** An engine in this process, with the socket by which others use it. */
import type { Notice } from "../core/notice.ts";
import { serveRpc } from "../transport/rpc.ts";
import { RPC_CODES, RpcConnection, RpcError, type RpcParams } from "../transport/rpc_connection.ts";
import { NetworkError } from "../transport/udp.ts";
import { Engine, type EngineKind } from "./engine.ts";
import { type Hello, methodsFor } from "./engine_methods.ts";
import { findPlace, openClient, type OpenedClient } from "./opening.ts";
import { sentenceOf } from "./events.ts";
import { engineSocket, type Session, type SessionOptions } from "./running_engine.ts";
import type { World } from "./world.ts";

/** An engine that others can use as well. */
export interface ServedEngine {
  readonly engine: Engine;
  /** The other programs that are connected. */
  readonly connections: ReadonlySet<RpcConnection>;
  /** Resolves with the status of the client when it has ended and the socket is gone. */
  readonly ended: Promise<number>;
  /** Why there is no socket, if it cannot be made: a sentence for the user. */
  readonly trouble?: string;
}

/** Runs a client that was opened as an engine, and serves its socket if it has a folder. */
export async function serveEngine(
  opened: OpenedClient,
  about: { readonly kind: EngineKind; readonly serverName: string },
  world: World,
): Promise<ServedEngine> {
  const engine = new Engine(opened, about, world);
  if (opened.folder === undefined || Deno.build.os === "windows") {
    return { engine, connections: new Set(), ended: engine.ended };
  }
  try {
    const server = await serveRpc(engineSocket(opened.folder), (connection) => {
      const { handlers, close } = methodsFor(engine, connection);
      connection.closed.then(close);
      return handlers;
    });
    engine.serves(() => server.close());
    return { engine, connections: server.connections, ended: engine.ended };
  } catch (error) {
    // Nobody else can use it then, and the program that has opened it still can.
    if (!(error instanceof NetworkError)) throw error;
    return { engine, connections: new Set(), ended: engine.ended, trouble: error.message };
  }
}

/** The notices of its own engine that a script shows on standard error: they say who is new. */
const NEWS: ReadonlySet<Notice["type"]> = new Set<Notice["type"]>([
  "serverMet",
  "serverRecognized",
  "identityMade",
  "identityPassing",
  "otherState",
]);

/** Starts an engine for a script. Returns `undefined` if its server is new and does not answer. */
export async function startEngine(
  { settings, kind, knownOnly, notified }: SessionOptions,
  world: World,
): Promise<Session | undefined> {
  const place = await findPlace(settings, world, knownOnly);
  if (place === undefined) return undefined;
  const manner = {
    // The engine goes on trying; whoever asks decides how long to wait.
    attempts: 0,
    interactive: true,
    sendsOnly: kind === "script",
    isAttended: false,
    knownOnly,
  };
  const opened = await openClient(settings, place, manner, world);
  const { engine, ended } = await serveEngine(opened, { kind, serverName: place.serverName }, world);
  world.onEndingSignal(() => engine.end());
  engine.watch((notice) => {
    if (NEWS.has(notice.type)) console.error(sentenceOf(notice));
  });
  const { handlers, close } = methodsFor(engine, {
    notify: (method, params) => {
      notified(method, params);
      return true;
    },
  });
  const gone = new RpcError(RPC_CODES.closed, "the engine has ended");
  const failed = ended.then(() => Promise.reject(gone));
  failed.catch(() => {});
  const request = (method: string, params: RpcParams = {}): Promise<unknown> => {
    const run = async () => await handlers.methods?.[method]?.(params);
    return Promise.race([run(), failed]);
  };
  const hello = await request("hello") as Hello;
  return {
    hello,
    request,
    get refusal() {
      return engine.refusal;
    },
    closed: ended.catch(() => {}),
    close: async () => {
      close();
      engine.end();
      await ended;
    },
  };
}
