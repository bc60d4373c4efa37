/** Commands that use the engine once. */
import { ExpectedError } from "../core/base/expected_error.ts";
import { ENGINE_WAIT_MS } from "../core/base/limits.ts";
import type { Millis } from "../core/base/units.ts";
import type { Notice } from "../core/notice.ts";
import { RPC_CODES, RpcError } from "../transport/rpc_connection.ts";
import type { EngineKind } from "./engine.ts";
import { helloEvent, printEvent, sentenceOf } from "./events.ts";
import { type ClientSettings, UnknownError } from "./opening.ts";
import type { Session } from "./running_engine.ts";
import { openSession } from "./session.ts";
import { NO_SERVER, REFUSED, statusOfReason } from "./statuses.ts";
import { FAILED, type World } from "./world.ts";

/** The settings of all commands that use the engine. */
export interface ScriptSettings {
  readonly client: ClientSettings;
  /** A server or an identity that is new is refused. */
  readonly knownOnly: boolean;
  readonly json: boolean;
}

/** The server does not give us our nick. The message is a sentence for the user. */
export class RefusedError extends ExpectedError {
  override readonly name = "RefusedError";
  readonly why: Notice;

  constructor(why: Notice) {
    super(sentenceOf(why));
    this.why = why;
  }
}

/** The server of a first contact does not answer, of which the user was told. */
export class NoServerError extends ExpectedError {
  override readonly name = "NoServerError";
}

/**
 * Uses the engine. It may end meanwhile, in favour of another one or by a kill: then `use` is called again
 * with the next one, until the time is over. Throws an `ExpectedError`, for which `statusOfError` has a
 * status.
 */
export async function withEngine<Result>(
  { client, json, knownOnly }: ScriptSettings,
  { kind = "script", until }: { readonly kind?: EngineKind; readonly until: Millis },
  world: World,
  use: (session: Session) => Promise<Result>,
): Promise<Result> {
  // If the nick is online and its state is free, its client was killed, and may just be restarted.
  const mayBeBack = world.now() + ENGINE_WAIT_MS;
  for (let isAgain = false;; isAgain = true) {
    const options = { settings: client, kind, knownOnly, notified: () => {} };
    const session = await openSession(options, world, isAgain);
    if (session === undefined) {
      throw new NoServerError("no server answers, and nothing is queued before the first contact");
    }
    if (json && !isAgain) printEvent(helloEvent(session.hello));
    try {
      return await use(session);
    } catch (error) {
      const isGone = error instanceof RpcError && error.code === RPC_CODES.closed;
      const why = isGone ? session.refusal : undefined;
      if (why !== undefined && !(why.type === "nickOnline" && world.now() < mayBeBack)) {
        throw new RefusedError(why);
      }
      if (!isGone || world.now() >= until) throw error;
    } finally {
      await session.close();
    }
  }
}

/** The exit status for an error of `withEngine`. */
export function statusOfError(error: unknown): number {
  if (error instanceof NoServerError) return NO_SERVER;
  if (error instanceof UnknownError) return REFUSED;
  if (error instanceof RefusedError) return statusOfReason(error.why);
  return FAILED;
}

/** Says on standard error why a command has failed, and returns its status. Throws what nobody expects. */
export function failWith(error: unknown): number {
  if (!(error instanceof ExpectedError)) throw error;
  if (!(error instanceof NoServerError)) console.error(error.message);
  return statusOfError(error);
}
