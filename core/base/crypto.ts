/**
 * The cryptography that everything else is made of: an interface, and the real functions behind it. They are
 * pure functions of `node:crypto`, and this is the one file of the core that imports anything from outside.
 * Random bytes are handed in by the caller. Most simulated worlds put cheap stand-ins in the place of the
 * real functions, so that thousands of seeds run in minutes.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  type PrivateKeyInput,
  type PublicKeyInput,
  sign,
  verify,
} from "node:crypto";
import { remember } from "./bounded_map.ts";
import { Writer } from "./bytes.ts";
import { VERIFYING_KEYS } from "./limits.ts";

/** A key pair for X25519 key agreement (RFC 7748). */
export interface KeyPair {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /**
   * The 32 bytes that both sides arrive at. `undefined` for a public key of low order: with it the result
   * would be zeros, which everybody knows (RFC 7748 section 6.1).
   */
  agree(publicKey: Uint8Array): Uint8Array | undefined;
}

/** A key pair for Ed25519 signatures (RFC 8032). */
export interface SigningKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The signature of 64 bytes: always the same one for the same message (RFC 8032 section 5.1.6). */
  sign(message: Uint8Array): Uint8Array;
}

/** The functions that the protocol uses. Their results are fresh bytes, into which nobody else writes. */
export interface Primitives {
  /** `secret`: 32 random bytes. */
  keyPair(secret: Uint8Array): KeyPair;
  /** `secret`: 32 random bytes. */
  signingKey(secret: Uint8Array): SigningKey;
  /** True if the key's holder made this signature; false for bytes that are not a valid key. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  /** SHA-256 (FIPS 180-4) of the parts, one behind the other: 32 bytes. */
  hash(...parts: readonly Uint8Array[]): Uint8Array;
  /** HMAC-SHA256 (RFC 2104) of the parts, one behind the other: 32 bytes. */
  mac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array;
  /**
   * ChaCha20-Poly1305 (RFC 8439): returns the ciphertext with a tag of 16 bytes behind it. `key` has 32
   * bytes. `counter` is at most 2^53 - 1 and becomes the nonce as in Noise (revision 34, section 12.3): 4
   * bytes of zeros, then the counter in 8 bytes little-endian. The same key and counter must never seal
   * twice: it would give away both plaintexts and the key of the tag (RFC 8439 section 4).
   */
  seal(key: Uint8Array, counter: number, associated: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** Writes what `seal` returns into `target`, which is as long as that. */
  sealInto(
    target: Uint8Array,
    key: Uint8Array,
    counter: number,
    associated: Uint8Array,
    plaintext: Uint8Array,
  ): void;
  /**
   * Returns the plaintext that `seal` was given, or `undefined` if one bit of key, counter, associated data
   * or ciphertext differs.
   */
  open(
    key: Uint8Array,
    counter: number,
    associated: Uint8Array,
    ciphertext: Uint8Array,
  ): Uint8Array | undefined;
}

const AEAD = "chacha20-poly1305";
/** A public key, a secret key and an agreed secret all have this length, in X25519 as in Ed25519. */
export const KEY_BYTES = 32;
export const TAG_BYTES = 16;
export const HASH_BYTES = 32;
export const SIGNATURE_BYTES = 64;
const AEAD_OPTIONS = { authTagLength: TAG_BYTES };

/** The last byte of the algorithm's object identifier, 1.3.101.110 or 1.3.101.112 (RFC 8410 section 3). */
const X25519 = 0x6e;
const ED25519 = 0x70;
/** `node:crypto` takes keys as DER: what stands before 32 bytes of secret key (RFC 8410 section 7). */
const pkcs8 = (algorithm: number) =>
  Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, algorithm, 4, 0x22, 4, 0x20);
/** The same for 32 bytes of public key (RFC 8410 section 4). */
const spki = (algorithm: number) =>
  Uint8Array.of(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, algorithm, 3, 0x21, 0);

/** One buffer for every nonce: the runtime copies it, so it is free again when the call returns. */
const nonce = new Uint8Array(12);
const nonceView = new DataView(nonce.buffer);

function setNonce(counter: number): void {
  nonceView.setUint32(4, counter % 2 ** 32, true);
  nonceView.setUint32(8, Math.floor(counter / 2 ** 32), true);
}

function secretKey(algorithm: number, secret: Uint8Array): KeyObject {
  const key = joined(pkcs8(algorithm), secret);
  return createPrivateKey({ key, format: "der", type: "pkcs8" } as PrivateKeyInput);
}

function publicKey(algorithm: number, bytes: Uint8Array): KeyObject {
  const key = joined(spki(algorithm), bytes);
  return createPublicKey({ key, format: "der", type: "spki" } as PublicKeyInput);
}

/** Keys by their digits that a signature was checked with, the one that was used last behind all others. */
const verifyingKeys = new Map<string, KeyObject>();

function verifyingKey(bytes: Uint8Array): KeyObject {
  const digits = bytes.toHex();
  const key = verifyingKeys.get(digits) ?? publicKey(ED25519, bytes);
  remember(verifyingKeys, digits, key, VERIFYING_KEYS);
  return key;
}

/** The public key of a secret one: the last 32 bytes of its DER encoding. */
function publicBytes(secret: KeyObject): Uint8Array {
  return new Uint8Array(createPublicKey(secret).export({ format: "der", type: "spki" }).subarray(-KEY_BYTES));
}

class AgreementKey implements KeyPair {
  readonly publicKey: Uint8Array;
  readonly #privateKey: KeyObject;

  constructor(secret: Uint8Array) {
    this.#privateKey = secretKey(X25519, secret);
    this.publicKey = publicBytes(this.#privateKey);
  }

  agree(other: Uint8Array): Uint8Array | undefined {
    try {
      const keys = { privateKey: this.#privateKey, publicKey: publicKey(X25519, other) };
      return new Uint8Array(diffieHellman(keys));
    } catch {
      return undefined;
    }
  }
}

class Ed25519 implements SigningKey {
  readonly publicKey: Uint8Array;
  readonly #privateKey: KeyObject;

  constructor(secret: Uint8Array) {
    this.#privateKey = secretKey(ED25519, secret);
    this.publicKey = publicBytes(this.#privateKey);
  }

  sign(message: Uint8Array): Uint8Array {
    return new Uint8Array(sign(null, message, this.#privateKey));
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** The real functions; see `Primitives` for what each of them promises. */
export const primitives: Primitives = {
  keyPair: (secret) => new AgreementKey(secret),

  signingKey: (secret) => new Ed25519(secret),

  verify(key, message, signature) {
    try {
      return verify(null, message, verifyingKey(key), signature);
    } catch {
      return false;
    }
  },

  hash(...parts) {
    const hash = createHash("sha256");
    for (const part of parts) hash.update(part);
    return new Uint8Array(hash.digest());
  },

  mac(key, ...parts) {
    const hmac = createHmac("sha256", key);
    for (const part of parts) hmac.update(part);
    return new Uint8Array(hmac.digest());
  },

  seal(key, counter, associated, plaintext) {
    const sealed = new Uint8Array(plaintext.length + TAG_BYTES);
    primitives.sealInto(sealed, key, counter, associated, plaintext);
    return sealed;
  },

  sealInto(target, key, counter, associated, plaintext) {
    setNonce(counter);
    const cipher = createCipheriv(AEAD, key, nonce, AEAD_OPTIONS);
    if (associated.length > 0) cipher.setAAD(associated, { plaintextLength: plaintext.length });
    target.set(cipher.update(plaintext));
    cipher.final();
    target.set(cipher.getAuthTag(), plaintext.length);
  },

  open(key, counter, associated, ciphertext) {
    const length = ciphertext.length - TAG_BYTES;
    if (length < 0) return undefined;
    setNonce(counter);
    const decipher = createDecipheriv(AEAD, key, nonce, AEAD_OPTIONS);
    decipher.setAuthTag(ciphertext.subarray(length));
    if (associated.length > 0) decipher.setAAD(associated, { plaintextLength: length });
    const plaintext = decipher.update(ciphertext.subarray(0, length));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.length);
  },
};

/**
 * Begins a text to be signed, or to be mixed into a key, with a label behind its length of one byte. Each
 * purpose has a label of its own, so that bytes made for one purpose never pass for another
 * (docs/security.md, "Formats and key schedule").
 */
export function labelled(label: string): Writer {
  const writer = new Writer();
  writer.text8(label);
  return writer;
}
