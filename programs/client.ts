/** The client: an engine with the prompt of its user. Beside a daemon of its nick it is a screen of that. */
import type { Commands } from "../commands/_registry.ts";
import type { Action, Ref } from "../core/action.ts";
import { ExpectedError } from "../core/base/expected_error.ts";
import { ENGINE_WAIT_AGAIN_MS, ENGINE_WAIT_MS, READ_AHEAD_MS } from "../core/base/limits.ts";
import { NEWEST } from "../core/history.ts";
import type { Notice } from "../core/notice.ts";
import { openTypedLines } from "../storage/typed_lines.ts";
import { StoreError } from "../storage/store_error.ts";
import { Input } from "../terminal/input.ts";
import { isInteractive } from "../terminal/terminal.ts";
import { type Look, lookAction, lookUpFor, pageIn } from "./history.ts";
import { FullScreen } from "./full_screen.ts";
import { type ClientSettings, findPlace, openClient, type OpenedClient, type Place } from "./opening.ts";
import { OutputError } from "./engine.ts";
import { type ServedEngine, serveEngine } from "./own_engine.ts";
import { type Hand, type InputSettings, Prompt, type PromptSettings, type ViewSettings } from "./prompt.ts";
import { onlySends } from "./reading.ts";
import { answersTo, connect, giveWay, type Session } from "./running_engine.ts";
import { DONE, FAILED, type World } from "./world.ts";

/** A full screen is asked for where there cannot be one. */
class ScreenError extends ExpectedError {
  override readonly name = "ScreenError";
}

/** Runs a client. Returns the exit status, or throws an `ExpectedError` if it cannot start or go on. */
export async function runClient(
  settings: ClientSettings,
  view: ViewSettings,
  commands: Commands,
  world: World,
): Promise<number> {
  if (view.isFull && !isInteractive()) {
    throw new ScreenError("'--tui' needs a terminal that can place its cursor, leave it out here");
  }
  const place = await findPlace(settings, world);
  if (place === undefined) return FAILED;
  const source = await openInput(view, commands, world);
  const screen: ShownNotices = { notified: () => {} };
  const found = await openOrAttach(settings, place, source, screen, world);
  const typed = openTypedLines(settings.history && place.folder, settings.identity);
  const nick = "request" in found ? found.hello.nick : found.nick;
  const prompting = { commands, nick, source, typed, view, world };
  if ("request" in found) return await runScreen(found, screen, settings, prompting);
  const about = { kind: source.sendsOnly ? "script" : "client", serverName: place.serverName } as const;
  const served = await serveEngine(found, about, world);
  return await runPrompt(served, settings, prompting);
}

/** The notices of an engine to its screen, which is there only after the first of them. */
interface ShownNotices {
  notified(method: string, params: Readonly<Record<string, unknown>>): void;
}

type Source = InputSettings & { readonly sendsOnly: boolean };

/**
 * Opens the input, unless the user is at a terminal that is painted on. A script is read before the client
 * registers, because one that only sends is to come online for nobody.
 */
async function openInput({ isPlain }: ViewSettings, commands: Commands, world: World): Promise<Source> {
  const isAttended = Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
  if (isInteractive() && !isPlain) return { input: undefined, isAttended, sendsOnly: false };
  const input = new Input(Deno.stdin.readable.getReader());
  if (Deno.stdin.isTerminal()) return { input, isAttended, sendsOnly: false };
  const whole = await input.readAhead(world.after(READ_AHEAD_MS));
  return { input, isAttended, sendsOnly: whole !== undefined && onlySends(commands, whole) };
}

/** Opens what the user types into and reads: the full screen, or the prompt. */
function openSide(serverName: string, prompting: PromptSettings, hand: Hand): Prompt | FullScreen {
  return prompting.view.isFull ? new FullScreen(prompting, serverName, hand) : new Prompt(prompting, hand);
}

/**
 * Opens the client, or finds the daemon that holds its state. The engine of a script gives way. Throws a
 * `StoreError` if another client holds the state.
 */
async function openOrAttach(
  settings: ClientSettings,
  place: Place,
  { isAttended, sendsOnly }: Source,
  screen: ShownNotices,
  world: World,
): Promise<OpenedClient | Session> {
  const manner = {
    attempts: settings.attempts,
    interactive: isAttended,
    sendsOnly,
    isAttended,
    recalls: settings.recalls,
  };
  const until = world.now() + ENGINE_WAIT_MS;
  for (;;) {
    try {
      return await openClient(settings, place, manner, world);
    } catch (error) {
      if (!(error instanceof StoreError && error.isInUse) || place.folder === undefined) throw error;
      const running = await connect(place.folder, (method, params) => screen.notified(method, params));
      if (running?.hello.kind === "daemon") return running;
      const gives = running !== undefined && await giveWay(running);
      if (running !== undefined && !gives) {
        await running.close();
        throw error;
      }
      if (world.now() >= until) throw error;
      await world.after(ENGINE_WAIT_AGAIN_MS);
    }
  }
}

/** Runs the prompt of an engine in this process. */
async function runPrompt(
  { connections, ended, engine, trouble }: ServedEngine,
  settings: ClientSettings,
  prompting: PromptSettings,
): Promise<number> {
  const { world } = prompting;
  const log = settings.log === undefined ? undefined : world.openLog({ file: settings.log });
  let isLeaving = false;

  const look: Look = async (query) => pageIn(await engine.ask(lookAction(query)));

  function hand(action: Action, ref?: Ref): void {
    const isEnd = action.type === "quit" || action.type === "leave";
    if (isEnd && connections.size > 0) void leaveToOthers(action);
    else if (action.type === "readHistory") {
      void lookUpFor(
        (notice) => prompt.show(notice, ref),
        (line) => prompt.say(line),
        look,
        action.query,
      );
    } else engine.act(action, ref);
  }

  /** The user has gone, and other programs still use the engine. */
  async function leaveToOthers(action: Action): Promise<void> {
    if (isLeaving) return;
    isLeaving = true;
    const { size } = connections;
    prompt.say(
      `[${size} other ${size === 1 ? "program uses" : "programs use"} this client: it ends with them.]`,
    );
    prompt.close();
    engine.act({ type: "attend", isAttended: false });
    for (let each; ([each] = connections, each) !== undefined;) await each.closed;
    engine.act(action);
  }

  engine.watch((notice, ref) => {
    if (notice.type !== "settled" && notice.type !== "waysListed") log?.(notice.type);
    // Answers to the requests of others are not for this screen.
    if (ref !== undefined && !prompt.isOwn(ref) || isLeaving) return;
    prompt.show(notice, ref);
    // The next commit says that the message was shown. If it was not, that commit must not come.
    if (prompt.isBroken) {
      throw new OutputError("cannot write to standard output: nobody reads it, or it has no room");
    }
  });
  const prompt = openSide(engine.serverName, prompting, hand);
  prompt.awaits();
  if (trouble !== undefined) prompt.say(`[Other programs cannot use this client: ${trouble}]`);
  world.onEndingSignal(() => engine.end());
  try {
    const status = await ended;
    return status === DONE && prompt.hasFailed ? FAILED : status;
  } finally {
    prompt.close();
  }
}

/** Messages that stand on the screen once they were shown. */
function isMessage(
  notice: Notice,
): notice is Extract<Notice, { type: "channelReceived" | "directReceived" }> {
  return notice.type === "channelReceived" || notice.type === "directReceived";
}

/** Runs the prompt of an engine in another process. To quit leaves only the screen. */
async function runScreen(
  session: Session,
  screen: ShownNotices,
  settings: ClientSettings,
  prompting: PromptSettings,
): Promise<number> {
  const { world } = prompting;
  const { promise: left, resolve: leave } = Promise.withResolvers<void>();
  const asked = new Set<Promise<void>>();
  /** The last message on the screen, and the confirmation that is under way. */
  let shown = 0;
  let confirming: Promise<void> | undefined;

  function show(notice: Notice, ref?: Ref): void {
    prompt.show(notice, ref);
    if (prompt.isBroken) return leave();
    if (isMessage(notice)) {
      shown = Math.max(shown, notice.message.number);
      confirming ??= confirm().catch(() => {}).finally(() => confirming = undefined);
    }
  }

  /** Tells the engine what stands on the screen. It counts as unseen until then. */
  async function confirm(): Promise<void> {
    for (let told = 0; told < shown;) {
      const seq = shown;
      await session.request("shown", { seq });
      told = seq;
    }
  }

  const say = (line: string) => prompt.say(line);
  const look: Look = async (query) => pageIn(await answersTo(session, lookAction(query)));

  async function ask(action: Action, ref: Ref | undefined): Promise<void> {
    for (const notice of await answersTo(session, action)) show(notice, ref);
    show({ type: "settled" }, ref);
  }

  function hand(action: Action, ref?: Ref): void {
    if (action.type === "quit" || action.type === "leave") return leave();
    if (action.type === "finish") return void Promise.allSettled(asked).then(() => leave());
    if (action.type === "stay") return;
    const answer =
      (action.type === "readHistory"
        ? lookUpFor((notice) => show(notice, ref), say, look, action.query)
        : ask(action, ref)).catch(() => {});
    asked.add(answer);
    answer.finally(() => asked.delete(answer));
  }

  const prompt = openSide(session.hello.server, prompting, hand);
  screen.notified = (method, params) => {
    if (method === "notice") show(params["notice"] as Notice);
    if (method === "missed") prompt.say(`[${params["count"]} lines came too fast to be shown here.]`);
  };
  world.onEndingSignal(() => leave());
  prompt.say(`[This is a screen of the daemon of ${session.hello.nick}: 'quit' leaves that running.]`);
  if (settings.recalls > 0) {
    const query = { ...NEWEST, count: settings.recalls, shownOnly: true };
    const page = await look(query);
    if (page !== undefined) show({ type: "historyRead", query, page });
  }
  await session.request("attach");
  for (const notice of await answersTo(session, { type: "listPeers" })) {
    if (notice.type === "peersListed") prompt.meet(notice);
  }
  const isGone = await Promise.race([left.then(() => false), session.closed.then(() => true)]);
  if (isGone) prompt.say(`[The daemon of ${session.hello.nick} has ended.]`);
  else show({ type: "exiting" });
  prompt.close();
  await confirming;
  await session.close();
  return isGone || prompt.hasFailed ? FAILED : DONE;
}
