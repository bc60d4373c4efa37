/**
 * A program that is told of events. One with a name reads the journal from where it stopped, and is told
 * more only when it has confirmed; one without a name is told what happens, as long as it keeps up.
 */
import type { JournalEvent, Notice } from "../core/notice.ts";
import { RPC_CODES, RpcError, type RpcParams } from "../transport/rpc_connection.ts";
import type { Engine } from "./engine.ts";

/** The other end of a connection: it is told things. Returns false if it was not told. */
export interface Peer {
  notify(method: string, params: RpcParams): boolean;
}

export class Subscription {
  /** The name of the program, if it has one. */
  readonly reader: string | undefined;
  readonly #engine: Engine;
  readonly #peer: Peer;
  /** The last event that the program was told. */
  #told = 0;
  /** The last event that it has confirmed, if it has a name. */
  #confirmed = 0;
  /** Events and news that the program was too slow for. */
  #missed = 0;
  /** True while the journal is read. */
  #isReading = true;
  /** True if there may be more in the journal than was read. */
  #hasMore = false;
  /** Messages that have come meanwhile. */
  #waiting: JournalEvent[] = [];
  #isOver = false;
  #unwatch = () => {};

  constructor(engine: Engine, peer: Peer, reader: string | undefined) {
    this.#engine = engine;
    this.#peer = peer;
    this.reader = reader;
  }

  /** Begins behind the event `since`, and returns that place: of a program with a name the one it had. */
  async begin(since: number | undefined): Promise<number> {
    this.#unwatch = this.#engine.watch((notice) => this.#onNotice(notice));
    const { place, page } = await this.#read(since, this.reader);
    const begin = place ?? since ?? page.newest;
    this.#told = this.#confirmed = begin;
    this.#isReading = false;
    if (begin < page.newest || this.#waiting.length > 0) this.#catchUp();
    return begin;
  }

  /** The program has dealt with everything up to this event. */
  async confirm(number: number): Promise<void> {
    if (this.reader === undefined) return;
    await this.#engine.ask({ type: "confirmEvents", reader: this.reader, number });
    this.#confirmed = Math.max(this.#confirmed, number);
    this.#catchUp();
  }

  close(): void {
    this.#isOver = true;
    this.#unwatch();
  }

  #onNotice(notice: Notice): void {
    if ("message" in notice) this.#onMessage(notice.message);
    else if (notice.type === "messageState") this.#tell("state", { ...notice });
    else if (NEWS.has(notice.type)) this.#tell("news", { notice });
  }

  /** Events for a program with a name stand in the journal. Those for others may not stay there. */
  #onMessage(event: JournalEvent): void {
    if (this.reader !== undefined) return void this.#catchUp();
    if (this.#isReading) this.#waiting.push(event);
    else this.#tellEvent(event);
  }

  /** Tells of what stands in the journal behind the last event that was told. */
  async #catchUp(): Promise<void> {
    this.#hasMore = true;
    if (this.#isReading) return;
    this.#isReading = true;
    // A program that confirms is told a page, and the next one after that.
    while (!this.#isOver && this.#hasMore && (this.reader === undefined || this.#confirmed >= this.#told)) {
      this.#hasMore = false;
      const { events, missed } = (await this.#read(this.#told, undefined)).page;
      if (events.length > 0 && missed > 0) this.#tell("missed", { count: missed });
      // A program with a name is told what it does not read now when it has confirmed what comes before.
      this.#hasMore = events.length > 0 && events.every((event) => this.#tellEvent(event)) || this.#hasMore;
    }
    this.#isReading = false;
    for (const event of this.#waiting.splice(0)) this.#tellEvent(event);
  }

  /** Returns false if a program with a name was not told, because it reads too slowly. */
  #tellEvent(event: JournalEvent): boolean {
    if (event.number <= this.#told) return true;
    if (this.reader !== undefined && !this.#peer.notify("event", { event })) return false;
    if (this.reader === undefined) this.#tell("event", { event });
    this.#told = event.number;
    return true;
  }

  /** Tells something, unless the program reads too slowly: then it is told later how much it has missed. */
  #tell(method: string, params: Readonly<Record<string, unknown>>): void {
    if (this.#missed > 0 && this.#peer.notify("missed", { count: this.#missed })) this.#missed = 0;
    if (this.#missed > 0 || !this.#peer.notify(method, params)) this.#missed++;
  }

  async #read(after: number | undefined, reader: string | undefined): Promise<Read> {
    const [read] = await this.#engine.ask({ type: "readJournal", after, reader });
    if (read?.type === "journalRead") return read;
    throw new RpcError(RPC_CODES.failed, "too many programs read under names of their own");
  }
}

type Read = Extract<Notice, { type: "journalRead" }>;

/** The news beside messages and their states. */
const NEWS: ReadonlySet<Notice["type"]> = new Set<Notice["type"]>([
  "registered",
  "deregistered",
  "replaced",
  "serverSilent",
  "serverBack",
  "peerKeyChanged",
  "peerSucceeded",
  "peerRevoked",
  "lookAlike",
  "channelDropped",
  "journalFull",
  "unreadable",
  "forged",
]);
