/** Conversations: `talk`, and what lines mean until `/leave`. */
import { assertEquals } from "@std/assert";
import { Host, isOnline } from "./host.ts";

Deno.test("in a conversation what somebody says is never a command", async () => {
  await using host = await Host.withServer();
  const x = await host.onTerminal("x");
  const y = await host.online("y", ["x"]);
  await x.sees(isOnline("y"));
  await x.say("talk Y");
  await x.sees("[You talk to y: only lines that begin with '/' are commands, '/leave' goes back.]");
  await x.sees(/^y> /m);
  for (const line of ["quit", "//usr is a folder", "trust me"]) {
    await x.say(line);
    await y.sees(`x: ${line.replace("//", "/")}`);
  }
  await x.say("/talk");
  await x.say("hello, everybody");
  await y.sees("[Channel_Message x: hello, everybody]");
  await x.say("/leave");
  await x.sees("[Lines are commands again.]");
  await x.say("leave");
  await x.sees(/\[You are in no conversation, /);
  await x.say("talk nobody");
  await x.sees("[Unknown peer: nobody]");
  await x.say("/quit");
  await x.sees("[Exiting]");
  assertEquals(await x.status, 0);
});

Deno.test("a pipe can talk as well", async () => {
  await using host = await Host.withServer();
  const y = await host.online("y");
  const x = host.client("x");
  await x.say("talk y");
  await x.say("quit worrying");
  await x.say("/quit");
  await y.sees("x: quit worrying");
  await x.sees("[Message received by y.]");
  assertEquals(await x.status, 0);
});

Deno.test("a sign before each message says how far it has come, and other lines say nothing of it", async () => {
  await using host = await Host.withServer();
  const y = await host.online("y");
  await host.beenThere("z");
  const x = await host.onTerminal("x");
  await x.say("talk y");
  await x.say("one");
  await y.sees("x: one");
  await x.sees(/✓/);
  await x.say("/talk z");
  await x.say("two");
  await x.sees(/^>/m);
  const z = await host.online("z");
  await z.sees(/x: .* two\n/);
  await x.sees(/✓/);
  await x.say("/talk");
  await x.say("three");
  await x.sees(/^>/m);
  await x.say("/quit");
  assertEquals(await x.status, 0);
  const { screen } = x;
  const shown = screen.filter((row) => /(one|two|three)$/.test(row));
  assertEquals(shown, ["✓ y> one", "✓ z> two", "> #channel> three"]);
  assertEquals(screen.filter((row) => /^\[Message|^\[No ACK|has collected/.test(row)), []);
});

Deno.test("a message that nobody takes has a sign and the reason", async () => {
  await using host = await Host.withServer();
  const x = await host.onTerminal("x");
  await x.say("talk x");
  await x.say("/dereg x");
  await x.sees("[You are Offline. Bye.]");
  await x.say("to myself");
  await x.sees("[You are offline, 'reg x' first.]");
  await x.sees(/!/);
  await x.say("/quit");
  await x.status;
  assertEquals(x.screen.filter((row) => row.endsWith("to myself")), ["! x> to myself"]);
});

Deno.test("after 'talk' a line tells who comes and goes, and 'peers' has who is offline last", async () => {
  await using host = await Host.withServer();
  await host.beenThere("away");
  const x = await host.onTerminal("x");
  await x.say("talk");
  await x.sees(/^\[You talk to everybody/m);
  const y = await host.online("y");
  await x.sees("y is online");
  await y.say("quit");
  await x.sees("y is offline");
  await host.online("z");
  await x.sees("z is online");
  await x.say("/peers");
  await x.sees(/z @ .* is ONLINE\n+away @ .* is OFFLINE\n+y @ .* is OFFLINE\n/);
});

Deno.test("messages of somebody who is ignored are hidden until 'show'", async () => {
  await using host = await Host.withServer();
  const y = await host.online("y");
  const z = await host.online("z");
  const x = await host.onTerminal("x");
  await z.sees(isOnline("x"));
  await y.sees(isOnline("x"));
  await x.say("ignore nobody");
  await x.sees("[Unknown peer: nobody]");
  await x.say("ignore y");
  await x.sees(/^\[Messages of y are not shown any more, /m);
  await y.say("send x one");
  await y.sees("[Message received by x.]");
  await z.say("send x two");
  await x.sees("z: two");
  await x.say("show y");
  await x.sees(/^y: .* one\n/m);
  await x.say("ignore y");
  await x.sees("[Messages of y are shown again.]");
  await y.say("send x three");
  await x.sees("y: three");
  assertEquals(x.screen.filter((row) => row.startsWith("y: ")).length, 2);
});
