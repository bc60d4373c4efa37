/** What was printed into a pipe is shown to the person who comes to the terminal later. */
import { assertEquals, assertFalse } from "@std/assert";
import { Host } from "./host.ts";

Deno.test("the mail that a cron job collects is shown at the next start at a terminal, once", async () => {
  await using host = await Host.withServer();
  await host.beenThere("y");
  const x = await host.online("x");
  await x.say("send y read me");
  await x.sees("SERVER: [Message received by the server and saved]");
  await host.beenThere("y");
  await x.sees("[y has collected 1 message.]");

  const y = host.client("y", [], { terminal: true });
  await y.sees("[While you were away]");
  await y.sees(/^x: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} read me\n/m);
  await y.sees("SERVER: [Welcome, you are registered.]");
  await y.say("quit");
  assertEquals(await y.status, 0);

  const again = await host.onTerminal("y");
  assertFalse(again.output.text.includes("[While you were away]"));
  await again.say("quit");
  assertEquals(await again.status, 0);
});
