/** The engine of a nick without a screen, until a signal ends it. */
import { render } from "../core/notice.ts";
import { ENGINE_WAIT_AGAIN_MS, ENGINE_WAIT_MS } from "../core/base/limits.ts";
import { loginName } from "../storage/state_folder.ts";
import { StoreError } from "../storage/store_error.ts";
import { type ClientSettings, findPlace, openClient } from "./opening.ts";
import { serveEngine } from "./own_engine.ts";
import { connect, EngineError, giveWay } from "./running_engine.ts";
import { FAILED, type World } from "./world.ts";

/** Runs the engine. Returns the exit status. */
export async function runDaemon(chosen: ClientSettings, world: World): Promise<number> {
  const settings = { ...chosen, nick: chosen.nick ?? loginName() };
  const place = await findPlace(settings, world);
  if (place === undefined) return FAILED;
  const manner = { attempts: 0, interactive: true, sendsOnly: false, isAttended: false };
  const until = world.now() + ENGINE_WAIT_MS;
  for (;;) {
    try {
      const opened = await openClient(settings, place, manner, world);
      const about = { kind: "daemon", serverName: place.serverName } as const;
      const { engine, ended, trouble } = await serveEngine(opened, about, world);
      // Nobody could use it.
      if (trouble !== undefined) engine.end();
      const log = settings.log === undefined ? undefined : world.openLog({ file: settings.log });
      engine.watch((notice, ref) => {
        log?.(notice.type);
        const { isFailure, lines, stream } = render(notice, world.utcOffset);
        const isText = notice.type === "directReceived" || notice.type === "channelReceived";
        // Texts of others are for those who read the journal.
        if (ref === undefined && !isText && stream !== "none") {
          for (const line of lines) (isFailure || stream === "error" ? console.error : console.log)(line);
        }
      });
      world.onEndingSignal(() => engine.end());
      const status = await ended;
      if (trouble !== undefined) throw new EngineError(trouble);
      return status;
    } catch (error) {
      if (!(error instanceof StoreError && error.isInUse) || place.folder === undefined) throw error;
      const running = await connect(place.folder, () => {});
      const gives = running !== undefined && await giveWay(running);
      if (running !== undefined && !gives) await running.close();
      if ((running !== undefined && !gives) || world.now() >= until) throw error;
      await world.after(ENGINE_WAIT_AGAIN_MS);
    }
  }
}
