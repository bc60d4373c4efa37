/** The group channel: one durable row per message, and for each member the number of the last one it has saved. */
import { MALFORMED } from "../base/bytes.ts";
import { CHANNEL_BYTES, CHANNEL_ROWS, MAIL_LIFE_MS } from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import type { Effects } from "../durable/effects.ts";
import { CHANNEL, CURSOR, DROPPED, type ValueOf } from "../durable/records.ts";
import type { MessageId } from "../messages/message_id.ts";
import { type Nick, type NickKey, nickKey, sameNick } from "../messages/nick.ts";

/** `order` counts everything that the server has stored, `number` channel messages alone. */
export type ChannelRow = ValueOf<typeof CHANNEL> & { readonly order: number };

export class Channel {
  readonly #effects: Effects;
  /** By sender and id, oldest first. */
  readonly #rows = new Map<string, ChannelRow>();
  readonly #cursors = new Map<NickKey, number>();
  #bytes = 0;
  #lastNumber = 0;
  #lastOrder = 0;

  constructor(effects: Effects) {
    this.#effects = effects;
  }

  loadRow(key: string, value: Uint8Array): void {
    const row = CHANNEL.decode(value);
    if (row === MALFORMED) return;
    this.#lastOrder = Number(CHANNEL.nameOf(key));
    this.#rows.set(nameOf(row.from, row.id), { ...row, order: this.#lastOrder });
    this.#bytes += row.body.length;
    this.#lastNumber = Math.max(this.#lastNumber, row.number);
  }

  loadDropped(value: Uint8Array): void {
    const dropped = DROPPED.decode(value);
    if (dropped !== MALFORMED) this.#lastNumber = Math.max(this.#lastNumber, dropped.number);
  }

  loadCursor(key: string, value: Uint8Array): void {
    const cursor = CURSOR.decode(value);
    if (cursor === MALFORMED) return;
    this.#cursors.set(CURSOR.nickOf(key), cursor.number);
    this.#lastNumber = Math.max(this.#lastNumber, cursor.number);
  }

  /** The highest order among the rows that were loaded. */
  get lastOrder(): number {
    return this.#lastOrder;
  }

  has(from: Nick, id: MessageId): boolean {
    return this.#rows.has(nameOf(from, id));
  }

  /** Takes a message, and drops the oldest when there are too many. */
  post(now: Millis, message: Omit<ChannelRow, "number">): ChannelRow {
    const row = { ...message, number: ++this.#lastNumber };
    this.#rows.set(nameOf(row.from, row.id), row);
    this.#bytes += row.body.length;
    this.#effects.save(CHANNEL.key(row.order), () => CHANNEL.encode(row));
    // Nobody misses his own.
    if (this.#cursorOf(row.from) === row.number - 1) this.#setCursor(now, row.from, row.number);
    while (this.#rows.size > CHANNEL_ROWS || this.#bytes > CHANNEL_BYTES) {
      this.#drop(now, this.#rows.values().next().value!);
    }
    return row;
  }

  /** A new member: hears what is said from now on. */
  join(nick: Nick): void {
    const key = nickKey(nick);
    if (this.#cursors.has(key)) return;
    this.#cursors.set(key, this.#lastNumber);
    this.#effects.save(CURSOR.keyFor(nick), () => CURSOR.encode({ number: this.#lastNumber }));
  }

  /** What a member has not saved yet, its own messages left out. */
  unread(nick: Nick): ChannelRow[] {
    const cursor = this.#cursorOf(nick);
    return [...this.#rows.values()].filter((row) => row.number > cursor && !sameNick(row.from, nick));
  }

  /** How many messages a member has missed that are no longer here; told once. */
  takeDropped(now: Millis, nick: Nick): number {
    const oldest = this.#rows.values().next().value?.number ?? this.#lastNumber + 1;
    const dropped = Math.max(0, oldest - this.#cursorOf(nick) - 1);
    if (dropped > 0) this.#setCursor(now, nick, oldest - 1);
    return dropped;
  }

  /** A member has saved everything up to this row. */
  advance(now: Millis, nick: Nick, row: ChannelRow): void {
    if (this.#cursorOf(nick) < row.number) this.#setCursor(now, nick, row.number);
  }

  /** Drops what is too old. */
  sweep(now: Millis): void {
    for (const row of this.#rows.values()) if (row.storedAt + MAIL_LIFE_MS <= now) this.#drop(now, row);
  }

  #cursorOf(nick: Nick): number {
    return this.#cursors.get(nickKey(nick)) ?? this.#lastNumber;
  }

  #setCursor(now: Millis, nick: Nick, number: number): void {
    this.#cursors.set(nickKey(nick), number);
    const key = CURSOR.keyFor(nick);
    this.#effects.saveLater(now, key, () => CURSOR.encode({ number }));
  }

  #drop(now: Millis, row: ChannelRow): void {
    const { number } = row;
    this.#effects.saveLater(now, DROPPED.key("last"), () => DROPPED.encode({ number }));
    this.#rows.delete(nameOf(row.from, row.id));
    this.#bytes -= row.body.length;
    this.#effects.forget(CHANNEL.key(row.order));
  }
}

function nameOf(from: Nick, id: MessageId): string {
  return `${nickKey(from)} ${id}`;
}
