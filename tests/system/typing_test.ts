/** What arrives never damages what is being typed. */
import { assertEquals } from "@std/assert";
import { Host, isOnline } from "./host.ts";

/** Two columns each, so that rows of an odd width cannot be filled. */
const TYPED =
  "send y 起きている間にこれを書いていますが、誰にも邪魔されません。🙂 And it wraps, and wraps again.";
const COUNT = 200;
const COLUMNS = 41;

Deno.test("typing while 200 messages arrive", async () => {
  await using host = await Host.withServer();
  const x = await host.onTerminal("x", [], { columns: COLUMNS });
  const y = await host.online("y", ["x"]);
  await x.sees(isOnline("y"));

  const texts = Array.from(
    { length: COUNT },
    (_, index) => `message ${index + 1} ${"=".repeat(index % 9)}漢字`,
  );
  const arriving = y.type(texts.map((text) => `send x ${text}\n`).join(""));
  const letters = [...TYPED];
  for (const [index, letter] of letters.entries()) {
    await x.type(letter);
    // So that keys and messages come by turns, however fast either side is.
    const seen = Math.ceil((index / letters.length) * (COUNT - 20));
    if (index % 4 === 0 && seen > 0) await x.sees(`y: ${texts[seen - 1]}`);
  }
  await arriving;
  await x.sees(`y: ${texts.at(-1)}`);

  // The line, with one of its characters taken away again, stands whole below the last message.
  await x.type("?");
  await x.sees(/\?/);
  await x.type("\x7f");
  await x.type("!");
  await x.sees(/!/);
  const rows = x.screen;
  const last = rows.lastIndexOf(`y: ${texts.at(-1)}`);
  // A blank at the end of a row cannot be told from none.
  const withoutBlanks = (text: string) => text.replaceAll(" ", "");
  assertEquals(withoutBlanks(rows.slice(last + 1).join("")), withoutBlanks(`>>> ${TYPED}!`));

  await x.type("\r");
  await y.sees(`x: ${TYPED.slice("send y ".length)}!`);
  await x.sees("[Message received by y.]");
  assertEquals(x.screen.filter((row) => row.startsWith("y: ")), texts.map((text) => `y: ${text}`));
});

Deno.test("history and completion", async () => {
  await using host = await Host.withServer();
  const x = await host.onTerminal("x");
  await host.online("yasemin", ["x"]);
  await x.sees(isOnline("yasemin"));
  await x.type("send ya\thello\r");
  await x.sees("[Message received by yasemin.]");
  await x.type("\x1b[A\x1b[D\x1b[D!\r");
  await x.sees(">>> send yasemin hel!lo");
  await x.type("pe\t\r");
  await x.sees(">>> peers ");
  await x.sees(isOnline("yasemin"));
});
