/**
 * Remembers which message ids were seen: for each process of a sender a few runs of sequence numbers, for 45
 * days (docs/protocol.md, section 6).
 */
import { Largest } from "../base/largest.ts";
import { SEEN_PREFIXES, SEEN_PREFIXES_PER_SENDER, SEEN_RUNS } from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import { folderOf, isEarlierStart, type MessageIdParts, startsOf } from "../messages/message_id.ts";
import { DurableMap } from "./durable_map.ts";
import type { Effects } from "./effects.ts";
import { firstOf, nameFor, secondOf, SEEN } from "./records.ts";

/**
 * The memory of one process of a sender (a prefix of ids), or of the sender's state folder (the first digits
 * of the prefix). A folder has an entry only if processes of it were forgotten.
 */
interface Seen {
  /**
   * The highest number that was forgotten. Nobody knows whether a number up to it was seen, unless it is in a
   * run. In the entry of a folder it is a count of starts: processes of starts up to it were forgotten.
   */
  floor: number;
  /** The numbers that were seen. The runs ascend, and neither touch nor overlap. */
  readonly runs: { from: number; to: number }[];
  /** When an id was last seen. */
  at: Millis;
}

export class SeenIds {
  /**
   * The entries by sender and prefix. Among those of a sender the one that was used least recently comes
   * first.
   */
  readonly #seen: DurableMap<string, Seen>;
  /**
   * When too much is remembered in all, the sender with the most entries makes room. So nobody can use up the
   * memory that others need.
   */
  readonly #largest = new Largest<string>();
  /** The entry that was looked up last. */
  #last = { from: "", prefix: "", name: "" };

  constructor(effects: Effects) {
    this.#seen = new DurableMap(effects, {
      kind: SEEN,
      nameOf: (name: string) => name,
      entryOf: (name, { runs, ...rest }) => [name, { ...rest, runs: runs.map((run) => ({ ...run })) }],
      recordOf: (seen: Seen) => seen,
      groupOf: firstOf,
    });
    for (const sender of this.#seen.groups.keys()) this.#count(sender);
  }

  /** How many processes are remembered. */
  get size(): number {
    return this.#seen.size;
  }

  /** True if the id is known to have been seen. */
  hasSeen(from: string, id: MessageIdParts): boolean {
    const seen = this.#seen.get(this.#nameOf(from, id));
    return seen !== undefined && isIn(seen.runs, id.sequence);
  }

  /** True if the id is not known to have been seen, but may have been. */
  isForgotten(from: string, id: MessageIdParts): boolean {
    const seen = this.#seen.get(this.#nameOf(from, id));
    if (seen !== undefined) return id.sequence <= seen.floor && !isIn(seen.runs, id.sequence);
    const floor = this.#seen.get(nameOf(nameFor(from), folderOf(id.prefix)))?.floor;
    return floor !== undefined && !isEarlierStart(floor, startsOf(id.prefix));
  }

  /**
   * Remembers an id. It is saved a little later. Until then the record of the message itself shows that it
   * was seen, so the owner of such records adds their ids when it starts.
   */
  add(now: Millis, from: string, id: MessageIdParts): void {
    const name = this.#nameOf(from, id);
    const sender = firstOf(name);
    const seen = this.#seen.get(name) ?? { floor: 0, runs: [], at: now };
    seen.at = now;
    insert(seen.runs, id.sequence);
    if (seen.runs.length > SEEN_RUNS) seen.floor = seen.runs.shift()!.to;
    this.#set(now, sender, name, seen);
    while (this.#seen.group(sender).size > SEEN_PREFIXES_PER_SENDER) this.#forgetOldest(now, sender);
    while (this.#seen.size > SEEN_PREFIXES) this.#makeRoom(now, this.#largest.name!);
  }

  /** Forgets one id, as if it had not been seen. */
  remove(from: string, id: MessageIdParts): void {
    const name = this.#nameOf(from, id);
    const number = id.sequence;
    const seen = this.#seen.get(name);
    const at = seen?.runs.findIndex(({ from, to }) => from <= number && number <= to) ?? -1;
    if (seen === undefined || at < 0) return;
    const { from: first, to: last } = seen.runs[at]!;
    const rest = [{ from: first, to: number - 1 }, { from: number + 1, to: last }];
    seen.runs.splice(at, 1, ...rest.filter(({ from, to }) => from <= to));
    this.#seen.save(name);
  }

  /** Forgets the processes of which nothing was seen after `before`. */
  forgetOldIds(before: Millis): void {
    for (const [name, { at }] of this.#seen.entries()) if (at <= before) this.#forget(name);
  }

  /**
   * Forgets the process of a sender that was used least recently. Its state folder remembers up to which
   * start processes are forgotten.
   */
  #forgetOldest(now: Millis, sender: string): void {
    const oldest = this.#seen.group(sender).keys().next().value!;
    this.#forget(oldest);
    const prefix = secondOf(oldest);
    // This was the entry of a folder itself.
    if (folderOf(prefix) === prefix) return;
    const folder = nameOf(sender, folderOf(prefix));
    const starts = startsOf(prefix);
    const known = this.#seen.get(folder)?.floor;
    const floor = known === undefined || isEarlierStart(known, starts) ? starts : known;
    this.#set(now, sender, folder, { floor, runs: [], at: now });
  }

  /** Makes one entry less of a sender: the first process that is forgotten may leave its folder's entry. */
  #makeRoom(now: Millis, sender: string): void {
    const { size } = this.#seen;
    while (this.#seen.size === size) this.#forgetOldest(now, sender);
  }

  /** The name of the entry for an id. Most calls are about the same entry as the one before. */
  #nameOf(from: string, { prefix }: MessageIdParts): string {
    const last = this.#last;
    if (last.from === from && last.prefix === prefix) return last.name;
    const name = nameOf(nameFor(from), prefix);
    this.#last = { from, prefix, name };
    return name;
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

/**
 * The name of a record. `sender` is encoded by `nameFor`, and `prefix` may be that of a whole state folder.
 */
function nameOf(sender: string, prefix: string): string {
  return `${sender}/${prefix}`;
}

function isIn(runs: Seen["runs"], number: number): boolean {
  return runs.some(({ from, to }) => from <= number && number <= to);
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
