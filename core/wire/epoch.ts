import type { Random } from "../base/units.ts";

/**
 * Which conversation of two links is meant: a number that grows (4 bytes, a Lamport clock) and 4 random bytes, as
 * hexadecimal digits, compared as they stand. The responder of each handshake names it: that of the conversation
 * which both have, or a higher one than either has had. Both ends only ever go on to a higher one, so that of
 * two handshakes at the same moment the same one wins at both ends.
 */
export type Epoch = string;
export const EPOCH_BYTES = 8;

/** Comes before all others: there is no conversation. */
export const NO_EPOCH: Epoch = "0".repeat(2 * EPOCH_BYTES);

const NUMBER_DIGITS = 8;
const RANDOM_BYTES = 4;

/** Higher than all of these; `undefined` when none is, as somebody has made up the last one. */
export function nextEpoch(random: Random, ...epochs: Epoch[]): Epoch | undefined {
  const number = Math.max(...epochs.map((epoch) => parseInt(epoch.slice(0, NUMBER_DIGITS), 16))) + 1;
  if (number >= 2 ** (4 * NUMBER_DIGITS)) return undefined;
  return number.toString(16).padStart(NUMBER_DIGITS, "0") + random(RANDOM_BYTES).toHex();
}
