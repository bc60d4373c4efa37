/** Kinds of value that every wing of the core uses. */

/**
 * Milliseconds, fractions allowed: a span, or an instant counted from 1970-01-01 00:00 UTC as `Date.now()`
 * does.
 */
export type Millis = number;

/** A UDP end point. `host` is a numeric address, never a name. */
export interface Address {
  /** IPv4 as dotted numbers, or IPv6 as RFC 5952 writes it, without brackets. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** A datagram to be sent. `bytes` belongs to the receiver of this object: its maker never writes there. */
export interface Datagram {
  readonly to: Address;
  readonly bytes: Uint8Array;
}

/** A public key of 32 bytes, X25519 or Ed25519, as 64 lower-case hexadecimal digits. */
export type Key = string;

/** Returns so many fresh random bytes. The core draws none itself, so a seed can replay a run. */
export type Random = (bytes: number) => Uint8Array;

/**
 * Milliseconds since some instant: the difference of two readings is what the work between them has taken.
 * The core reads no clock itself, so a test can say what work takes.
 */
export type Stopwatch = () => Millis;
