/**
 * A program for the tests of the full screen: it says what it was given, and has lines of its own meanwhile.
 * Arguments: how many lines, how many of them at a time, every how many milliseconds; and "mouse". It ends
 * with `quit`, ctrl-c, ctrl-d or a signal; with `exit` by Deno.exit().
 */
import { FullTerminal } from "../../../terminal/full/full_terminal.ts";
import { layOut, type Tab } from "../../../terminal/full/layout.ts";
import { Pane } from "../../../terminal/full/pane.ts";
import { ENDING_SIGNALS } from "../../../terminal/signals.ts";

const [count = 0, atATime = 1, everyMs = 1] = Deno.args.map(Number);
const TABS: readonly Tab[] = ["SERVER", "#channel", "bob"].map((name) => (
  { name, isOnline: name === "bob" ? true : undefined, unread: 0, isOpen: name === "bob" }
));
const pane = new Pane();
let added = 0;

const terminal = new FullTerminal({
  features: { hasColours: false, hasTexts: false, isInTmux: false },
  takesMouse: Deno.args.includes("mouse"),
  history: ["old one", "old two"],
  edit: (text) => Promise.resolve(`${text}, edited`),
  onNoAnswer: () => say("no answer"),
  draw: (size, input, prompt = "bob> ") =>
    layOut({ tabs: TABS, pane, status: ["status"], prompt, input, help: undefined }, size),
  complete: () => ["alice", "alfred"],
  onKey: (key) => {
    const { columns, rows } = terminal.size;
    if (key.name === "pageUp") pane.scroll(columns - 20, rows - 2, rows - 3);
    if (key.name === "newest") pane.toEnd();
    if (key.name !== "pageUp" && key.name !== "newest") say(JSON.stringify(key));
  },
  onFocus: (hasFocus) => say(JSON.stringify({ hasFocus })),
  onTyping: () => {},
  onLine: (line) => {
    if (line === "quit") return end("quit");
    if (line === "exit") Deno.exit(7);
    say(`got ${JSON.stringify(line)}`);
  },
  onTooLong: (bytes) => say(`too long: ${bytes}`),
  onChoice: (words) => say(words.join("  ")),
  onInterrupt: () => end("interrupted"),
  onEnd: () => end("ended"),
});

const timer = setInterval(() => {
  for (let at = 0; at < atATime && added < count; at++) {
    added++;
    say(`line ${added} 漢字 ${"=".repeat(added % 40)}.`);
  }
  if (added === count) clearInterval(timer);
}, everyMs);

for (const signal of ENDING_SIGNALS) Deno.addSignalListener(signal, killed);

function killed(): void {
  end("killed");
}

function say(line: string): void {
  pane.add(line);
  terminal.changed();
}

function end(how: string): void {
  clearInterval(timer);
  terminal.close([how]);
  for (const signal of ENDING_SIGNALS) Deno.removeSignalListener(signal, killed);
}
