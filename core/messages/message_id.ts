/**
 * Message ids (docs/protocol.md, section 6). A message has one id from its making to its receipt, on every
 * way: 128 bits, held as 32 hexadecimal digits.
 *
 *     state 24 | starts 32 | random 24 | sequence 48
 *
 * The first 80 bits, the prefix, stay the same for all messages of one sender process to one recipient (the
 * channel counts as a recipient): bits drawn once for the sender's state folder, the count of the folder's
 * starts, and bits drawn anew for each prefix, so that a folder restored from an old copy gives no id twice.
 * The last 48 bits count from 1. So the ids towards one recipient have no gaps, and the recipient remembers
 * them all as a few runs of numbers; and it can tell which of two messages was written first.
 */

import type { Random } from "../base/units.ts";

/** The id of a message in hexadecimal digits, as records and programs have it. */
export type MessageId = string;

/** An id as a value: what stays the same for a process and a recipient, and what counts. */
export interface MessageIdParts {
  /** 20 hexadecimal digits. One text serves all ids that have it. */
  readonly prefix: string;
  readonly sequence: number;
}

export const ID_BYTES = 16;
export const STATE_BYTES = 3;
const RANDOM_BYTES = 3;
const STATE_DIGITS = 6;
const STARTS_DIGITS = 8;
export const PREFIX_BYTES = 10;
const PREFIX_DIGITS = 2 * PREFIX_BYTES;
const SEQUENCE_DIGITS = 12;

/** The value of `after` in a sender's first message to a recipient. */
export const NO_MESSAGE: MessageId = "0".repeat(2 * ID_BYTES);

/** Makes the ids of one sender process. */
export class IdSource {
  readonly #beginning: string;
  readonly #random: Random;
  readonly #given = new Map<string, { prefix: string; count: number }>();
  readonly #prefixes = new Set<string>();

  /** `state` is `STATE_BYTES` bytes as hexadecimal digits. Only the lowest 32 bits of `starts` count. */
  constructor(state: string, starts: number, random: Random) {
    this.#beginning = state + digits(starts % 2 ** 32, STARTS_DIGITS);
    this.#random = random;
  }

  /** The next id for a recipient, who is named by any text that no other recipient has. */
  next(recipient: string): MessageIdParts {
    let given = this.#given.get(recipient);
    if (given === undefined) this.#given.set(recipient, given = { prefix: this.#newPrefix(), count: 0 });
    return { prefix: given.prefix, sequence: ++given.count };
  }

  /**
   * Draws until no other recipient has this prefix. With 24 random bits two of a hundred recipients would
   * share one in one of three thousand starts, and their messages would have the same ids.
   */
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

export function idOf({ prefix, sequence }: MessageIdParts): MessageId {
  return prefix + digits(sequence, SEQUENCE_DIGITS);
}

export function isSameId(a: MessageIdParts, b: MessageIdParts): boolean {
  return a.sequence === b.sequence && a.prefix === b.prefix;
}

export function partsOf(id: MessageId): MessageIdParts {
  return { prefix: prefixOf(id), sequence: sequenceOf(id) };
}

/** The part that the ids of one sender process to one recipient have in common. */
export function prefixOf(id: MessageId): string {
  return id.slice(0, PREFIX_DIGITS);
}

/** The part that the ids of one state folder have in common. */
export function folderOf(id: MessageId): string {
  return id.slice(0, STATE_DIGITS);
}

/** The number of a message among those of one sender process to one recipient. */
export function sequenceOf(id: MessageId): number {
  return parseInt(id.slice(PREFIX_DIGITS), 16);
}

/** Whether `a` was certainly written before `b`, for two messages of one sender to one recipient. */
export function isBefore(a: MessageId, b: MessageId): boolean {
  if (prefixOf(a) === prefixOf(b)) return sequenceOf(a) < sequenceOf(b);
  return folderOf(a) === folderOf(b) && isEarlierStart(startsOf(a), startsOf(b));
}

/** How many times the sender's state folder had been started, modulo 2^32. Takes an id or its prefix. */
export function startsOf(id: MessageId): number {
  return parseInt(id.slice(STATE_DIGITS, STATE_DIGITS + STARTS_DIGITS), 16);
}

/** Whether start `a` was before start `b`: serial number arithmetic of 32 bits (RFC 1982 section 3.2). */
export function isEarlierStart(a: number, b: number): boolean {
  const ahead = (b - a + 2 ** 32) % 2 ** 32;
  return ahead > 0 && ahead < 2 ** 31;
}

function digits(value: number, count: number): string {
  return value.toString(16).padStart(count, "0");
}
