/**
 * The two macs of handshake packets, and the cookies that a responder asks for under load. The design is
 * WireGuard's (whitepaper sections 5.3, 5.4.4 and 5.4.7) with functions that `node:crypto` has: HMAC-SHA256
 * cut to 16 bytes takes the place of keyed BLAKE2s, and ChaCha20-Poly1305 under a fresh key for each reply,
 * made by HKDF from 32 random bytes, takes the place of XChaCha20-Poly1305. docs/protocol.md, section 1, has
 * the formats.
 *
 * mac1 proves that the sender knows the responder's public key, so that scanners get no answer. mac2 proves
 * that the sender receives what is sent to its address. It is asked for only when there are too many
 * initiations.
 */
import { addressKey } from "../base/address.ts";
import { equalBytes, Reader, Writer } from "../base/bytes.ts";
import { KEY_BYTES, type Primitives } from "../base/crypto.ts";
import { COOKIE_LIFE_MS } from "../base/limits.ts";
import type { Address, Millis, Random } from "../base/units.ts";
import { encodeCookieReply, type Initiation, MAC_BYTES, SALT_BYTES } from "./packet.ts";

const encoder = new TextEncoder();
const MAC1_LABEL = encoder.encode("mac1----");
const COOKIE_LABEL = encoder.encode("cookie--");
/** HKDF-Expand counts its blocks from 1 (RFC 5869 section 2.3). */
const ONE = Uint8Array.of(1);
const NONE = new Uint8Array(0);

/**
 * The key of mac1 in all packets to the holder of this public key. Everybody who knows the public key has it.
 */
export function mac1Key(primitives: Primitives, publicKey: Uint8Array): Uint8Array {
  return primitives.hash(MAC1_LABEL, publicKey);
}

/**
 * Computes mac1 over the bytes before it, writes it so that it ends at `end`, and returns it. `end` is the
 * end of a response, and in an initiation the beginning of mac2.
 */
export function setMac1(primitives: Primitives, key: Uint8Array, bytes: Uint8Array, end: number): Uint8Array {
  const mac = cut(primitives.mac(key, bytes.subarray(0, end - MAC_BYTES)));
  bytes.set(mac, end - MAC_BYTES);
  return mac;
}

/** Whether the mac1 that ends at `end` is right. */
export function hasMac1(primitives: Primitives, key: Uint8Array, bytes: Uint8Array, end: number): boolean {
  const before = bytes.subarray(0, end - MAC_BYTES);
  return equalBytes(cut(primitives.mac(key, before)), bytes.subarray(end - MAC_BYTES, end));
}

/** The initiator's side: keeps the cookie of one responder, and makes mac2 with it. */
export class CookieJar {
  readonly #primitives: Primitives;
  readonly #responderKey: Uint8Array;
  #cookie: Uint8Array | undefined;
  #until: Millis = -Infinity;
  #wait: Millis = 0;

  constructor(primitives: Primitives, responderKey: Uint8Array) {
    this.#primitives = primitives;
    this.#responderKey = responderKey;
  }

  /**
   * Takes the cookie out of a reply to our initiation with this mac1; false when the reply is not genuine.
   * The reply is bound to mac1, so that nobody can make one who has not seen the initiation (WireGuard
   * section 5.4.7).
   */
  takeCookie(now: Millis, salt: Uint8Array, sealed: Uint8Array, mac1: Uint8Array): boolean {
    const key = cookieKey(this.#primitives, this.#responderKey, salt);
    const opened = this.#primitives.open(key, 0, mac1, sealed);
    if (opened === undefined) return false;
    const reader = new Reader(opened);
    this.#cookie = reader.raw(MAC_BYTES).slice();
    this.#wait = reader.u16();
    this.#until = now + COOKIE_LIFE_MS;
    return true;
  }

  /** How long the responder wants us to wait, as it said with the newest cookie. */
  get wait(): Millis {
    return this.#wait;
  }

  /**
   * Writes mac2 at the end of an initiation: zeros without a cookie, or when the cookie is two minutes old.
   */
  setMac2(now: Millis, bytes: Uint8Array): void {
    const end = bytes.length - MAC_BYTES;
    if (this.#cookie === undefined || this.#until <= now) bytes.fill(0, end);
    else bytes.set(cut(this.#primitives.mac(this.#cookie, bytes.subarray(0, end))), end);
  }
}

/**
 * The responder's side. A cookie is a function of the address and a secret that changes every two minutes, so
 * that nothing has to be stored for an address.
 */
export class CookieBaker {
  readonly #primitives: Primitives;
  readonly #random: Random;
  readonly #publicKey: Uint8Array;
  #secret: Uint8Array = NONE;
  /** The secret before, as long as its cookies are good. */
  #former: Uint8Array = NONE;
  #bornAt: Millis = -Infinity;

  constructor(primitives: Primitives, random: Random, publicKey: Uint8Array) {
    this.#primitives = primitives;
    this.#random = random;
    this.#publicKey = publicKey;
  }

  /** Whether mac2 was made with a cookie for this address, from the present secret or from the one before. */
  hasMac2(now: Millis, from: Address, { bytes }: Initiation): boolean {
    this.#renew(now);
    const end = bytes.length - MAC_BYTES;
    const mac2 = bytes.subarray(end);
    return [this.#secret, this.#former].some((secret) =>
      secret.length > 0 &&
      equalBytes(cut(this.#primitives.mac(this.#cookie(secret, from), bytes.subarray(0, end))), mac2)
    );
  }

  /**
   * The cookie reply to an initiation, whose sender is to wait for so long, at most `ADMISSION_MS`. It is
   * shorter than the initiation (RFC 9000 section 8.1).
   */
  reply(now: Millis, from: Address, { sender, mac1 }: Initiation, wait: Millis = 0): Uint8Array {
    this.#renew(now);
    const salt = this.#random(SALT_BYTES);
    const key = cookieKey(this.#primitives, this.#publicKey, salt);
    const writer = new Writer();
    writer.raw(this.#cookie(this.#secret, from));
    writer.u16(wait);
    return encodeCookieReply(sender, salt, this.#primitives.seal(key, 0, mac1, writer.finish()));
  }

  /** The port belongs to the address: several clients may be behind one host. */
  #cookie(secret: Uint8Array, from: Address): Uint8Array {
    return cut(this.#primitives.mac(secret, encoder.encode(addressKey(from))));
  }

  #renew(now: Millis): void {
    if (now - this.#bornAt < COOKIE_LIFE_MS) return;
    this.#former = now - this.#bornAt < 2 * COOKIE_LIFE_MS ? this.#secret : NONE;
    this.#secret = this.#random(KEY_BYTES);
    this.#bornAt = now;
  }
}

/**
 * The key that seals one cookie reply: HKDF-SHA256 (RFC 5869) of the responder's public key, with one block.
 */
function cookieKey(primitives: Primitives, publicKey: Uint8Array, salt: Uint8Array): Uint8Array {
  return primitives.mac(primitives.mac(salt, publicKey), COOKIE_LABEL, ONE);
}

function cut(mac: Uint8Array): Uint8Array {
  return mac.subarray(0, MAC_BYTES);
}
