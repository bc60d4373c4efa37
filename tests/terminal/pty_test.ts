/** The terminal as it is on a real one, where programs run between its keys and its screen. */
import { assert, assertEquals } from "@std/assert";
import { LONGEST } from "./longest.ts";
import { checkRestored, onTerminal, Pty, RUN } from "./pty.ts";

const PROGRAM = new URL("echo_program.ts", import.meta.url).pathname;

onTerminal("200 lines arrive while a line is typed that wraps: both stand there as they should", async () => {
  const pty = new Pty(`${RUN} ${PROGRAM} 200 1`);
  await pty.see(">>> ");
  const message =
    "send bob 漢字テスト 👨‍👩‍👧 and a text that is longer than the window is wide, 漢字漢字漢字漢字漢字 e\u0301nd";
  let typed = 0;
  for (const character of message) {
    await pty.type(character);
    // Between two keys lines arrive: so the input is repainted in every state it passes through.
    typed++;
    await pty.see(`line ${typed} `);
  }
  await pty.type("\x1b[D\x1b[D\x1b[D!\x1b[F\r");
  await pty.see("got ");
  await pty.see("line 200 ");
  await pty.type("quit\r");
  const end = await pty.end();

  const corrected = message.replace(/e\u0301nd$/, "!e\u0301nd");
  const rows = end.screen.join("").replaceAll(" ", "");
  assert(rows.includes(`>>>${corrected.replaceAll(" ", "")}`), `as it was typed:\n${end.screen.join("\n")}`);
  const submitted = withoutBreaks(`got ${JSON.stringify(corrected)}`);
  assert(withoutBreaks(pty.output).includes(submitted), "the line as it was submitted");
  const numbers = [...end.screen.join("\n").matchAll(/^line (\d+) 漢字/gm)].map((line) => Number(line[1]));
  assertEquals(numbers, Array.from({ length: 200 }, (_, at) => at + 1));
  assertEquals(end.screen.slice(-2), [">>> quit", "quit"]);
  assertEquals(end.emulator.cursor.column, 0);
  assertEquals(end.status, "0");
  checkRestored(end);
});

onTerminal("a paste, the Tab key, and ctrl-c and ctrl-d at the end", async () => {
  for (const [key, how] of [["\x03", "interrupted"], ["\x04", "ended"]] as const) {
    const pty = new Pty(`${RUN} ${PROGRAM} 0 1`);
    await pty.see(">>> ");
    await pty.type("\x1b[200~two\nlines\x1b[201~ al\t");
    await pty.see("alice  alfred");
    await pty.type("i\t\r");
    await pty.see("got ");
    await pty.type(`draft\x03${key}`);
    const end = await pty.end();
    assertEquals(end.screen, ["alice  alfred", ">>> two⏎lines alice", 'got "two\\nlines alice "', how]);
    assertEquals(end.status, "0");
    checkRestored(end);
  }
});

onTerminal("a line as long as the longest message with its command, typed and pasted", async () => {
  for (const line of LONGEST) {
    const pty = new Pty(`${RUN} ${PROGRAM} 0 1`);
    await pty.see(">>> ");
    const got = withoutBreaks(`got ${JSON.stringify(line)}`);
    for (const keys of [line, `\x1b[200~${line}\x1b[201~`]) {
      pty.output = "";
      await pty.type(`${keys}\r`);
      await pty.see("got ");
      await pty.see('"\r');
      assert(
        withoutBreaks(pty.output).includes(got),
        `${line.length}: ${pty.output.slice(pty.output.indexOf("got ")).length}`,
      );
    }
    await pty.type("quit\r");
    const end = await pty.end();
    assertEquals(end.status, "0");
    checkRestored(end);
  }
});

onTerminal("ctrl-z where nobody could wake the process: it goes on", async () => {
  const pty = new Pty(`exec ${RUN} ${PROGRAM} 0 1`);
  await pty.see(">>> ");
  await pty.type("dra\x1a");
  await pty.see("\x1b[?2004l");
  await pty.see("\x1b[?2004l\x1b[?2004h");
  await pty.type("ft\r");
  await pty.see('got "draft"');
  await pty.type("quit\r");
  assertEquals((await pty.end()).screen, [">>> draft", 'got "draft"', ">>> quit", "quit"]);
});

onTerminal("a signal and Deno.exit() leave the terminal as it was, too", async () => {
  const terminal = new URL("../../terminal/terminal.ts", import.meta.url).href;
  const source = `import { openTerminal } from "${terminal}";
    const end = () => {};
    openTerminal({ features: {}, history: [], prompt: "> ", complete: () => [], onLine: end, onKey: () => {}, onTooLong: () => {}, onInterrupt: end, onEnd: end });
    Deno.addSignalListener("SIGTERM", () => Deno.exit(7));
    Deno.kill(Deno.pid, "SIGTERM");`;
  const pty = new Pty(`${Deno.execPath()} eval --quiet --ext=ts '${source}'`);
  const end = await pty.end();
  assertEquals(end.status, "7");
  assertEquals(end.screen, []);
  checkRestored(end);
});

/** A printed line is broken between words, so it is compared without its spaces. */
function withoutBreaks(text: string): string {
  return text.replaceAll(/[ \r\n]/g, "");
}
