/**
 * Messages as they come, for a program: printed, or handed to a command one at a time. With a name it goes on
 * where it has stopped, and what it has not dealt with comes again.
 */
import { LISTEN_AGAIN_FIRST_MS, LISTEN_AGAIN_MOST_MS, LISTEN_QUEUE } from "../core/base/limits.ts";
import { jsonLine } from "../core/base/json_line.ts";
import type { JournalEvent, Notice } from "../core/notice.ts";
import { render } from "../core/notice.ts";
import type { StateNotice } from "./engine.ts";
import { type Event, helloEvent, messageEvent, missedEvent, newsEvent, stateEvent } from "./events.ts";
import { mayRun, runHook } from "./hook.ts";
import type { Session } from "./running_engine.ts";
import { openSession } from "./session.ts";
import { failWith, NoServerError, RefusedError, type ScriptSettings } from "./with_engine.ts";
import { DONE, FAILED, type World } from "./world.ts";

export interface ListenSettings extends ScriptSettings {
  /** The name under which the program's place is kept, if it is to be. */
  readonly as: string | undefined;
  /** The event behind which a program begins that has no place yet. */
  readonly since: number | undefined;
  /** A command that gets each message. */
  readonly exec: string | undefined;
  /** How often a command may fail for a message before that one is passed over; 0 for no end. */
  readonly giveUp: number;
}

/** Lines that are to be written, and the event to confirm after that. */
interface Item {
  readonly event: Event;
  readonly message?: JournalEvent;
}

/** Listens until a signal comes, or nobody reads. Returns the exit status. */
export async function runListen(settings: ListenSettings, world: World): Promise<number> {
  try {
    if (settings.exec !== undefined) mayRun();
    return await new Listener(settings, world).run();
  } catch (error) {
    return failWith(error);
  }
}

class Listener {
  readonly #settings: ListenSettings;
  readonly #world: World;
  readonly #items: Item[] = [];
  #wake = () => {};
  /** The last message that was dealt with. */
  #done: number | undefined;
  /** News that found no room. */
  #missed = 0;
  #session: Session | undefined;
  #isOver = false;

  constructor(settings: ListenSettings, world: World) {
    this.#settings = settings;
    this.#world = world;
  }

  async run(): Promise<number> {
    const over = Promise.withResolvers<number>();
    const end = (status: number): void => {
      this.#isOver = true;
      this.#wake();
      over.resolve(status);
    };
    this.#world.onEndingSignal(() => end(DONE));
    this.#work().then(() => end(FAILED), over.reject);
    this.#stayConnected().catch(over.reject);
    const status = await over.promise;
    await this.#session?.close();
    return status;
  }

  /** Subscribes, again with each engine that takes over from the one before. */
  async #stayConnected(): Promise<void> {
    const { as, client, json, knownOnly, since } = this.#settings;
    for (let isAgain = false; !this.#isOver; isAgain = true) {
      const notified = (method: string, params: Readonly<Record<string, unknown>>) =>
        this.#take(method, params);
      const session = await openSession(
        { settings: client, kind: "listen", knownOnly, notified },
        this.#world,
        isAgain,
      );
      if (session === undefined) throw new NoServerError("no server");
      this.#session = session;
      if (json && !isAgain) this.#put({ event: helloEvent(session.hello) });
      await session.request("subscribe", { as, since: this.#done ?? since });
      await session.closed;
      if (session.refusal !== undefined) throw new RefusedError(session.refusal);
      await session.close();
    }
  }

  #take(method: string, params: Readonly<Record<string, unknown>>): void {
    const { json, as } = this.#settings;
    const now = this.#world.wall();
    const nick = this.#session!.hello.nick;
    if (method === "event") {
      const message = params["event"] as JournalEvent;
      // One with a name is told a page at a time, so its queue is short.
      if (as === undefined && this.#items.length >= LISTEN_QUEUE) this.#missed++;
      else this.#put({ event: messageEvent(message, nick), message });
    } else if (method === "missed") this.#put({ event: missedEvent(Number(params["count"])) });
    else if (!json || this.#items.length >= LISTEN_QUEUE) return;
    else if (method === "news") this.#put({ event: newsEvent(params["notice"] as Notice, now) });
    else if (method === "state") {
      const { failure, id, once, state, to } = params as unknown as StateNotice;
      const why: Notice | undefined = failure === undefined ? undefined : { type: "failed", to, failure };
      const ref = once === "" || once.startsWith("_") ? {} : { ref: once };
      this.#put({ event: stateEvent({ id, state, why }, { at: now, to, ...ref }) });
    }
  }

  #put(item: Item): void {
    if (this.#missed > 0 && this.#items.length < LISTEN_QUEUE) {
      this.#items.push({ event: missedEvent(this.#missed) });
      this.#missed = 0;
    }
    this.#items.push(item);
    this.#wake();
  }

  /** Deals with what comes, one after the other. Returns when nobody reads any more. */
  async #work(): Promise<void> {
    while (!this.#isOver) {
      const item = this.#items.shift();
      if (item === undefined) {
        await new Promise<void>((resolve) => this.#wake = resolve);
        continue;
      }
      const number = item.message?.number;
      // A message that two engines have told is dealt with once.
      const isKnown = number !== undefined && this.#done !== undefined && number <= this.#done;
      if (!isKnown && !await this.#deal(item)) return;
      if (number === undefined) continue;
      if (!isKnown) this.#done = number;
      // An engine that ends meanwhile tells the message again.
      if (this.#settings.as !== undefined) {
        await this.#session?.request("confirm", { seq: this.#done }).catch(() => {});
      }
    }
  }

  /** Returns false if nobody reads what is printed, or the command has not taken the message. */
  async #deal({ event, message }: Item): Promise<boolean> {
    const { exec, json } = this.#settings;
    if (exec !== undefined) return message === undefined || await this.#hand(event, exec);
    const lines = json ? [jsonLine(event)] : message === undefined ? [] : this.#linesOf(message);
    return await write(lines.map((line) => `${line}\n`).join(""));
  }

  #linesOf(message: JournalEvent): readonly string[] {
    const type = message.channel ? "channelReceived" : "directReceived";
    return render({ type, message }, this.#world.utcOffset).lines;
  }

  /** Hands a message to the command until it has taken it. Returns false if the listener ends before that. */
  async #hand(event: Event, command: string): Promise<boolean> {
    const { giveUp, json } = this.#settings;
    let delay = LISTEN_AGAIN_FIRST_MS;
    for (let failures = 0; !this.#isOver; delay = Math.min(2 * delay, LISTEN_AGAIN_MOST_MS)) {
      const status = await runHook(command, event);
      if (status === 0) return true;
      failures++;
      const isGivenUp = giveUp > 0 && failures >= giveUp;
      const blocked = { type: "blocked", id: event["id"], status, failures, givenUp: isGivenUp };
      const next = isGivenUp ? "which is passed over" : `it is run again in ${delay / 1000} s`;
      if (json) await write(`${jsonLine(blocked)}\n`);
      else console.error(`the command ended with status ${status} for message '${event["id"]}', ${next}`);
      if (isGivenUp) return true;
      await this.#world.after(delay);
    }
    return false;
  }
}

/** Writes text to standard output. Returns false if nobody reads it. */
async function write(text: string): Promise<boolean> {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
    return true;
  } catch {
    return false;
  }
}
