/** One message from a shell, and the truth about it. */
import { utf8Length } from "../core/base/bytes.ts";
import { TEXT_BYTES } from "../core/base/limits.ts";
import type { MessageState, Notice } from "../core/notice.ts";
import { render } from "../core/notice.ts";
import type { Sent } from "./engine_methods.ts";
import { printEvent, sentenceOf, stateEvent } from "./events.ts";
import type { Session } from "./running_engine.ts";
import { statusOf } from "./statuses.ts";
import { failWith, NoServerError, RefusedError, type ScriptSettings, withEngine } from "./with_engine.ts";
import { DONE, type World, WRONG_USAGE } from "./world.ts";

export interface SendSettings extends ScriptSettings {
  /** The recipient; `undefined` for the channel. */
  readonly to: string | undefined;
  /** The text, or `-` for all of standard input. */
  readonly text: string;
  /** How far the message has to come. */
  readonly wait: MessageState;
  /** How long that may take, in seconds. */
  readonly timeout: number;
  readonly quiet: boolean;
  /** The name of the send: one that is repeated is the same message. */
  readonly once: string | undefined;
}

/** Names that programs make up begin so, and are not shown. */
const MADE_UP = "_";

/** Sends a message, and returns the exit status. */
export async function runSend(settings: SendSettings, world: World): Promise<number> {
  const text = settings.text === "-" ? await readAll() : settings.text;
  const bytes = utf8Length(text);
  if (text.trim() === "" || bytes > TEXT_BYTES) {
    const why: Notice = { type: "tooLong", bytes };
    console.error(bytes > TEXT_BYTES ? sentenceOf(why) : "there is no text to send, give one");
    return WRONG_USAGE;
  }
  try {
    return tell(await sendText({ ...settings, text }, world), settings, world);
  } catch (error) {
    const status = failWith(error);
    if (settings.json && (error instanceof RefusedError || error instanceof NoServerError)) {
      const { once: ref, to } = settings;
      const failed = { id: undefined, state: "failed", why: error.message } as const;
      printEvent(
        stateEvent(failed, { at: world.wall(), to, status, ...(ref === undefined ? {} : { ref }) }),
      );
    }
    return status;
  }
}

/** Sends a text by the engine, and waits until it has come as far as it should, or the time is over. */
export async function sendText(settings: SendSettings, world: World): Promise<Sent> {
  const { text, timeout, to, wait } = settings;
  // A send that is repeated, because the engine has ended meanwhile, is still one message.
  const once = settings.once ?? `${MADE_UP}${world.random(16).toHex()}`;
  const until = world.now() + timeout * 1000;
  return await withEngine(settings, { until }, world, async (session) => {
    const sent = await session.request("send", { to, text, once }) as Sent;
    if (sent.id === undefined || wait === "queued") return sent;
    return await waitFor(session, sent.id, wait, until - world.now());
  });
}

/** Waits until a message has come so far. */
export async function waitFor(
  session: Session,
  id: string,
  state: MessageState,
  left: number,
): Promise<Sent> {
  const timeout = Math.max(0, Math.round(left));
  return await session.request("wait", { id, state, timeout }) as Sent;
}

/** Says what became of the message, and returns the status. */
export function tell(
  sent: Sent,
  { json, once, quiet, to, wait }: Pick<SendSettings, "json" | "once" | "quiet" | "to" | "wait">,
  world: World,
): number {
  const status = statusOf(sent, wait);
  if (json) {
    printEvent(
      stateEvent(sent, { at: world.wall(), to, status, ...(once === undefined ? {} : { ref: once }) }),
    );
  } else if (!quiet && status === DONE) {
    for (const line of linesOf(sent, to, world)) console.log(line);
  }
  if (status !== DONE && !json) console.error(failureOf(sent, to));
  return status;
}

function linesOf({ id, state }: Sent, to: string | undefined, { utcOffset }: World): readonly string[] {
  if (to === undefined) {
    return state === "sent" ? [`[Message ${id} has left.]`] : render({ type: "posted" }, utcOffset).lines;
  }
  if (state === "delivered") return render({ type: "delivered", to, text: undefined }, utcOffset).lines;
  return state === "stored" ? render({ type: "stored" }, utcOffset).lines : [`[Message ${id} has left.]`];
}

/** The sentence about a message that has not come as far as it should. */
function failureOf({ id, isSilent, state, why }: Sent, to: string | undefined): string {
  if (why !== undefined) return sentenceOf(why);
  const whom = to ?? "the others";
  if (state === "stored") {
    return `the server has message '${id}', ${whom} has not collected it yet: 'wait ${id}' tells of it`;
  }
  const because = isSilent ? "the server does not answer" : "nobody has answered yet";
  return `${because}: message '${id}' to ${whom} waits and leaves at the next start, 'wait ${id}' tells of it`;
}

/** All of standard input as one text, without the end of its last line. */
async function readAll(): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of Deno.stdin.readable) pieces.push(piece);
  const text = new TextDecoder().decode(await new Blob(pieces as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  return text.replace(/\r?\n$/, "");
}
