/**
 * The server's end of a member's stream: letters and posts in the order in which they were stored, numbered
 * from 1 at each registration (docs/protocol.md, section 7). At most 32 are under way, and each is kept until
 * the member says that it is saved.
 */
import { STREAM_BYTES, STREAM_ENTRIES, STREAM_WINDOW } from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import type { Link } from "../link/links.ts";
import type { Verb } from "../messages/verb.ts";
import type { ChannelRow } from "./channel.ts";
import type { StoredLetter } from "./offline_store.ts";

/** `waited` is true for entries that were stored before the member registered. */
export type StreamEntry =
  | { readonly type: "letter"; readonly letter: StoredLetter; readonly waited: boolean }
  | { readonly type: "channel"; readonly row: ChannelRow; readonly waited: boolean };

export class StreamWriter {
  /** The number of the stream. Later streams have higher numbers. */
  readonly stream: number;
  /** The entries that are not known to be saved, in order. */
  #entries: StreamEntry[] = [];
  /**
   * The bytes of the entries that came since the registration. Mailbox and channel may have dropped them, so
   * that only the stream still holds them.
   */
  #bytes = 0;
  /** The last position that the member has saved. */
  #saved = 0;
  /** The last position that was handed to the link. */
  #sent = 0;

  constructor(stream: number) {
    this.stream = stream;
  }

  /** A stream with everything that waits for a member, letters and posts together, as they were stored. */
  static open(
    stream: number,
    { letters, rows }: { letters: readonly StoredLetter[]; rows: readonly ChannelRow[] },
  ): StreamWriter {
    const entries: { order: number; entry: StreamEntry }[] = [
      ...letters.map((letter) => ({
        order: letter.order,
        entry: { type: "letter", letter, waited: true } as const,
      })),
      ...rows.map((row) => ({ order: row.order, entry: { type: "channel", row, waited: true } as const })),
    ];
    const writer = new StreamWriter(stream);
    for (const { entry } of entries.sort((a, b) => a.order - b.order)) writer.push(entry);
    return writer;
  }

  get length(): number {
    return this.#entries.length;
  }

  /** The bytes of what came since the registration. */
  get bytes(): number {
    return this.#bytes;
  }

  /** True if so much waits that the member counts as absent. */
  get isFull(): boolean {
    return this.#entries.length >= STREAM_ENTRIES || this.#bytes > STREAM_BYTES;
  }

  /** Puts an entry at the end. `pump` sends it. */
  push(entry: StreamEntry): void {
    this.#entries.push(entry);
    this.#bytes += bytesOf(entry);
  }

  /** The member has saved everything up to a position. Returns the entries of which that is news. */
  acknowledge(position: number): StreamEntry[] {
    const count = Math.min(position, this.#sent) - this.#saved;
    if (count <= 0) return [];
    this.#saved += count;
    const saved = this.#entries.splice(0, count);
    for (const entry of saved) this.#bytes -= bytesOf(entry);
    return saved;
  }

  /** Begins again behind what is saved, because the link may have dropped what it held. */
  rewind(): void {
    this.#sent = this.#saved;
  }

  /**
   * Hands the link as many entries as may be under way. An entry that the link still holds is not sent twice,
   * because it has the same tag.
   */
  pump(now: Millis, link: Link): void {
    const end = this.#saved + Math.min(this.#entries.length, STREAM_WINDOW);
    while (this.#sent < end) {
      const position = ++this.#sent;
      const entry = this.#entries[position - this.#saved - 1]!;
      link.send(now, verbOf(entry, this.stream, position), `stream/${this.stream}/${position}`);
    }
  }
}

function bytesOf(entry: StreamEntry): number {
  if (entry.waited) return 0;
  return (entry.type === "letter" ? entry.letter : entry.row).body.length;
}

function verbOf(entry: StreamEntry, stream: number, position: number): Verb {
  const { type, waited } = entry;
  const { id, from, body } = entry.type === "letter" ? entry.letter : entry.row;
  return { type, stream, position, waited, id, from, body };
}
