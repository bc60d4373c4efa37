/** What the server says, and the demo. */
import { assert, assertEquals, assertFalse } from "@std/assert";
import { freePort, Host, isOffline, isOnline } from "./host.ts";

Deno.test("the log says who came and went, and never what was said", async () => {
  await using host = await Host.create();
  const server = await host.startServer(["--log-level", "debug"]);
  const x = await host.online("x");
  const y = await host.online("y", ["x"]);
  await x.sees(isOnline("y"));
  await x.say("send y secret-direct");
  await y.sees("x: secret-direct");
  await x.say("send_all secret-channel");
  await y.sees("[Channel_Message x: secret-channel]");
  await y.say("dereg y");
  await x.sees(isOffline("y"));
  await x.say("send y secret-mail");
  await x.sees("SERVER: [Message received by the server and saved]");
  await x.endInput();
  assertEquals(await x.status, 0);
  server.kill("SIGTERM");
  assertEquals(await server.status, 0);

  assertFalse(server.error.text.includes("secret"));
  assertEquals(server.output.text, "");
  const said = server.error.lines.map((line) =>
    line.replace(/^\d{4}-\d\d-\d\dT\S+Z /, "").replace(/ at 127\.0\.0\.1:\d+$/, "")
      .replace(/\b[0-9a-f]{64}\b/, "KEY")
  );
  assertEquals(said.slice(1), [
    "INFO this is 'test', its key is KEY",
    `INFO for people: parley client -i 127.0.0.1 -p ${host.port} --server-key KEY (open UDP ${host.port}; this address is for this machine alone)`,
    "INFO x registered",
    "INFO y registered",
    "INFO y is offline: deregistered",
    "INFO x is offline: left",
    "INFO stopped",
  ]);
});

Deno.test("with the line that a server says for people they are there, and know its key", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  const [, words] = await server.error.sees(/ for people: parley (client .*) \(open UDP \d+.*\)\n/);
  const x = host.run([...words!.split(" "), "-n", "x"]);
  await x.sees("SERVER: [Welcome, you are registered.]");
  assertFalse(x.output.text.includes("[New server"));
  const liar = host.run([...words!.replace(/[0-9a-f]{64}/, "ab".repeat(32)).split(" "), "-n", "y"]);
  assertEquals(await liar.status, 1);
});

Deno.test("with --log-level ERROR the server says nothing", async () => {
  await using host = await Host.create();
  host.port = freePort();
  const server = host.run(["server", "-p", `${host.port}`, "--data", ":memory:", "--log-level", "ERROR"]);
  // It does not say when it listens: until then x waits.
  const x = host.client("x", ["--attempts", "0"]);
  await x.endInput();
  assertEquals(await x.status, 0);
  server.kill("SIGTERM");
  assertEquals(await server.status, 0);
  assertEquals(server.error.text, "");
});

Deno.test("the client's log has no texts, and is only written where asked", async () => {
  await using host = await Host.withServer();
  const file = `${host.folder}/client.log`;
  const x = host.client("x", ["--log", file]);
  await x.type("send x secret\n");
  await x.endInput();
  assertEquals(await x.status, 0);
  assertEquals(x.error.text, "");
  const log = await Deno.readTextFile(file);
  assert(log.includes("registered"));
  assertFalse(log.includes("secret"));
});

Deno.test("the demo ends by itself with status 0 and leaves nothing behind", async () => {
  await using host = await Host.create();
  const demo = host.run(["demo"]);
  assertEquals(await demo.status, 0, demo.error.text);
  assertEquals(demo.error.text, "");
  const lines = demo.output.lines;
  assert(lines.includes("x      | [Message received by y.]"));
  assert(lines.includes("z      | [Channel_Message x: MSG x->y, z]"));
  assert(lines.every((line) => /^([xyz] {5}|server) \| /.test(line)));
  assertEquals(await filesOfDemo(host.folder), []);
});

Deno.test("the demo that is interrupted says so and leaves nothing behind", async () => {
  await using host = await Host.create();
  const demo = host.run(["demo"]);
  // Early: z has yet to start, and all to talk, so it is not over before the signal comes.
  await demo.sees(/^y {6}\| SERVER: \[Welcome, you are registered\.\]\n/m);
  demo.kill("SIGTERM");
  assertEquals(await demo.status, 1);
  assertEquals(demo.error.lines, ["cannot finish the demo: it was interrupted"]);
  assertEquals(await filesOfDemo(host.folder), []);
});

async function filesOfDemo(folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  return entries.map(({ name }) => name).filter((name) => name.startsWith("parley-demo-"));
}
