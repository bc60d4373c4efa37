/**
 * The member's end of its stream: everything the server hands over since the last registration, letters and
 * channel messages together, numbered from 1 in the order in which the server stored them. Taken in order,
 * acknowledged by the last position that is saved.
 */
import { ACK_DELAY_MS, CHANNEL_ACK_PER_MEMBER_MS, STREAM_WINDOW } from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import type { VerbOf } from "../messages/verb.ts";

export type StreamItem = VerbOf<"letter"> | VerbOf<"channel">;

export class StreamReader {
  #stream = 0;
  #position = 0;
  #ackDelay: Millis = ACK_DELAY_MS;
  #ackDue: Millis = Infinity;
  /** The position of the last item that waited when the stream began. */
  #waiting = 0;
  readonly #early = new Map<number, StreamItem>();
  /** Of which stream those are: items may overtake the answer that begins their stream. */
  #earlyStream = 0;

  get deadline(): Millis {
    return this.#ackDue;
  }

  /** Whether everything that waited at the registration is here. */
  get isDrained(): boolean {
    return this.#position >= this.#waiting;
  }

  /** What is saved so far: the answer to the server. */
  get saved(): { stream: number; position: number } {
    return { stream: this.#stream, position: this.#position };
  }

  /**
   * A new registration: the server begins at 1 again. Streams count up; an answer to an earlier registration
   * that comes late is of no use, and says so. The more members, the longer acknowledgements may wait.
   */
  begin(stream: number, members: number, waiting: number): boolean {
    if (stream <= this.#stream) return false;
    this.#stream = stream;
    this.#position = 0;
    this.#waiting = waiting;
    this.#ackDue = Infinity;
    this.#ackDelay = Math.max(ACK_DELAY_MS, members * CHANNEL_ACK_PER_MEMBER_MS);
    this.#expect(stream);
    return true;
  }

  /** The server is in a new life: its streams may count from anywhere. */
  forget(): void {
    this.#stream = 0;
    this.#earlyStream = 0;
    this.#early.clear();
    this.#ackDue = Infinity;
  }

  #expect(stream: number): void {
    if (stream <= this.#earlyStream) return;
    this.#earlyStream = stream;
    this.#early.clear();
  }

  /** Files an item, to be taken by `takeNext`; a repeat is acknowledged again. */
  file(now: Millis, item: StreamItem): void {
    const position = item.stream === this.#stream ? this.#position : 0;
    if (item.stream < this.#earlyStream || item.position > position + STREAM_WINDOW) return;
    this.#expect(item.stream);
    if (item.position > position) this.#early.set(item.position, item);
    else this.#ackDue = Math.min(this.#ackDue, now);
  }

  /** The next item in order, if it has come; from now on it counts as saved. `chance` spreads acknowledgements. */
  takeNext(now: Millis, chance: number): StreamItem | undefined {
    if (this.#earlyStream !== this.#stream) return undefined;
    const item = this.#early.get(this.#position + 1);
    if (item === undefined) return undefined;
    this.#early.delete(++this.#position);
    const delay = item.type === "letter" ? 0 : chance * this.#ackDelay;
    this.#ackDue = Math.min(this.#ackDue, now + delay);
    return item;
  }

  /** Whether an acknowledgement is to leave now. */
  takeAck(now: Millis): boolean {
    if (this.#ackDue > now) return false;
    this.#ackDue = Infinity;
    return true;
  }
}
