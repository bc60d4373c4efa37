/** The few kinds of value that every part of the core speaks of. */

/** Milliseconds. As an instant: since 1970-01-01 00:00 UTC, as `Date.now()` counts; fractions are allowed. */
export type Millis = number;

/** A UDP end point. `host` is a numeric address, never a name. */
export interface Address {
  /** Dotted IPv4, or IPv6 in groups. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** A datagram that is to leave. `bytes` belongs to the receiver of this object and does not change. */
export interface Datagram {
  readonly to: Address;
  readonly bytes: Uint8Array;
}

/** A public key as hexadecimal digits. */
export type Key = string;

/** Where randomness comes from: `random(n)` returns n fresh bytes. */
export type Random = (bytes: number) => Uint8Array;
