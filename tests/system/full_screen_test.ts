/** `client --tui`: conversations on a full screen, in a program of its own and beside a daemon. */
import { assertEquals } from "@std/assert";
import { environment, PERMISSIONS, PROJECT } from "../kit/program.ts";
import { LiveTerminal } from "../terminal/live_terminal.ts";
import { Host, isOnline } from "./host.ts";

const REGISTERED = /Welcome, you are registered/;

/** A client on a full screen, which shows this row. What is typed before would be echoed. */
async function fullScreen(host: Host, nick: string, first: RegExp): Promise<LiveTerminal> {
  const command = [Deno.execPath(), "run", "--quiet", ...PERMISSIONS, `${PROJECT}/main.ts`];
  const options = ["client", "-n", nick, "-i", "127.0.0.1", "-p", `${host.port}`, "--tui"];
  const line = `exec ${[...command, ...options].join(" ")}`;
  const live = await LiveTerminal.run(line, { columns: 80, rows: 12, env: environment(host.folder) });
  await live.sees(first);
  return live;
}

/** A row of the conversation, whatever stands left of it. */
function row(text: string): RegExp {
  return new RegExp(`│\\d\\d:\\d\\d ${text}$`);
}

Deno.test("conversations with unread counts, presence, and signs before what was said", async () => {
  await using host = await Host.withServer();
  const bob = await host.online("bob");
  await using alice = await fullScreen(host, "alice", /^\+ bob /);
  await bob.sees(isOnline("alice"));
  // The terminal tells that somebody else has the keyboard.
  await alice.type("\x1b[O");
  await bob.say("send alice hello 漢字");
  await bob.say("send_all hi, everybody");
  await alice.sees(/^ {2}#channel +1│/);
  await alice.sees(/^\+ bob +1│/);
  await alice.type("/talk bob\r");
  await alice.sees(row("bob: hello 漢字"));
  await alice.type("\x1b[I");
  await alice.sees(/^\+ bob +│/);
  await alice.type("hi\r");
  await alice.sees(row("✓ alice: hi"));
  await alice.sees(/^ 127\.0\.0\.1:\d+ \S+ ms {2}bob: direct, \S+ ms {2}lost \d+ % {2}0 waiting$/);
  await bob.sees("alice: hi");
  await alice.type("\x1ba//everybody\r");
  await alice.sees(row("> alice: /everybody"));
  await alice.sees(row("bob: hi, everybody"));
  await bob.sees("[Channel_Message alice: /everybody]");
  await alice.type("/ignore bob\r");
  await alice.sees(/Messages of bob are not shown any more/);
  await bob.say("send alice unseen");
  await bob.sees("[Message received by alice.]");
  await alice.type("/show\r\x1b3");
  await alice.sees(/│\d\d:\d\d bob: \S+ \S+ unseen$/);
  await bob.say("quit");
  await alice.type("\x1b1");
  await alice.sees(row("bob is offline"));
  await alice.sees(/^- bob +│/);
  await alice.type("send bob by a command\r");
  await alice.sees(row("\\[Message received by SERVER\\.\\]"));
  await alice.type("peers\r");
  await alice.sees(/│bob @ 127\.0\.0\.1:\d+ is OFFLINE$/);
  await alice.type("talk nobody\r");
  await alice.sees(row("\\[Unknown peer: nobody\\]"));
  await alice.type("/quit\r");
  await alice.end();
  await alice.shows(["[You are Offline. Bye.]", "[Exiting]"]);
  assertEquals(alice.referee.leftOver, []);
});

Deno.test("a message to somebody offline stands there as stored, and as delivered once it was collected", async () => {
  await using host = await Host.withServer();
  await host.beenThere("bob");
  await using alice = await fullScreen(host, "alice", /^- bob /);
  await alice.type("/talk bob\rfor later\r");
  await alice.sees(row("> alice: for later"));
  const bob = await host.online("bob");
  await bob.sees(/^alice: .* for later\n/m);
  await alice.sees(row("✓ alice: for later"));
});

Deno.test("a full screen beside a daemon: it leaves that running", async () => {
  await using host = await Host.withServer();
  const bob = await host.online("bob");
  const daemon = host.run(["daemon", "-n", "alice", "-i", "127.0.0.1", "-p", `${host.port}`]);
  await bob.sees(isOnline("alice"));
  for (const text of ["one", "two"]) {
    await using alice = await fullScreen(host, "alice", /^\+ bob /);
    await alice.type("/talk bob\r");
    await alice.sees(/^bob>/);
    await bob.say(`send alice ${text}`);
    await alice.sees(row(`bob: ${text}`));
    await alice.type(`${text} back\r`);
    await alice.sees(row(`✓ alice: ${text} back`));
    await alice.sees(/bob: direct/);
    await alice.type("/quit\r");
    await alice.end();
    await alice.shows(["[Exiting]"]);
  }
  daemon.kill("SIGTERM");
  await daemon.status;
});

Deno.test("a signal ends it, and the terminal is as it was; without a terminal there is no full screen", async () => {
  await using host = await Host.withServer();
  await using alice = await fullScreen(host, "alice", REGISTERED);
  alice.kill("SIGTERM");
  await alice.end();
  await alice.shows(["[Exiting]"]);
  assertEquals(alice.referee.leftOver, []);
  const piped = host.client("alice", ["--tui"]);
  assertEquals(await piped.status, 1);
  assertEquals(piped.error.text, "'--tui' needs a terminal that can place its cursor, leave it out here\n");
});
