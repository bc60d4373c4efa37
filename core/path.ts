/**
 * Where a link's packets go. A new address is believed as far as an authentic packet can be: it may come from
 * there, or somebody may have sent a copy of it on. Until the peer has answered a challenge from there, it gets
 * at most three times the bytes that came from there (RFC 9000 sections 8.2 and 9.3).
 */
import { equalBytes } from "./base/bytes.ts";
import { AMPLIFICATION_LIMIT } from "./base/limits.ts";
import type { Address } from "./base/units.ts";

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
