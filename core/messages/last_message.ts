/**
 * The last message of a sender to a recipient: the next one names it as the one before (docs/protocol.md,
 * section 6). Both sides keep it. The hash of its text is made only when a letter or a record needs it: most
 * messages never become letters.
 */
import type { Primitives } from "../base/crypto.ts";
import { NO_HASH, textHash } from "./identity.ts";
import { idOf, type MessageId, type MessageIdParts, NO_MESSAGE, prefixOf, sequenceOf } from "./message_id.ts";

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
    return new LastMessage({ prefix: prefixOf(id), sequence: sequenceOf(id) }, hash);
  }

  static from(primitives: Primitives, message: MessageIdParts & { readonly text: string }): LastMessage {
    const { prefix, sequence, text } = message;
    return new LastMessage(message, () => textHash(primitives, idOf(prefix, sequence), text));
  }

  get id(): MessageId {
    return idOf(this.prefix, this.sequence);
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
