/**
 * The states that the line had before, for ctrl-_. All functions are pure.
 * @module
 */
import type { Line } from "./line.ts";

/** The newest state comes last. */
export type Past = readonly Line[];

const LIMIT_STATES = 200;
/** Long lines have fewer states, so that they do not take all memory. */
const LIMIT_CELLS = 1_000_000;

/** Keeps a state that a key is about to change. */
export function keepState(past: Past, line: Line): Past {
  const kept = [...past, line].slice(-LIMIT_STATES);
  let cells = 0;
  const first = kept.findLastIndex((state) => (cells += state.cells.length) > LIMIT_CELLS);
  return kept.slice(first + 1);
}
