/** Which message ids have been seen: per sender process a few runs of sequence numbers, kept for 45 days. */
import { Reader, Writer } from "../base/bytes.ts";
import { SEEN_PREFIXES, SEEN_PREFIXES_PER_SENDER, SEEN_RUNS } from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import { folderOf, type MessageId, prefixOf, sequenceOf, startsOf } from "../messages/message_id.ts";
import { nickKey } from "../messages/nick.ts";
import type { Effects } from "./effects.ts";
import { SEEN } from "./records.ts";

/** What is remembered of a process; of a state folder, up to which start its processes were forgotten (as `floor`). */
interface Seen {
  /** Up to here runs were forgotten: of what is not in one nobody knows whether it was seen. */
  floor: number;
  readonly runs: { from: number; to: number }[];
  at: Millis;
}

export class SeenIds {
  readonly #effects: Effects;
  /** By sender, and by the first half of ids; least recently used first. Nobody uses up what is another's. */
  readonly #senders = new Map<string, Map<string, Seen>>();
  #count = 0;

  constructor(effects: Effects) {
    this.#effects = effects;
  }

  load(key: string, value: Uint8Array): void {
    const reader = new Reader(value);
    const seen: Seen = { at: reader.u48(), floor: reader.u48(), runs: [] };
    while (reader.left > 0 && !reader.failed) seen.runs.push({ from: reader.u48(), to: reader.u48() });
    const [sender = "", prefix = ""] = SEEN.nameOf(key).split("/");
    if (!reader.failed) this.#put(sender, prefix, seen);
  }

  has(from: string, id: MessageId): boolean {
    const number = sequenceOf(id);
    const seen = this.#senders.get(senderOf(from))?.get(prefixOf(id));
    return seen?.runs.some(({ from, to }) => from <= number && number <= to) ?? false;
  }

  /** Whether an id is not known to have been seen, and may have been. */
  isForgotten(from: string, id: MessageId): boolean {
    const prefixes = this.#senders.get(senderOf(from));
    const seen = prefixes?.get(prefixOf(id));
    if (seen !== undefined) return sequenceOf(id) <= seen.floor && !this.has(from, id);
    return startsOf(id) <= (prefixes?.get(folderOf(id))?.floor ?? -1);
  }

  /**
   * Remembers an id. That is saved a little later: until then the record of the message itself says that it was
   * seen, and who loads one adds its id.
   */
  add(now: Millis, from: string, id: MessageId): void {
    const [sender, prefix] = [senderOf(from), prefixOf(id)];
    const seen = this.#senders.get(sender)?.get(prefix) ?? { floor: 0, runs: [], at: now };
    this.#put(sender, prefix, seen);
    seen.at = now;
    insert(seen.runs, sequenceOf(id));
    if (seen.runs.length > SEEN_RUNS) seen.floor = seen.runs.shift()!.to;
    this.#effects.saveLater(now, SEEN.key(`${sender}/${prefix}`), () => encode(seen));
    while (this.#senders.get(sender)!.size > SEEN_PREFIXES_PER_SENDER) this.#forgetOldest(now, sender);
    while (this.#count > SEEN_PREFIXES) this.#forgetOldest(now, this.#largest());
  }

  /** As if this one had not been seen. */
  remove(from: string, id: MessageId): void {
    const [sender, prefix, number] = [senderOf(from), prefixOf(id), sequenceOf(id)];
    const seen = this.#senders.get(sender)?.get(prefix);
    const at = seen?.runs.findIndex(({ from, to }) => from <= number && number <= to) ?? -1;
    if (seen === undefined || at < 0) return;
    const { from: first, to: last } = seen.runs[at]!;
    const rest = [{ from: first, to: number - 1 }, { from: number + 1, to: last }];
    // Beyond 2^53 a number and the next are the same.
    seen.runs.splice(at, 1, ...rest.filter(({ from, to }) => from <= to && (to < number || from > number)));
    this.#effects.save(SEEN.key(`${sender}/${prefix}`), () => encode(seen));
  }

  /** Forgets what was seen for the last time before an instant. */
  sweep(before: Millis): void {
    for (const [sender, prefixes] of this.#senders) {
      for (const [prefix, { at }] of prefixes) if (at <= before) this.#forget(sender, prefix);
    }
  }

  #put(sender: string, prefix: string, seen: Seen): void {
    const prefixes = this.#senders.get(sender) ?? new Map<string, Seen>();
    this.#senders.set(sender, prefixes);
    if (!prefixes.delete(prefix)) this.#count++;
    prefixes.set(prefix, seen);
  }

  /** Of whom most is remembered. */
  #largest(): string {
    let largest = "";
    for (const [sender, { size }] of this.#senders) {
      if (size > (this.#senders.get(largest)?.size ?? 0)) largest = sender;
    }
    return largest;
  }

  #forgetOldest(now: Millis, sender: string): void {
    const prefixes = this.#senders.get(sender)!;
    const oldest = prefixes.keys().next().value!;
    this.#forget(sender, oldest);
    const folder = folderOf(oldest);
    if (folder === oldest) return;
    const floor = Math.max(startsOf(oldest), prefixes.get(folder)?.floor ?? 0);
    const seen = { floor, runs: [], at: now };
    this.#put(sender, folder, seen);
    this.#effects.saveLater(now, SEEN.key(`${sender}/${folder}`), () => encode(seen));
  }

  #forget(sender: string, prefix: string): void {
    const prefixes = this.#senders.get(sender);
    if (prefixes?.delete(prefix)) this.#count--;
    if (prefixes?.size === 0) this.#senders.delete(sender);
    this.#effects.forget(SEEN.key(`${sender}/${prefix}`));
  }
}

/** What fits into the record. */
const MOST = 2 ** 48 - 1;

/** As it stands in a record's key. */
function senderOf(from: string): string {
  return encodeURIComponent(nickKey(from));
}

function encode(seen: Seen): Uint8Array {
  const writer = new Writer();
  writer.u48(seen.at);
  writer.u48(Math.min(seen.floor, MOST));
  for (const { from, to } of seen.runs) {
    writer.u48(from);
    writer.u48(to);
  }
  return writer.finish();
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
