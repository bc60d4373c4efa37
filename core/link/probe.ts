/**
 * A question for a server's key of any length, and what comes back: it shows that somebody answers there, and
 * which lengths get through. Nothing in an answer is authentic.
 */
import { MALFORMED } from "../base/bytes.ts";
import type { Primitives } from "../base/crypto.ts";
import type { Key } from "../base/units.ts";
import { hasMac1, mac1Key } from "../wire/cookie.ts";
import { ANNOUNCE_BYTES, decodePacket, encodeDiscover, NONCE_BYTES } from "../wire/packet.ts";

export { NONCE_BYTES };

/** The length of the shortest question. */
export const SHORTEST_PROBE_BYTES = ANNOUNCE_BYTES;

export type ProbeAnswer =
  /** The server's key, in a datagram that is as long as the question with this nonce. */
  | { readonly type: "announce"; readonly nonce: string; readonly length: number; readonly key: Key }
  /** It speaks these versions only. */
  | { readonly type: "versions"; readonly known: readonly number[] };

export function encodeProbe(nonce: Uint8Array, length: number): Uint8Array {
  return encodeDiscover(nonce, length);
}

/** Returns `undefined` for what is no answer, or was damaged. */
export function decodeProbeAnswer(primitives: Primitives, bytes: Uint8Array): ProbeAnswer | undefined {
  const packet = decodePacket(bytes);
  if (packet === MALFORMED) return undefined;
  if (packet.type === "versions") return packet;
  if (packet.type !== "announce") return undefined;
  if (!hasMac1(primitives, mac1Key(primitives, packet.key), bytes, bytes.length)) return undefined;
  const { key, nonce } = packet;
  return { type: "announce", nonce: nonce.toHex(), length: bytes.length, key: key.toHex() };
}
