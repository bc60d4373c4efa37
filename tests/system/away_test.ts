/** What was printed into a pipe is shown to the person who comes to the terminal later. */
import { assertEquals, assertFalse, assertGreater, assertGreaterOrEqual } from "@std/assert";
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

Deno.test("a flood is folded on a terminal, and its messages are shown at the next start", async () => {
  await using host = await Host.withServer();
  const y = await host.onTerminal("y");
  const x = await host.online("x");
  const numbers = Array.from({ length: 1000 }, (_, at) => `number ${at + 1}.`);
  await x.say(numbers.map((number) => `send y ${number}`).join("\n"));
  await x.endInput();
  assertEquals(await x.status, 0);
  await y.say("quit");
  assertEquals(await y.status, 0);
  const folded = y.output.text.matchAll(/\[(\d+) more from x, 'show x' shows them\.\]/g).map(([, count]) =>
    Number(count)
  )
    .toArray();
  const seen = y.output.text.match(/number \d+\./g) ?? [];
  assertGreater(folded.length, 0);
  assertGreaterOrEqual(seen.length + folded.reduce((sum, count) => sum + count, 0), numbers.length);

  const again = host.client("y", [], { terminal: true });
  await again.sees("[While you were away]");
  await again.sees("SERVER: [Welcome, you are registered.]");
  await again.say("quit");
  assertEquals(await again.status, 0);
  const all = new Set([...seen, ...again.output.text.match(/number \d+\./g) ?? []]);
  assertEquals(all, new Set(numbers));
});
