/** What a person has not seen: listed, and marked as seen. What became of a message. */
import { COLLECT_MS } from "../core/base/limits.ts";
import type { JournalEvent, MessageState } from "../core/notice.ts";
import { render } from "../core/notice.ts";
import { messageEvent, missedEvent, printEvent } from "./events.ts";
import { tell, waitFor } from "./send.ts";
import { failWith, type ScriptSettings, withEngine } from "./with_engine.ts";
import { DONE, type World } from "./world.ts";

/** Lists the messages that nobody has seen: mail that waits at the server is collected before. */
export async function runInbox(settings: ScriptSettings, world: World): Promise<number> {
  try {
    const until = world.now() + COLLECT_MS;
    return await withEngine(settings, { kind: "listen", until }, world, async (session) => {
      await session.request("collected", { timeout: COLLECT_MS });
      const { nick } = session.hello;
      for (let after: number | undefined;;) {
        const found = await session.request("inbox", { after }) as { events: JournalEvent[]; missed: number };
        if (settings.json && after === undefined && found.missed > 0) printEvent(missedEvent(found.missed));
        for (const message of found.events) {
          if (settings.json) printEvent(messageEvent(message, nick));
          else print(message, world);
        }
        after = found.events.at(-1)?.number;
        if (after === undefined) break;
      }
      return DONE;
    });
  } catch (error) {
    return failWith(error);
  }
}

function print(message: JournalEvent, { utcOffset }: World): void {
  const type = message.channel ? "channelReceived" : "directReceived";
  const { lines } = render({ type, message: { ...message, dated: true } }, utcOffset);
  lines.forEach((line, at) => console.log(at === 0 ? `${message.id} ${line}` : line));
}

/** Marks a message as seen, and all that came before it. */
export async function runAck(
  settings: ScriptSettings & { readonly id: string },
  world: World,
): Promise<number> {
  try {
    return await withEngine(settings, { until: world.now() }, world, async (session) => {
      await session.request("ack", { id: settings.id });
      return DONE;
    });
  } catch (error) {
    return failWith(error);
  }
}

export interface WaitSettings extends ScriptSettings {
  readonly id: string;
  readonly wait: MessageState;
  readonly timeout: number;
}

/** Says what became of a message, once it has come so far. */
export async function runWait(settings: WaitSettings, world: World): Promise<number> {
  const { id, timeout, wait } = settings;
  const until = world.now() + timeout * 1000;
  try {
    const sent = await withEngine(settings, { until }, world, async (session) => {
      return await waitFor(session, id, wait, until - world.now());
    });
    return tell(sent, { ...settings, to: sent.to, once: undefined, quiet: false }, world);
  } catch (error) {
    return failWith(error);
  }
}
