/** Without a terminal: commands are read, plain lines are written. */
import { assert, assertEquals, assertFalse } from "@std/assert";
import { Host, isOnline, type Run } from "./host.ts";
import { checkInTime, inTime } from "./in_time.ts";

const MADE = "[New identity for x: keep a copy of the file 'identity' in its state folder.]";

Deno.test("commands wait for the registration, and the end of the input for what they sent", () =>
  inTime(async () => {
    await using host = await Host.withServer();
    await host.beenThere("z");
    const y = await host.online("y");
    const x = host.client("x");
    await x.type("peers\nsend y  two  spaces \nsend z stored\nsend_all to all\nsend x to myself");
    await x.endInput();
    assertEquals(await x.status, 0);
    assertEquals(x.error.text, "");
    checkInTime(x);
    await y.output.seesInAnyOrder("x: two  spaces", "[Channel_Message x: to all]");

    const lines = x.output.text.replaceAll(/127\.0\.0\.1:\d+/g, "ADDRESS").split("\n");
    // In the order in which they came for the first time.
    const nicks = ["SERVER @ ADDRESS is ONLINE", "z @ ADDRESS is OFFLINE", "y @ ADDRESS is ONLINE"];
    const table = [...nicks, "x @ ADDRESS is ONLINE"];
    const start = [
      MADE,
      "SERVER: [Welcome, you are registered.]",
      "[Client table updated.]",
      ...table,
      ...table,
    ];
    assertEquals(lines.slice(2, 2 + start.length), start);
    // Messages overlap, so their receipts come in any order.
    assertEquals(lines.slice(2 + start.length, -2).sort(), [
      "SERVER: [Message received by the server and saved]",
      "[Message received by SERVER.]",
      "[Message received by Server.]",
      "[Message received by x.]",
      "[Message received by y.]",
      "x: to myself",
    ]);
    assertEquals(lines.slice(-2), ["[Exiting]", ""]);
  }));

Deno.test("everything else waits until what was before it is over", async () => {
  await using host = await Host.withServer();
  const x = host.client("x");
  await x.type("send x one\ndereg x\nsend x no\nreg x\nsend x two\nquit\nsend x never\n");
  // What was sent while offline has failed.
  assertEquals(await x.status, 1);
  const lines = x.output.lines.filter((line) => !/ is ONLINE$|->|table updated/.test(line));
  assertEquals(lines.map((line) => line.replace(/\b[0-9a-f]{64}\b/, "KEY")), [
    "[New server 'test', its key is KEY]",
    MADE,
    "SERVER: [Welcome, you are registered.]",
    "x: one",
    "[Message received by x.]",
    "[You are Offline. Bye.]",
    "[You are offline, 'reg x' first.]",
    "SERVER: [Welcome, you are registered.]",
    "x: two",
    "[Message received by x.]",
    "[You are Offline. Bye.]",
    "[Exiting]",
  ]);
});

Deno.test("what cannot be understood is said on standard error, and the next command is read", async () => {
  await using host = await Host.withServer();
  const x = host.client("x");
  await x.type("sned x hi\nsend x\nfrobnicate\n\n   \nsend x done\r\n");
  await x.endInput();
  assertEquals(await x.status, 1);
  assertEquals(x.error.lines, [
    "unknown command 'sned', did you mean 'send'?",
    "usage: send <nick> <message>",
    "unknown command 'frobnicate', try 'help'",
  ]);
  assert(x.output.lines.includes("x: done"));
});

Deno.test("an input that is empty is the end at once, once registered", async () => {
  await using host = await Host.withServer();
  const x = host.client("x");
  await x.endInput();
  assertEquals(await x.status, 0);
  assert(x.output.lines.includes("SERVER: [Welcome, you are registered.]"));
  assertEquals(x.output.lines.at(-1), "[Exiting]");
});

Deno.test("mail that waited is shown before the end", async () => {
  await using host = await Host.withServer();
  await host.beenThere("y");
  const x = host.client("x");
  await x.type("send y read me\n");
  await x.endInput();
  assertEquals(await x.status, 0);
  const y = host.client("y");
  await y.sees(/^x: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} read me\n/m);
});

for (const [name, env] of [["TERM=dumb", { TERM: "dumb" }], ["NO_COLOR=1", { NO_COLOR: "1" }]] as const) {
  Deno.test(`a terminal with ${name}`, async () => {
    await using host = await Host.withServer();
    const x = await host.onTerminal("x", [], { env });
    await x.say("send x hi");
    await x.sees("x: hi");
    await x.say("quit");
    assertEquals(await x.status, 0);
    if (name === "TERM=dumb") assertFalse(x.programOutput.includes("\x1b"));
    // deno-lint-ignore no-control-regex -- the escape character is what it looks for
    assertEquals(x.programOutput.match(/\x1b\[[\d;]*m/), null);
  });
}

Deno.test("pipes get no prompt and no escape sequence", async () => {
  await using host = await Host.withServer();
  const x = await host.online("x");
  const y = await host.online("y", ["x"], { env: { TERM: "xterm", FORCE_COLOR: "1" } });
  await x.sees(isOnline("y"));
  await x.say("send y hi");
  await y.sees("x: hi");
  // deno-lint-ignore no-control-regex -- the escape character is what it looks for
  assertEquals(y.output.raw.match(/\x1b|\r|>>>/), null);
});

Deno.test("a message that fails is told by the status, too", async () => {
  await using host = await Host.withServer();
  const x = host.client("x");
  await x.type("send nobody hi\n");
  await x.endInput();
  assertEquals(await x.status, 1);
  assert(x.output.lines.includes("[Unknown peer: nobody]"));
});

Deno.test("a script that ends with quit has the same status, whether or not its end had come in time", async () => {
  await using host = await Host.withServer();
  for (const [line, status] of [["send nobody x", 1], ["sned x", 1], ["send x hi", 0]] as const) {
    for (const isLate of [false, true]) {
      const x = host.client("x");
      await x.type(`${line}\nquit\n`);
      // Nothing but the client's own end closes this pipe.
      if (!isLate) await x.endInput();
      assertEquals(await x.status, status, line);
    }
  }
});

Deno.test("the end of the input waits until all mail is here", async () => {
  await using host = await Host.withServer();
  const y = host.client("y");
  await y.endInput();
  assertEquals(await y.status, 0);
  const x = host.client("x");
  const texts = Array.from({ length: 100 }, (_, count) => `letter ${count}`);
  await x.type(texts.map((text) => `send y ${text}\n`).join(""));
  await x.endInput();
  assertEquals(await x.status, 0);
  const again = host.client("y");
  await again.endInput();
  assertEquals(await again.status, 0);
  const shown = again.output.lines.filter((line) => line.startsWith("x: "));
  assertEquals(shown.map((line) => line.slice("x: 2022-03-22 21:35:12.521000 ".length)), texts);
});

/** All that a run shows but for where it is, the server's key and the table. */
function without(run: Run): string[] {
  return run.output.lines.filter((line) =>
    !/ is O(N|FF)LINE$|->|^\[Client table|^\[New (server|identity)/.test(line)
  );
}

Deno.test("a script that only sends does not come online, and takes nobody's mail", async () => {
  await using host = await Host.withServer();
  await host.beenThere("x");
  const y = await host.online("y", []);
  await y.say("send x for the person");
  await y.sees("SERVER: [Message received by the server and saved]");
  const x = host.client("x");
  await x.type("send y by a script\nsend_all to all\n");
  await x.endInput();
  assertEquals(await x.status, 0);
  assertEquals(x.error.text, "");
  assertEquals(without(x).toSorted(), [
    "SERVER: [Message received by the server and saved]",
    "SERVER: [Welcome, you are registered.]",
    "[Exiting]",
    "[Message received by SERVER.]",
    "[Message received by Server.]",
  ]);
  await y.output.seesInAnyOrder("x: by a script", "[Channel_Message x: to all]");
  assertEquals(
    y.output.lines.filter((line) => line.startsWith("x @ ")).filter((line) => line.includes(" ONLINE")),
    [],
  );
  const person = await host.online("x");
  await person.sees(/^y: \d{4}.* for the person\n/m);
});

Deno.test("a script that only sends, with quit at its end: the status tells of a message that failed", async () => {
  await using host = await Host.withServer();
  await host.beenThere("y");
  for (const [recipient, status] of [["y", 0], ["nobody", 1]] as const) {
    const x = host.client("x");
    await x.type(`send ${recipient} hi\nquit\nsend y never\n`);
    await x.endInput();
    assertEquals(await x.status, status);
    assertEquals(without(x).at(-1), "[Exiting]");
    assertFalse(x.output.text.includes("Offline"));
  }
  const y = await host.online("y");
  await y.sees(/^x: \d{4}.* hi\n/m);
  assertFalse(y.output.text.includes("never"));
});

Deno.test("a script for a nick that is online, here or elsewhere, ends with a sentence and status 1", async () => {
  await using host = await Host.withServer();
  const x = await host.online("x");
  const here = host.client("x");
  await here.type("send x hi\n");
  await here.endInput();
  assertEquals(await here.status, 1);
  assert(/^cannot open '.*': it is in use by another process, /.test(here.error.text), here.error.text);

  const copy = `${host.folder}/copy`;
  await Deno.copyFile(`${host.stateOf("x")}/identity`, copy);
  const elsewhere = host.client("x", ["--state", ":memory:", "--identity", copy]);
  await elsewhere.type("send x hi\n");
  await elsewhere.endInput();
  assertEquals(await elsewhere.status, 1, elsewhere.error.text);
  assertEquals(elsewhere.error.text, "");
  assertEquals(without(elsewhere), [
    "[x is online in another client: send from there, or end that one first.]",
  ]);
  await x.say("send x still me");
  await x.sees("x: still me");
});
