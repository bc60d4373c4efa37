/** Wall clocks that are set, and processes that are stopped for a while. */
import { assertEquals, assertFalse } from "@std/assert";
import { Host, isOnline, withClock } from "./host.ts";

const TWO_YEARS_MS = 730 * 24 * 3600_000;
const STORED = "SERVER: [Message received by the server and saved]";

Deno.test("a server's clock is two years ahead and is set right, while it runs and at starts: a letter stays", async () => {
  await using host = await Host.create();
  let server = await host.startServer([], withClock(TWO_YEARS_MS));
  await host.beenThere("y");
  const x = await host.online("x");
  await x.say("send y hi");
  await x.sees(STORED);
  for (const way of ["back", "forward", "back"]) {
    server.kill("SIGUSR2");
    await server.error.sees(new RegExp(`the clock went ${way} by 730 days: nothing becomes older by that\n`));
  }
  server.kill("SIGTERM");
  await server.status;
  server = await host.startServer([], withClock(TWO_YEARS_MS));
  server.kill("SIGUSR2");
  await server.error.sees(/the clock went back by 730 days/);
  const y = await host.online("y");
  await y.sees(/x: .* hi\n/);
  assertFalse(y.output.text.includes("dropped"));
});

Deno.test("a sender's clock is two years behind, and is set right before the server is there: it arrives", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  const x = host.client("x", ["--attempts", "0"], withClock(-TWO_YEARS_MS));
  await x.sees(isOnline("x"));
  const before = await host.online("y", ["x"]);
  await x.sees(isOnline("y"));
  for (const each of [before, server]) {
    each.kill("SIGKILL");
    await each.status;
  }
  await x.say("send y w1");
  await x.sees("[No ACK from y, message sent to server.]");
  x.kill("SIGUSR2");
  await host.startServer();
  await x.sees(STORED);
  const y = await host.online("y");
  await y.sees(/x: .* w1\n/);
  await x.sees("[y has collected 1 message.]");
  assertFalse(x.output.text.includes("failed"));
});

Deno.test("a client is stopped and continued, twice: that messages wait is said before them, once each time", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  const x = await host.online("x");
  const y = await host.online("y", ["x"]);
  await x.sees(isOnline("y"));
  const texts: string[] = [];
  for (const time of [1, 2]) {
    y.kill("SIGSTOP");
    for (const count of [1, 2, 3]) {
      texts.push(`number ${time}${count}`);
      await x.say(`send y ${texts.at(-1)}`);
      await x.sees(STORED);
    }
    await server.error.sees(/y is offline: silent\n/);
    y.kill("SIGCONT");
    await y.sees(new RegExp(`number ${time}3\n`));
    // Stopped before the server has it back, it would not be missed again.
    await server.error.sees(/y registered at .*\n/);
  }
  const shown = y.output.text.split("\n").filter((line) => /^SERVER: \[You|^x: /.test(line))
    .map((line) => line.replace(/^x: .*number/, "number"));
  const announced = "SERVER: [You have messages]";
  assertEquals(shown, [announced, ...texts.slice(0, 3), announced, ...texts.slice(3)]);
});
