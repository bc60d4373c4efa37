/**
 * Where a link's packets go. A new address is believed as far as an authentic packet can be: it may come from
 * there, or somebody may have sent a copy of it on. Until the peer has answered a challenge from there, it gets
 * at most three times the bytes that came from there (RFC 9000 sections 8.2 and 9.3).
 */
import { equalAddresses } from "../base/address.ts";
import { equalBytes } from "../base/bytes.ts";
import { AMPLIFICATION_LIMIT } from "../base/limits.ts";
import type { Address } from "../base/units.ts";

export class Path {
  readonly address: Address;
  #challenge: Uint8Array | undefined;
  #budget = 0;

  /** With a challenge the address is not proved yet. */
  constructor(address: Address, challenge?: Uint8Array) {
    this.address = address;
    this.#challenge = challenge;
  }

  get isValidated(): boolean {
    return this.#challenge === undefined;
  }

  /** Goes with every packet until it is answered. */
  get challenge(): Uint8Array | undefined {
    return this.#challenge;
  }

  received(bytes: number): void {
    if (!this.isValidated) this.#budget += AMPLIFICATION_LIMIT * bytes;
  }

  sent(bytes: number): void {
    if (!this.isValidated) this.#budget -= bytes;
  }

  /** Bytes that may be sent there now. */
  get room(): number {
    return this.isValidated ? Infinity : this.#budget;
  }

  /** True when this proves the address. */
  answered(data: Uint8Array): boolean {
    if (this.#challenge === undefined || !equalBytes(this.#challenge, data)) return false;
    this.#challenge = undefined;
    return true;
  }
}

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
