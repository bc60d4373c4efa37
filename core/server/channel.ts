/**
 * The channel: one durable row for each post, and for each member a cursor, the number of the last post that
 * it has saved (docs/protocol.md, section 7). Cursors may be saved late: a cursor that is behind means only
 * that posts are handed over once more.
 */
import { CHANNEL_BYTES, CHANNEL_ROWS, MAIL_LIFE_MS } from "../base/limits.ts";
import { valuesBetween } from "../base/numbered.ts";
import type { Millis } from "../base/units.ts";
import { byName, byNick, DurableMap } from "../durable/durable_map.ts";
import type { Effects } from "../durable/effects.ts";
import { CHANNEL, CURSOR, DROPPED, LAST, type ValueOf } from "../durable/records.ts";
import type { MessageId } from "../messages/message_id.ts";
import { type Nick, type NickKey, nickKey, sameNick } from "../messages/nick.ts";

/** A stored post. `order` counts everything that the server has stored, `number` counts posts alone. */
export type ChannelRow = ValueOf<typeof CHANNEL> & { readonly order: number };

export class Channel {
  /** All rows by number, oldest first. */
  readonly #rows: DurableMap<number, ChannelRow>;
  /** The names of all rows: sender and id. */
  readonly #names = new Set<string>();
  readonly #cursors: DurableMap<NickKey, ValueOf<typeof CURSOR>>;
  /** The number of the last post that was dropped. Numbers go on from it when no row is left. */
  readonly #dropped: DurableMap<string, ValueOf<typeof DROPPED>>;
  #bytes = 0;
  #lastNumber: number;
  /** The highest order among the rows of earlier processes. */
  readonly lastOrder: number;

  constructor(effects: Effects) {
    this.#rows = new DurableMap(effects, {
      kind: CHANNEL,
      nameOf: (_number: number, { order }: ChannelRow) => order,
      entryOf: (name, row) => [row.number, { ...row, order: Number(name) }],
      recordOf: (row) => row,
    });
    this.#cursors = new DurableMap(effects, byNick(CURSOR));
    this.#dropped = new DurableMap(effects, byName(DROPPED));
    const rows = [...this.#rows.values()];
    for (const row of rows) this.#count(row);
    this.lastOrder = rows.at(-1)?.order ?? 0;
    this.#lastNumber = [...rows, ...this.#cursors.values(), ...this.#dropped.values()]
      .reduce((last, { number }) => Math.max(last, number), 0);
  }

  /** How many posts are kept, and the bytes of their bodies. */
  get amount(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.#rows.size, bytes: this.#bytes };
  }

  /** True if the post is here. One that was dropped is not known any more. */
  hasPost(from: Nick, id: MessageId): boolean {
    return this.#names.has(nameOf(from, id));
  }

  /** Stores a post, and drops the oldest ones when there are too many. */
  post(now: Millis, message: Omit<ChannelRow, "number">): ChannelRow {
    const row = { ...message, number: ++this.#lastNumber };
    this.#rows.set(row.number, row);
    this.#count(row);
    // The sender has its own post already, so its cursor moves on, unless an earlier post is not saved yet.
    if (this.cursorOf(row.from) === row.number - 1) this.#setCursor(now, row.from, row.number);
    while (this.#rows.size > CHANNEL_ROWS || this.#bytes > CHANNEL_BYTES) {
      this.#drop(now, this.#rows.values().next().value!);
    }
    return row;
  }

  /** The number of the last post that a member has saved. */
  cursorOf(nick: Nick): number {
    return this.#cursors.get(nickKey(nick))?.number ?? this.#lastNumber;
  }

  /** A new member is handed only posts that come from now on. */
  join(nick: Nick): void {
    const key = nickKey(nick);
    if (this.#cursors.get(key) === undefined) this.#cursors.set(key, { number: this.#lastNumber });
  }

  /** The nick is free, and its next owner begins anew. */
  leave(nick: Nick): void {
    this.#cursors.delete(nickKey(nick));
  }

  /** The post that was stored next after the one with a number. */
  rowAfter(number: number): ChannelRow | undefined {
    for (let next = Math.max(number + 1, this.#oldest); next <= this.#lastNumber; next++) {
      const row = this.#rows.get(next);
      if (row !== undefined) return row;
    }
    return undefined;
  }

  /** The posts that a member has not saved yet, without its own. */
  unread(nick: Nick): ChannelRow[] {
    const first = Math.max(this.cursorOf(nick) + 1, this.#oldest);
    const rows = valuesBetween(this.#rows, first, this.#lastNumber);
    return [...rows].filter(({ from }) => !sameNick(from, nick));
  }

  /**
   * The number of posts that were dropped before a member had saved them. They are counted once, because the
   * cursor moves behind them.
   */
  takeDropped(now: Millis, nick: Nick): number {
    const oldest = this.#oldest;
    const dropped = Math.max(0, oldest - this.cursorOf(nick) - 1);
    if (dropped > 0) this.#setCursor(now, nick, oldest - 1);
    return dropped;
  }

  /** The member has saved everything up to this row. */
  advance(now: Millis, nick: Nick, row: ChannelRow): void {
    if (this.cursorOf(nick) < row.number) this.#setCursor(now, nick, row.number);
  }

  /** Drops the posts that are older than 30 days. */
  dropOld(now: Millis): void {
    for (const row of this.#rows.values()) if (row.storedAt + MAIL_LIFE_MS <= now) this.#drop(now, row);
  }

  /** The number of the oldest row, or the one that the next row will have. */
  get #oldest(): number {
    return this.#rows.values().next().value?.number ?? this.#lastNumber + 1;
  }

  #setCursor(now: Millis, nick: Nick, number: number): void {
    this.#cursors.setLater(now, nickKey(nick), { number });
  }

  #count({ from, id, body }: ChannelRow): void {
    this.#names.add(nameOf(from, id));
    this.#bytes += body.length;
  }

  #drop(now: Millis, { from, id, number, body }: ChannelRow): void {
    this.#dropped.setLater(now, LAST, { number });
    this.#rows.delete(number);
    this.#names.delete(nameOf(from, id));
    this.#bytes -= body.length;
  }
}

function nameOf(from: Nick, id: MessageId): string {
  return `${nickKey(from)} ${id}`;
}
