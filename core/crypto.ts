import { createHmac } from "node:crypto";

/** HMAC-SHA256 (RFC 2104), cut to `length` bytes. */
export function keyedHash(key: Uint8Array, text: string, length: number): Uint8Array {
  return new Uint8Array(createHmac("sha256", key).update(text).digest().subarray(0, length));
}
