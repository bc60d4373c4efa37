/** Asking for a passphrase: what is typed, and what is seen of it. */
import { assertEquals, assertFalse } from "@std/assert";
import { checkRestored, onTerminal, Pty, RUN } from "./pty.ts";

const PROGRAM = new URL("passphrase_program.ts", import.meta.url).pathname;

/** Asks once for each word, and types the keys when the first question is there. */
async function answer(keys: string, ...questions: readonly string[]) {
  const pty = new Pty(`${RUN} ${PROGRAM} ${questions.join(" ")}`);
  await pty.see(`${questions[0]} `);
  await pty.type(keys);
  const end = await pty.end();
  checkRestored(end);
  assertEquals(end.unread, "");
  return end;
}

onTerminal("nothing is seen of what is typed, not even how long it is", async () => {
  const pty = new Pty(`${RUN} ${PROGRAM} Passphrase?`);
  await pty.see("Passphrase? ");
  const begin = pty.output.length;
  // As a user types it: key by key.
  for (const key of "correct horse") await pty.type(key);
  await pty.type("\r");
  await pty.see("got ");
  assertEquals(pty.output.slice(begin, pty.output.indexOf("got ")), "\r\n");
  const end = await pty.end();
  assertEquals(end.screen, ["Passphrase?", 'got "correct horse"']);
  assertEquals(end.status, "0");
  checkRestored(end);
});

/** What is typed, and what is read. */
const LINES: readonly [keys: string, line: string][] = [
  ["\r", ""],
  ["\n", ""],
  ["a b  c \r", "a b  c "],
  ["ab\x7fc\x08d\r", "ad"],
  ["\x7f\x08a\x7f\x7f\x7fb\r", "b"],
  ["a漢\x7fé\x7f😀\x7fb\r", "ab"],
  ["ä\x7f\x7fö\r", "ö"],
  // More than is read at once, so that characters are cut in two.
  [`${"漢".repeat(300)}\r`, "漢".repeat(300)],
  [`x${"漢".repeat(300)}\x7f\r`, `x${"漢".repeat(299)}`],
];

for (const [keys, line] of LINES) {
  const shown = JSON.stringify(keys.replaceAll(/漢{9,}/g, "漢..."));
  onTerminal(`a line and its corrections: ${shown}`, async () => {
    const { screen, status } = await answer(keys, "?");
    assertEquals(screen.join(""), `?got ${JSON.stringify(line)}`);
    assertEquals(status, "0");
  });
}

onTerminal("two answers pasted at once answer two questions", async () => {
  for (const lineEnd of ["\r", "\n"]) {
    const { screen, status } = await answer(`one${lineEnd}two${lineEnd}`, "New:", "Again:");
    assertEquals(screen, ["New:", 'got "one"', "Again:", 'got "two"']);
    assertEquals(status, "0");
  }
});

onTerminal("a line pasted behind the last answer is for nobody", async () => {
  const { screen, status } = await answer("one\rtwo\rthree\r", "New:", "Again:");
  assertEquals(screen, ["New:", 'got "one"', "Again:", 'got "two"']);
  assertEquals(status, "0");
});

onTerminal("ctrl-c and ctrl-d say that there was no answer, and the terminal is as it was", async () => {
  for (const key of ["\x03", "\x04"]) {
    for (const typed of ["", "half"]) {
      const { screen, status } = await answer(`${typed}${key}`, "New:", "Again:");
      assertEquals(screen, ["New:", "no passphrase was given"]);
      assertEquals(status, "1");
    }
  }
});

onTerminal("a signal while it is asked gives the terminal back, too", async () => {
  for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"] as const) {
    // The second one is about as long as what the terminal holds at most.
    for (const typed of ["half", "half".repeat(1000)]) {
      const pty = new Pty(`sh -c 'echo "pid $$ on $(tty)"; exec ${RUN} ${PROGRAM} New:'`);
      await pty.see("New: ");
      const [, pid, path] = /pid (\d+) on (\S+)/.exec(pty.output) ?? [];
      // So that it is there before the signal, and not read.
      Deno.kill(Number(pid), "SIGSTOP");
      await pty.typeUnread(typed, path!);
      Deno.kill(Number(pid), signal);
      Deno.kill(Number(pid), "SIGCONT");
      const end = await pty.end();
      assertEquals(end.screen.slice(1), ["New:", "no passphrase was given"]);
      assertEquals(end.unread, "");
      assertFalse(pty.output.includes("half"));
      assertEquals(end.status, "1");
      checkRestored(end);
    }
  }
});

Deno.test("where there is no terminal nobody can be asked", async () => {
  const args = [...RUN.split(" ").slice(1), PROGRAM, "New:"];
  for (const stdin of ["null", "piped"] as const) {
    const program = new Deno.Command(Deno.execPath(), { args, stdin, stdout: "piped", stderr: "piped" })
      .spawn();
    if (stdin === "piped") await program.stdin.close();
    const { code, stdout, stderr } = await program.output();
    assertEquals(
      new TextDecoder().decode(stdout),
      "cannot ask for the passphrase: standard input is not a terminal\n",
    );
    assertEquals(new TextDecoder().decode(stderr), "", "not even the question");
    assertEquals(code, 1);
  }
});
