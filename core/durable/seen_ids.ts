/** Which message ids have been seen: per sender process a few runs of sequence numbers, kept for 45 days. */
import { Largest } from "../base/largest.ts";
import { SEEN_PREFIXES, SEEN_PREFIXES_PER_SENDER, SEEN_RUNS } from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import { folderOf, type MessageId, prefixOf, sequenceOf, startsOf } from "../messages/message_id.ts";
import { DurableMap } from "./durable_map.ts";
import type { Effects } from "./effects.ts";
import { firstOf, nameFor, secondOf, SEEN } from "./records.ts";

/** What is remembered of a process; of a state folder, up to which start its processes were forgotten (as `floor`). */
interface Seen {
  /** Up to here runs were forgotten: of what is not in one nobody knows whether it was seen. */
  floor: number;
  readonly runs: { from: number; to: number }[];
  at: Millis;
}

/** The greatest floor that fits into the record. */
const GREATEST = 2 ** 48 - 1;

export class SeenIds {
  /** By sender and the first half of ids; of each sender the one used least recently first. */
  readonly #seen: DurableMap<string, Seen>;
  /** The sender of whom most is remembered has to make room: nobody uses up what is another's. */
  readonly #largest = new Largest();

  constructor(effects: Effects) {
    this.#seen = new DurableMap(effects, {
      kind: SEEN,
      nameOf: (name: string) => name,
      entryOf: (name, { runs, ...rest }) => [name, { ...rest, runs: runs.map((run) => ({ ...run })) }],
      recordOf: (seen: Seen) => ({ ...seen, floor: Math.min(seen.floor, GREATEST) }),
      groupOf: firstOf,
    });
    for (const sender of this.#seen.groups.keys()) this.#count(sender);
  }

  hasSeen(from: string, id: MessageId): boolean {
    const number = sequenceOf(id);
    const seen = this.#seen.get(nameOf(nameFor(from), prefixOf(id)));
    return seen?.runs.some(({ from, to }) => from <= number && number <= to) ?? false;
  }

  /** Whether an id is not known to have been seen, and may have been. */
  isForgotten(from: string, id: MessageId): boolean {
    const sender = nameFor(from);
    const seen = this.#seen.get(nameOf(sender, prefixOf(id)));
    if (seen !== undefined) return sequenceOf(id) <= seen.floor && !this.hasSeen(from, id);
    return startsOf(id) <= (this.#seen.get(nameOf(sender, folderOf(id)))?.floor ?? -1);
  }

  /**
   * Remembers an id. That is saved a little later: until then the record of the message itself says that it was
   * seen, and who loads one adds its id.
   */
  add(now: Millis, from: string, id: MessageId): void {
    const sender = nameFor(from);
    const name = nameOf(sender, prefixOf(id));
    const seen = this.#seen.get(name) ?? { floor: 0, runs: [], at: now };
    seen.at = now;
    insert(seen.runs, sequenceOf(id));
    if (seen.runs.length > SEEN_RUNS) seen.floor = seen.runs.shift()!.to;
    this.#set(now, sender, name, seen);
    while (this.#seen.group(sender).size > SEEN_PREFIXES_PER_SENDER) this.#forgetOldest(now, sender);
    const largest = this.#largest.name!;
    while (this.#seen.size > SEEN_PREFIXES) this.#forgetOldest(now, largest);
  }

  /** As if this one had not been seen. */
  remove(from: string, id: MessageId): void {
    const name = nameOf(nameFor(from), prefixOf(id));
    const number = sequenceOf(id);
    const seen = this.#seen.get(name);
    const at = seen?.runs.findIndex(({ from, to }) => from <= number && number <= to) ?? -1;
    if (seen === undefined || at < 0) return;
    const { from: first, to: last } = seen.runs[at]!;
    const rest = [{ from: first, to: number - 1 }, { from: number + 1, to: last }];
    // Beyond 2^53 a number and the next are the same.
    seen.runs.splice(at, 1, ...rest.filter(({ from, to }) => from <= to && (to < number || from > number)));
    this.#seen.save(name);
  }

  /** Forgets what was seen for the last time before an instant. */
  forgetOldIds(before: Millis): void {
    for (const [name, { at }] of this.#seen.entries()) if (at <= before) this.#forget(name);
  }

  /** Of a sender the process used least recently is forgotten; its folder remembers up to which start that was done. */
  #forgetOldest(now: Millis, sender: string): void {
    const oldest = this.#seen.group(sender).keys().next().value!;
    this.#forget(oldest);
    const prefix = secondOf(oldest);
    if (folderOf(prefix) === prefix) return;
    const folder = nameOf(sender, folderOf(prefix));
    const floor = Math.max(startsOf(prefix), this.#seen.get(folder)?.floor ?? 0);
    this.#set(now, sender, folder, { floor, runs: [], at: now });
  }

  #set(now: Millis, sender: string, name: string, seen: Seen): void {
    this.#seen.setLater(now, name, seen);
    this.#count(sender);
  }

  #forget(name: string): void {
    this.#seen.delete(name);
    this.#count(firstOf(name));
  }

  #count(sender: string): void {
    this.#largest.set(sender, this.#seen.group(sender).size);
  }
}

/** `sender` as it stands in names of records; a prefix of ids, or what those of one folder have in common. */
function nameOf(sender: string, prefix: string): string {
  return `${sender}/${prefix}`;
}

/** Puts a number into ascending runs that neither touch nor overlap. */
function insert(runs: { from: number; to: number }[], number: number): void {
  let at = runs.length;
  while (at > 0 && runs[at - 1]!.from > number) at--;
  const before = runs[at - 1];
  const behind = runs[at];
  if (before !== undefined && number <= before.to) return;
  if (before?.to === number - 1) {
    before.to = number;
    if (behind?.from === number + 1) {
      before.to = behind.to;
      runs.splice(at, 1);
    }
  } else if (behind?.from === number + 1) behind.from = number;
  else runs.splice(at, 0, { from: number, to: number });
}
