/** What F1 shows on a full screen. */
import { keyLine } from "../terminal/full/layout.ts";

export const KEYS: readonly string[] = [
  "Conversations",
  keyLine("alt-down, alt-up", "the next one, the one before (ctrl-down, ctrl-up)"),
  keyLine("alt-1 ... alt-9", "the one with this number, counted from the top"),
  keyLine("alt-a", "the first one with something unread"),
  keyLine("/talk NICK, /talk", "the one with NICK, the channel"),
  keyLine("/leave", "the first one, where lines are commands without a slash"),
  "Lines",
  keyLine("PgUp, PgDn", "back, and forward again"),
  keyLine("ctrl-end, alt-end", "to the newest"),
  "Input",
  keyLine("Enter", "sends; a line that begins with / is a command, with // a message"),
  keyLine("Tab", "completes a command or a nick"),
  keyLine("up, down", "what was typed before"),
  keyLine("ctrl-a, ctrl-e", "to the begin, to the end"),
  keyLine("ctrl-w, ctrl-u, ctrl-k", "take away a word, all before, all behind; ctrl-y puts it back"),
  keyLine("ctrl-c", "clears the line, and ends the client on an empty one (ctrl-d, /quit)"),
  keyLine("ctrl-z, ctrl-l", "stops the client until 'fg'; paints the screen anew"),
  "Before what you said stands how far it has come:",
  keyLine("\u00b7 > \u2713 !", "on its way, kept by the server, arrived, failed"),
];
