/** The server goes away while somebody sits at a terminal. */
import { assert, assertEquals } from "@std/assert";
import { Host } from "./host.ts";

Deno.test("a client that has given up does not end under the hands of somebody who types", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  const x = await host.onTerminal("x");
  server.kill("SIGTERM");
  await server.status;
  await x.say("dereg x");
  await x.sees("[Server not responding.]");
  await x.type("send");
  await x.sees("[Staying: what you write waits until the server is back.]");
  await x.say(" x still here");
  await x.sees("x: still here");
  await x.say("peers");
  await x.sees(/^SERVER @ 127\.0\.0\.1:\d+ is AWAY since \d{4}-/m);
  await host.startServer();
  await x.sees("[The server is back.]");
  await x.say("quit");
  await x.sees("[You are Offline. Bye.]");
  assertEquals(await x.status, 0);
});

Deno.test("text that stands in the line when the server falls silent keeps the client, a pipe ends", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  const [x, y] = [await host.onTerminal("x"), await host.online("y")];
  server.kill("SIGTERM");
  await server.status;
  await x.type("quit\rsend x not for the shell");
  await y.say("dereg y");
  await x.sees("[Staying: what you write waits until the server is back.]");
  assertEquals(await y.status, 1);
  assertEquals(y.output.lines.slice(-2), ["[Server not responding.]", "[Exiting.]"]);
  await x.type("\x15quit\r");
  assertEquals(await x.status, 0);
  assertEquals(x.screen.at(-1), "[Exiting]");
});

Deno.test("nobody types: the client on a terminal ends with status 1", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  const x = await host.onTerminal("x");
  server.kill("SIGTERM");
  await server.status;
  await x.say("dereg x");
  assertEquals(await x.status, 1);
  assertEquals(x.screen.slice(-2), ["[Server not responding.]", "[Exiting.]"]);
  assert(x.settings.after === x.settings.before);
});
