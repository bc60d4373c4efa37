/**
 * The longest commands that can be meant, and a byte more: what does not go has to be refused with its
 * reason, so the line must not be cut before.
 * @module
 */
import { NICK_BYTES, NICK_CHARACTERS, TEXT_BYTES } from "../../core/base/limits.ts";

export const LONGEST: readonly string[] = [
  `send ${"n".repeat(NICK_CHARACTERS)} ${"x".repeat(TEXT_BYTES)}y`,
  `send ${"漢".repeat(NICK_BYTES / 3)}n ${"漢".repeat(TEXT_BYTES / 3)}xy`,
];
