/** How a client looks on a terminal: colours, links, times, and people who look like others. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { readableOn } from "../../terminal/palette.ts";
import { Host, isOnline, type Run } from "./host.ts";

/** The number of the colour in which the last message of y came. */
function colourOfLast(run: Run): number | undefined {
  // deno-lint-ignore no-control-regex -- escape sequences are what it looks for
  const found = run.programOutput.match(/\x1b\[38;5;(\d+)my\x1b\[0m: /g)?.at(-1);
  return found === undefined ? undefined : Number(/5;(\d+)m/.exec(found)?.[1]);
}

Deno.test("a nick has a colour that can be read on the background that the terminal tells", async () => {
  await using host = await Host.withServer();
  const y = await host.online("y");
  const x = await host.onTerminal("x");
  await y.sees(isOnline("x"));
  for (const [background, level] of [["ffff/ffff/ffff", 1], ["0000/0000/0000", 0]] as const) {
    await x.type(`\x1b]11;rgb:${background}\x1b\\`);
    // A line behind the answer shows that the answer was read.
    await x.say(`help ${background}`);
    await x.sees(/^unknown command/m);
    await y.say("send x hi https://example.org/");
    await x.sees("y: hi https://example.org/");
    const colour = colourOfLast(x);
    assert(colour !== undefined && readableOn({ red: level, green: level, blue: level }).includes(colour));
  }
  assert(x.programOutput.includes("\x1b]8;;https://example.org/\x1b\\https://example.org/\x1b]8;;\x1b\\"));
  await x.say("quit");
  assertEquals(await x.status, 0);
});

Deno.test("NO_COLOR: no colours, and nobody asks for the background", async () => {
  await using host = await Host.withServer();
  const y = await host.online("y");
  const x = await host.onTerminal("x", [], { env: { NO_COLOR: "1" } });
  await y.sees(isOnline("x"));
  await y.say("send x hi");
  await x.sees("y: hi");
  // deno-lint-ignore no-control-regex -- escape sequences are what it looks for
  assertEquals(/\x1b\[[\d;]*m|\x1b\]11/.test(x.programOutput), false);
});

Deno.test("--times: messages have the time before them, others' and one's own", async () => {
  await using host = await Host.withServer();
  const y = await host.online("y");
  const x = host.client("x", ["--times"], { terminal: true });
  await x.sees(isOnline("x"));
  await y.sees(isOnline("x"));
  await y.say("send x hi");
  await x.sees(/^\d\d:\d\d y: hi\n/m);
  await x.say("talk y");
  await x.say("hello");
  await y.sees("x: hello");
  await x.sees(/✓/);
  assertMatch(x.screen.find((row) => row.endsWith("y> hello")) ?? "", /^✓ \d\d:\d\d y> hello$/);
});

Deno.test("a nick that looks like another one has its key beside it, where one reads it and writes to it", async () => {
  await using host = await Host.withServer();
  await host.beenThere("bob");
  const x = await host.onTerminal("x");
  const other = host.client("b\u043eb");
  await x.sees(/^\[The new nickname 'b\u043eb' looks like 'bob'/m);
  await other.sees(/ is ONLINE \(looks like bob\)\n/);
  await other.say("send x hi");
  const [, key] = await x.sees(/^b\u043eb \(looks like bob, key ((?:[0-9a-f]{4} ?){4})\): hi\n/m);
  await x.say("talk b\u043eb");
  await x.sees(/^\[You talk to b\u043eb \(looks like bob, key /m);
  await x.sees(new RegExp(`^b\u043eb \\(${key}\\)> `, "m"));
});

Deno.test("what nobody has seen is counted before the prompt, and told of as the user wants it", async () => {
  await using host = await Host.withServer();
  const y = await host.online("y");
  const x = host.client("x", ["--notify", "9"], { terminal: true });
  await x.sees(isOnline("x"));
  await y.sees(isOnline("x"));
  await x.type("\x1b[O");
  await y.say("send x one \x07\x1b]0;title\x07");
  await x.sees(/^\[y 1\] >>> /m);
  await y.say("send_all is x there?");
  await x.sees(/^\[y 1, #channel 1\] >>> /m);
  await y.say("send x two");
  await x.sees(/^\[y 2, #channel 1\] >>> /m);
  await x.type("\x1b[I");
  await x.sees(/^>>> /m);
  await y.say("send x three");
  await x.sees("y: three");
  await x.say("quit");
  assertEquals(await x.status, 0);
  const told = x.programOutput.split("\x1b]9;").slice(1).map((text) => text.split("\x1b\\")[0]);
  assertEquals(told, [
    "y: one <U+0007><U+001B>]0;title<U+0007>",
    "#channel y: is x there?",
  ]);
  assertEquals(x.screen.filter((row) => row.startsWith("[y ")), []);
});
