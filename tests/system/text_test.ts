/** Text: everything printable arrives as it was written, and nothing else reaches the terminal. */
import { assertEquals } from "@std/assert";
import { isOnline, type Session, World } from "./session.ts";

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
  await using world = await World.withServer();
  const x = await world.online("x");
  const y = await world.onTerminal("y", ["x"]);
  const z = await world.online("z", ["x", "y"]);
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
  await using world = await World.withServer();
  const x = await world.online("x");
  await x.say("send \u202eyou\u200b hi");
  await x.sees("[Unknown peer: <U+202E>you<U+200B>]");
  await x.say("\u202efoo\x1b[2J");
  await x.error.sees("unknown command '<U+202E>foo<U+001B>[2J', try 'help'");
});

Deno.test("a text of several lines cannot fake a line of somebody else's", async () => {
  await using world = await World.withServer();
  const x = await world.onTerminal("x");
  const y = await world.online("y", ["x"]);
  await x.sees(isOnline("y"));
  await x.type("\x1b[200~send y one\nSERVER: [You have messages]\r\n\tthree\x1b[201~\r");
  await y.sees("x: one\n  SERVER: [You have messages]\n      three");
});

Deno.test("any Unicode, spaces kept, up to 1,000 bytes", async () => {
  await using world = await World.withServer();
  const x = await world.online("x");
  const y = await world.online("y", ["x"]);
  await x.sees(isOnline("y"));
  const texts = [
    "  a  b   c".trim(),
    "ĝis la revido, 再见, до свидания, مع السلامة",
    "👩‍👩‍👧‍👦 🏳️‍🌈 é",
    "漢".repeat(333) + "x",
  ];
  for (const text of texts) await arrives(x, y, text);
  await x.say(`send y ${"漢".repeat(333)}xx`);
  await x.sees("[Message too long: 1001 bytes, at most 1000.]");
});

async function arrives(from: Session, to: Session, text: string): Promise<void> {
  await from.say(`send y ${text}`);
  await to.sees(`x: ${text}`);
}
