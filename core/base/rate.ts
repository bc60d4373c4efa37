import { ipv6Groups } from "./address.ts";
import { remember } from "./bounded_map.ts";
import { HOSTS } from "./limits.ts";
import type { Address, Millis } from "./units.ts";

/** At most so many a second, in bursts of a second's worth or as given: a token bucket. */
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

  /** False when there have been too many. */
  take(now: Millis): boolean {
    const gained = this.#at === -Infinity ? 0 : Math.max(0, now - this.#at) * this.#perSecond / 1000;
    this.#left = Math.min(this.#burst, this.#left + gained);
    this.#at = Math.max(this.#at, now);
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}

/**
 * A rate for each host, of which only so many are remembered: whoever was not heard for longest begins anew. Of IPv6
 * the first 64 bits count, for those who have one address have 2^64.
 */
export class HostRates {
  readonly #perSecond: number;
  readonly #burst: number;
  /** Least recently used first. */
  readonly #rates = new Map<string, Rate>();

  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
  }

  take(now: Millis, { host }: Address): boolean {
    const name = host.includes(":") ? ipv6Groups(host).slice(0, 4).join(":") : host;
    const rate = this.#rates.get(name) ?? new Rate(this.#perSecond, this.#burst);
    remember(this.#rates, name, rate, HOSTS);
    return rate.take(now);
  }
}
