/**
 * A message has one id from birth to the end: 128 bits as 32 hexadecimal digits.
 *
 *     state 24 | starts 16 | random 24 | sequence 64
 *
 * The first 64 bits are drawn once by a sender process for each recipient (and once for the channel): bits that
 * stay with the sender's state folder, the count of its starts, and fresh random bits, so that a folder restored
 * from a copy gives no id twice. The last 64 bits count from 1. So the ids towards one recipient have no gaps,
 * a recipient remembers a conversation as a few runs, and can tell which of two messages was written first.
 */

import type { Random } from "../base/units.ts";

export type MessageId = string;

export const ID_BYTES = 16;
export const STATE_BYTES = 3;
const RANDOM_BYTES = 3;
const STATE_DIGITS = 6;
const STARTS_DIGITS = 4;
const PREFIX_DIGITS = 16;

/** What `after` says when there is no message before. */
export const NO_MESSAGE: MessageId = "0".repeat(2 * ID_BYTES);

/** Gives the ids of one sender process. */
export class IdSource {
  readonly #beginning: string;
  readonly #random: Random;
  readonly #given = new Map<string, { prefix: string; count: number }>();
  readonly #prefixes = new Set<string>();

  constructor(state: string, starts: number, random: Random) {
    this.#beginning = state + digits(starts % 2 ** 16, STARTS_DIGITS);
    this.#random = random;
  }

  /** The next id for a recipient. */
  next(recipient: string): MessageId {
    const given = this.#given.get(recipient) ?? { prefix: this.#newPrefix(), count: 0 };
    this.#given.set(recipient, given);
    return given.prefix + digits(++given.count, PREFIX_DIGITS);
  }

  /** So few bits are the same for two of a hundred recipients once in three thousand starts: then others are drawn. */
  #newPrefix(): string {
    for (;;) {
      const prefix = this.#beginning + this.#random(RANDOM_BYTES).toHex();
      if (!this.#prefixes.has(prefix)) {
        this.#prefixes.add(prefix);
        return prefix;
      }
    }
  }
}

/** What the ids of one sender process to one recipient have in common. */
export function prefixOf(id: MessageId): string {
  return id.slice(0, PREFIX_DIGITS);
}

/** What the ids of one state folder have in common. */
export function folderOf(id: MessageId): string {
  return id.slice(0, STATE_DIGITS);
}

/** Exact up to 2^53; a stranger's larger numbers only ever collide with his own. */
export function sequenceOf(id: MessageId): number {
  return parseInt(id.slice(PREFIX_DIGITS), 16);
}

/** Whether one message of a sender was certainly written before another of the same sender to the same recipient. */
export function isBefore(a: MessageId, b: MessageId): boolean {
  if (prefixOf(a) === prefixOf(b)) return sequenceOf(a) < sequenceOf(b);
  if (folderOf(a) !== folderOf(b)) return false;
  // The count of starts wraps: serial number arithmetic, RFC 1982.
  const ahead = (startsOf(b) - startsOf(a) + 2 ** 16) % 2 ** 16;
  return ahead > 0 && ahead < 2 ** 15;
}

/** How often its sender had been started. */
export function startsOf(id: MessageId): number {
  return parseInt(id.slice(STATE_DIGITS, STATE_DIGITS + STARTS_DIGITS), 16);
}

function digits(value: number, count: number): string {
  return value.toString(16).padStart(count, "0");
}
