/**
 * Ctrl-r: a search back through the history, letter by letter. All functions are pure.
 * @module
 */
import type { History } from "./history.ts";
import type { Line } from "./line.ts";

/** `at` is the entry that was found, `before` the line as it was when the search began. */
export interface Search {
  readonly query: string;
  readonly at: number;
  readonly before: Line;
  readonly hasFailed: boolean;
}

export function beginSearch({ entries }: History, before: Line): Search {
  return { query: "", at: entries.length, before, hasFailed: false };
}

/**
 * Looks for the query, from the entry found last on (`inclusive`), or behind it in that direction. Without a
 * find the entry stays.
 */
export function find(
  { entries }: History,
  search: Search,
  query: string,
  steps: -1 | 1,
  inclusive: boolean,
): Search {
  if (query === "") return { ...search, query, hasFailed: false };
  let at = inclusive ? search.at : search.at + steps;
  at = Math.min(at, entries.length - 1);
  while (entries[at] !== undefined && !entries[at]!.includes(query)) at += steps;
  const isFound = entries[at] !== undefined;
  return { ...search, query, at: isFound ? at : search.at, hasFailed: !isFound };
}

/** The words in the place of the prompt meanwhile. */
export function searchPrompt({ query, hasFailed }: Search): string {
  return `(${hasFailed ? "nothing found" : "search"}) '${query}': `;
}
