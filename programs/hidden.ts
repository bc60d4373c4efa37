/**
 * Messages that are not shown: the sender is ignored, or brings too much. The last ones are kept until
 * somebody wants to see them. It is pure.
 */
import { type Nick, type NickKey, nickKey } from "../core/messages/nick.ts";
import type { JournalEvent } from "../core/notice.ts";

/** As much as anybody scrolls through, and no more text than that could be. */
const LIMIT_MESSAGES = 1_000;
const LIMIT_CHARACTERS = 1_000_000;

export class Hidden {
  readonly #ignored = new Set<NickKey>();
  /** The oldest first. */
  #messages: JournalEvent[] = [];
  #characters = 0;

  /** Begins or ends to ignore somebody. True if it begins. */
  toggle(nick: Nick): boolean {
    const key = nickKey(nick);
    if (this.#ignored.delete(key)) return false;
    this.#ignored.add(key);
    return true;
  }

  isIgnored(nick: Nick): boolean {
    return this.#ignored.has(nickKey(nick));
  }

  keep(message: JournalEvent): void {
    this.#messages.push(message);
    this.#characters += message.text.length;
    while (this.#messages.length > LIMIT_MESSAGES || this.#characters > LIMIT_CHARACTERS) {
      this.#characters -= this.#messages.shift()!.text.length;
    }
  }

  /** Takes out the messages of somebody, or of everybody. */
  take(from: Nick | undefined): JournalEvent[] {
    const isWanted = (message: JournalEvent) => from === undefined || nickKey(message.from) === nickKey(from);
    const { wanted = [], others = [] } = Object.groupBy(
      this.#messages,
      (message) => isWanted(message) ? "wanted" : "others",
    );
    this.#messages = others;
    this.#characters = others.reduce((sum, { text }) => sum + text.length, 0);
    return wanted;
  }
}
