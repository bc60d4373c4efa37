/**
 * The last message of a sender to a recipient: the next one names it as the one before (docs/protocol.md,
 * section 6). Both sides keep it. The hash of its text is made only when a letter or a record needs it: most
 * messages never become letters.
 */
import type { Primitives } from "../base/crypto.ts";
import { byNick, type Form } from "../durable/durable_map.ts";
import type { SENT, SHOWN } from "../durable/records.ts";
import { NO_HASH, textHash } from "../messages/identity.ts";
import { idOf, type MessageId, type MessageIdParts, NO_MESSAGE, partsOf } from "../messages/message_id.ts";
import type { NickKey } from "../messages/nick.ts";

export class LastMessage {
  readonly prefix: string;
  readonly sequence: number;
  #hash: string | (() => string);

  private constructor({ prefix, sequence }: MessageIdParts, hash: string | (() => string)) {
    this.prefix = prefix;
    this.sequence = sequence;
    this.#hash = hash;
  }

  /** One whose text is gone. */
  static of(id: MessageId, hash: string): LastMessage {
    return new LastMessage(partsOf(id), hash);
  }

  static from(primitives: Primitives, message: MessageIdParts & { readonly text: string }): LastMessage {
    const { text } = message;
    const id = { prefix: message.prefix, sequence: message.sequence };
    return new LastMessage(id, () => textHash(primitives, idOf(id), text));
  }

  get id(): MessageId {
    return idOf(this);
  }

  /** The `textHash` of the message; `NO_HASH` if nobody knows it any more. */
  get hash(): string {
    if (typeof this.#hash !== "string") this.#hash = this.#hash();
    return this.#hash;
  }

  /** True if this is the message with the same prefix and the sequence before. */
  isJustBefore({ prefix, sequence }: MessageIdParts): boolean {
    return this.sequence === sequence - 1 && this.prefix === prefix;
  }
}

/** Stands before the first message. */
export const NO_LAST_MESSAGE: LastMessage = LastMessage.of(NO_MESSAGE, NO_HASH);

/** The form in which the last messages are kept on disk, by nick. */
export function lastMessages(
  kind: typeof SENT | typeof SHOWN,
): Form<NickKey, LastMessage, (typeof SENT)["fields"]> {
  const { nameOf } = byNick(kind);
  return {
    kind,
    nameOf,
    entryOf: (name, { id, hash }) => [decodeURIComponent(name), LastMessage.of(id, hash)],
    recordOf: (last) => last,
  };
}
