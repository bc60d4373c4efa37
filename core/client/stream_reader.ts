/**
 * The client's end of its stream: everything that the server hands over since the last registration, letters
 * and posts together, numbered from 1 in the order in which the server stored them (docs/protocol.md, section
 * 7). Items are taken in order. The acknowledgement names the last position that is saved.
 */
import { ACK_DELAY_MS, CHANNEL_ACK_PER_MEMBER_MS, STREAM_WINDOW } from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import type { VerbOf } from "../messages/verb.ts";

export type StreamItem = VerbOf<"letter"> | VerbOf<"channel">;

export class StreamReader {
  /** The number of the present stream; 0 before the first. */
  #stream = 0;
  /** The position of the last item that was taken. */
  #position = 0;
  /** The longest delay before a post is acknowledged. */
  #ackDelay: Millis = ACK_DELAY_MS;
  #ackDue: Millis = Infinity;
  /** The position of the last item that waited when the stream began. */
  #waiting = 0;
  /** Items that have come and were not taken, by position. */
  readonly #early = new Map<number, StreamItem>();
  /** The stream that those items belong to. They may overtake the answer that begins it. */
  #earlyStream = 0;

  get deadline(): Millis {
    return this.#ackDue;
  }

  /** True if everything that waited at the registration has been taken. */
  get isDrained(): boolean {
    return this.#position >= this.#waiting;
  }

  /** The stream, and the position up to which it is saved: the fields of the acknowledgement. */
  get saved(): { stream: number; position: number } {
    return { stream: this.#stream, position: this.#position };
  }

  /**
   * Begins the stream of a new registration. Streams count up: returns false if this answer belongs to an
   * earlier registration and comes too late. The more members there are, the longer acknowledgements may
   * wait, so that they do not flood the server.
   */
  begin(stream: number, members: number, waiting: number): boolean {
    if (stream <= this.#stream) return false;
    this.#stream = stream;
    this.#position = 0;
    this.#waiting = waiting;
    this.#ackDue = Infinity;
    this.noteMembers(members);
    this.#expect(stream);
    return true;
  }

  /** There are so many members now. */
  noteMembers(members: number): void {
    this.#ackDelay = Math.max(ACK_DELAY_MS, members * CHANNEL_ACK_PER_MEMBER_MS);
  }

  /** The server is in a new process, whose streams may count from anywhere. */
  forget(): void {
    this.#stream = 0;
    this.#earlyStream = 0;
    this.#early.clear();
    this.#ackDue = Infinity;
  }

  /** Drops the items of an earlier stream than this one. */
  #expect(stream: number): void {
    if (stream <= this.#earlyStream) return;
    this.#earlyStream = stream;
    this.#early.clear();
  }

  /**
   * Files an item until `takeNext` takes it. One that was taken before is acknowledged again. The server
   * sends no item further ahead than `STREAM_WINDOW`, so none is kept.
   */
  file(now: Millis, item: StreamItem): void {
    const position = item.stream === this.#stream ? this.#position : 0;
    if (item.stream < this.#earlyStream || item.position > position + STREAM_WINDOW) return;
    this.#expect(item.stream);
    if (item.position > position) this.#early.set(item.position, item);
    else this.#ackDue = Math.min(this.#ackDue, now);
  }

  /** The next item, if it has come. */
  get next(): StreamItem | undefined {
    return this.#earlyStream === this.#stream ? this.#early.get(this.#position + 1) : undefined;
  }

  /**
   * Takes the next item, if it has come. It counts as saved at once, because the acknowledgement leaves after
   * the commit. A post is acknowledged after the part `chance` (0 to 1) of the longest delay.
   */
  takeNext(now: Millis, chance: number): StreamItem | undefined {
    const item = this.next;
    if (item === undefined) return undefined;
    this.#early.delete(++this.#position);
    const delay = item.type === "letter" ? 0 : chance * this.#ackDelay;
    this.#ackDue = Math.min(this.#ackDue, now + delay);
    return item;
  }

  /**
   * Returns true, once, if an acknowledgement is to leave now: also a little early if a packet leaves anyway,
   * for that costs nothing.
   */
  takeAck(now: Millis, leavesAnyway = false): boolean {
    if (this.#ackDue > (leavesAnyway ? now + ACK_DELAY_MS : now)) return false;
    this.#ackDue = Infinity;
    return true;
  }
}
