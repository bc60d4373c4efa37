/**
 * Translators of addresses, in the four kinds that STUN once told apart (RFC 3489 section 5). RFC 4787 says
 * it in two parts: which outside port a socket gets (section 4.1), and who may send to it there (section
 * 5).
 */
import { addressKey } from "../../core/base/address.ts";
import type { Address } from "../../core/base/units.ts";

export const NAT_KINDS = ["full cone", "address-restricted", "port-restricted", "symmetric"] as const;
export type NatKind = typeof NAT_KINDS[number];

/** A socket behind the NAT under one of its ports outside. */
interface Mapping {
  readonly inside: Address;
  /** The hosts and addresses that it has sent to from this port. */
  readonly sentTo: Set<string>;
}

const FIRST_PORT = 40_001;

/** A NAT with hosts behind it. */
export class Nat {
  /** Its address outside. */
  readonly host: string;
  readonly kind: NatKind;
  /** True if a host inside reaches another one by its address outside ("hairpinning", RFC 4787 section 6). */
  readonly turnsRound: boolean;
  readonly #hosts: ReadonlySet<string>;
  readonly #ports = new Map<string, number>();
  readonly #mappings = new Map<number, Mapping>();
  #nextPort = FIRST_PORT;

  constructor(kind: NatKind, host: string, hosts: readonly string[], turnsRound = false) {
    this.turnsRound = turnsRound;
    this.kind = kind;
    this.host = host;
    this.#hosts = new Set(hosts);
  }

  /** It knows nothing any more, and everybody is seen at another port from now on. */
  restarts(): void {
    this.#ports.clear();
    this.#mappings.clear();
  }

  /** True if this host is behind the NAT. */
  hides(host: string): boolean {
    return this.#hosts.has(host);
  }

  /** The address under which a datagram from inside is seen outside. */
  leaves(inside: Address, to: Address): Address {
    const socket = addressKey(inside);
    const key = this.kind === "symmetric" ? `${socket} ${addressKey(to)}` : socket;
    const port = this.#ports.get(key) ?? this.#nextPort++;
    this.#ports.set(key, port);
    const mapping = this.#mappings.get(port) ?? { inside, sentTo: new Set() };
    this.#mappings.set(port, mapping);
    mapping.sentTo.add(to.host).add(addressKey(to));
    return { host: this.host, port };
  }

  /** The host that gets a datagram from outside that came to this port; `undefined` if the NAT drops it. */
  enters(from: Address, port: number): Address | undefined {
    const mapping = this.#mappings.get(port);
    const permission = this.kind === "address-restricted" ? from.host : addressKey(from);
    return this.kind === "full cone" || mapping?.sentTo.has(permission) ? mapping?.inside : undefined;
  }
}
