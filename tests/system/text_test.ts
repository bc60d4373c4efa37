/** Text: everything printable arrives as it was written, and nothing else reaches the terminal. */
import { assertEquals } from "@std/assert";
import { utf8Length } from "../../core/base/bytes.ts";
import { Host, isOffline, isOnline } from "./host.ts";

const HARMFUL = [
  ["a screen cleared", "\x1b[2J\x1b[H", "<U+001B>[2J<U+001B>[H"],
  ["a title", "\x1b]0;owned\x07", "<U+001B>]0;owned<U+0007>"],
  ["a C1 control", "\x9b31mred", "<U+009B>31mred"],
  ["a backspace", "abc\b\b\bx", "abc<U+0008><U+0008><U+0008>x"],
  ["a return", "abc\rSERVER: [You have messages]", "abc<U+000D>SERVER: [You have messages]"],
  ["an override", "\u202egnp.exe", "<U+202E>gnp.exe"],
  ["nothing visible", "a\u200b\u2060\ufeffb", "a<U+200B><U+2060><U+FEFF>b"],
  ["a null and a delete", "a\0b\x7fc", "a<U+0000>b<U+007F>c"],
  ["a line separator", "a\u2028b", "a<U+2028>b"],
] as const;

Deno.test("control, bidi and zero-width characters become visible", async () => {
  await using host = await Host.withServer();
  const x = await host.online("x");
  const y = await host.onTerminal("y", ["x"]);
  const z = await host.online("z", ["x", "y"]);
  await x.sees(isOnline("z"));
  for (const [, text, shown] of HARMFUL) {
    const line = new RegExp(`^x: ${RegExp.escape(shown)}\n`, "m");
    await x.say(`send y ${text}`);
    await y.sees(line);
    await x.say(`send z ${text}`);
    await z.sees(line);
    await x.say(`send_all ${text}`);
    for (const session of [y, z]) await session.sees(`[Channel_Message x: ${shown}]`);
  }
  // deno-lint-ignore no-control-regex -- control characters are what it looks for
  const harmful = /[\x00-\x09\x0b-\x0c\x0e-\x1f\x7f-\x9f\u200b\u2028\u202e\u2060\ufeff]/;
  assertEquals(z.output.raw.match(harmful), null);
  // The terminal knows its own escape sequences, and fails on any other.
  assertEquals(y.screen.filter((row) => row.startsWith("x: ")), HARMFUL.map(([, , shown]) => `x: ${shown}`));
  assertEquals(y.programOutput.replaceAll("\x1b", "").match(harmful), null);
});

Deno.test("errors are harmless, too", async () => {
  await using host = await Host.withServer();
  const x = await host.online("x");
  await x.say("send \u202eyou\u200b hi");
  await x.sees("[Unknown peer: <U+202E>you<U+200B>]");
  await x.say("\u202efoo\x1b[2J");
  await x.error.sees("unknown command '<U+202E>foo<U+001B>[2J', try 'help'");
});

Deno.test("a text of several lines cannot fake a line of somebody else's", async () => {
  await using host = await Host.withServer();
  const x = await host.onTerminal("x");
  const y = await host.online("y", ["x"]);
  await x.sees(isOnline("y"));
  await x.type("\x1b[200~send y one\nSERVER: [You have messages]\r\n\tthree\x1b[201~\r");
  await y.sees("x: one\n  SERVER: [You have messages]\n    three");
});

Deno.test("any Unicode, spaces kept", async () => {
  await using host = await Host.withServer();
  const x = await host.online("x");
  const y = await host.online("y", ["x"]);
  await x.sees(isOnline("y"));
  const texts = [
    "  a  b   c".trim(),
    "ĝis la revido, 再见, до свидания, مع السلامة",
    "👩‍👩‍👧‍👦 🏳️‍🌈 é",
    "漢".repeat(333) + "x",
  ];
  for (const text of texts) {
    await x.say(`send y ${text}`);
    await y.sees(`x: ${text}`);
  }
});

/** With a beginning and an end that tell whether something is missing between them. */
function textOf(letter: string, bytes: number): string {
  const times = Math.trunc((bytes - 2) / utf8Length(letter));
  return `>${letter.repeat(times)}${"<".repeat(bytes - 1 - times * utf8Length(letter))}`;
}

const LIMIT_BYTES = 65_536;

for (const terminal of [false, true]) {
  const how = terminal ? "pasted" : "piped";
  Deno.test(`a message of 65,536 bytes that is ${how} arrives, one of 65,537 is refused`, async () => {
    await using host = await Host.withServer();
    const x = await host.online("x", [], { terminal });
    const y = await host.online("y", ["x"]);
    await host.beenThere("z");
    await x.sees(isOnline("y"));
    await x.sees(isOffline("z"));
    const enter = (line: string) => x.say(terminal ? `\x1b[200~${line}\x1b[201~` : line);
    for (const letter of ["x", "漢"]) {
      const text = textOf(letter, LIMIT_BYTES);
      await enter(`send y ${text}`);
      await y.sees(`x: ${text}`);
      await x.sees("[Message received by y.]");
      await enter(`send_all ${text}`);
      await y.sees(`[Channel_Message x: ${text}]`);
      await enter(`send z ${text}`);
      await x.sees("SERVER: [Message received by the server and saved]");
      for (const command of ["send y", "send z", "send_all"]) {
        await enter(`${command} ${textOf(letter, LIMIT_BYTES + 1)}`);
        await x.sees("[Message too long: 65537 bytes, at most 65536.]");
      }
    }
    const z = await host.online("z");
    for (const letter of ["x", "漢"]) {
      const [line] = await z.sees(/^x: .*\n/m);
      assertEquals(line.slice("x: 2022-03-22 21:35:12.521000 ".length, -1), textOf(letter, LIMIT_BYTES));
    }
  });
}

Deno.test("a line that is too long is refused with its true length, by a pipe and as a paste: nothing is cut", async () => {
  await using host = await Host.withServer();
  const long = `${"x".repeat(65_000)}${" ".repeat(2_000)}TAIL`;
  const sentence = "[Message too long: 67004 bytes, at most 65536.]";
  const script = host.client("y");
  await script.type(`send y ${long}\nsend_all ${long}\n`);
  await script.endInput();
  assertEquals(await script.status, 1);
  assertEquals(script.output.lines.filter((line) => line === sentence).length, 2);
  const x = await host.onTerminal("x");
  await x.type(`send x \x1b[200~${long}\x1b[201~`);
  await x.sees(sentence);
  await x.type("\x1b[200~one\ttwo\x1b[201~\r");
  await x.sees("x: one  two");
});

Deno.test("a paste whose end never comes ends by itself", async () => {
  await using host = await Host.withServer();
  const x = await host.onTerminal("x");
  await x.type("\x1b[200~send x half a paste");
  await x.sees(/>>> send x half a paste/);
  await x.type("\r");
  await x.sees("x: half a paste");
});

Deno.test("on a terminal a long message is broken between words", async () => {
  await using host = await Host.withServer();
  const x = await host.onTerminal("x");
  const y = await host.onTerminal("y", ["x"]);
  await x.sees(isOnline("y"));
  const words = Array.from({ length: 40 }, (_, at) => `word${at}`);
  await x.say(`send y ${words.join(" ")}`);
  await y.sees(/word39\n/);
  const rows = y.screen;
  const at = rows.findIndex((row) => row.startsWith("x: word0 "));
  const shown = rows.slice(at, at + 3).flatMap((row) => row.trim().split(" "));
  assertEquals(shown, ["x:", ...words]);
});
