/**
 * The journal: the messages of others in the order in which they were shown. It hands them to readers, each
 * of which goes on where it has stopped (docs/scripts.md). There are the person at the terminal (`SCREEN`),
 * the processes that nobody looks at (`UNATTENDED`), and the programs that have taken a name.
 *
 * An event is durable before anybody is told of it, and stays until the person and every named program have
 * dealt with it, within bounds. A reader's place moves after it was told, so a kill at any point makes an
 * event come again, and never not at all.
 */
import { utf8Length } from "../base/bytes.ts";
import { Largest } from "../base/largest.ts";
import {
  JOURNAL_BYTES,
  JOURNAL_LIFE_MS,
  JOURNAL_MORE_BYTES,
  JOURNAL_PAGE_EVENTS,
  JOURNAL_READERS,
} from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import { byName, DurableMap } from "../durable/durable_map.ts";
import type { Effects } from "../durable/effects.ts";
import { EVENT, READER, type ValueOf } from "../durable/records.ts";
import { idOf } from "../messages/message_id.ts";
import { nickKey } from "../messages/nick.ts";
import type { JournalEvent, JournalPage } from "../notice.ts";
import type { Chronicle } from "./chronicle.ts";

/** To a kibibyte the journal knows who has written most of it. */
const KIBIBYTE = 1024;

/** No program has a name that begins with an underscore. */
const SCREEN = "_screen";
const UNATTENDED = "_unattended";

type Event = ValueOf<typeof EVENT>;

/** A message as it is shown. The journal adds its number, and when it was kept. */
export type Entry = Omit<JournalEvent, "number" | "id"> & Pick<Event, "prefix" | "sequence">;

export class Journal {
  readonly #effects: Effects;
  readonly #chronicle: Chronicle;
  /** The events by their numbers, grouped by sender. */
  readonly #events: DurableMap<number, Event>;
  /** The last event that each reader has dealt with. */
  readonly #readers: DurableMap<string, ValueOf<typeof READER>>;
  /** The readers that are programs. */
  #programs: readonly string[] = [];
  /** The bytes of the events of each sender. */
  readonly #bytesOf = new Map<string, number>();
  readonly #mostBytes = new Largest<string>();
  #bytes = 0;
  #newest = 0;
  /** The reader that is told of new messages now. */
  #present: typeof SCREEN | typeof UNATTENDED;
  /** True if the person is at a screen in another process: it has shown only what it confirms. */
  #isWatched = false;
  #saidFull = false;
  /** The first event that was folded, which the person has not seen, and all of them that are kept. */
  #firstFolded = Infinity;
  readonly #folded = new Set<number>();

  /** `isAttended` is true if a person at a terminal sees what is shown. */
  constructor(effects: Effects, chronicle: Chronicle, isAttended: boolean) {
    this.#effects = effects;
    this.#chronicle = chronicle;
    // Where nothing outlives the process no person comes later.
    this.#present = isAttended || !effects.keeps ? SCREEN : UNATTENDED;
    this.#readers = new DurableMap(effects, byName(READER));
    this.#events = new DurableMap(effects, {
      kind: EVENT,
      nameOf: (number: number) => number,
      entryOf: (name, event) => [Number(name), event],
      recordOf: (event: Event) => event,
      groupOf: (_number, { from }) => nickKey(from),
    });
    for (const [number, event] of this.#events.entries()) {
      this.#count(event, 1);
      this.#newest = number;
    }
    for (const { number } of this.#readers.values()) this.#newest = Math.max(this.#newest, number);
    this.#notePrograms();
  }

  /** A person has come to a screen in another process, or nobody is at any screen any more. */
  attend(isAttended: boolean): void {
    if (!this.#effects.keeps) return;
    this.#present = UNATTENDED;
    this.#isWatched = isAttended;
  }

  /**
   * Adds a message that is shown in this wake-up, and returns its number. It is durable before that, and
   * counts as shown a little later. One that is folded is shown at the next start.
   */
  add(now: Millis, { like, ...entry }: Entry, isFolded = false): number {
    const number = ++this.#newest;
    const event = { ...entry, like: like === undefined ? [] : [like], keptAt: now, isShown: false };
    this.#chronicle.received(now, named([number, event]), now);
    const isOnlyReader = !isFolded && this.#present === SCREEN && this.#programs.length === 0 &&
      this.#events.size === 0;
    if (isOnlyReader) {
      // Most messages are shown to their only reader: they are on disk for that long, and nowhere else.
      const key = EVENT.key(number);
      this.#effects.save(key, () => EVENT.encode(event));
      this.#effects.forgetLater(now, key);
    } else {
      this.#events.set(number, event);
      this.#count(event, 1);
      while (this.#bytes > JOURNAL_BYTES) this.#dropOne();
    }
    if (isFolded) {
      this.#firstFolded = Math.min(this.#firstFolded, number);
      this.#folded.add(number);
    }
    if (this.#present === UNATTENDED || this.#firstFolded === Infinity) {
      this.#move(now, this.#present, number);
    } // The place of the person stays before what is folded, and that counts as what nobody has looked at.
    else if (isFolded) this.#move(now, UNATTENDED, number);
    else this.#events.setLater(now, number, { ...event, isShown: true });
    return number;
  }

  /**
   * Takes the events that whoever is told now has not been shown by a former process. To the person these are
   * also those that nobody has looked at (`printed`). They count as shown a little later, or when a screen in
   * another process confirms it.
   */
  takeUnshown(now: Millis): { readonly printed: JournalPage; readonly unshown: readonly JournalEvent[] } {
    const [screen, unattended] = [this.#placeOf(SCREEN), this.#placeOf(UNATTENDED)];
    const isForPerson = this.#present === SCREEN || this.#isWatched;
    const kept = [...this.#events.entries()].filter(([number]) => number > screen);
    const events = kept.filter(([, { isShown }]) => !isShown).map(named);
    const printed = events.filter(({ number }) => isForPerson && number <= unattended);
    const unshown = events.filter(({ number }) => number > unattended);
    // Numbers have no gaps, so they tell how many were dropped.
    const before = kept.filter(([number]) => number <= unattended);
    const missed = isForPerson ? Math.max(0, unattended - screen - before.length) : 0;
    this.#firstFolded = Infinity;
    this.#folded.clear();
    this.#move(now, this.#present, this.#newest);
    return { printed: { events: printed, missed, newest: this.#newest }, unshown };
  }

  /** Remembers the events that the last process may not have put into the history. */
  rememberAll(now: Millis): void {
    for (const entry of this.#events.entries()) {
      this.#chronicle.received(now, named(entry), entry[1].keptAt);
    }
  }

  /** The number of the last event that whoever is told now was shown. */
  get shownUntil(): number {
    return this.#placeOf(this.#present);
  }

  /** The events behind the one with this number, or the first of them. */
  pageAfter(number: number): JournalPage {
    const events: JournalEvent[] = [];
    for (const entry of this.#events.entries()) {
      if (entry[0] > number) events.push(named(entry));
      if (events.length === JOURNAL_PAGE_EVENTS) break;
    }
    const first = events[0]?.number ?? this.#newest + 1;
    return { events, missed: Math.max(0, first - number - 1), newest: this.#newest };
  }

  /** The first events that the person has not seen. */
  get unseen(): JournalPage {
    const page = this.pageAfter(this.#placeOf(SCREEN));
    return { ...page, events: page.events.filter(({ number }) => !this.#events.get(number)!.isShown) };
  }

  /**
   * The event behind which a program goes on; a new program begins behind `since`, or with the next event.
   * Returns `undefined` if there are too many programs.
   */
  placeOfProgram(now: Millis, name: string, since = this.#newest): number | undefined {
    const known = this.#readers.get(name);
    if (known === undefined && this.#programs.length >= JOURNAL_READERS) return undefined;
    const number = Math.min(known?.number ?? since, this.#newest);
    this.#readers.set(name, { number, at: now });
    this.#notePrograms();
    return number;
  }

  /**
   * Tells what stands behind an event, or what the person has not seen; a program with a name is told where
   * it goes on, and what stands there.
   */
  answer(now: Millis, reader: string | undefined, after: number | undefined): void {
    const place = reader === undefined ? undefined : this.placeOfProgram(now, reader, after);
    if (reader !== undefined && place === undefined) {
      return this.#effects.notice({ type: "tooManyReaders" });
    }
    const page = place === undefined && after === undefined ? this.unseen : this.pageAfter(place ?? after!);
    this.#effects.notice({ type: "journalRead", page, place });
  }

  /** A reader has dealt with everything up to this event. It is durable before this wake-up tells anybody. */
  confirm(now: Millis, name: string | undefined, number: number): void {
    const reader = name ?? SCREEN;
    if (number <= this.#placeOf(reader)) return;
    this.#readers.set(reader, { number: Math.min(number, this.#newest), at: now });
    this.#prune(now);
  }

  /** The screen in another process has shown what it was told, up to this event. */
  confirmShown(now: Millis, number: number): void {
    // The place of the person stays before what is folded.
    this.#move(now, SCREEN, Math.min(number, this.#firstFolded - 1, this.#newest));
    if (number < this.#firstFolded) return;
    for (const [each, event] of this.#events.entries()) {
      if (each > number) break;
      const isTold = !event.isShown && !this.#folded.has(each);
      if (isTold) this.#events.setLater(now, each, { ...event, isShown: true });
    }
  }

  /** Forgets what nobody has read for too long, and the programs that have not come for as long. */
  forgetOld(now: Millis): void {
    for (let first; (first = this.#first) !== undefined && first[1].keptAt + JOURNAL_LIFE_MS <= now;) {
      this.#forget(now, ...first);
    }
    for (const name of this.#programs) {
      if (this.#readers.get(name)!.at + JOURNAL_LIFE_MS <= now) this.#readers.delete(name);
    }
    this.#notePrograms();
    this.#prune(now);
  }

  /** The oldest event that is kept. */
  get #first(): [number, Event] | undefined {
    return this.#events.entries().next().value;
  }

  #notePrograms(): void {
    this.#programs = [...this.#readers.entries()].map(([name]) => name).filter((name) =>
      !name.startsWith("_")
    );
  }

  #placeOf(reader: string): number {
    return this.#readers.get(reader)?.number ?? 0;
  }

  #move(now: Millis, reader: string, number: number): void {
    if (number <= this.#placeOf(reader)) return;
    this.#readers.setLater(now, reader, { number, at: now });
    this.#prune(now);
  }

  /** Forgets the events that the person and every program have dealt with. */
  #prune(now: Millis): void {
    let least = this.#placeOf(SCREEN);
    for (const name of this.#programs) least = Math.min(least, this.#placeOf(name));
    for (let first; (first = this.#first) !== undefined && first[0] <= least;) this.#forget(now, ...first);
  }

  #forget(now: Millis, number: number, event: Event): void {
    this.#count(event, -1);
    this.#folded.delete(number);
    this.#events.deleteLater(now, number);
  }

  /** Drops the oldest event of the sender who has the most: nobody can push out what others wrote. */
  #dropOne(): void {
    if (!this.#saidFull) this.#effects.notice({ type: "journalFull" });
    this.#saidFull = true;
    const [number, event] = this.#events.group(this.#mostBytes.name!).entries().next().value!;
    this.#count(event, -1);
    this.#folded.delete(number);
    this.#events.delete(number);
  }

  #count({ from, text }: Event, sign: 1 | -1): void {
    const bytes = sign * (utf8Length(text) + JOURNAL_MORE_BYTES);
    const sender = nickKey(from);
    const left = (this.#bytesOf.get(sender) ?? 0) + bytes;
    if (left === 0) this.#bytesOf.delete(sender);
    else this.#bytesOf.set(sender, left);
    this.#mostBytes.set(sender, Math.ceil(left / KIBIBYTE));
    this.#bytes += bytes;
  }
}

function named(
  [number, { like: [like], keptAt: _, isShown: __, ...event }]: readonly [number, Event],
): JournalEvent {
  const { prefix, sequence, ...rest } = event;
  return { ...rest, number, id: idOf({ prefix, sequence }), like };
}
