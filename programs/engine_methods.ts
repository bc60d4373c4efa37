/**
 * The methods of the engine for a program that is connected to it, by its socket or in the same process
 * (docs/scripts.md). Each connection has its own subscription.
 */
import type { Action } from "../core/action.ts";
import { utf8Length } from "../core/base/bytes.ts";
import { ENGINE_SILENT_MS, HISTORY_PAGE_ENTRIES, ONCE_BYTES } from "../core/base/limits.ts";
import type { Millis } from "../core/base/units.ts";
import { VERSION } from "../core/base/version.ts";
import type { HistoryQuery } from "../core/machine.ts";
import { isNick } from "../core/messages/nick.ts";
import {
  type JournalEvent,
  type JournalPage,
  MESSAGE_STATES,
  type MessageState,
  type Notice,
} from "../core/notice.ts";
import {
  InvalidParams,
  RPC_CODES,
  RpcError,
  type RpcHandlers,
  type RpcParams,
} from "../transport/rpc_connection.ts";
import { type Answer, type Engine, isFinal, type StateNotice } from "./engine.ts";
import { type Peer, Subscription } from "./subscription.ts";

/** The fate of a message, or of the attempt to send it. */
export interface Sent {
  /** `undefined` if it was not even taken into the outbox. */
  readonly id: string | undefined;
  /** The recipient; `undefined` for the channel. */
  readonly to: string | undefined;
  readonly state: MessageState;
  /** The notice that says why it has failed, or was refused. */
  readonly why: Notice | undefined;
  /** True if the server does not answer. */
  readonly isSilent: boolean;
}

export interface Hello {
  readonly version: number;
  readonly kind: Engine["kind"];
  readonly nick: string;
  readonly server: string;
  /** The number of the newest event. */
  readonly cursor: number;
}

/** The actions that a program may hand in as they are, with what is told in answer. */
const ACTIONS = [
  "register",
  "deregister",
  "listPeers",
  "listWays",
  "trust",
  "verify",
  "invite",
  "readHistory",
  "sendDirect",
  "sendChannel",
] as const;

/** Which of two states is further on. */
const RANK: Readonly<Record<MessageState, number>> = {
  queued: 0,
  sent: 1,
  stored: 2,
  delivered: 3,
  failed: 4,
};

/** The methods for one connection, and what is to be done when it has ended. */
export function methodsFor(engine: Engine, peer: Peer): { handlers: RpcHandlers; close: () => void } {
  const subscriptions = new Set<Subscription>();
  let leaveScreen: (() => void) | undefined;

  async function subscribe(params: RpcParams): Promise<{ cursor: number }> {
    const reader = optionalText(params, "as");
    if (reader?.startsWith("_")) throw new InvalidParams("'as' begins with an underscore");
    if (reader !== undefined && taken(engine).has(reader)) {
      throw new RpcError(RPC_CODES.failed, `'${reader}' reads already: a name is for one program at a time`);
    }
    const subscription = new Subscription(engine, peer, reader);
    subscriptions.add(subscription);
    if (reader !== undefined) taken(engine).add(reader);
    return { cursor: await subscription.begin(optionalNumber(params, "since")) };
  }

  const methods = {
    hello: () => hello(engine),
    send: (params: RpcParams) => send(engine, params),
    wait: (params: RpcParams) => wait(engine, params),
    subscribe,
    confirm: async (params: RpcParams) => {
      const number = requiredNumber(params, "seq");
      for (const subscription of subscriptions) await subscription.confirm(number);
    },
    collected: (params: RpcParams) => collected(engine, params),
    inbox: async (params: RpcParams) => eventsOf(await unseen(engine, optionalNumber(params, "after"))),
    ack: async (params: RpcParams) => {
      const id = requiredText(params, "id");
      let event: JournalEvent | undefined;
      for (let page = await unseen(engine); event === undefined && page.events.length > 0;) {
        event = page.events.find((each) => each.id === id);
        page = await unseen(engine, page.events.at(-1)!.number);
      }
      if (event === undefined) {
        throw new RpcError(RPC_CODES.failed, `no message '${id}' is unseen, see 'inbox'`);
      }
      await engine.ask({ type: "confirmEvents", reader: undefined, number: event.number });
      return { seq: event.number };
    },
    act: async (params: RpcParams) => ({ notices: await engine.ask(actionOf(params)) }),
    attach: () => {
      if (leaveScreen !== undefined) return;
      if (engine.kind === "client") {
        throw new RpcError(RPC_CODES.failed, "the client has a screen of its own");
      }
      let missed = 0;
      const unwatch = engine.watch((notice, ref) => {
        // The answer to a request goes to the connection that asked. A state may come long after that.
        const isAnswer = ref !== undefined && notice.type !== "messageState";
        if (isAnswer || notice.type === "settled") return;
        if (missed > 0 && peer.notify("missed", { count: missed })) missed = 0;
        if (missed > 0 || !peer.notify("notice", { notice })) missed++;
      });
      leaveScreen = () => {
        unwatch();
        screensOf.set(engine, (screensOf.get(engine) ?? 1) - 1);
        if (screensOf.get(engine) === 0) engine.act({ type: "attend", isAttended: false });
      };
      screensOf.set(engine, (screensOf.get(engine) ?? 0) + 1);
      // Messages that were kept for the person are shown by every screen, and answer nobody.
      engine.act({ type: "attend", isAttended: true });
    },
    shown: (params: RpcParams) => {
      if (leaveScreen === undefined) throw new RpcError(RPC_CODES.failed, "only a screen shows messages");
      engine.act({ type: "confirmShown", number: requiredNumber(params, "seq") });
    },
    handOver: () => {
      if (engine.kind !== "script" && engine.kind !== "listen") return { gives: false };
      // The answer leaves before the end closes the connection.
      setTimeout(() => engine.end());
      return { gives: true };
    },
  };
  return {
    handlers: { methods },
    close() {
      for (const subscription of subscriptions) {
        subscription.close();
        if (subscription.reader !== undefined) taken(engine).delete(subscription.reader);
      }
      leaveScreen?.();
    },
  };
}

/** The names under which programs read the journal of an engine now. */
const names = new WeakMap<Engine, Set<string>>();
function taken(engine: Engine): Set<string> {
  const set = names.get(engine) ?? new Set();
  names.set(engine, set);
  return set;
}

/** How many terminals an engine has. */
const screensOf = new WeakMap<Engine, number>();

async function hello(engine: Engine): Promise<Hello> {
  const [read] = await engine.ask({ type: "readJournal", after: undefined, reader: undefined });
  const cursor = read?.type === "journalRead" ? read.page.newest : 0;
  return { version: VERSION, kind: engine.kind, nick: engine.nick, server: engine.serverName, cursor };
}

/** Resolves once the message is in the outbox, or refused. */
async function send(engine: Engine, params: RpcParams): Promise<Sent> {
  const once = checkedName(requiredText(params, "once"));
  const text = requiredText(params, "text");
  const to = optionalText(params, "to");
  const queued = Promise.withResolvers<StateNotice>();
  // The action itself is over only when the message is delivered or stored.
  const unwatch = engine.watch((notice) => {
    if (notice.type === "messageState" && notice.once === once) queued.resolve(notice);
  });
  const action: Action = to === undefined
    ? { type: "sendChannel", text, once }
    : { type: "sendDirect", to, text, once };
  const refused = engine.ask(action);
  const first = await Promise.race([queued.promise, refused]);
  unwatch();
  if ("type" in first) return sentAs(engine, first);
  const state = first.find((notice) => notice.type === "messageState");
  return state === undefined ? refusal(engine, first) : sentAs(engine, state);
}

/** Resolves once the message has come as far as `state`, has failed, or the time is over. */
async function wait(engine: Engine, params: RpcParams): Promise<Sent> {
  const id = requiredText(params, "id");
  const state = MESSAGE_STATES.find((each) => each === params["state"]);
  if (state === undefined) throw new InvalidParams(`'state' is not one of ${MESSAGE_STATES.join(", ")}`);
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  let last: StateNotice | undefined;
  const note = (notice: Notice): void => {
    if (notice.type !== "messageState" || notice.id !== id) return;
    // Notices that came meanwhile are newer than the answer to the question.
    if (last === undefined || RANK[notice.state] > RANK[last.state]) last = notice;
    if (RANK[last.state] >= RANK[state] || isFinal(last.state)) resolve();
  };
  const unwatch = engine.watch(note);
  const known = await engine.ask({ type: "followMessage", id });
  known.forEach(note);
  if (last === undefined) {
    unwatch();
    throw new RpcError(RPC_CODES.failed, `nothing is known of the message '${id}'`);
  }
  if (engine.hasSent(id) && RANK[last.state] < RANK.sent) note({ ...last, state: "sent" });
  const timeout = optionalNumber(params, "timeout") ?? Infinity;
  await first(engine, [reached, after(timeout)]).finally(unwatch);
  return sentAs(engine, last);
}

/** Resolves once all mail is here that waited, the server is silent, or the time is over. */
async function collected(engine: Engine, params: RpcParams): Promise<void> {
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  const note = (): void => {
    if (engine.hasReadMail) resolve();
  };
  const unwatch = engine.watch(note);
  note();
  const timeout = requiredNumber(params, "timeout");
  await first(engine, [reached, after(timeout)]).finally(unwatch);
}

/** Resolves with the first of these, or when the server is silent; rejects when the engine has ended. */
async function first(engine: Engine, ways: readonly Promise<void>[]): Promise<void> {
  let isOver = false;
  const silent = untilSilent(engine, () => isOver);
  await Promise.race([...ways, silent, untilEnd(engine)]).finally(() => isOver = true);
}

/**
 * Resolves once the server has been silent for some time: nothing more comes for now. A process that did not
 * run for a while takes its server for silent, until it has read what came meanwhile.
 */
async function untilSilent(engine: Engine, isOver: () => boolean): Promise<void> {
  for (let was = false; !isOver(); was = engine.isSilent) {
    await after(ENGINE_SILENT_MS);
    if (was && engine.isSilent) return;
  }
}

/** Rejects when the engine has ended: whoever asks has to ask another one. */
async function untilEnd(engine: Engine): Promise<never> {
  await engine.ended.catch(() => {});
  throw new RpcError(RPC_CODES.closed, "the engine has ended");
}

/** A timer that holds up nobody. */
function after(delay: Millis): Promise<void> {
  if (delay === Infinity) return new Promise(() => {});
  return new Promise((resolve) => Deno.unrefTimer(setTimeout(resolve, delay)));
}

function sentAs(engine: Engine, { failure, id, state, to }: StateNotice): Sent {
  const why: Notice | undefined = failure === undefined ? undefined : { type: "failed", to, failure };
  return { id, to, state, why, isSilent: engine.isSilent };
}

/** A message that did not get into the outbox. */
function refusal(engine: Engine, notices: Answer): Sent {
  return { id: undefined, to: undefined, state: "failed", why: notices.at(-1), isSilent: engine.isSilent };
}

/** The events that the person has not seen, a page at a time: the first page, or the one behind an event. */
async function unseen(engine: Engine, after?: number): Promise<JournalPage> {
  const [read] = await engine.ask({ type: "readJournal", after, reader: undefined });
  return read?.type === "journalRead" ? read.page : { events: [], missed: 0, newest: 0 };
}

function eventsOf({ events, missed }: JournalPage): { events: readonly JournalEvent[]; missed: number } {
  return { events, missed };
}

// ---- parameters ------------------------------------------------------------------------------------------

function actionOf(params: RpcParams): Action {
  const type = ACTIONS.find((each) => each === params["type"]);
  if (type === undefined) throw new InvalidParams(`'type' is not one of ${ACTIONS.join(", ")}`);
  switch (type) {
    case "listPeers":
    case "listWays":
    case "invite":
      return { type };
    case "readHistory":
      return { type, query: queryOf(params["query"]) };
    case "sendChannel":
      return { type, text: requiredText(params, "text"), ...nameIn(params) };
    case "sendDirect":
      return { type, to: requiredText(params, "to"), text: requiredText(params, "text"), ...nameIn(params) };
    case "verify":
      return { type, nick: nickOf(params), digits: optionalText(params, "digits") };
    case "register":
    case "deregister":
    case "trust":
      return { type, nick: nickOf(params) };
  }
}

/** The name of a send, if it has one. */
function nameIn(params: RpcParams): { readonly once?: string } {
  const once = optionalText(params, "once");
  return once === undefined ? {} : { once: checkedName(once) };
}

function checkedName(once: string): string {
  if (utf8Length(once) > ONCE_BYTES) throw new InvalidParams(`'once' is longer than ${ONCE_BYTES} bytes`);
  return once;
}

/** A field that is left out of a query is not asked for. */
function queryOf(query: unknown): HistoryQuery {
  if (typeof query !== "object" || query === null) throw new InvalidParams("'query' is not an object");
  const params: RpcParams = { ...query };
  return {
    peer: params["peer"] === null ? null : optionalText(params, "peer"),
    words: optionalText(params, "words"),
    from: optionalText(params, "from"),
    before: optionalNumber(params, "before"),
    below: optionalNumber(params, "below"),
    above: optionalNumber(params, "above"),
    count: optionalNumber(params, "count") ?? HISTORY_PAGE_ENTRIES,
    shownOnly: params["shownOnly"] === true,
  };
}

function nickOf(params: RpcParams): string {
  const nick = requiredText(params, "nick");
  if (!isNick(nick)) throw new InvalidParams("'nick' is not a nick");
  return nick;
}

function requiredText(params: RpcParams, name: string): string {
  const value = params[name];
  if (typeof value !== "string") throw new InvalidParams(`'${name}' is not a text`);
  return value;
}

function optionalText(params: RpcParams, name: string): string | undefined {
  return params[name] === undefined ? undefined : requiredText(params, name);
}

function requiredNumber(params: RpcParams, name: string): number {
  const value = params[name];
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new InvalidParams(`'${name}' is not a whole number from 0`);
  }
  return value;
}

function optionalNumber(params: RpcParams, name: string): number | undefined {
  return params[name] === undefined ? undefined : requiredNumber(params, name);
}
