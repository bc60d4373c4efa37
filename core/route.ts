import { equalAddresses } from "./base/address.ts";
import type { Address } from "./base/units.ts";
import { Path } from "./path.ts";

/** Where a peer may be, and the path that its link's packets take now. */
export class Route {
  #addresses: readonly Address[];
  #path: Path | undefined;
  #proved: Address | undefined;

  constructor(addresses: readonly Address[]) {
    this.#addresses = addresses;
  }

  /** There is one as long as there is a session. */
  get path(): Path | undefined {
    return this.#path;
  }

  /** Where the peer is, as far as is proved, or else said. */
  get address(): Address {
    return this.#proved ?? this.#addresses[0]!;
  }

  /**
   * Where to look for the peer: where it was last, unless it is said to be elsewhere, then where else it may be. Not
   * where nothing proves that it is: handshakes do not count what they send.
   */
  get candidates(): readonly Address[] {
    if (this.#path === undefined || this.#proved === undefined) return this.#addresses;
    const proved = this.#proved;
    const others = this.#addresses.filter((address) => !equalAddresses(address, proved));
    return this.#isSaid(proved) ? [proved, ...others] : [...others, proved];
  }

  /** Takes what somebody says of where the peer is. True when that is news, and not where we reach it. */
  learn(addresses: readonly Address[]): boolean {
    if (addresses.length === 0) return false;
    const isNews = addresses.some((address) => !this.#isSaid(address));
    this.#addresses = addresses;
    return isNews && this.#path !== undefined && !this.#isSaid(this.#path.address);
  }

  /** From now on packets take this path. True when it leads to another host than the one before. */
  take(path: Path): boolean {
    const former = this.#path?.address.host;
    this.#path = path;
    if (path.isValidated) this.#proved = path.address;
    return former !== undefined && former !== path.address.host;
  }

  /** Whether an authentic packet, the newest one, shows that the peer is somewhere else now. */
  isLeftBehind(from: Address): boolean {
    return !equalAddresses(this.#path!.address, from);
  }

  received(from: Address, bytes: number): void {
    if (equalAddresses(this.#path!.address, from)) this.#path!.received(bytes);
  }

  /** An answer to our challenge. */
  answered(data: Uint8Array): void {
    if (this.#path!.answered(data)) this.#proved = this.#path!.address;
  }

  leave(): void {
    this.#path = undefined;
  }

  #isSaid(address: Address): boolean {
    return this.#addresses.some((other) => equalAddresses(other, address));
  }
}
