import { EPOCH_JUMP } from "../base/limits.ts";
import type { Random } from "../base/units.ts";

/**
 * Names the packet space that two links share (docs/protocol.md, section 2, "Epochs"): a number that grows (4
 * bytes, a Lamport clock) and 4 random bytes, as hexadecimal digits that are compared as text. The responder
 * of each handshake names the epoch: the one that both ends have, so that packet numbers go on, or one higher
 * than either has had, so that both begin anew. An end only ever goes on to a higher epoch. So when two
 * handshakes happen at the same moment, the same one wins at both ends, and no rule has to break a tie.
 */
export type Epoch = string;
export const EPOCH_BYTES = 8;

/** Lower than all others: there is no packet space yet. */
export const NO_EPOCH: Epoch = "0".repeat(2 * EPOCH_BYTES);

const NUMBER_DIGITS = 8;
const RANDOM_BYTES = 4;
const EPOCHS = 2 ** (4 * NUMBER_DIGITS);

/**
 * An epoch higher than all of these. `undefined` when there is none: only a peer that makes up epochs can
 * have reached the last number, and it gets no answer.
 */
export function nextEpoch(random: Random, ...epochs: Epoch[]): Epoch | undefined {
  const number = Math.max(...epochs.map(numberOf)) + 1;
  if (number >= EPOCHS) return undefined;
  return number.toString(16).padStart(NUMBER_DIGITS, "0") + random(RANDOM_BYTES).toHex();
}

/** True if an epoch that a peer names is at most a jump ahead of the highest that we have had with it. */
export function isWithinReach(named: Epoch, highest: Epoch): boolean {
  return numberOf(named) <= (highest === NO_EPOCH ? EPOCHS / 2 : numberOf(highest) + EPOCH_JUMP);
}

function numberOf(epoch: Epoch): number {
  return parseInt(epoch.slice(0, NUMBER_DIGITS), 16);
}
