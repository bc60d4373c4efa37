/**
 * Clients of the floors (`floor_server.ts`): datagrams, sealed or not, without any protocol. What is lost is
 * lost, except that the greeting is repeated until it is answered.
 */
import type { Millis } from "../../core/base/units.ts";
import { decodeFloor, encodeFloor, GREETING } from "./floor_packet.ts";
import type { Job } from "./job.ts";
import { HEADER_BYTES, now, RECEIVE_BUFFER_BYTES, type Seat, type SeatEvents } from "./seat.ts";

const GREET_AGAIN_MS = 500;

export class FloorSeat implements Seat {
  readonly version = 0;
  readonly newest = 0;
  registeredAt: Millis = Infinity;
  readonly #socket: Deno.DatagramConn;
  readonly #to: Deno.NetAddr;
  readonly #events: SeatEvents;
  readonly #isSealed: boolean;
  /** Fires when the greeting is to be repeated. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor({ server, protocol }: Job, hostname: string, events: SeatEvents) {
    this.#to = { transport: "udp", hostname: server.host, port: server.port };
    this.#events = events;
    this.#isSealed = protocol !== "bare";
    this.#socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
    this.#listen();
  }

  get completeAt(): Millis {
    return this.registeredAt;
  }

  register(): void {
    this.#send(GREETING);
    this.#timer = setTimeout(() => this.register(), GREET_AGAIN_MS);
  }

  leave(): void {
    this.registeredAt = Infinity;
  }

  post(_at: Millis, number: number): void {
    this.#send(number);
  }

  #send(number: number): void {
    this.#socket.send(encodeFloor([number], this.#isSealed), this.#to).catch(() => {});
  }

  async #listen(): Promise<never> {
    const buffer = new Uint8Array(RECEIVE_BUFFER_BYTES);
    for (;;) {
      const [received] = await this.#socket.receive(buffer);
      this.#events.received(HEADER_BYTES + received.length);
      for (const number of decodeFloor(received, this.#isSealed)) {
        if (number !== GREETING) this.#events.arrived(now(), number);
        else if (this.registeredAt === Infinity) {
          this.registeredAt = now();
          clearTimeout(this.#timer);
        }
      }
    }
  }
}
