/**
 * The simulator has this in the place of real cryptography: the same lengths and the same rules, a keyed
 * checksum in the place of every secret. It seals nothing: the plaintext stands in the ciphertext, for tests
 * to read.
 */
import type { KeyPair, Primitives } from "../../core/base/crypto.ts";

const TAG_BYTES = 16;

/** Mixes all bytes into eight lanes of 32 bits. */
function mix(length: number, ...parts: readonly Uint8Array[]): Uint8Array {
  let a = 0x9e3779b9, b = 0x85ebca6b, c = 0xc2b2ae35, d = 0x27d4eb2f;
  for (const part of parts) {
    a = Math.imul(a ^ part.length, 0x01000193) + 0x7f4a7c15 | 0;
    for (let at = 0; at < part.length; at++) {
      const byte = part[at]!;
      a = Math.imul(a ^ byte, 0x01000193);
      b = Math.imul(b + byte ^ a >>> 15, 0x85ebca77);
    }
    c = Math.imul(c ^ a, 0x2c1b3c6d) ^ b >>> 13;
    d = Math.imul(d ^ b, 0x297a2d39) ^ a >>> 11;
  }
  const out = new Uint8Array(length);
  const view = new DataView(out.buffer);
  for (let at = 0; at < length; at += 4) {
    a = Math.imul(a ^ a >>> 15 ^ d, 0x2c1b3c6d);
    b = Math.imul(b ^ b >>> 12 ^ a, 0x297a2d39);
    c = Math.imul(c ^ c >>> 14 ^ b, 0x85ebca6b);
    d = Math.imul(d ^ d >>> 16 ^ c, 0xc2b2ae35);
    view.setInt32(at, a ^ c);
  }
  return out;
}

function counterBytes(counter: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, counter);
  return bytes;
}

/** So that a signing key is another one than the key pair of the same secret. */
const SIGNING = Uint8Array.of(1);

export const cheapPrimitives: Primitives = {
  keyPair(secret): KeyPair {
    const publicKey = mix(32, secret);
    return {
      publicKey,
      agree(other) {
        if (other.every((byte) => byte === 0)) return undefined;
        for (let at = 0; at < 32; at++) {
          if (publicKey[at]! < other[at]!) return mix(32, publicKey, other);
          if (publicKey[at]! > other[at]!) return mix(32, other, publicKey);
        }
        return mix(32, publicKey, other);
      },
    };
  },
  signingKey(secret) {
    const publicKey = mix(32, SIGNING, secret);
    return { publicKey, sign: (message) => mix(64, publicKey, message) };
  },
  verify: (publicKey, message, signature) => mix(64, publicKey, message).toHex() === signature.toHex(),
  hash: (...parts) => mix(32, ...parts),
  mac: (key, ...parts) => mix(32, key, ...parts),
  seal(key, counter, associated, plaintext) {
    const sealed = new Uint8Array(plaintext.length + TAG_BYTES);
    cheapPrimitives.sealInto(sealed, key, counter, associated, plaintext);
    return sealed;
  },
  sealInto(target, key, counter, associated, plaintext) {
    target.set(plaintext);
    target.set(mix(TAG_BYTES, key, counterBytes(counter), associated, plaintext), plaintext.length);
  },
  open(key, counter, associated, ciphertext) {
    if (ciphertext.length < TAG_BYTES) return undefined;
    const plaintext = ciphertext.slice(0, -TAG_BYTES);
    const tag = mix(TAG_BYTES, key, counterBytes(counter), associated, plaintext);
    for (let at = 0; at < TAG_BYTES; at++) {
      if (tag[at] !== ciphertext[plaintext.length + at]) return undefined;
    }
    return plaintext;
  },
};
