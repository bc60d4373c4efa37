/** The full screen on a real terminal, as xterm's emulator shows it: whole screens, while lines stream in. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { LiveTerminal } from "../live_terminal.ts";
import { onTerminal, RUN } from "../pty.ts";
import { Referee } from "../referee.ts";

const PROGRAM = new URL("full_program.ts", import.meta.url).pathname;
const FAMILY = "👨‍👩‍👧";
const FRAME_BEGINS = "\x1b[?2026h";
const FRAME_ENDS = "\x1b[?2026l";
const EVERYTHING_ON = ["bracketed paste", "focus events", "no wrapping", "alternate screen"];

/** What the program has by itself. */
function line(number: number): string {
  return `line ${number} 漢字 ${"=".repeat(number % 40)}.`;
}

/** The whole screen, with the conversations at the left if it is wide enough. */
function screenOf(pane: readonly string[], input: readonly string[], columns: number): string[] {
  const width = Math.min(24, Math.trunc(columns / 4));
  const tabs = ["  SERVER", "  #channel", "+ bob"];
  const rows = pane.map((row, at) =>
    columns < 50 ? row : `${(tabs[at] ?? "").padEnd(width)}│${row}`.trimEnd()
  );
  return [...rows, " status", ...input];
}

async function start(args: string, columns: number, rows: number): Promise<LiveTerminal> {
  const live = await LiveTerminal.run(`exec ${RUN} ${PROGRAM} ${args}`, { columns, rows });
  await live.sees(/^bob>/);
  return live;
}

onTerminal(
  "full screen: typing that wraps, wide and joined characters, paste, while lines stream in",
  async () => {
    await using live = await start("100 1 3", 60, 12);
    for (const character of `漢字 ${FAMILY}🇩🇪 e\u0301 and a text that is longer than the window is, 漢字`) {
      await live.type(character);
    }
    await live.type("\x1b[D\x1b[D!\x1b[F\x1b[200~ one\ntwo\x1b[201~.");
    const pane = Array.from({ length: 9 }, (_, at) => line(92 + at));
    const input = [
      `bob> 漢字 ${FAMILY}🇩🇪 e\u0301 and a text that is longer than the window`,
      "is, !漢字 one⏎two.",
    ];
    await live.shows(screenOf(pane, input, 60));
    assertEquals(live.referee.cursor, { row: 11, column: 18, isWrapPending: false });
    assertEquals(live.referee.leftOver, EVERYTHING_ON);
  },
);

onTerminal("full screen: from 20 x 5 to 300 columns and back, all lines wrap anew", async () => {
  await using live = await start("200 1 3", 60, 12);
  await live.type("hello");
  for (const [columns, rows] of [[20, 5], [300, 50], [33, 7], [120, 40]] as const) {
    await live.sees(/line \d+ 漢字/);
    await live.resize(columns, rows);
  }
  const all = Array.from({ length: 38 }, (_, at) => line(163 + at));
  await live.shows(screenOf(all, ["bob> hello"], 120));
  await live.resize(300, 4);
  const [, ...open] = screenOf(["", line(199), line(200)], ["bob> hello"], 300);
  await live.shows(open);
  await live.resize(20, 5);
  await live.shows(screenOf(["=".repeat(20), "=============.", line(200)], ["bob> hello"], 20));
});

onTerminal("full screen: 500 lines a second come in whole frames, and none of them shows a gap", async () => {
  await using live = await start("1000 5 10", 100, 30);
  await live.shows(screenOf(Array.from({ length: 28 }, (_, at) => line(973 + at)), ["bob>"], 100));
  await live.type("quit\r");
  await live.end();
  const begin = live.output.indexOf(FRAME_BEGINS);
  const end = live.output.lastIndexOf(FRAME_ENDS);
  const frames = live.output.slice(begin, end).split(FRAME_ENDS);
  // Lines share frames, and nothing is written outside of one.
  assertLess(frames.length, 1_000);
  using referee = new Referee(100, 30);
  referee.write(live.output.slice(0, begin));
  for (const frame of frames) {
    assert(frame.startsWith(FRAME_BEGINS), JSON.stringify(frame));
    referee.write(frame + FRAME_ENDS);
    const screen = referee.screen();
    assertEquals(screen.slice(0, 3).map((row) => row.slice(0, 10).trimEnd()), [
      "  SERVER",
      "  #channel",
      "+ bob",
    ]);
    assertEquals(screen[28], " status");
    assert(screen[29]!.startsWith("bob>"));
    const shown = screen.slice(0, 28).map((row) => row.slice(25)).filter((row) => row !== "");
    const last = Number(/^line (\d+)/.exec(shown.at(-1) ?? "line 0")![1]);
    const first = Math.max(1, last - 27);
    assertEquals(shown, Array.from({ length: last - first + 1 }, (_, at) => line(first + at)));
  }
});

onTerminal("full screen: who reads back is not disturbed", async () => {
  await using live = await start("60 1 3", 60, 7);
  await live.shows(screenOf([56, 57, 58, 59, 60].map(line), ["bob>"], 60));
  await live.type("\x1b[5~");
  const back = [52, 53, 54, 55, 56].map(line);
  const screen = screenOf(back, ["bob>"], 60);
  await live.shows(screen.with(5, " 4 more below  status"));
  await live.type("hi\r");
  await live.shows(screen.with(5, " 5 more below  status"));
  await live.type("\x1b[1;5F");
  await live.shows(screenOf([...[57, 58, 59, 60].map(line), 'got "hi"'], ["bob>"], 60));
});

onTerminal("full screen: ctrl-z, commands of the shell, fg", async () => {
  const shell = { columns: 60, rows: 8, env: { PS1: "$ " } };
  await using live = await LiveTerminal.run("exec bash --norc --noprofile -i", shell);
  await live.sees(/^\$/);
  await live.type("clear; echo before\r");
  await live.shows(["before", "$"]);
  await live.type(`${RUN} ${PROGRAM} 1\r`);
  const screen = screenOf(["", "", "", "", "", line(1)], ["bob> draft"], 60);
  await live.sees(/^bob>/);
  await live.type("draft");
  await live.shows(screen);
  await live.type("\x1a");
  await live.sees(/Stopped/);
  await live.type("clear; echo between\r");
  await live.shows(["between", "$"]);
  assertEquals(live.referee.leftOver, ["bracketed paste"]);
  await live.type("fg\r");
  await live.shows(screen);
  await live.type("\x15quit\r");
  await live.sees(/^quit/);
  await live.type("clear; stty -a\r");
  await live.sees(/^isig icanon iexten echo /);
  // The shell itself takes pastes in brackets while it waits for a command.
  assertEquals(live.referee.leftOver.filter((what) => what !== "bracketed paste"), []);
});

onTerminal(
  "full screen: a search in what was typed before, and another program that changes the text",
  async () => {
    await using live = await start("0", 60, 6);
    await live.type("\x12one");
    await live.sees(/^\(search\) 'one': old one$/);
    await live.type("\x1b[F");
    await live.sees(/^bob> old one$/);
    await live.type("\x18\x05");
    await live.sees(/^bob> old one, edited$/);
    assertEquals(live.referee.leftOver, EVERYTHING_ON);
    await live.type("\r");
    await live.sees(/got "old one, edited"$/);
  },
);

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  onTerminal(`full screen: ${signal} gives the terminal back as it was`, async () => {
    await using live = await start("10 1 1", 60, 8);
    await live.sees(/line 10/);
    live.kill(signal);
    await live.end();
    await live.shows(["killed"]);
    assertEquals(live.referee.leftOver, []);
  });
}

onTerminal("full screen: Deno.exit() gives the terminal back as it was", async () => {
  const command = `echo before; ${RUN} ${PROGRAM} 0; echo "status $?"; stty -a`;
  await using live = await LiveTerminal.run(command, { columns: 200, rows: 20 });
  await live.sees(/^bob>/);
  await live.type("exit\r");
  await live.end();
  const text = live.referee.screen().join("\n");
  assert(/^before\nstatus 7\n/.test(text) && /[^-]icanon/.test(text) && /[^-]echo /.test(text), text);
  assertEquals(live.referee.leftOver, []);
});

onTerminal("full screen: the mouse is left alone unless it is asked for", async () => {
  await using without = await start("0", 60, 8);
  assertEquals(without.referee.leftOver, EVERYTHING_ON);
  await using live = await start("0 1 1 mouse", 60, 8);
  assertEquals(live.referee.leftOver, [
    "bracketed paste",
    "focus events",
    "mouse",
    "no wrapping",
    "alternate screen",
  ]);
  await live.type("\x1b[<0;3;2M\x1b[<0;3;2m\x1b[<64;3;2M\x1b[I");
  await live.sees(/"click","row":1,"column":2/);
  await live.sees(/"wheel","rows":3/);
  await live.sees(/"hasFocus":true/);
});
