/** Which message ids have been seen: per sender process a few runs of sequence numbers, kept for 45 days. */
import { Reader, Writer } from "./bytes.ts";
import type { Effects } from "./effects.ts";
import { SEEN_LIFE_MS, SEEN_PREFIXES, SEEN_RUNS } from "./limits.ts";
import type { Millis } from "./machine.ts";
import { type MessageId, prefixOf, sequenceOf } from "./message_id.ts";
import { nickKey } from "./nick.ts";
import { SEEN } from "./records.ts";

interface Seen {
  readonly runs: { from: number; to: number }[];
  at: Millis;
}

export class SeenIds {
  readonly #effects: Effects;
  /** Least recently used first. */
  readonly #prefixes = new Map<string, Seen>();

  constructor(effects: Effects) {
    this.#effects = effects;
  }

  load(key: string, value: Uint8Array): void {
    const reader = new Reader(value);
    const seen: Seen = { at: reader.u48(), runs: [] };
    while (reader.left > 0 && !reader.failed) seen.runs.push({ from: reader.u48(), to: reader.u48() });
    if (!reader.failed) this.#prefixes.set(SEEN.nameOf(key), seen);
  }

  has(from: string, id: MessageId): boolean {
    const number = sequenceOf(id);
    return this.#prefixes.get(nameOf(from, id))?.runs.some(({ from, to }) =>
      from <= number && number <= to
    ) ??
      false;
  }

  /**
   * Remembers an id. That is saved a little later: until then the record of the message itself says that it was
   * seen, and who loads one adds its id.
   */
  add(now: Millis, from: string, id: MessageId): void {
    const prefix = nameOf(from, id);
    const seen = this.#prefixes.get(prefix) ?? { runs: [], at: now };
    this.#prefixes.delete(prefix);
    this.#prefixes.set(prefix, seen);
    seen.at = now;
    insert(seen.runs, sequenceOf(id));
    if (seen.runs.length > SEEN_RUNS) seen.runs.shift();
    this.#effects.saveLater(now, SEEN.key(prefix), () => encode(seen));
    if (this.#prefixes.size > SEEN_PREFIXES) this.#forget(this.#prefixes.keys().next().value!);
  }

  /** Forgets what is too old. */
  sweep(now: Millis): void {
    for (const [prefix, seen] of this.#prefixes) if (seen.at + SEEN_LIFE_MS <= now) this.#forget(prefix);
  }

  #forget(prefix: string): void {
    this.#prefixes.delete(prefix);
    this.#effects.forget(SEEN.key(prefix));
  }
}

/** By sender as well: nobody can use up somebody else's ids. */
function nameOf(from: string, id: MessageId): string {
  return `${encodeURIComponent(nickKey(from))}/${prefixOf(id)}`;
}

function encode(seen: Seen): Uint8Array {
  const writer = new Writer();
  writer.u48(seen.at);
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
