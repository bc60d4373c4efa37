/**
 * The input line: one key in, the new state and at most one event out. It is pure: the painter decides how
 * the line looks on a screen, and the terminal acts on the events. The keys are those of Emacs, as in `bash`.
 * @module
 */
import { utf8Length } from "../core/base/bytes.ts";
import { TEXT_BYTES } from "../core/base/limits.ts";
import { type Complete, completeWord } from "./completion.ts";
import type { KeyCommand } from "./escape_sequences.ts";
import { browse, EMPTY_HISTORY, type History, remember, stopBrowsing } from "./history.ts";
import type { EditKey } from "./keys.ts";
import {
  EMPTY_LINE,
  hasRoom,
  insert,
  type Line,
  LINE_LIMIT_CHARACTERS,
  lineOf,
  moveTo,
  replace,
  shown,
  textOf,
  wordEnd,
  wordStart,
} from "./line.ts";

/**
 * `killed` is the text that ctrl-k, ctrl-u or ctrl-w took away last; ctrl-y puts it back. `omitted` counts
 * the bytes that were typed and had no room in the line: such a line is too long, and is not sent without
 * them.
 */
export interface Editor {
  readonly line: Line;
  readonly history: History;
  readonly killed: string;
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
  /** Ctrl-c and ctrl-d on an empty line, ctrl-l, ctrl-z. */
  | { readonly type: "interrupted" | "ended" | "cleared" | "suspended" };

/** The state after a key. */
export interface Pressed {
  readonly editor: Editor;
  readonly event?: EditorEvent;
}

/** An empty line without a history. */
export const NEW_EDITOR: Editor = { line: EMPTY_LINE, history: EMPTY_HISTORY, killed: "", omitted: 0 };

/** Takes one key. */
export function press(editor: Editor, key: EditKey, complete: Complete): Pressed {
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
  return withLine(editor, insert(editor.line, text));
}

/**
 * A line break in a paste submits nothing: it joins the line, and so does a tab. Other control characters are
 * dropped.
 */
function pastedText(text: string): string {
  return text.replaceAll(/\r\n?/g, "\n").replaceAll(/[^\P{Cc}\n\t]/gu, "");
}

function tab(editor: Editor, complete: Complete): Pressed {
  const { line, candidates } = completeWord(editor.line, complete);
  const completed = { ...editor, line };
  if (candidates.length === 0) return { editor: completed };
  return { editor: completed, event: { type: "listed", words: candidates } };
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
    case "yank":
      return typed(editor, editor.killed);
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
    editor: { ...editor, line: EMPTY_LINE, history: remember(editor.history, line), omitted: 0 },
    event: { type: "submitted", line, omitted: editor.omitted, echo: textOf(shown(editor.line)) },
  };
}

function kill(editor: Editor, from: number, to: number): Pressed {
  // There is nothing to take away, so ctrl-y still puts back the text that was taken away before.
  if (from === to) return { editor };
  const killed = editor.line.cells.slice(from, to).join("");
  return withLine({ ...editor, killed }, replace(editor.line, from, to, ""));
}

/** Shows the history's entry before (-1) or after (1) the present one. */
function look(editor: Editor, steps: -1 | 1): Pressed {
  const found = browse(editor.history, steps, textOf(editor.line));
  if (!found) return { editor };
  return { editor: { ...editor, line: lineOf(found.text), history: found.history, omitted: 0 } };
}
