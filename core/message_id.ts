/**
 * A message has one id from birth to the end: 128 bits as 32 hexadecimal digits. The first 64 bits are random,
 * drawn once by a sender process for each recipient (and once for the channel); the last 64 bits count from 1.
 * So the ids towards one recipient have no gaps, and a recipient remembers a whole conversation as one run.
 */
export type MessageId = string;

export const ID_BYTES = 16;
export const PREFIX_BYTES = 8;
const PREFIX_DIGITS = 2 * PREFIX_BYTES;

/** What `after` says when there is no message before. */
export const NO_MESSAGE: MessageId = "0".repeat(2 * ID_BYTES);

export function messageId(prefix: string, sequence: number): MessageId {
  return prefix + sequence.toString(16).padStart(PREFIX_DIGITS, "0");
}

export function prefixOf(id: MessageId): string {
  return id.slice(0, PREFIX_DIGITS);
}

/** Exact up to 2^53; a stranger's larger numbers only ever collide with his own. */
export function sequenceOf(id: MessageId): number {
  return parseInt(id.slice(PREFIX_DIGITS), 16);
}
