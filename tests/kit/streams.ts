/** Streams of a server's members, without the server: mailbox, channel, and links that only take note. */
import type { Millis } from "../../core/base/units.ts";
import type { Sending } from "../../core/link/parcel_sender.ts";
import type { Nick } from "../../core/messages/nick.ts";
import type { Verb, VerbOf } from "../../core/messages/verb.ts";
import { Channel, type ChannelRow } from "../../core/server/channel.ts";
import { OfflineStore, type StoredLetter } from "../../core/server/offline_store.ts";
import { StreamBudget } from "../../core/server/stream_budget.ts";
import { type StreamOptions, StreamWriter } from "../../core/server/stream_writer.ts";
import { Recorded } from "./recorded.ts";
import { idOf, NO_LIMITS } from "./samples.ts";

type Item = VerbOf<"letter"> | VerbOf<"channel">;

/** A link whose peer acknowledges nothing: it keeps what it was given until that is cancelled. */
export class DeafLink {
  /** The verbs that wait or are under way, by tag. */
  readonly holds = new Map<string, Item>();
  /** All that was ever given to it. */
  readonly taken: Item[] = [];

  send(_now: Millis, verb: Verb, tag?: string): Sending {
    if (!this.holds.has(tag!)) this.taken.push(verb as Item);
    this.holds.set(tag!, verb as Item);
    return { isOver: false, departedAt: undefined, cancel: () => {} };
  }

  cancel(tag: string): void {
    this.holds.delete(tag);
  }
}

/** The load of these links: the bytes of different bodies, and how many entries. */
export function heldBy(links: readonly DeafLink[]): { bytes: number; entries: number } {
  const items = links.flatMap(({ holds }) => [...holds.values()]);
  const bodies = new Set(items.map(({ body }) => body));
  return { bytes: [...bodies].reduce((sum, { length }) => sum + length, 0), entries: items.length };
}

export class Streams {
  readonly effects = new Recorded().effects;
  readonly store = new OfflineStore(0, this.effects, { totalBytes: NO_LIMITS.mailBytes });
  readonly channel = new Channel(this.effects);
  readonly budget = new StreamBudget();
  #order = 0;
  #streams = 0;

  /** A letter that is stored for somebody; each sender has a quarter of a mailbox. */
  letter(to: Nick, body: Uint8Array, from: Nick = "x"): StoredLetter {
    const order = ++this.#order;
    const letter = { id: idOf(order), from, to, storedAt: 0, body, order };
    const reason = this.store.deposit(0, letter);
    if (reason !== undefined) throw new Error(`no letter for ${to}: ${reason}`);
    return letter;
  }

  post(from: Nick, body: Uint8Array): ChannelRow {
    const order = ++this.#order;
    return this.channel.post(0, { id: idOf(order), from, storedAt: 0, body, order });
  }

  /** The stream of a member who is here for the first time, or comes back. */
  open(nick: Nick, link: StreamOptions["link"], former?: StreamWriter): StreamWriter {
    this.channel.join(nick);
    const { store, channel, budget } = this;
    const waitedUpTo = former?.waitedUpTo ?? this.#order;
    return new StreamWriter({ number: ++this.#streams, nick, link, store, channel, budget, waitedUpTo });
  }

  /** The member has saved all up to a position. */
  saves(now: Millis, nick: Nick, writer: StreamWriter, position: number): void {
    for (const entry of writer.acknowledge(now, position)) {
      if (entry.type === "channel") this.channel.advance(now, nick, entry.stored);
    }
    writer.pump(now);
  }
}
