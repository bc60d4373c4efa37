/** The line mode as a real terminal emulator shows it: whole screens, while messages stream in. */
import { assertEquals } from "@std/assert";
import { LiveTerminal } from "./live_terminal.ts";
import { onTerminal, RUN } from "./pty.ts";

const PROGRAM = new URL("echo_program.ts", import.meta.url).pathname;
const FAMILY = "👨‍👩‍👧";

/** What the program prints by itself. */
function line(number: number): string {
  return `line ${number} 漢字 ${"=".repeat(number % 40)}.`;
}

function lines(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, at) => line(first + at));
}

/** The program at its prompt. It prints so many lines by itself, one every few milliseconds. */
async function start(count: number, columns: number, rows: number): Promise<LiveTerminal> {
  const live = await LiveTerminal.run(`exec ${RUN} ${PROGRAM} ${count} 3`, { columns, rows });
  await live.sees(/^>>>/);
  return live;
}

onTerminal("referee: typing that wraps, wide and joined characters, while lines stream in", async () => {
  await using live = await start(100, 60, 12);
  const text =
    `send bob 漢字テスト ${FAMILY}🇩🇪 e\u0301 and a text that is longer than the window is, 漢字漢字漢字 end`;
  for (const character of text) await live.type(character);
  await live.type("\x1b[D\x1b[D\x1b[D!\x1b[F.");
  const typed = [
    `>>> send bob 漢字テスト ${FAMILY}🇩🇪 e\u0301 and a text that is longer th`,
    "an the window is, 漢字漢字漢字 !end.",
  ];
  await live.holds([...lines(1, 100), ...typed]);
  await live.type("\r");
  await live.holds([
    ...lines(1, 100),
    `>>> send bob 漢字テスト ${FAMILY}🇩🇪 e\u0301 and a text that is longer`,
    "than the window is, 漢字漢字漢字 !end.",
    `got "send bob 漢字テスト ${FAMILY}🇩🇪 e\u0301 and a text that is longer`,
    'than the window is, 漢字漢字漢字 !end."',
    ">>>",
  ]);
});

onTerminal("referee: a paste of several lines, while lines stream in", async () => {
  await using live = await start(50, 60, 8);
  await live.type("before \x1b[200~one\ntwo\tthree 漢\x1b[201~ after");
  await live.holds([...lines(1, 50), ">>> before one⏎two    three 漢 after"]);
});

onTerminal("referee: from 20 x 5 to 300 columns and back, while lines stream in", async () => {
  await using live = await start(200, 60, 12);
  await live.type("a text that is longer than a small window is wide");
  for (const [columns, rows] of [[20, 5], [300, 50], [33, 7], [120, 40], [20, 5]] as const) {
    await live.sees(/^line \d+ 漢字/);
    await live.resize(columns, rows);
  }
  await live.shows([
    "=============.",
    line(200),
    ">>> a text that is",
    "longer than a small",
    " window is wide",
  ]);
});

onTerminal("referee: ctrl-z, a command of the shell, fg", async () => {
  const shell = { columns: 60, rows: 12, env: { PS1: "$ " } };
  await using live = await LiveTerminal.run("exec bash --norc --noprofile -i", shell);
  await live.sees(/^\$/);
  await live.type(`${RUN} ${PROGRAM} 0 1\r`);
  await live.sees(/^>>>/);
  await live.type("dra\x1a");
  await live.sees(/Stopped/);
  await live.type("clear; echo between\r");
  await live.shows(["between", "$"]);
  assertEquals(live.referee.leftOver, ["bracketed paste"]);
  await live.type("fg\r");
  await live.sees(/^>>> dra/);
  await live.type("ft\r");
  await live.sees(/^got "draft"/);
});

onTerminal("referee: a kill gives the terminal back", async () => {
  await using live = await start(0, 60, 12);
  await live.type("draft");
  await live.sees(/^>>> draft/);
  live.kill("SIGTERM");
  await live.end();
  await live.shows(["killed"]);
  assertEquals(live.referee.leftOver, []);
});
