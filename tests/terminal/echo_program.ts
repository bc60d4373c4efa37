/**
 * A program for the tests of the terminal: it says what it was given, and prints lines by itself meanwhile.
 * Arguments: how many lines it prints, and every how many milliseconds. It ends with `quit`, ctrl-c or
 * ctrl-d.
 */
import { ENDING_SIGNALS } from "../../terminal/signals.ts";
import { openTerminal } from "../../terminal/terminal.ts";

const [count = 0, everyMs = 0] = Deno.args.map(Number);
let printed = 0;

const screen = openTerminal({
  features: { hasColours: false, hasTexts: false, isInTmux: false },
  history: [],
  edit: (text) => Promise.resolve(`${text} edited`),
  prompt: ">>> ",
  complete: (line, cursor) =>
    ["alice", "alfred", "bob"].filter((nick) =>
      nick.startsWith(line.slice(0, cursor).split(" ").at(-1) ?? "")
    ),
  onLine: (line, _omitted, echo) => {
    screen.print([echo]);
    if (line === "quit") end("quit");
    else screen.print([`got ${JSON.stringify(line)}`]);
  },
  onKey: () => {},
  onFocus: (hasFocus) => screen.print([hasFocus ? "focus" : "no focus"]),
  onTooLong: (bytes) => screen.print([`too long: ${bytes}`]),
  onInterrupt: () => end("interrupted"),
  onEnd: () => end("ended"),
});

const timer = setInterval(() => {
  if (printed === count) return clearInterval(timer);
  printed++;
  screen.print([`line ${printed} 漢字 ${"=".repeat(printed % 40)}.`]);
}, everyMs);

for (const signal of ENDING_SIGNALS) Deno.addSignalListener(signal, killed);

function killed(): void {
  end("killed");
}

function end(how: string): void {
  clearInterval(timer);
  screen.print([how]);
  screen.close();
  for (const signal of ENDING_SIGNALS) Deno.removeSignalListener(signal, killed);
}
