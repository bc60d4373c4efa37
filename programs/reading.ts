/**
 * Reads what a line of the user asks for: a command, or a message to those whom the user talks to. It is
 * pure.
 */
import type { Commands, PromptResult } from "../commands/_registry.ts";
import type { Action } from "../core/action.ts";
import { utf8Length } from "../core/base/bytes.ts";
import { harmless } from "../core/base/text.ts";
import type { Nick } from "../core/messages/nick.ts";
import { LineSplitter } from "../terminal/line_splitter.ts";
import { isMessage } from "../terminal/pace.ts";

/** The other side of a conversation: a person, or everybody on the channel (`undefined`). */
export interface Conversation {
  readonly to: Nick | undefined;
}

/** The name of the conversation with everybody. No nick has a "#" in it. */
export const CHANNEL = "#channel";

/** A command begins with it in a conversation, and may anywhere else. */
export const SLASH = "/";

/** The prompt says where lines go, with a mark behind the nick. */
export function promptOf(conversation: Conversation | undefined, mark = ""): string {
  if (conversation === undefined) return ">>> ";
  return `${conversation.to === undefined ? CHANNEL : harmless(conversation.to)}${mark}> `;
}

/** Something said in a conversation. */
export interface Said extends Conversation {
  readonly type: "said";
  readonly text: string;
}

/** The actions that a line asks for, or the length of its text if that was too long to be read as a whole. */
export type LineResult = PromptResult | Said | { readonly type: "tooLong"; readonly bytes: number };

/** A blank line asks for nothing. `omitted`: how many bytes the line lacks. Nothing is sent without them. */
export function readLine(
  commands: Commands,
  conversation: Conversation | undefined,
  line: string,
  omitted: number,
): LineResult | undefined {
  if (line.trim() === "") return undefined;
  const message = conversation === undefined ? undefined : messageOf(line);
  if (conversation !== undefined && message !== undefined) {
    if (omitted > 0) return { type: "tooLong", bytes: utf8Length(message) + omitted };
    return { type: "said", to: conversation.to, text: message };
  }
  const result = commands.runLine(line.trimStart().replace(/^\//, ""));
  if (result.type === "actions" && omitted === 0) {
    return { ...result, actions: result.actions.map((action) => inConversation(action, conversation)) };
  }
  if (result.type !== "actions") return result;
  const text = result.actions.map((action) => "text" in action ? action.text : "").join("");
  const begin = text === "" ? 0 : line.lastIndexOf(text);
  return { type: "tooLong", bytes: utf8Length(line.slice(begin)) + omitted };
}

/** In a conversation with somebody the history without a nick is that of the conversation. */
function inConversation(action: Action, conversation: Conversation | undefined): Action {
  if (action.type !== "readHistory" || action.query.peer !== null) return action;
  return { ...action, query: { ...action.query, peer: conversation?.to ?? null } };
}

/** The text that a line says in a conversation; `undefined` if it is a command. Two slashes stand for one. */
function messageOf(line: string): string | undefined {
  if (!line.startsWith(SLASH)) return line;
  return line.startsWith(SLASH + SLASH) ? line.slice(SLASH.length) : undefined;
}

/** The action that sends it. */
export function sendingOf({ to, text }: Said): Extract<Action, { type: "sendDirect" | "sendChannel" }> {
  return to === undefined ? { type: "sendChannel", text } : { type: "sendDirect", to, text };
}

/**
 * True if a whole input sends something and does nothing else. Nobody has to be online for that, and no mail
 * is to be shown (docs/protocol.md, section 7).
 */
export function onlySends(commands: Commands, input: readonly Uint8Array[]): boolean {
  const splitter = new LineSplitter();
  const read = (line: string) => readLine(commands, undefined, line, splitter.omitted);
  const results = [
    ...input.flatMap((piece) => splitter.push(piece).map(read).toArray()),
    ...splitter.end().map(read),
  ]
    .filter((result) => result !== undefined);
  const actions = results.flatMap((result) => result.type === "actions" ? result.actions : []);
  return results.every(({ type }) => type === "actions") && actions.some(isMessage) &&
    actions.every((action) => isMessage(action) || action.type === "quit");
}
