/**
 * A program's way to the engine of a nick: the one that runs, or one of its own for as long as it needs it,
 * which serves the socket as well (docs/scripts.md).
 */
import { ENGINE_WAIT_AGAIN_MS, ENGINE_WAIT_MS, ENGINE_YIELD_MS } from "../core/base/limits.ts";
import { loginName } from "../storage/state_folder.ts";
import { StoreError } from "../storage/store_error.ts";
import { connect, giveWay, knownFolder, type Session, type SessionOptions } from "./running_engine.ts";
import type { World } from "./world.ts";

/**
 * Finds the engine of the nick, or starts one. `isAgain` is true if the engine before has ended. Returns
 * `undefined` if there is none and the server of a first contact does not answer, of which the user was told.
 * Throws an `ExpectedError` if another process holds the state and does not serve it, or the engine cannot be
 * started.
 */
export async function openSession(
  options: SessionOptions,
  world: World,
  isAgain = false,
): Promise<Session | undefined> {
  const { kind, knownOnly, notified } = options;
  const settings = { ...options.settings, nick: options.settings.nick ?? loginName() };
  const until = world.now() + ENGINE_WAIT_MS;
  // An engine that has ended may have given way to one that is just about to begin.
  const mayStartAt = isAgain ? world.now() + ENGINE_YIELD_MS : -Infinity;
  for (;;) {
    const folder = knownFolder(settings);
    const running = folder === undefined ? undefined : await connect(folder, notified);
    if (running !== undefined) {
      const mayStay = kind === "script" || running.hello.kind !== "script";
      if (mayStay || !await giveWay(running)) return running;
    }
    if (world.now() < mayStartAt) {
      await world.after(ENGINE_WAIT_AGAIN_MS);
      continue;
    }
    try {
      // Most scripts find an engine, and need not load what makes one.
      const { startEngine } = await import("./own_engine.ts");
      return await startEngine({ settings, kind, knownOnly, notified }, world);
    } catch (error) {
      const isHeld = error instanceof StoreError && error.isInUse;
      if (!isHeld || world.now() >= until) throw error;
      // The process that holds the state is about to serve it, or to end.
      await world.after(ENGINE_WAIT_AGAIN_MS);
    }
  }
}
