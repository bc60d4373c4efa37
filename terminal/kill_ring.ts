/**
 * The texts that were killed (taken away by ctrl-k and the like), which ctrl-y and alt-y put back. All
 * functions are pure.
 * @module
 */

/** The newest text comes first. `at` is the one that was put back last. */
export interface KillRing {
  readonly texts: readonly string[];
  readonly at: number;
}

/** As many as readline keeps. */
const LIMIT_TEXTS = 10;

export const EMPTY_RING: KillRing = { texts: [], at: 0 };

/** Keeps a text that was killed. A text that is killed right after another joins that, on the side it was. */
export function keepKilled(
  ring: KillRing,
  text: string,
  side: "before" | "behind",
  joins: boolean,
): KillRing {
  const [newest = "", ...older] = ring.texts;
  if (!joins) return { texts: [text, ...ring.texts].slice(0, LIMIT_TEXTS), at: 0 };
  return { texts: [side === "before" ? text + newest : newest + text, ...older], at: 0 };
}

/** The text to put back: the newest, or with `steps` an older one than last time. */
export function takeKilled(ring: KillRing, steps: 0 | 1): { ring: KillRing; text: string } | undefined {
  if (ring.texts.length === 0) return undefined;
  const at = steps === 0 ? 0 : (ring.at + 1) % ring.texts.length;
  return { ring: { ...ring, at }, text: ring.texts[at]! };
}
