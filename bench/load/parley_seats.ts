/** Small clients with sockets of their own, all in this process. */
import { setImmediate } from "node:timers";
import { Timers } from "../../core/base/timers.ts";
import type { Millis } from "../../core/base/units.ts";
import type { Verb } from "../../core/messages/verb.ts";
import { letterOf } from "../letters.ts";
import type { Job } from "./job.ts";
import { HEADER_BYTES, now, RECEIVE_BUFFER_BYTES, type Seat, type SeatEvents, TEXT_BYTES } from "./seat.ts";
import { SmallClient } from "./small_client.ts";

const TEXT = "m".repeat(TEXT_BYTES);
/** The server opens no letter, so all deposits have the same one. */
const LETTER = letterOf(TEXT_BYTES);

const timers = new Timers<ParleySeat>();
const touched = new Set<ParleySeat>();
let alarm: Millis = Infinity;
let timer: ReturnType<typeof setTimeout> | undefined;
let isFlushPlanned = false;

export class ParleySeat implements Seat {
  readonly #client: SmallClient;
  readonly #events: SeatEvents;
  readonly #server: Job["server"];
  readonly #socket: Deno.DatagramConn;
  readonly #buffer = new Uint8Array(RECEIVE_BUFFER_BYTES);
  /** The numbers of the posts that have come. */
  readonly #arrived = new Set<number>();
  #sending: Promise<unknown> = Promise.resolve();

  constructor({ server, serverKey, followsTable }: Job, nick: string, hostname: string, events: SeatEvents) {
    this.#events = events;
    this.#server = server;
    this.#socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
    const heard = (at: Millis, verb: Verb) => this.#heard(at, verb);
    this.#client = new SmallClient(now(), { nick, server, serverKey, followsTable, heard });
    this.#listen();
  }

  get registeredAt(): Millis {
    return this.#client.registeredAt;
  }

  get completeAt(): Millis {
    return this.#client.completeAt;
  }

  get version(): number {
    return this.#client.version.counter;
  }

  get newest(): number {
    return this.#client.newest.counter;
  }

  register(at: Millis): void {
    this.#client.register(at);
    touch(this);
  }

  leave(at: Millis): void {
    this.#client.leave(at);
    touch(this);
  }

  post(at: Millis, number: number): void {
    this.#client.post(at, number.toString(16).padStart(32, "0"), number, TEXT);
    touch(this);
  }

  deposit(at: Millis, id: string, to: string): void {
    this.#client.deposit(at, id, to, LETTER);
    touch(this);
  }

  async #listen(): Promise<never> {
    for (;;) {
      const [received] = await this.#socket.receive(this.#buffer);
      this.#events.received(HEADER_BYTES + received.length);
      // A copy, because the buffer is used again and a link may keep parts of a datagram.
      this.#client.receive(now(), this.#server, received.slice());
      touch(this);
    }
  }

  #heard(at: Millis, verb: Verb): void {
    switch (verb.type) {
      case "channel": {
        // A new stream brings again what was not saved in time.
        const number = Number.parseInt(verb.id, 16);
        if (!this.#arrived.has(number)) this.#events.arrived(at, number);
        this.#arrived.add(number);
        return;
      }
      case "letter":
        return this.#events.letter(at);
      case "stored":
        return this.#events.stored(at, verb.id);
      case "rejected":
        return this.#events.rejected(verb.id, verb.reason);
      case "refused":
        throw new Error(`'${this.#client.nick}' was refused: '${verb.reason}'`);
    }
  }

  /** Sends what is to leave, in its order. */
  flush(at: Millis): void {
    const datagrams = this.#client.takeDatagrams(at);
    timers.set(this, this.#client.deadline);
    if (datagrams.length === 0) return;
    this.#sending = this.#sending.then(async () => {
      for (const { bytes, to } of datagrams) {
        const address = { transport: "udp", hostname: to.host, port: to.port } as const;
        // To the protocol a datagram that could not leave is a lost one.
        await this.#socket.send(bytes, address).catch(() => {});
      }
    });
  }
}

/** All that has come in this turn of the event loop is answered together. */
function touch(seat: ParleySeat): void {
  touched.add(seat);
  if (isFlushPlanned) return;
  isFlushPlanned = true;
  setImmediate(flush);
}

function flush(): void {
  isFlushPlanned = false;
  const at = now();
  for (let seat = timers.next(at); seat !== undefined; seat = timers.next(at)) touched.add(seat);
  for (const seat of touched) seat.flush(at);
  touched.clear();
  if (timers.deadline >= alarm && alarm > at) return;
  clearTimeout(timer);
  alarm = timers.deadline;
  if (alarm < Infinity) timer = setTimeout(onAlarm, Math.max(1, Math.ceil(alarm - at)));
}

function onAlarm(): void {
  alarm = Infinity;
  flush();
}
