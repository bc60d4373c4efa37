/**
 * A network that loses, doubles, delays, reorders, corrupts and partitions, swallows long datagrams, gives
 * hosts other addresses, and lets strangers throw things in.
 */
import { addressKey } from "../../core/base/address.ts";
import type { Address, Millis } from "../../core/base/units.ts";
import type { Dice } from "./dice.ts";
import type { Nat } from "./nat.ts";
import type { Schedule } from "./schedule.ts";

export interface Weather {
  readonly loss: number;
  readonly duplication: number;
  readonly delay: Millis;
  /** Larger than the gap between two packets, it reorders them. */
  readonly jitter: Millis;
  /** Probability that a bit of a datagram arrives wrong. */
  readonly corruption: number;
  /** Longer datagrams are lost without a word: an MTU black hole. */
  readonly mtu: number;
}

export const CALM: Weather = { loss: 0, duplication: 0, delay: 1, jitter: 0, corruption: 0, mtu: Infinity };

const LOOPBACK = "127.0.0.1";

export type Receive = (from: Address, bytes: Uint8Array) => void;

export class Network {
  weather: Weather = CALM;
  readonly #dice: Dice;
  readonly #schedule: Schedule;
  readonly #hosts = new Map<string, Receive>();
  /** Hosts cut off from everybody. */
  readonly #cut = new Set<string>();
  /** Under which address others see somebody who is behind a translator of addresses, and the way back. */
  readonly #outsides = new Map<string, Address>();
  readonly #insides = new Map<string, Address>();
  readonly #nats: Nat[] = [];
  /** Lately seen datagrams, for replays and forgeries. */
  readonly #seen: { from: Address; to: Address; bytes: Uint8Array }[] = [];
  /** Sees every datagram that is sent; false loses it. */
  passes: (from: Address, to: Address, bytes: Uint8Array) => boolean = () => true;
  /** A process that is bound to 127.0.0.1 lives on this host: others see it here, and reach it here. */
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
    this.#forgetOutside(address);
  }

  /** From now on others see, and reach, whoever is bound to `inside` at `outside` only. */
  rebind(inside: Address, outside: Address): void {
    this.#forgetOutside(inside);
    this.#outsides.set(addressKey(inside), outside);
    this.#insides.set(addressKey(outside), inside);
  }

  #forgetOutside(inside: Address): void {
    const former = this.#outsides.get(addressKey(inside));
    if (former !== undefined) this.#insides.delete(addressKey(former));
    this.#outsides.delete(addressKey(inside));
  }

  /** From now on the hosts behind this NAT are private: others see, and reach, only its outside. */
  translate(nat: Nat): void {
    this.#nats.push(nat);
  }

  #natOf(host: string): Nat | undefined {
    return this.#nats.find((nat) => nat.hides(host));
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

  send(inside: Address, to: Address, bytes: Uint8Array): void {
    if (bytes.length > 1200) throw new Error(`a datagram of ${bytes.length} bytes`);
    const nat = this.#natOf(inside.host);
    const from = nat !== undefined && !nat.hides(to.host)
      ? nat.leaves(inside, to)
      : this.#outsides.get(addressKey(inside)) ?? inside;
    this.#remember(from, to, bytes);
    if (!this.passes(from, to, bytes)) return;
    const { loss, duplication, delay, jitter, corruption, mtu } = this.weather;
    for (let copies = this.#dice.happens(duplication) ? 2 : 1; copies > 0; copies--) {
      if (this.#dice.happens(loss) || bytes.length > mtu) continue;
      const at = this.#schedule.now + delay + this.#dice.next() * jitter;
      const carried = this.#dice.happens(corruption) ? this.#corrupted(bytes) : bytes;
      this.#schedule.at(at, () => this.#deliver(from, to, carried));
    }
  }

  /**
   * A stranger sends somebody garbage, or a datagram that was meant for somebody, as it was or changed, from
   * an address of his own or in the name of the one who sent it.
   */
  disturb(): void {
    if (this.#seen.length === 0) return;
    const { from, to, bytes } = this.#dice.pick(this.#seen);
    const stranger = { host: "10.66.6.6", port: 1 + this.#dice.below(65535) };
    const source = this.#dice.happens(0.5) ? stranger : from;
    const thrown = this.#dice.pick([
      () => bytes,
      () => this.#corrupted(bytes),
      () => this.#dice.bytes(this.#dice.below(100)),
    ])();
    this.#deliver(source, to, thrown);
  }

  /** With one bit changed. */
  #corrupted(bytes: Uint8Array): Uint8Array {
    const changed = bytes.slice();
    const at = this.#dice.below(changed.length);
    changed[at]! ^= 1 << this.#dice.below(8);
    return changed;
  }

  #deliver(from: Address, to: Address, bytes: Uint8Array): void {
    if (this.#cut.has(from.host) || this.#cut.has(to.host)) return;
    // A private host is reached from behind the same NAT, and by the way of the NAT.
    if (this.#natOf(to.host) !== this.#natOf(from.host)) return;
    this.carried++;
    const isLocal = to.host === LOOPBACK;
    const source = from.host === LOOPBACK && !isLocal ? this.#outside(from) : from;
    const nat = this.#nats.find(({ host }) => host === to.host);
    if (nat !== undefined) return this.#enter(nat, source, to, bytes);
    const target = to.host === this.loopbackHost ? { ...to, host: LOOPBACK } : to;
    const inside = this.#insides.get(addressKey(target)) ?? target;
    // Under its former address nobody is reached any more.
    if (inside === target && this.#outsides.has(addressKey(target))) return;
    this.#hosts.get(addressKey(inside))?.(source, bytes.slice());
  }

  #enter(nat: Nat, from: Address, to: Address, bytes: Uint8Array): void {
    const inside = from.host === nat.host && !nat.turnsRound ? undefined : nat.enters(from, to.port);
    if (inside === undefined) return;
    this.#hosts.get(addressKey(inside))?.(from, bytes.slice());
  }

  #outside({ host, port }: Address): Address {
    return { host: this.loopbackHost ?? host, port };
  }

  #remember(from: Address, to: Address, bytes: Uint8Array): void {
    this.#seen.push({ from, to, bytes });
    if (this.#seen.length > 32) this.#seen.shift();
  }
}
