/**
 * The input line: one key in, the new state and at most one event out. It is pure: the painter decides how
 * the line looks on a screen, and the terminal acts on the events. The keys are those of Emacs, as in `bash`.
 * @module
 */
import { utf8Length } from "../core/base/bytes.ts";
import { TEXT_BYTES } from "../core/base/limits.ts";
import { type Complete, completeWord, startOfWord } from "./completion.ts";
import type { KeyCommand } from "./escape_sequences.ts";
import { browse, EMPTY_HISTORY, type History, remember, stopBrowsing } from "./history.ts";
import type { EditKey } from "./keys.ts";
import { EMPTY_RING, keepKilled, type KillRing, takeKilled } from "./kill_ring.ts";
import {
  EMPTY_LINE,
  hasRoom,
  insert,
  insertPasted,
  type Line,
  LINE_LIMIT_CHARACTERS,
  lineOf,
  moveTo,
  replace,
  shown,
  textOf,
  unfolded,
  wordEnd,
  wordStart,
} from "./line.ts";
import { graphemesOf } from "./rows.ts";
import { beginSearch, find, type Search } from "./search.ts";
import { keepState, type Past } from "./undo.ts";
import {
  changeWord,
  lastWordOf,
  letterWordEnd,
  letterWordStart,
  transposeLetters,
  transposeWords,
  withoutBlanks,
} from "./word_edits.ts";

/** The kind of the last key, as far as the next one depends on it. */
type Kind = "typed" | "kill" | "yank" | "tab" | "other";

/** The words that Tab goes through, and the one that stands in the line. */
interface Menu {
  readonly words: readonly string[];
  readonly at: number;
}

/**
 * `omitted` counts the bytes that were typed and had no room in the line: such a line is too long, and is not
 * sent without them. `yanked` counts the cells that ctrl-y has put back.
 */
export interface Editor {
  readonly line: Line;
  readonly history: History;
  readonly ring: KillRing;
  readonly past: Past;
  readonly last: Kind;
  readonly yanked: number;
  readonly menu: Menu | undefined;
  /** The search that goes on. */
  readonly search: Search | undefined;
  readonly omitted: number;
}

/** An effect of a key beyond the line. */
export type EditorEvent =
  /** Enter. `echo` is the line as it was shown. */
  | { readonly type: "submitted"; readonly line: string; readonly omitted: number; readonly echo: string }
  /** A paste of so many bytes has no room, and nothing of it was taken. */
  | { readonly type: "tooLong"; readonly bytes: number }
  /** Tab, with several words to choose from. */
  | { readonly type: "listed"; readonly words: readonly string[] }
  /** Ctrl-x ctrl-e: the text is to be changed in another program. */
  | { readonly type: "editor"; readonly text: string }
  /** Ctrl-c and ctrl-d on an empty line, ctrl-l, ctrl-z. */
  | { readonly type: "interrupted" | "ended" | "cleared" | "suspended" };

/** The state after a key. */
export interface Pressed {
  readonly editor: Editor;
  readonly event?: EditorEvent;
}

/** An empty line without a history. */
export const NEW_EDITOR: Editor = {
  line: EMPTY_LINE,
  history: EMPTY_HISTORY,
  ring: EMPTY_RING,
  past: [],
  last: "other",
  yanked: 0,
  menu: undefined,
  search: undefined,
  omitted: 0,
};

/** The kinds of keys that are not of the kind "other". */
const KINDS: Readonly<Partial<Record<EditKey["name"], Kind>>> = {
  text: "typed",
  tab: "tab",
  killToEnd: "kill",
  killToStart: "kill",
  killWord: "kill",
  killLettersBefore: "kill",
  killLettersBehind: "kill",
  yank: "yank",
  yankOlder: "yank",
};

/** The editor with another text in its line. */
export function withText(editor: Editor, text: string): Editor {
  const line = insertPasted(EMPTY_LINE, pastedText(text));
  return { ...editor, line, past: keepState(editor.past, editor.line), last: "other", omitted: 0 };
}

/** Takes one key. */
export function press(editor: Editor, key: EditKey, complete: Complete): Pressed {
  const { editor: next, event } = editor.search === undefined
    ? perform(editor, key, complete)
    : searching(editor, editor.search, key, complete);
  const pressed = {
    editor: { ...next, last: KINDS[key.name] ?? "other", past: pastAfter(editor, next, key) },
  };
  return event === undefined ? pressed : { ...pressed, event };
}

/** A word that is typed letter by letter is undone as a whole. */
function pastAfter(before: Editor, after: Editor, key: EditKey): Past {
  const isSame = before.line.cells === after.line.cells;
  const goesOn = key.name === "text" && before.last === "typed" && key.text.trim() !== "";
  if (isSame || goesOn || after.past !== before.past) return after.past;
  return keepState(before.past, before.line);
}

function perform(editor: Editor, key: EditKey, complete: Complete): Pressed {
  switch (key.name) {
    case "text":
      return typed(editor, key.text);
    case "paste":
      return paste(editor, pastedText(key.text), key.omitted ?? 0);
    case "tab":
      return tab(editor, complete);
    default:
      return command(editor, key.name);
  }
}

/** Puts text at the cursor, and counts what has no room. */
function typed(editor: Editor, text: string): Pressed {
  const line = insert(editor.line, text);
  const lacks = utf8Length(textOf(editor.line)) + utf8Length(text) - utf8Length(textOf(line));
  return withLine({ ...editor, omitted: editor.omitted + lacks }, line);
}

/** A paste is taken as a whole, or not at all. On an empty line it may have its command in it. */
function paste(editor: Editor, text: string, omitted: number): Pressed {
  const bytes = utf8Length(text) + omitted;
  const isFree = editor.line.cells.length === 0;
  const fits = bytes <= (isFree ? LINE_LIMIT_CHARACTERS : TEXT_BYTES) && hasRoom(editor.line, text);
  if (!fits) return { editor, event: { type: "tooLong", bytes } };
  return withLine(editor, insertPasted(editor.line, text));
}

/**
 * A line break in a paste submits nothing: it joins the line, and so does a tab. Other control characters are
 * dropped.
 */
function pastedText(text: string): string {
  return text.replaceAll(/\r\n?/g, "\n").replaceAll(/[^\P{Cc}\n\t]/gu, "");
}

/** Tab completes, or lists the words that there are; further Tabs go through them. */
function tab(editor: Editor, complete: Complete): Pressed {
  const { menu } = editor;
  if (menu !== undefined && editor.last === "tab") {
    const at = (menu.at + 1) % menu.words.length;
    const line = replace(editor.line, startOfWord(editor.line), editor.line.cursor, menu.words[at]!);
    return withLine({ ...editor, menu: { ...menu, at } }, line);
  }
  const { line, candidates } = completeWord(editor.line, complete);
  const completed = { ...editor, line, menu: undefined };
  if (candidates.length === 0) return { editor: completed };
  const event = { type: "listed", words: candidates } as const;
  return { editor: { ...completed, menu: { words: candidates, at: -1 } }, event };
}

function command(editor: Editor, name: Exclude<KeyCommand, "tab">): Pressed {
  const { line } = editor;
  const { cells, cursor } = line;
  switch (name) {
    case "enter":
      return submit(editor);
    case "backspace":
      return withLine(editor, replace(line, Math.max(cursor - 1, 0), cursor, ""));
    case "delete":
      return withLine(editor, replace(line, cursor, cursor + 1, ""));
    case "deleteOrEnd":
      if (cells.length === 0) return { editor, event: { type: "ended" } };
      return command(editor, "delete");
    case "interrupt":
      if (cells.length === 0) return { editor, event: { type: "interrupted" } };
      return withLine({ ...editor, history: stopBrowsing(editor.history) }, EMPTY_LINE);
    case "left":
      return withLine(editor, moveTo(line, cursor - 1));
    case "right":
      return withLine(editor, moveTo(line, cursor + 1));
    case "home":
      return withLine(editor, moveTo(line, 0));
    case "end":
      return withLine(editor, moveTo(line, cells.length));
    case "wordLeft":
      return withLine(editor, moveTo(line, wordStart(line)));
    case "wordRight":
      return withLine(editor, moveTo(line, wordEnd(line)));
    case "killToEnd":
      return kill(editor, cursor, cells.length);
    case "killToStart":
      return kill(editor, 0, cursor);
    case "killWord":
      return kill(editor, wordStart(line), cursor);
    case "killLettersBefore":
      return kill(editor, letterWordStart(line), cursor);
    case "killLettersBehind":
      return kill(editor, cursor, letterWordEnd(line));
    case "yank":
      return yank(editor, 0);
    case "yankOlder":
      return editor.last === "yank" ? yank(editor, 1) : { editor };
    case "undo":
      return undo(editor);
    case "revert":
      return withLine({ ...editor, past: [] }, editor.past[0] ?? line);
    case "transposeLetters":
      return withLine(editor, transposeLetters(line));
    case "transposeWords":
      return withLine(editor, transposeWords(line));
    case "upperWord":
      return withLine(editor, changeWord(line, "upper"));
    case "lowerWord":
      return withLine(editor, changeWord(line, "lower"));
    case "capitalWord":
      return withLine(editor, changeWord(line, "capital"));
    case "deleteBlanks":
      return withLine(editor, withoutBlanks(line));
    case "lastWord":
      return typed(editor, lastWordOf(editor.history.entries.at(-1) ?? ""));
    case "oldest":
      return look(editor, -editor.history.at);
    case "newest":
      return look(editor, editor.history.entries.length - editor.history.at);
    case "search":
    case "searchForward":
      return { editor: { ...editor, search: beginSearch(editor.history, line) } };
    case "abort":
      return { editor: { ...editor, history: stopBrowsing(editor.history) } };
    case "editor":
      return { editor, event: { type: "editor", text: textOf(line) } };
    case "up":
      return look(editor, -1);
    case "down":
      return look(editor, 1);
    case "clearScreen":
      return { editor, event: { type: "cleared" } };
    case "suspend":
      return { editor, event: { type: "suspended" } };
  }
}

function withLine(editor: Editor, line: Line): Pressed {
  // Nothing is left of what was too long.
  const omitted = line.cells.length === 0 ? 0 : editor.omitted;
  return { editor: { ...editor, line, omitted } };
}

function submit(editor: Editor): Pressed {
  const line = textOf(editor.line);
  return {
    editor: { ...editor, line: EMPTY_LINE, history: remember(editor.history, line), past: [], omitted: 0 },
    event: {
      type: "submitted",
      line,
      omitted: editor.omitted,
      echo: textOf(shown(unfolded(editor.line))),
    },
  };
}

function kill(editor: Editor, from: number, to: number): Pressed {
  // There is nothing to take away, so ctrl-y still puts back the text that was taken away before.
  if (from === to) return { editor };
  const killed = editor.line.cells.slice(from, to).join("");
  const side = to === editor.line.cursor ? "before" : "behind";
  const ring = keepKilled(editor.ring, killed, side, editor.last === "kill");
  return withLine({ ...editor, ring }, replace(editor.line, from, to, ""));
}

/** Puts back what was killed last, or what was killed before the text that was put back just now. */
function yank(editor: Editor, steps: 0 | 1): Pressed {
  const taken = takeKilled(editor.ring, steps);
  if (taken === undefined) return { editor };
  const { cursor } = editor.line;
  const start = steps === 0 ? cursor : Math.max(cursor - editor.yanked, 0);
  const { editor: next } = typed({ ...editor, line: replace(editor.line, start, cursor, "") }, taken.text);
  return { editor: { ...next, ring: taken.ring, yanked: next.line.cursor - start } };
}

function undo(editor: Editor): Pressed {
  const line = editor.past.at(-1);
  if (line === undefined) return { editor };
  return withLine({ ...editor, past: editor.past.slice(0, -1) }, line);
}

/** Shows another entry of the history, so many steps back (negative) or forward. */
function look(editor: Editor, steps: number): Pressed {
  const found = browse(editor.history, steps, textOf(editor.line));
  if (!found) return { editor };
  return { editor: { ...editor, line: lineOf(found.text), history: found.history, omitted: 0 } };
}

/** A key while a search goes on: it changes the search, or ends it and does what it does elsewhere. */
function searching(editor: Editor, search: Search, key: EditKey, complete: Complete): Pressed {
  const { history } = editor;
  switch (key.name) {
    case "text":
      return withSearch(editor, find(history, search, search.query + key.text, -1, true));
    case "backspace":
      return withSearch(
        editor,
        find(history, search, graphemesOf(search.query).slice(0, -1).join(""), -1, true),
      );
    case "search":
      return withSearch(editor, find(history, search, search.query, -1, false));
    case "searchForward":
      return withSearch(editor, find(history, search, search.query, 1, false));
    case "abort":
    case "interrupt":
      return withLine({ ...editor, search: undefined }, search.before);
    default:
      return perform(
        { ...editor, search: undefined, past: keepState(editor.past, search.before) },
        key,
        complete,
      );
  }
}

function withSearch(editor: Editor, search: Search): Pressed {
  const found = editor.history.entries[search.at];
  const line = found === undefined || search.query === "" ? search.before : lineOf(found);
  return { editor: { ...editor, line, search, past: editor.past, omitted: 0 } };
}
