/** The keys that F1 shows on a full screen: as many as a window of 80 x 24 has room for. */
import { keyLine } from "../terminal/full/layout.ts";

export const KEYS: readonly string[] = [
  "Conversations",
  keyLine("alt-down, alt-up", "the next one, the one before"),
  keyLine("alt-1 ... alt-9", "the one with this number"),
  keyLine("alt-a", "the first one with something unread"),
  keyLine("/talk NICK, /talk", "the one with NICK, the channel"),
  keyLine("/leave", "the first one: lines are commands"),
  "Lines",
  keyLine("PgUp, PgDn", "back, and forward again"),
  keyLine("ctrl-end, alt-end", "to the newest"),
  "Input",
  keyLine("Enter", "sends; / begins a command, // a slash"),
  keyLine("Tab; up, down", "completes; what was typed before"),
  keyLine("ctrl-c", "clears it; on an empty line, the end"),
  keyLine("ctrl-z, ctrl-l", "stops until 'fg'; paints anew"),
  "Before what you said",
  keyLine("\u00b7  >  \u2713  !", "under way, at server, arrived, failed"),
];
