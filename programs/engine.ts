/**
 * The engine: the client of one nick without a screen. A terminal, scripts and other programs use it at the
 * same time, from this process or by its socket (`engine_methods.ts`).
 */
import type { Action, Ref } from "../core/action.ts";
import { ExpectedError } from "../core/base/expected_error.ts";
import type { Nick } from "../core/messages/nick.ts";
import type { MessageState, Notice } from "../core/notice.ts";
import type { Driver } from "../transport/driver.ts";
import type { OpenedClient } from "./opening.ts";
import type { World } from "./world.ts";

/**
 * The one who has started the engine: a script that passes by (its engine only sends), one that listens,
 * `daemon` or `client`. Those of scripts give way to the others.
 */
export type EngineKind = "script" | "listen" | "daemon" | "client";

export type StateNotice = Extract<Notice, { type: "messageState" }>;

/** Somebody who is told everything. */
export type Watcher = (notice: Notice, ref: Ref | undefined) => void;

/** The notices that an action has led to, until it was over. */
export type Answer = readonly Notice[];

/** Messages that have left are noted as `sent` here alone: so many, which wait for nothing else. */
const SENT_NOTES = 10_000;

/** Standard output does not take the lines that are to be shown. */
export class OutputError extends ExpectedError {
  override readonly name = "OutputError";
}

export class Engine {
  readonly kind: EngineKind;
  readonly nick: Nick;
  /** The server as the user wrote it, HOST:PORT. */
  readonly serverName: string;
  readonly world: World;
  /** Resolves with the status when the client has ended and everything is closed. */
  readonly ended: Promise<number>;
  readonly #driver: Driver;
  readonly #watchers = new Set<Watcher>();
  /** The notices in answer to actions that are not over. */
  readonly #answers = new Map<Ref, { notices: Notice[]; resolve: (answer: Answer) => void }>();
  /** Messages of scripts that have left. */
  readonly #sent = new Set<string>();
  #lastRef = 0;
  #isSilent = false;
  #refusal: Notice | undefined;
  #hasReadMail = false;
  #isEnding = false;
  #closeSocket: () => Promise<void> = () => Promise.resolve();

  constructor(
    opened: OpenedClient,
    about: { readonly kind: EngineKind; readonly serverName: string },
    world: World,
  ) {
    this.kind = about.kind;
    this.nick = opened.nick;
    this.serverName = about.serverName;
    this.world = world;
    this.#driver = opened.run((notice, ref) => this.#tell(notice, ref));
    const ended = this.#driver.ended.catch(async (error) => {
      if (error instanceof OutputError) await opened.sayLeaving();
      throw error;
    });
    this.ended = ended.finally(async () => {
      // The process that serves the socket holds the lock, or the next one would find it taken.
      await this.#closeSocket();
      opened.close();
      for (const { notices, resolve } of this.#answers.values()) resolve(notices);
    });
    // A caller that awaits `ended` learns of an error; nothing is wrong if another one does not await it.
    this.ended.catch(() => {});
    this.#driver.act({ type: "register", nick: this.nick });
  }

  /** True while the server does not answer. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** Why the server does not take the client, if it does not. */
  get refusal(): Notice | undefined {
    return this.#refusal;
  }

  /** True if the mail is here that has waited at the server. */
  get hasReadMail(): boolean {
    return this.#hasReadMail;
  }

  /** Hands in an action, whatever becomes of it. The watchers are told its name with what answers it. */
  act(action: Action, ref?: Ref): void {
    this.#driver.act(action, ref);
  }

  /** Hands in an action, and resolves with what was told in answer to it, once it is over. */
  ask(action: Action): Promise<Answer> {
    const ref = `${++this.#lastRef}`;
    return new Promise((resolve) => {
      this.#answers.set(ref, { notices: [], resolve });
      this.#driver.act(action, ref);
    });
  }

  /** Tells the watcher everything from now on, until the function that it returns is called. */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** True if a script's message has left, as far as this process knows. */
  hasSent(id: string): boolean {
    return this.#sent.has(id);
  }

  /** The engine has a socket, which is closed in this way before anything else is. */
  serves(close: () => Promise<void>): void {
    this.#closeSocket = close;
  }

  /** Ends the client at once. Messages that wait are in the outbox. */
  end(): void {
    if (!this.#isEnding) this.#driver.act({ type: "leave" });
    this.#isEnding = true;
  }

  #tell(notice: Notice, ref: Ref | undefined): void {
    if (notice.type === "serverSilent" || notice.type === "noServer") this.#isSilent = true;
    if (notice.type === "serverBack" || notice.type === "registered") this.#isSilent = false;
    if (notice.type === "mailRead") this.#hasReadMail = true;
    if (REFUSALS.has(notice.type)) this.#refusal = notice;
    if (notice.type === "messageState") this.#noteState(notice);
    const asked = ref === undefined ? undefined : this.#answers.get(ref);
    if (notice.type === "settled") {
      this.#answers.delete(ref ?? "");
      asked?.resolve(asked.notices);
    } else asked?.notices.push(notice);
    for (const watcher of [...this.#watchers]) watcher(notice, ref);
  }

  #noteState({ id, state }: StateNotice): void {
    if (state === "sent") this.#sent.add(id);
    else if (isFinal(state)) this.#sent.delete(id);
    const [oldest] = this.#sent;
    if (this.#sent.size > SENT_NOTES) this.#sent.delete(oldest!);
  }
}

/** The server, or whoever is in its place, does not take the client. */
const REFUSALS: ReadonlySet<Notice["type"]> = new Set<Notice["type"]>([
  "nickOfAnotherKey",
  "identityEnded",
  "nicksExhausted",
  "nickOnline",
  "otherVersions",
  "serverKeyChanged",
  "replaced",
]);

/** True if a message gets no further. */
export function isFinal(state: MessageState): boolean {
  return state === "delivered" || state === "failed";
}
