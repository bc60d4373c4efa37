/** A program for the tests of the line mode: it prints what it reads, and how the input ended. */
import { Input } from "../../terminal/input.ts";
import { openLines } from "../../terminal/line_mode.ts";

let count = 0;

const screen = openLines(new Input(Deno.stdin.readable.getReader()), {
  parse: (line) => Promise.resolve(line),
  take: (line) => {
    count++;
    screen.print([`\x1b[32mgot\x1b[0m ${JSON.stringify(line)}`]);
    if (line === "close") {
      screen.close();
      screen.print(["closed"]);
    }
  },
  onEnd: () => screen.print([`ended after ${count}`]),
});
