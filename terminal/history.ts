/**
 * The lines that were submitted, and the one among them that the user looks at. All functions are pure.
 * @module
 */

/** `at` is the entry shown; `entries.length` stands for the draft, the line that is being written. */
export interface History {
  readonly entries: readonly string[];
  readonly at: number;
  readonly draft: string;
}

/** As many lines as bash keeps by default. */
export const HISTORY_LIMIT_LINES = 500;

export const EMPTY_HISTORY: History = { entries: [], at: 0, draft: "" };

/** The lines that were kept from former runs, the oldest first. */
export function historyOf(lines: readonly string[]): History {
  return atDraft(lines.slice(-HISTORY_LIMIT_LINES));
}

/** Remembers a submitted line, unless it is blank or repeats the one before, and ends browsing. */
export function remember(history: History, line: string): History {
  const isWorthIt = line.trim() !== "" && line !== history.entries.at(-1);
  const entries = isWorthIt ? [...history.entries, line].slice(-HISTORY_LIMIT_LINES) : history.entries;
  return atDraft(entries);
}

/** Ends browsing without remembering anything. */
export function stopBrowsing(history: History): History {
  return atDraft(history.entries);
}

function atDraft(entries: readonly string[]): History {
  return { entries, at: entries.length, draft: "" };
}

/**
 * Goes so many entries back (negative) or forward from the line `current`, which is kept if it is the draft.
 * Returns the text to show, or `undefined` at the end in that direction.
 */
export function browse(
  history: History,
  steps: number,
  current: string,
): { history: History; text: string } | undefined {
  const at = history.at + steps;
  if (steps === 0 || at < 0 || at > history.entries.length) return undefined;
  const draft = history.at === history.entries.length ? current : history.draft;
  return { history: { ...history, at, draft }, text: history.entries[at] ?? draft };
}
