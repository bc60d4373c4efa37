/**
 * Says what is to be remembered of conversations. All of it stands in other records until it is in the
 * history: a message of others in the journal, one of ours in the outbox. So a start remembers once more what
 * it finds there, and the history knows by the ids what it has already.
 */
import type { Millis } from "../base/units.ts";
import type { Effects } from "../durable/effects.ts";
import type { WallClock } from "../durable/wall_clock.ts";
import type { When } from "../machine.ts";
import type { MessageId } from "../messages/message_id.ts";
import type { Nick } from "../messages/nick.ts";
import type { Failure, JournalEvent, MessageState } from "../notice.ts";
import type { OutgoingMessage } from "./outbox.ts";

export class Chronicle {
  readonly #effects: Effects;
  readonly #clock: WallClock;
  readonly #nick: Nick;

  constructor(effects: Effects, clock: WallClock, nick: Nick) {
    this.#effects = effects;
    this.#clock = clock;
    this.#nick = nick;
  }

  /** A message of others has come, at `keptAt`. */
  received(now: Millis, message: JournalEvent, keptAt: Millis): void {
    this.#effects.remember(now, { type: "received", message, when: this.#when(keptAt) });
  }

  /** A message of ours has come so far. */
  written(now: Millis, message: OutgoingMessage, state: MessageState, failure?: Failure): void {
    const { id, to, text, sentAt, writtenAt } = message;
    const when = { now: writtenAt, date: sentAt };
    const written = { id, from: this.#nick, to, text, sentAt, state, failure };
    this.#effects.remember(now, { type: "written", message: written, when });
  }

  /** Channel messages are missing before this one. */
  postsMissing(now: Millis, from: Nick, count: number, before: MessageId): void {
    const name = `${from}/${before}`;
    this.#effects.remember(now, { type: "gap", name, from, count, when: this.#when(now) });
  }

  /** The server has dropped channel messages before we had read them. */
  channelDropped(now: Millis, count: number): void {
    const when = this.#when(now);
    const name = `${Math.floor(when.now)}`;
    this.#effects.remember(now, { type: "gap", name, from: undefined, count, when });
  }

  #when(now: Millis): When {
    return { now, date: this.#clock.at(now) };
  }
}
