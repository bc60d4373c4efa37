/** A network that loses, doubles, delays, reorders and partitions, and lets strangers throw things in. */
import type { Address, Millis } from "../../core/machine.ts";
import { addressKey } from "../../core/table.ts";
import type { Dice } from "./random.ts";
import type { Schedule } from "./schedule.ts";

export interface Weather {
  readonly loss: number;
  readonly duplication: number;
  readonly delay: Millis;
  /** Larger than the gap between two packets, it reorders them. */
  readonly jitter: Millis;
}

export const CALM: Weather = { loss: 0, duplication: 0, delay: 1, jitter: 0 };

const LOOPBACK = "127.0.0.1";

export type Receive = (from: Address, bytes: Uint8Array) => void;

export class Network {
  weather: Weather = CALM;
  readonly #dice: Dice;
  readonly #schedule: Schedule;
  readonly #hosts = new Map<string, Receive>();
  /** Hosts cut off from everybody. */
  readonly #cut = new Set<string>();
  /** Lately seen datagrams, for replays by strangers. */
  readonly #seen: { to: Address; bytes: Uint8Array }[] = [];
  /** Sees every datagram that is sent; false loses it. */
  passes: (from: Address, to: Address, bytes: Uint8Array) => boolean = () => true;
  /** Who is bound to 127.0.0.1 lives on this host: others see it here, and reach it here. */
  loopbackHost: string | undefined;
  carried = 0;

  constructor(dice: Dice, schedule: Schedule) {
    this.#dice = dice;
    this.#schedule = schedule;
  }

  bind(address: Address, receive: Receive): void {
    this.#hosts.set(addressKey(address), receive);
  }

  unbind(address: Address): void {
    this.#hosts.delete(addressKey(address));
  }

  cut(host: string): void {
    this.#cut.add(host);
  }

  heal(): void {
    this.weather = CALM;
    this.#cut.clear();
  }

  mend(host: string): void {
    this.#cut.delete(host);
  }

  send(from: Address, to: Address, bytes: Uint8Array): void {
    if (bytes.length > 1200) throw new Error(`a datagram of ${bytes.length} bytes`);
    this.#remember(to, bytes);
    if (!this.passes(from, to, bytes)) return;
    const { loss, duplication, delay, jitter } = this.weather;
    for (let copies = this.#dice.happens(duplication) ? 2 : 1; copies > 0; copies--) {
      if (this.#dice.happens(loss)) continue;
      const at = this.#schedule.now + delay + this.#dice.next() * jitter;
      this.#schedule.at(at, () => this.#deliver(from, to, bytes));
    }
  }

  /** A stranger sends somebody garbage, or a datagram that was meant for somebody. */
  disturb(): void {
    if (this.#seen.length === 0) return;
    const { to, bytes } = this.#dice.pick(this.#seen);
    const stranger = { host: "10.66.6.6", port: 1 + this.#dice.below(65535) };
    const garbage = this.#dice.bytes(this.#dice.below(100));
    this.#deliver(stranger, to, this.#dice.happens(0.5) ? bytes : garbage);
  }

  #deliver(from: Address, to: Address, bytes: Uint8Array): void {
    if (this.#cut.has(from.host) || this.#cut.has(to.host)) return;
    this.carried++;
    const isLocal = to.host === LOOPBACK;
    const source = from.host === LOOPBACK && !isLocal ? this.#outside(from) : from;
    const target = to.host === this.loopbackHost ? { ...to, host: LOOPBACK } : to;
    this.#hosts.get(addressKey(target))?.(source, bytes.slice());
  }

  #outside({ host, port }: Address): Address {
    return { host: this.loopbackHost ?? host, port };
  }

  #remember(to: Address, bytes: Uint8Array): void {
    this.#seen.push({ to, bytes });
    if (this.#seen.length > 32) this.#seen.shift();
  }
}
