/**
 * The macs of handshake packets, and cookies under load: WireGuard's, whitepaper sections 5.3 and 5.4.4, of the
 * functions that `node:crypto` has: HMAC-SHA256 cut to 16 bytes in the place of keyed BLAKE2s, and
 * ChaCha20-Poly1305 under a key of its own for each reply (HKDF of 32 random bytes) in the place of XChaCha20.
 *
 * mac1 proves that the sender knows whom it writes to, so that scanners get no answer. mac2 proves that the
 * sender can receive at its address; it is asked for only when there are too many handshakes.
 */
import { addressKey } from "../base/address.ts";
import { equalBytes } from "../base/bytes.ts";
import { KEY_BYTES, type Primitives } from "../base/crypto.ts";
import { COOKIE_LIFE_MS } from "../base/limits.ts";
import type { Address, Millis, Random } from "../base/units.ts";
import { encodeCookieReply, type Initiation, MAC_BYTES, SALT_BYTES } from "./packet.ts";

const encoder = new TextEncoder();
const MAC1_LABEL = encoder.encode("mac1----");
const COOKIE_LABEL = encoder.encode("cookie--");
const ONE = Uint8Array.of(1);
const NONE = new Uint8Array(0);

/** The key for mac1 of all packets to whoever has this public key. */
export function mac1Key(primitives: Primitives, publicKey: Uint8Array): Uint8Array {
  return primitives.hash(MAC1_LABEL, publicKey);
}

/** Writes mac1 at the end of a response, or before the place of mac2 in an initiation; returns it. */
export function setMac1(primitives: Primitives, key: Uint8Array, bytes: Uint8Array, end: number): Uint8Array {
  const mac = cut(primitives.mac(key, bytes.subarray(0, end - MAC_BYTES)));
  bytes.set(mac, end - MAC_BYTES);
  return mac;
}

/** Whether the mac that ends at `end` is right. */
export function hasMac1(primitives: Primitives, key: Uint8Array, bytes: Uint8Array, end: number): boolean {
  const before = bytes.subarray(0, end - MAC_BYTES);
  return equalBytes(cut(primitives.mac(key, before)), bytes.subarray(end - MAC_BYTES, end));
}

/** The initiator's side: sets mac2 once a cookie has come. */
export class CookieJar {
  readonly #primitives: Primitives;
  readonly #responderKey: Uint8Array;
  #cookie: Uint8Array | undefined;
  #until: Millis = -Infinity;

  constructor(primitives: Primitives, responderKey: Uint8Array) {
    this.#primitives = primitives;
    this.#responderKey = responderKey;
  }

  /** Takes the cookie of a reply to the packet with this mac1; false when it is not one. */
  take(now: Millis, salt: Uint8Array, sealed: Uint8Array, mac1: Uint8Array): boolean {
    const key = cookieKey(this.#primitives, this.#responderKey, salt);
    const cookie = this.#primitives.open(key, 0, mac1, sealed);
    if (cookie === undefined) return false;
    this.#cookie = cookie;
    this.#until = now + COOKIE_LIFE_MS;
    return true;
  }

  /** Writes mac2 at the end of an initiation; zeros without a cookie. */
  setMac2(now: Millis, bytes: Uint8Array): void {
    const end = bytes.length - MAC_BYTES;
    if (this.#cookie === undefined || this.#until <= now) bytes.fill(0, end);
    else bytes.set(cut(this.#primitives.mac(this.#cookie, bytes.subarray(0, end))), end);
  }
}

/** The responder's side: cookies are a function of a secret of two minutes and the address; nothing is stored. */
export class CookieBaker {
  readonly #primitives: Primitives;
  readonly #random: Random;
  readonly #publicKey: Uint8Array;
  #secret: Uint8Array = NONE;
  #former: Uint8Array = NONE;
  #bornAt: Millis = -Infinity;

  constructor(primitives: Primitives, random: Random, publicKey: Uint8Array) {
    this.#primitives = primitives;
    this.#random = random;
    this.#publicKey = publicKey;
  }

  /** Whether mac2 was made with a cookie for this address; one of the secret before is good as well. */
  hasMac2(now: Millis, from: Address, { bytes }: Initiation): boolean {
    this.#renew(now);
    const end = bytes.length - MAC_BYTES;
    const mac2 = bytes.subarray(end);
    return [this.#secret, this.#former].some((secret) =>
      secret.length > 0 &&
      equalBytes(cut(this.#primitives.mac(this.#cookie(secret, from), bytes.subarray(0, end))), mac2)
    );
  }

  /** The answer to an initiation without a cookie. */
  reply(now: Millis, from: Address, { sender, mac1 }: Initiation): Uint8Array {
    this.#renew(now);
    const salt = this.#random(SALT_BYTES);
    const key = cookieKey(this.#primitives, this.#publicKey, salt);
    return encodeCookieReply(
      sender,
      salt,
      this.#primitives.seal(key, 0, mac1, this.#cookie(this.#secret, from)),
    );
  }

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

/** HKDF-SHA256 (RFC 5869) of the server's public key, one block. */
function cookieKey(primitives: Primitives, publicKey: Uint8Array, salt: Uint8Array): Uint8Array {
  return primitives.mac(primitives.mac(salt, publicKey), COOKIE_LABEL, ONE);
}

function cut(mac: Uint8Array): Uint8Array {
  return mac.subarray(0, MAC_BYTES);
}
