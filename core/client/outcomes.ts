/**
 * What became of the messages that scripts have sent: a script asks for it by the message's id, in another
 * process if need be, and a send that is repeated under one name is the same message (docs/scripts.md).
 */
import type { Ref } from "../action.ts";
import { OUTCOMES } from "../base/limits.ts";
import { DurableMap } from "../durable/durable_map.ts";
import type { Effects } from "../durable/effects.ts";
import { OUTCOME } from "../durable/records.ts";
import type { MessageId } from "../messages/message_id.ts";
import type { Nick } from "../messages/nick.ts";
import { type Failure, isFailure, type MessageState } from "../notice.ts";
import type { OutgoingMessage } from "./outbox.ts";

/** How far a message has come. */
export interface Outcome {
  readonly id: MessageId;
  /** The name of the send; empty if it has none. */
  readonly once: string;
  /** The recipient; `undefined` for the channel. */
  readonly to: Nick | undefined;
  readonly state: MessageState;
  readonly failure: Failure | undefined;
}

export class Outcomes {
  readonly #effects: Effects;
  readonly #outcomes: DurableMap<MessageId, Outcome>;
  /** The ids of the messages whose sends have names. */
  readonly #named = new Map<string, MessageId>();

  constructor(effects: Effects) {
    this.#effects = effects;
    this.#outcomes = new DurableMap(effects, {
      kind: OUTCOME,
      nameOf: (id: MessageId) => id,
      entryOf: (id, { to: [to], failure, ...rest }) => {
        return [id, { ...rest, id, to, failure: isFailure(failure) ? failure : undefined }];
      },
      recordOf: ({ once, to, state, failure }: Outcome) => (
        { once, to: to === undefined ? [] : [to], state, failure: failure ?? "" }
      ),
    });
    for (const { id, once } of this.#outcomes.values()) if (once !== "") this.#named.set(once, id);
  }

  /** The ids of all messages that are followed or were. */
  get ids(): Iterable<MessageId> {
    return this.#outcomes.keys();
  }

  of(id: MessageId): Outcome | undefined {
    return this.#outcomes.get(id);
  }

  /** The message that was sent under this name. */
  named(once: string): Outcome | undefined {
    const id = this.#named.get(once);
    return id === undefined ? undefined : this.of(id);
  }

  /** Follows a message from now on. It is durable in the commit that saves the message. */
  follow(message: OutgoingMessage, once: string): void {
    message.isFollowed = true;
    const { id, to } = message;
    this.begin({ id, once, to, state: message.stored ? "stored" : "queued", failure: undefined });
  }

  /** Notes a new message. */
  begin(outcome: Outcome): void {
    if (outcome.once !== "") this.#named.set(outcome.once, outcome.id);
    if (this.#outcomes.size >= OUTCOMES) this.#forgetOldest();
    this.#outcomes.set(outcome.id, outcome);
    this.tell(outcome);
  }

  /** Notes and tells how far a message has come, if it is followed. */
  note(message: OutgoingMessage, state: MessageState, failure?: Failure): void {
    if (!message.isFollowed) return;
    const known = this.of(message.id);
    // A copy that was under way may be answered once more after that.
    if (known?.state === "delivered") return;
    this.#set(message, known?.once ?? "", state, failure);
  }

  /** Tells that a message has left. That is not durable, and another process tells it again. */
  departed(message: OutgoingMessage): void {
    const known = this.of(message.id);
    if (known?.state === "queued") this.#tell({ ...known, state: "sent" }, message.ref);
  }

  /** Tells how far a message has come, as an answer to whoever asks. */
  tell(outcome: Outcome): void {
    this.#tell(outcome, undefined);
  }

  #set(message: OutgoingMessage, once: string, state: MessageState, failure: Failure | undefined): void {
    const outcome = { id: message.id, once, to: message.to, state, failure };
    this.#outcomes.set(outcome.id, outcome);
    this.#tell(outcome, message.ref);
  }

  #tell(outcome: Outcome, ref: Ref | undefined): void {
    this.#effects.notice({ type: "messageState", ...outcome }, ref);
  }

  #forgetOldest(): void {
    const { id, once } = this.#outcomes.values().next().value!;
    this.#outcomes.delete(id);
    if (this.#named.get(once) === id) this.#named.delete(once);
  }
}
