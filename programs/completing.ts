/** The words that the Tab key may put in the place of another. */
import type { Commands } from "../commands/_registry.ts";
import { type Nick, nickKey } from "../core/messages/nick.ts";
import { type Conversation, SLASH } from "./reading.ts";

/** The begin of a path that says where it begins. */
const PATH = /^(?:\/|\.{1,2}\/|~\/)/;

/**
 * Candidates for the last word before the cursor: commands as the first word and behind `help`, nicks as the
 * second. A word that begins like a path may be a file. In a conversation only a slash begins a command, and
 * every word of a message may be a nick.
 */
export function completions(
  commands: Commands,
  nicks: readonly Nick[],
  conversation: Conversation | undefined,
  before: string,
  filesLike: (begin: string) => string[] = () => [],
): string[] {
  const words = before.trimStart().split(/\s+/);
  const word = words.at(-1) ?? "";
  const [first = ""] = words;
  const slash = first.startsWith(SLASH) ? SLASH : "";
  // A path as the first word is a command with its slash.
  if (words.length > 1 && PATH.test(word)) return filesLike(word);
  const isMessage = conversation !== undefined && slash === "";
  if (words.length > 2 && !isMessage) return [];
  const isCommand = !isMessage && (words.length === 1 || first === `${slash}help`);
  const names = commands.at("prompt").map(({ name }) => words.length === 1 ? slash + name : name);
  return (isCommand ? names : [...nicks]).filter((candidate) => nickKey(candidate).startsWith(nickKey(word)))
    .sort();
}
