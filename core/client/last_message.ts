/**
 * The last message of a sender to a recipient: the next one names it as the one before (docs/protocol.md,
 * section 6). Both sides keep it. The hash of its text is made only when a letter or a record needs it: most
 * messages never become letters.
 */
import type { Primitives } from "../base/crypto.ts";
import type { Form } from "../durable/durable_map.ts";
import { nameFor, type SENT, type SHOWN } from "../durable/records.ts";
import { NO_HASH, textHash } from "../messages/identity.ts";
import { idOf, type MessageId, type MessageIdParts, NO_MESSAGE, partsOf } from "../messages/message_id.ts";
import type { NickKey } from "../messages/nick.ts";

export class LastMessage {
  readonly prefix: string;
  readonly sequence: number;
  /** The text, until it is hashed. */
  #text: string | undefined;
  #hash: string;

  private constructor({ prefix, sequence }: MessageIdParts, text: string | undefined, hash: string) {
    this.prefix = prefix;
    this.sequence = sequence;
    this.#text = text;
    this.#hash = hash;
  }

  /** One whose text is gone. */
  static of(id: MessageId, hash: string): LastMessage {
    return new LastMessage(partsOf(id), undefined, hash);
  }

  static from(message: MessageIdParts & { readonly text: string }): LastMessage {
    return new LastMessage(message, message.text, NO_HASH);
  }

  get id(): MessageId {
    return idOf(this);
  }

  /** The `textHash` of the message; `NO_HASH` if nobody knows it any more. */
  hash(primitives: Primitives): string {
    if (this.#text !== undefined) this.#hash = textHash(primitives, this.id, this.#text);
    this.#text = undefined;
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
  primitives: Primitives,
  kind: typeof SENT | typeof SHOWN,
): Form<NickKey, LastMessage, (typeof SENT)["fields"]> {
  return {
    kind,
    nameOf: nameFor,
    entryOf: (name, { id, hash }) => [decodeURIComponent(name), LastMessage.of(id, hash)],
    recordOf: (last) => ({ id: last.id, hash: last.hash(primitives) }),
  };
}
