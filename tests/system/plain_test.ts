/** `--plain`: lines are appended, and nothing else is written. */
import { assertEquals, assertMatch } from "@std/assert";
import { Host, isOffline, isOnline, type Options, type Run } from "./host.ts";

/** The terminal itself puts a return before each line feed. */
function assertIsText(run: Run): void {
  const bytes = run.programOutput.replaceAll("\r\n", "\n");
  // deno-lint-ignore no-control-regex -- control characters are what it looks for
  assertEquals(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/.exec(bytes), null);
}

const WAYS: readonly [string, readonly string[], Options][] = [
  ["--plain", ["--plain"], {}],
  ["PARLEY_PLAIN", [], { env: { PARLEY_PLAIN: "true" } }],
  ["TERM=dumb", [], { env: { TERM: "dumb" } }],
];

for (const [name, args, options] of WAYS) {
  Deno.test(`${name}: no byte but those of text and the ends of lines`, async () => {
    await using host = await Host.withServer();
    const y = await host.online("y");
    await host.beenThere("away");
    const x = host.client("x", args, { ...options, terminal: true });
    await x.sees(isOnline("x"));
    await y.sees(isOnline("x"));
    await y.say("send x \x1b[2J\x1b]0;title\x07\x08\x7f\u009b31m \u202e漢字 https://example.org/");
    await x.sees(/^y: <U\+001B>.*<U\+202E>漢字/m);
    await x.say("help");
    await x.sees(/^at the client's prompt:\n/m);
    await x.say("frob");
    await x.sees(/^unknown command 'frob'/m);
    await x.say("talk y");
    await x.sees(/^\[You talk to y: /m);
    await x.say("quit worrying");
    await y.sees("x: quit worrying");
    await x.sees("[Message received by y.]");
    await x.say("/talk away");
    await x.say("see you");
    await x.sees("SERVER: [Message received by the server and saved]");
    await x.say("/talk");
    await x.say("hello, everybody");
    await x.sees("[Message received by Server.]");
    await x.say("漢".repeat(1_365));
    await x.sees(/^this terminal gives only 4095 bytes of a line/m);
    await x.say("/peers");
    await x.sees(isOffline("away"));
    await y.say("quit");
    await x.sees("y is offline");
    assertIsText(x);
    await x.say("/quit");
    assertEquals(await x.status, 0);
    assertIsText(x);
    assertEquals(x.settings.after, x.settings.before);
  });
}

Deno.test("--plain: ctrl-d leaves at once, and a command that failed changes no status", async () => {
  await using host = await Host.withServer();
  const x = host.client("x", ["--plain"], { terminal: true });
  await x.sees(isOnline("x"));
  await x.say("frob");
  await x.type("\x04");
  assertEquals(await x.status, 0);
  assertMatch(x.programOutput, /\[Exiting\]\r\n$/);
});

Deno.test("--plain: a server that is silent does not end the client under somebody's hands", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  const x = host.client("x", ["--plain"], { terminal: true });
  await x.sees(isOnline("x"));
  await server.end();
  await x.say("send_all are you there?");
  await x.sees("[Server not responding.]");
  await x.sees("[Staying: what you write waits until the server is back.]");
  await host.startServer();
  await x.sees("[The server is back.]");
  await x.say("quit");
  assertEquals(await x.status, 0);
});
