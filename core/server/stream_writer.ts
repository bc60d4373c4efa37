/**
 * The server's end of a member's stream: letters and posts in the order in which they were stored, numbered
 * from 1 at each beginning of the stream (docs/protocol.md, section 7). Only what is under way is here. The
 * rest stays in mailbox and channel until the member has acknowledged enough of it, so a member that is slow,
 * or acknowledges nothing, makes nothing pile up.
 */
import { STREAM_WINDOW, STREAM_WINDOW_BYTES } from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import type { Link } from "../link/links.ts";
import { type Nick, sameNick } from "../messages/nick.ts";
import type { Verb } from "../messages/verb.ts";
import type { Channel, ChannelRow } from "./channel.ts";
import type { OfflineStore, StoredLetter } from "./offline_store.ts";
import type { StreamBudget } from "./stream_budget.ts";

/** A letter or a post that is under way. */
export type StreamEntry =
  | { readonly type: "letter"; readonly stored: StoredLetter }
  | { readonly type: "channel"; readonly stored: ChannelRow };

export interface StreamOptions {
  /** The number of the stream. Later streams have higher numbers. */
  readonly number: number;
  readonly nick: Nick;
  readonly link: Pick<Link, "cancel" | "send">;
  readonly store: OfflineStore;
  readonly channel: Channel;
  readonly budget: StreamBudget;
  /** Everything that the server has stored up to this order counts as having waited for the member. */
  readonly waitedUpTo: number;
}

export class StreamWriter {
  readonly #options: StreamOptions;
  /** How many letters and posts there were for the member when the stream began. It counts on them. */
  readonly waiting: number;
  /** The entries that were handed to the link and are not known to be saved, in order. */
  #underWay: StreamEntry[] = [];
  /** The bytes of their bodies. */
  #bytes = 0;
  /** The last position that the member has saved. */
  #saved = 0;
  /** The order of the last letter, and the number of the last post, that had its turn. */
  #letter = 0;
  #post: number;
  /** False if all letters had their turn. Many of them may be in the mailbox still. */
  #hasLetters = true;
  /** True if there was no room for the next entry. The next acknowledgement makes some. */
  #isHeldBack = false;
  #isOver = false;

  constructor(options: StreamOptions) {
    this.#options = options;
    const { nick, store, channel } = options;
    this.waiting = store.lettersFor(nick).length + channel.unread(nick).length;
    this.#post = channel.cursorOf(nick);
  }

  get number(): number {
    return this.#options.number;
  }

  get waitedUpTo(): number {
    return this.#options.waitedUpTo;
  }

  /** True if the stream sends nothing any more. A new one begins with what is not saved. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * True if everything is saved, and was less than the member counts on: some letters or posts are gone. The
   * member has to hear of a new stream, or it waits for them for ever.
   */
  get isShort(): boolean {
    return this.#underWay.length === 0 && this.#saved < this.waiting;
  }

  /** There is a new letter. `pump` sends it. */
  letterCame(): void {
    this.#hasLetters = true;
  }

  /** The member has saved everything up to a position. Returns the entries of which that is news. */
  acknowledge(now: Millis, position: number): StreamEntry[] {
    const count = Math.min(position - this.#saved, this.#underWay.length);
    if (count <= 0) return [];
    this.#isHeldBack = false;
    // The link has it still if the member has said so without acknowledging the packets.
    for (let at = 0; at < count; at++) this.#options.link.cancel(this.#tagOf(at));
    this.#saved += count;
    const saved = this.#underWay.splice(0, count);
    this.#give(saved);
    if (this.#underWay.length > 0) this.#options.budget.progressed(now, this);
    return saved;
  }

  /**
   * Hands the link everything again that it may have dropped. Once all is saved, the letters that are still
   * in the mailbox have their turn again: their receipts have not come.
   */
  handOverAgain(now: Millis): void {
    for (let at = 0; at < this.#underWay.length; at++) this.#send(now, at);
    this.#isHeldBack = false;
    this.pump(now);
    if (this.#underWay.length > 0) return;
    this.#letter = 0;
    this.#hasLetters = true;
    this.pump(now);
  }

  /** Hands the link as many entries as there is room for. Returns false if there was none, or no entry. */
  pump(now: Millis): boolean {
    if (this.#isOver || this.#isHeldBack) return false;
    const before = this.#underWay.length;
    for (let entry = this.#next(); entry !== undefined; entry = this.#next()) {
      if (!this.#takeRoom(now, entry)) {
        this.#isHeldBack = true;
        break;
      }
      if (entry.type === "letter") this.#letter = entry.stored.order;
      else this.#post = entry.stored.number;
      this.#send(now, this.#underWay.push(entry) - 1);
    }
    return this.#underWay.length > before;
  }

  /** Takes back from the link whatever has not arrived. */
  close(): void {
    this.#isOver = true;
    for (let at = 0; at < this.#underWay.length; at++) this.#options.link.cancel(this.#tagOf(at));
    this.#give(this.#underWay);
    this.#underWay = [];
  }

  /** The entry that was stored first of those that had no turn. The member has its own posts already. */
  #next(): StreamEntry | undefined {
    const { nick, store, channel } = this.#options;
    const letter = this.#hasLetters ? store.letterAfter(nick, this.#letter) : undefined;
    this.#hasLetters = letter !== undefined;
    let row = channel.rowAfter(this.#post);
    for (; row !== undefined && sameNick(row.from, nick); row = channel.rowAfter(row.number)) {
      this.#post = row.number;
    }
    if (letter !== undefined && (row === undefined || letter.order < row.order)) {
      return { type: "letter", stored: letter };
    }
    return row === undefined ? undefined : { type: "channel", stored: row };
  }

  /** Makes room for an entry in the window of this member and in the memory of all. */
  #takeRoom(now: Millis, { stored: { body } }: StreamEntry): boolean {
    if (this.#underWay.length >= STREAM_WINDOW || this.#bytes + body.length > STREAM_WINDOW_BYTES) {
      return false;
    }
    if (!this.#options.budget.take(now, this, body)) return false;
    this.#bytes += body.length;
    return true;
  }

  #give(entries: readonly StreamEntry[]): void {
    const { budget } = this.#options;
    for (const { stored: { body } } of entries) {
      this.#bytes -= body.length;
      budget.give(body);
    }
    if (this.#isOver || this.#underWay.length === 0) budget.leave(this);
  }

  /** Sends an entry by its place among those that are under way. The link passes over one that it has. */
  #send(now: Millis, at: number): void {
    const { type, stored: { id, from, body, order } } = this.#underWay[at]!;
    const [stream, position] = [this.number, this.#saved + at + 1];
    const waited = order <= this.waitedUpTo;
    const verb: Verb = { type, stream, position, waited, id, from, body };
    this.#options.link.send(now, verb, this.#tagOf(at));
  }

  #tagOf(at: number): string {
    return `stream/${this.number}/${this.#saved + at + 1}`;
  }
}
