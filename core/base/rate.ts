import { ipv6Groups } from "./address.ts";
import { remember } from "./bounded_map.ts";
import { RATES } from "./limits.ts";
import type { Address, Millis } from "./units.ts";

/**
 * A token bucket: it lets through at most `perSecond` events a second in the long run, and up to `burst` at
 * once after a pause. Without a burst that is one second's worth.
 */
export class Rate {
  readonly #perSecond: number;
  readonly #burst: number;
  #left: number;
  #at: Millis = -Infinity;

  constructor(perSecond: number, burst: number = perSecond) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#left = burst;
  }

  /** Counts `count` events, and returns false, counting nothing, if there have been too many. */
  take(now: Millis, count = 1): boolean {
    if (!this.has(now, count)) return false;
    this.spend(count);
    return true;
  }

  /** True if so many more events may come. */
  has(now: Millis, count = 1): boolean {
    const gained = this.#at === -Infinity ? 0 : Math.max(0, now - this.#at) * this.#perSecond / 1000;
    this.#left = Math.min(this.#burst, this.#left + gained);
    this.#at = Math.max(this.#at, now);
    return this.#left >= count;
  }

  /**
   * Counts an event whose weight is known only afterwards, as so many. A weight that was too great is taken
   * out of what is gained next, but never more than a burst.
   */
  spend(weight: number): void {
    this.#left = Math.max(this.#left - weight, -this.#burst);
  }
}

/**
 * A `Rate` for each name. At most `RATES` are remembered: the name that was used longest ago is forgotten,
 * and begins with a full burst again.
 */
export class Rates {
  readonly #perSecond: number;
  readonly #burst: number;
  /** Least recently used first. */
  readonly #rates = new Map<string, Rate>();

  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
  }

  of(name: string): Rate {
    const rate = this.#rates.get(name) ?? new Rate(this.#perSecond, this.#burst);
    remember(this.#rates, name, rate, RATES);
    return rate;
  }
}

/**
 * A `Rate` for each host. IPv6 addresses with the same first 64 bits count as one host, because one
 * subscriber has 2^64 of them and more (RFC 6177).
 */
export class HostRates {
  readonly #rates: Rates;

  constructor(perSecond: number, burst: number) {
    this.#rates = new Rates(perSecond, burst);
  }

  /** Counts one event of a host; false if that host has had too many. */
  take(now: Millis, { host }: Address): boolean {
    const name = host.includes(":") ? ipv6Groups(host).slice(0, 4).join(":") : host;
    return this.#rates.of(name).take(now);
  }
}
