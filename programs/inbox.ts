/** Lists the messages that a person has not seen, and marks them as seen. Tells the fate of a message. */
import { COLLECT_MS } from "../core/base/limits.ts";
import type { JournalEvent, MessageState } from "../core/notice.ts";
import { render } from "../core/notice.ts";
import type { Sent } from "./engine_methods.ts";
import { messageEvent, missedEvent, printEvent } from "./events.ts";
import type { Session } from "./running_engine.ts";
import { tell, waitFor } from "./send.ts";
import { failWith, type ScriptSettings, withEngine } from "./with_engine.ts";
import { DONE, type World } from "./world.ts";

/** The messages that a person has not seen. */
export interface Unseen {
  /** The nick that the messages came to. */
  readonly nick: string;
  readonly messages: readonly JournalEvent[];
  /** So many more are gone, because nobody has read them for too long. */
  readonly missed: number;
}

/** Collects the mail that waits at the server, and reads what nobody has seen. */
export async function readInbox(settings: ScriptSettings, world: World): Promise<Unseen> {
  const until = world.now() + COLLECT_MS;
  return await withEngine(settings, { kind: "listen", until }, world, async (session) => {
    await session.request("collected", { timeout: COLLECT_MS });
    const messages: JournalEvent[] = [];
    let page = await pageOf(session);
    const { missed } = page;
    while (page.events.length > 0) {
      messages.push(...page.events);
      page = await pageOf(session, page.events.at(-1)!.number);
    }
    return { nick: session.hello.nick, messages, missed };
  });
}

interface Page {
  readonly events: readonly JournalEvent[];
  readonly missed: number;
}

async function pageOf(session: Session, after?: number): Promise<Page> {
  return await session.request("inbox", { after }) as Page;
}

/** Marks a message as seen, and all that came before it. */
export async function acknowledge(settings: ScriptSettings, id: string, world: World): Promise<void> {
  await withEngine(settings, { until: world.now() }, world, (session) => session.request("ack", { id }));
}

export interface WaitSettings extends ScriptSettings {
  readonly id: string;
  readonly wait: MessageState;
  readonly timeout: number;
}

/** The fate of a message, once it has come so far, or the time is over. */
export async function outcomeOf(settings: WaitSettings, world: World): Promise<Sent> {
  const { id, timeout, wait } = settings;
  const until = world.now() + timeout * 1000;
  return await withEngine(settings, { until }, world, (session) => {
    return waitFor(session, id, wait, until - world.now());
  });
}

// ---- the commands ----------------------------------------------------------------------------------------

/** Lists the messages that nobody has seen. */
export async function runInbox(settings: ScriptSettings, world: World): Promise<number> {
  try {
    const { messages, missed, nick } = await readInbox(settings, world);
    if (settings.json && missed > 0) printEvent(missedEvent(missed));
    for (const message of messages) {
      if (settings.json) printEvent(messageEvent(message, nick));
      else print(message, world);
    }
    return DONE;
  } catch (error) {
    return failWith(error);
  }
}

function print(message: JournalEvent, { utcOffset }: World): void {
  const type = message.channel ? "channelReceived" : "directReceived";
  const { lines } = render({ type, message: { ...message, dated: true } }, utcOffset);
  lines.forEach((line, at) => console.log(at === 0 ? `${message.id} ${line}` : line));
}

export async function runAck(
  settings: ScriptSettings & { readonly id: string },
  world: World,
): Promise<number> {
  try {
    await acknowledge(settings, settings.id, world);
    return DONE;
  } catch (error) {
    return failWith(error);
  }
}

/** Says what became of a message. */
export async function runWait(settings: WaitSettings, world: World): Promise<number> {
  try {
    const sent = await outcomeOf(settings, world);
    return tell(sent, { ...settings, to: sent.to, once: undefined, quiet: false }, world);
  } catch (error) {
    return failWith(error);
  }
}
