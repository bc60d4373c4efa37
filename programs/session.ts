/**
 * A program's way to the engine of a nick: the one that runs, by its socket, or one of its own for as long as
 * it needs it, which serves the socket as well (docs/scripts.md).
 */
import { addressKey } from "../core/base/address.ts";
import { ExpectedError } from "../core/base/expected_error.ts";
import { ENGINE_WAIT_AGAIN_MS, ENGINE_WAIT_MS } from "../core/base/limits.ts";
import { VERSION } from "../core/base/version.ts";
import type { Notice } from "../core/notice.ts";
import { exists } from "../storage/folders.ts";
import { openKnownServers } from "../storage/known_servers.ts";
import { loginName, MEMORY, stateFolderOf } from "../storage/state_folder.ts";
import { StoreError } from "../storage/store_error.ts";
import { connectRpc } from "../transport/rpc.ts";
import type { RpcParams } from "../transport/rpc_connection.ts";
import { socketFolder, socketName, socketPath } from "../transport/rpc_path.ts";
import type { EngineKind } from "./engine.ts";
import type { Hello } from "./engine_methods.ts";
import type { ClientSettings } from "./opening.ts";
import type { World } from "./world.ts";

export interface SessionOptions {
  readonly settings: ClientSettings;
  /** The engine that is started where there is none. One of a script only sends, and gives way to others. */
  readonly kind: EngineKind;
  /** A server or an identity that is new is refused. */
  readonly knownOnly: boolean;
  /** Takes what the engine tells by itself. */
  notified(method: string, params: RpcParams): void;
}

/** A connection to an engine. */
export interface Session {
  readonly hello: Hello;
  /** Rejects with an `RpcError`; its code is `closed` if the engine has ended meanwhile. */
  request(method: string, params?: RpcParams): Promise<unknown>;
  /** Why the server does not take the client, if the engine is our own and has ended for that. */
  readonly refusal: Notice | undefined;
  /** Resolves when the engine has ended, or does not answer any more. */
  readonly closed: Promise<unknown>;
  /** Ends the connection, and an engine of our own as well. */
  close(): Promise<void>;
}

/** The engine that runs cannot be used. The message is a sentence for the user. */
export class EngineError extends ExpectedError {
  override readonly name = "EngineError";
}

/**
 * Finds the engine of the nick, or starts one. Returns `undefined` if there is none and the server of a first
 * contact does not answer, of which the user was told. Throws an `ExpectedError` if another process holds the
 * state and does not serve it, or the engine cannot be started.
 */
export async function openSession(options: SessionOptions, world: World): Promise<Session | undefined> {
  const { kind, knownOnly, notified } = options;
  const settings = { ...options.settings, nick: options.settings.nick ?? loginName() };
  const until = world.now() + ENGINE_WAIT_MS;
  for (;;) {
    const folder = knownFolder(settings);
    const running = folder === undefined ? undefined : await connect(folder, notified);
    if (running !== undefined) {
      const mayStay = kind === "script" || running.hello.kind !== "script";
      if (mayStay || !await giveWay(running)) return running;
    }
    try {
      // Most scripts find an engine, and need not load what makes one.
      const { startEngine } = await import("./own_engine.ts");
      return await startEngine({ settings, kind, knownOnly, notified }, world);
    } catch (error) {
      const isHeld = error instanceof StoreError && error.isInUse;
      if (!isHeld || world.now() >= until) throw error;
      // Whoever holds the state is about to serve it, or to end.
      await world.after(ENGINE_WAIT_AGAIN_MS);
    }
  }
}

/** The folder of a nick whose server is known, if it is there. */
export function knownFolder(
  { nick, server, serverKey, serverPort, state }: ClientSettings,
): string | undefined {
  if (state === MEMORY || nick === undefined) return undefined;
  if (state !== undefined) return exists(state) ? state : undefined;
  const key = serverKey ?? openKnownServers(state).keyOf(addressKey({ host: server, port: serverPort }));
  const folder = key === undefined ? undefined : stateFolderOf(nick, state, key);
  return folder !== undefined && exists(folder) ? folder : undefined;
}

/** The path of the socket of the engine that has its state in this folder. */
export function engineSocket(folder: string): string {
  return socketPath(socketFolder(Deno.env, temporaryFolder()), socketName(folder));
}

/** The system's folder for temporary files. */
function temporaryFolder(): string {
  const chosen = Deno.env.get("TMPDIR") ?? "";
  return chosen.startsWith("/") ? chosen.replace(/\/+$/, "") : "/tmp";
}

/** Connects to the engine of a folder, if one runs. */
export async function connect(
  folder: string,
  notified: SessionOptions["notified"],
): Promise<Session | undefined> {
  if (Deno.build.os === "windows") return undefined;
  const connection = await connectRpc(engineSocket(folder), { notified });
  if (connection === undefined) return undefined;
  const hello = await connection.request("hello").catch(() => undefined) as Hello | undefined;
  // One that ends at this moment says nothing more.
  if (hello === undefined) return undefined;
  if (hello.version !== VERSION) {
    await connection.close();
    throw new EngineError(
      `cannot use the engine of '${hello.nick}' that runs: it is of another release, end it and start it again`,
    );
  }
  return {
    hello,
    request: (method, params) => connection.request(method, params),
    refusal: undefined,
    closed: connection.closed,
    close: async () => void await connection.close(),
  };
}

/** Asks an engine to end in favour of another one. Returns true if it does. */
export async function giveWay(session: Session): Promise<boolean> {
  const answer = await session.request("handOver").catch(() => ({ gives: true })) as { gives: boolean };
  if (answer.gives) await session.closed;
  return answer.gives;
}
