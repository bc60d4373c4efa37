/** The engine of a nick that runs, reached by its socket (docs/scripts.md). */
import type { Action } from "../core/action.ts";
import { addressKey } from "../core/base/address.ts";
import { ExpectedError } from "../core/base/expected_error.ts";
import { VERSION } from "../core/base/version.ts";
import type { Notice } from "../core/notice.ts";
import { exists } from "../storage/folders.ts";
import { openKnownServers } from "../storage/known_servers.ts";
import { MEMORY, stateFolderOf } from "../storage/state_folder.ts";
import { connectRpc } from "../transport/rpc.ts";
import type { RpcParams } from "../transport/rpc_connection.ts";
import { socketFolder, socketName, socketPath } from "../transport/rpc_path.ts";
import { NetworkError } from "../transport/udp.ts";
import type { EngineKind } from "./engine.ts";
import type { Hello } from "./engine_methods.ts";
import type { ClientSettings } from "./opening.ts";

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

/** The notices that answer an action which an engine carries out. */
export async function answersTo(
  session: Pick<Session, "request">,
  action: Action,
): Promise<readonly Notice[]> {
  return (await session.request("act", { ...action }) as { notices: readonly Notice[] }).notices;
}

/** The engine that runs cannot be used. The message is a sentence for the user. */
export class EngineError extends ExpectedError {
  override readonly name = "EngineError";
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
  const connection = await connectTo(folder, notified).catch((error: unknown) => {
    // If no socket can be there, there is no engine to be used.
    if (error instanceof NetworkError) return undefined;
    throw error;
  });
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

async function connectTo(folder: string, notified: SessionOptions["notified"]) {
  return await connectRpc(engineSocket(folder), { notified });
}

/** Asks an engine to end in favour of another one. Returns true if it does. */
export async function giveWay(session: Session): Promise<boolean> {
  const answer = await session.request("handOver").catch(() => ({ gives: true })) as { gives: boolean };
  if (answer.gives) await session.closed;
  return answer.gives;
}
