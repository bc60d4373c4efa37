/**
 * The messages that the user has sent in conversations. Each has a sign at the begin of its line that says
 * how far it has come. It is pure: it says what is to be shown.
 */
import type { Nick } from "../core/messages/nick.ts";
import type { MessageState, Notice } from "../core/notice.ts";
import type { Said } from "./reading.ts";

/** A sign for each state, one column wide. */
export const SIGNS: Readonly<Record<MessageState, string>> = {
  queued: "·",
  sent: "·",
  stored: ">",
  delivered: "✓",
  failed: "!",
};

/** Nobody looks for the states of more messages than that; of older ones lines tell again. */
const LIMIT_MESSAGES = 500;

type StateNotice = Extract<Notice, { type: "messageState" }>;

interface OwnMessage {
  readonly said: Said;
  /** The state; `undefined` before the client has taken the message. */
  state: MessageState | undefined;
}

/** The news of a message, as they are to be shown. */
export interface Shown {
  readonly sign: string;
  /** It says the same where the message's line is out of sight; `undefined` for what is no news. */
  readonly correction: Notice | undefined;
  /** The words that a sign cannot say. */
  readonly reason: Notice | undefined;
}

/** The notices that a sign takes the place of. */
const RECEIPTS: ReadonlySet<Notice["type"]> = new Set<Notice["type"]>([
  "delivered",
  "unanswered",
  "stored",
  "posted",
  "collected",
  "failed",
]);

export class OwnMessages {
  /** By the names under which they were sent, the oldest first. */
  readonly #messages = new Map<string, OwnMessage>();

  /** True if a message was sent under this name. */
  has(name: string | undefined): boolean {
    return name !== undefined && this.#messages.has(name);
  }

  begin(name: string, said: Said): void {
    this.#messages.set(name, { said, state: undefined });
    if (this.#messages.size > LIMIT_MESSAGES) this.#messages.delete(this.#messages.keys().next().value!);
  }

  /** A message has come so far. Returns `undefined` if there is nothing to show. */
  note({ once, state, failure }: StateNotice): Shown | undefined {
    const message = this.#messages.get(once);
    if (message === undefined || message.state === state) return undefined;
    const { said: { to, text }, state: before } = message;
    message.state = state;
    if (state === "delivered" || state === "failed") this.#messages.delete(once);
    const sign = SIGNS[state];
    if (state === "failed") {
      const reason = failure === undefined ? undefined : { type: "failed", to, failure } as const;
      return { sign, correction: undefined, reason };
    }
    if (before !== undefined && SIGNS[before] === sign) return undefined;
    return { sign, correction: correctionOf(state, to, text), reason: undefined };
  }

  /** The client is done with a message for now. Returns the sign for one that it has not taken. */
  settled(name: string): string | undefined {
    if (this.#messages.get(name)?.state !== undefined || !this.#messages.delete(name)) return undefined;
    return SIGNS.failed;
  }

  /** True if a sign says what this notice says, which answers the message of that name. */
  covers(notice: Notice, name: string): boolean {
    return RECEIPTS.has(notice.type) || notice.type === "unknownPeer" && !this.has(name);
  }
}

function correctionOf(state: MessageState, to: Nick | undefined, text: string): Notice | undefined {
  if (state === "delivered" && to !== undefined) return { type: "delivered", to, text };
  if (state === "stored") return to === undefined ? { type: "posted" } : { type: "stored" };
  return undefined;
}
