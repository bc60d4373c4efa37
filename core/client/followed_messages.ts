/**
 * The messages that scripts have sent, and how far each has come. A script asks by the message's id, in
 * another process if need be, and a send that is repeated under one name is the same message
 * (docs/scripts.md).
 */
import type { Ref } from "../action.ts";
import { FOLLOWED_MESSAGES } from "../base/limits.ts";
import { DurableMap } from "../durable/durable_map.ts";
import type { Effects } from "../durable/effects.ts";
import { OUTCOME } from "../durable/records.ts";
import type { MessageId } from "../messages/message_id.ts";
import type { Nick } from "../messages/nick.ts";
import { type Failure, isFailure, type MessageState } from "../notice.ts";
import type { OutgoingMessage } from "./outbox.ts";

/** How far a message has come. */
export interface FollowedMessage {
  readonly id: MessageId;
  /** The name of the send; empty if it has none. */
  readonly once: string;
  /** The recipient; `undefined` for the channel. */
  readonly to: Nick | undefined;
  readonly state: MessageState;
  readonly failure: Failure | undefined;
}

export class FollowedMessages {
  readonly #effects: Effects;
  readonly #messages: DurableMap<MessageId, FollowedMessage>;
  /** The ids of the messages whose sends have names. */
  readonly #named = new Map<string, MessageId>();

  constructor(effects: Effects) {
    this.#effects = effects;
    this.#messages = new DurableMap(effects, {
      kind: OUTCOME,
      nameOf: (id: MessageId) => id,
      entryOf: (id, { to: [to], failure, ...rest }) => {
        return [id, { ...rest, id, to, failure: isFailure(failure) ? failure : undefined }];
      },
      recordOf: ({ once, to, state, failure }: FollowedMessage) => (
        { once, to: to === undefined ? [] : [to], state, failure: failure ?? "" }
      ),
    });
    for (const { id, once } of this.#messages.values()) if (once !== "") this.#named.set(once, id);
  }

  /** The ids of all messages that are followed or were. */
  get ids(): Iterable<MessageId> {
    return this.#messages.keys();
  }

  of(id: MessageId): FollowedMessage | undefined {
    return this.#messages.get(id);
  }

  /** The message that was sent under this name. */
  named(once: string): FollowedMessage | undefined {
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
  begin(followed: FollowedMessage): void {
    if (followed.once !== "") this.#named.set(followed.once, followed.id);
    if (this.#messages.size >= FOLLOWED_MESSAGES) this.#forgetOldest();
    this.#messages.set(followed.id, followed);
    this.tell(followed);
  }

  /** Notes and tells how far a message has come, if it is followed. */
  note(message: OutgoingMessage, state: MessageState, failure?: Failure): void {
    if (!message.isFollowed) return;
    const known = this.of(message.id);
    // A copy that was under way may be answered once more after that.
    if (known?.state === "delivered") return;
    this.#set(message, known?.once ?? "", state, failure);
  }

  /** Tells that a message has left. It is not durable, so another process tells it again. */
  departed(message: OutgoingMessage): void {
    const known = this.of(message.id);
    if (known?.state === "queued") this.#tell({ ...known, state: "sent" }, message.ref);
  }

  /** Tells how far a message has come, as an answer to the one who asks. */
  tell(followed: FollowedMessage): void {
    this.#tell(followed, undefined);
  }

  #set(message: OutgoingMessage, once: string, state: MessageState, failure: Failure | undefined): void {
    const followed = { id: message.id, once, to: message.to, state, failure };
    this.#messages.set(followed.id, followed);
    this.#tell(followed, message.ref);
  }

  #tell(followed: FollowedMessage, ref: Ref | undefined): void {
    this.#effects.notice({ type: "messageState", ...followed }, ref);
  }

  #forgetOldest(): void {
    const { id, once } = this.#messages.values().next().value!;
    this.#messages.delete(id);
    if (this.#named.get(once) === id) this.#named.delete(once);
  }
}
