/**
 * Which messages nobody has seen. A message is seen if it is on the screen while the terminal has the focus.
 * A terminal that never tells its focus has it when a key is pressed. It is pure.
 */
import { firstWords } from "../core/base/text.ts";
import { type Nick, nickKey } from "../core/messages/nick.ts";
import type { JournalEvent } from "../core/notice.ts";
import { CHANNEL } from "./reading.ts";

/** Where a message stands: how many rows were printed when it was. */
interface Message {
  readonly conversation: string;
  readonly row: number;
}

/** More than anybody counts. */
const LIMIT_MESSAGES = 1_000;

export class Unread {
  #messages: Message[] = [];
  #focus: "unknown" | "here" | "away" = "unknown";

  /** True if somebody looks at the terminal, as far as it tells. */
  get isLookedAt(): boolean {
    return this.#focus === "here";
  }

  /** True if the terminal has ever told its focus. */
  get knowsFocus(): boolean {
    return this.#focus !== "unknown";
  }

  /** A message of a conversation is on the screen. True if it is the first that is not seen of it. */
  arrived(conversation: string, row: number): boolean {
    if (this.isLookedAt) return false;
    const isFirst = this.#messages.every((message) => message.conversation !== conversation);
    this.#messages = [...this.#messages, { conversation, row }].slice(-LIMIT_MESSAGES);
    return isFirst;
  }

  /** The terminal tells its focus. The rows behind `top` are in sight. */
  focused(hasFocus: boolean, top: number): void {
    this.#focus = hasFocus ? "here" : "away";
    if (hasFocus) this.#see(top);
  }

  /** A key was pressed, so somebody is here. Whether they stay is known only where the focus is told. */
  pressed(top: number): void {
    if (this.#focus === "away") this.#focus = "here";
    // Where nobody knows the focus, whoever types has read what went by.
    this.#see(this.#focus === "unknown" ? Infinity : top);
  }

  /** A line was submitted: what has left the screen was scrolled back to, or is not wanted. */
  submitted(): void {
    this.#messages = [];
  }

  /** The counts, as they stand before the prompt; empty if all is seen. */
  get summary(): string {
    const counts = new Map<string, number>();
    for (const { conversation } of this.#messages) {
      counts.set(conversation, (counts.get(conversation) ?? 0) + 1);
    }
    const parts = [...counts].map(([conversation, count]) => `${conversation} ${count}`);
    const [shown, rest] = [parts.slice(0, MOST_COUNTS), parts.length - MOST_COUNTS];
    if (rest > 0) shown.push(`${rest} more`);
    return parts.length === 0 ? "" : `[${shown.join(", ")}] `;
  }

  #see(top: number): void {
    this.#messages = top === Infinity ? [] : this.#messages.filter(({ row }) => row <= top);
  }
}

/** So many conversations have room before the prompt. */
const MOST_COUNTS = 4;

/** A notification has room for so much. */
const NOTIFICATION_COLUMNS = 100;

/** The text by which somebody is told of a message; `undefined` if it is in the channel and names others. */
export function notificationOf({ channel, from, text }: JournalEvent, me: Nick): string | undefined {
  if (channel && !mentions(text, me)) return undefined;
  return firstWords(`${channel ? `${CHANNEL} ` : ""}${from}: ${text}`, NOTIFICATION_COLUMNS);
}

/** True if a text names somebody: as a word of its own, with an "@" before it or not. */
export function mentions(text: string, nick: string): boolean {
  const words = text.split(/[^\p{L}\p{M}\p{Nd}_.-]+/u);
  return words.some((word) =>
    [word, word.replace(/[.-]+$/, "")].some((each) => nickKey(each) === nickKey(nick))
  );
}
