/** Clients of other servers, over TCP. */
import type { Millis } from "../../core/base/units.ts";
import { type Dialect, DIALECTS, type Heard } from "./dialects.ts";
import type { Job, Peer } from "./job.ts";
import { now, type Seat, type SeatEvents } from "./seat.ts";

const READ_BYTES = 8_192;

export class TcpSeat implements Seat {
  readonly version = 0;
  readonly newest = 0;
  registeredAt: Millis = Infinity;
  readonly #job: Job;
  readonly #name: string;
  readonly #dialect: Dialect;
  readonly #events: SeatEvents;
  #connection: Deno.TcpConn | undefined;
  #isWelcome = false;
  #writing: Promise<unknown> = Promise.resolve();
  /** What is to be written together, after what is being written now. */
  #unwritten = "";

  constructor(job: Job, protocol: Peer, name: string, events: SeatEvents) {
    this.#job = job;
    this.#name = name;
    this.#dialect = DIALECTS[protocol];
    this.#events = events;
  }

  get completeAt(): Millis {
    return this.registeredAt;
  }

  async register(): Promise<void> {
    const { host: hostname, port } = this.#job.server;
    const connection = this.#connection = await Deno.connect({ hostname, port });
    connection.setNoDelay();
    this.#write(this.#dialect.hello(this.#name));
    this.#read(connection);
  }

  leave(): void {
    this.registeredAt = Infinity;
    this.#connection?.close();
  }

  post(_at: Millis, number: number): void {
    this.#write(this.#dialect.say(number));
  }

  #write(text: string): void {
    const isIdle = this.#unwritten === "";
    this.#unwritten += text;
    if (!isIdle) return;
    this.#writing = this.#writing.then(async () => {
      let bytes = bytesOf(this.#unwritten);
      this.#unwritten = "";
      while (bytes.length > 0) bytes = bytes.subarray(await this.#connection!.write(bytes));
    });
  }

  async #read(connection: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    let text = "";
    for (;;) {
      const count = await connection.read(buffer).catch(() => null);
      if (count === null) return this.#onEnd();
      this.#events.received(count);
      text += textOf(buffer.subarray(0, count));
      text = text.slice(this.#dialect.read(text, (what) => this.#heard(what)));
    }
  }

  #onEnd(): void {
    if (this.registeredAt < Infinity) throw new Error(`the server has hung up on '${this.#name}'`);
  }

  #heard(what: Heard): void {
    switch (what.type) {
      case "message":
        return this.#events.arrived(now(), what.number);
      case "asked":
        return this.#write(what.answer);
      case "welcome": {
        if (this.#isWelcome || !(this.#job.listens || this.#dialect.speakersJoin)) return this.#onJoined();
        this.#isWelcome = true;
        return this.#write(this.#dialect.join);
      }
      case "joined":
        return this.#onJoined();
    }
  }

  #onJoined(): void {
    if (this.registeredAt === Infinity) this.registeredAt = now();
  }
}

/** Each byte becomes the character with its number. */
function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
