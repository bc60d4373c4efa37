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
