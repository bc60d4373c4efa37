/** `parley nicks`: an operator sees who has which nick, and makes one free. */
import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import { exists } from "../../storage/folders.ts";
import { freePort, Host, isOnline, type Run, withClock } from "./host.ts";

const STORED = "SERVER: [Message received by the server and saved]";

async function stop(session: Run): Promise<void> {
  session.kill("SIGTERM");
  assertEquals(await session.status, 0);
}

/** What `nicks` says of the host's server, whether it runs or not. */
async function nicks(host: Host, ...args: string[]): Promise<string[]> {
  const session = host.run(["nicks", "--data", `${host.folder}/server.db`, ...args]);
  assertEquals(await session.status, 0, session.error.text);
  assertEquals(session.error.text, "");
  return session.output.lines;
}

/** That `nicks` does nothing, and with which sentence. */
async function refusal(session: Run): Promise<string> {
  assertEquals(await session.status, 1);
  assertEquals(session.output.text, "");
  assertEquals(session.error.lines.length, 1, session.error.text);
  return session.error.lines[0]!;
}

/** The public identity of a client, as others are invited to know it. */
async function identityOf(client: Run): Promise<string> {
  await client.say("invite");
  const [, identity] = await client.sees(/^parley:.*&peer=[^:]*:([0-9a-f]{64})\n/m);
  return identity!;
}

/** Somebody else under a nick, who has a state folder of his own. */
async function another(host: Host, nick: string): Promise<Run> {
  const client = host.client(nick, ["--state", `${host.folder}/another`]);
  await client.sees("SERVER: [Welcome, you are registered.]");
  await client.sees(isOnline(nick));
  return client;
}

Deno.test("nicks are listed with their keys, in the order in which they came, and how many letters wait", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  const y = await host.online("Zoë");
  const x = await host.online("x", ["Zoë"]);
  const keys = { x: await identityOf(x), y: await identityOf(y) };
  await y.endInput();
  assertEquals(await y.status, 0);
  for (const text of ["one", "two"]) {
    await x.say(`send zoë ${text}`);
    await x.sees(STORED);
  }
  const date = /20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
  const lines = async () => (await nicks(host)).map((line) => line.replace(date, "DATE"));
  assertEquals(await lines(), [`Zoë ${keys.y} 2 DATE`, `x ${keys.x} 0 online`]);
  await stop(x);
  await server.error.sees(/ x is offline: left\n/);
  assertEquals(await lines(), [`Zoë ${keys.y} 2 DATE`, `x ${keys.x} 0 DATE`]);
  await stop(server);
  assertEquals(await lines(), [`Zoë ${keys.y} 2 DATE`, `x ${keys.x} 0 DATE`]);
  // To look changes nothing.
  assertEquals(await lines(), [`Zoë ${keys.y} 2 DATE`, `x ${keys.x} 0 DATE`]);
});

Deno.test("the data are looked for where the server at that port has them", async () => {
  await using host = await Host.create();
  host.port = freePort();
  const usual = `${host.folder}/data/parley/server-${host.port}.db`;
  const args = ["nicks", "-p", `${host.port}`];
  assertEquals(
    await refusal(host.run(args)),
    `cannot open '${usual}': there is no such file, give it with '--data'`,
  );
  assertFalse(exists(usual));
  await Deno.mkdir(`${host.folder}/data/parley`, { recursive: true });
  const server = await host.startServer(["--data", usual]);
  await host.beenThere("x");
  await stop(server);
  const session = host.run(args);
  assertEquals(await session.status, 0);
  assertMatch(session.output.text, /^x [0-9a-f]{64} 0 \S+Z\n$/);
});

Deno.test("whose server runs asks it, by whatever way to its data, or by its port", async () => {
  await using host = await Host.create();
  await host.startServer();
  await host.online("x");
  const link = `${host.folder}/link.db`;
  await Deno.symlink(`${host.folder}/server.db`, link);
  const session = host.run(["nicks", "--data", link]);
  assertEquals(await session.status, 0, session.error.text);
  assertMatch(session.output.text, /^x [0-9a-f]{64} 0 online\n$/);
  const memory = await Host.create();
  await using _ = memory;
  await memory.startServer(["--data", ":memory:"]);
  await memory.online("y");
  const other = memory.run(["nicks", "-p", `${memory.port}`, "--data", ":memory:"]);
  assertEquals(await other.status, 0, other.error.text);
  assertMatch(other.output.text, /^y [0-9a-f]{64} 0 online\n$/);
});

Deno.test("data that somebody else uses, and what is no server's data, is refused", async () => {
  await using host = await Host.withServer();
  const data = `${host.folder}/server.db`;
  // It cannot be asked without its socket.
  await Deno.remove(`${host.folder}/parley-${Deno.uid()}`, { recursive: true });
  for (const args of [[], ["--release", "x"]]) {
    assertEquals(
      await refusal(host.run(["nicks", "--data", data, ...args])),
      `cannot open '${data}': it is in use by another process, stop that one or choose another file`,
    );
  }
  await host.beenThere("x");
  const state = `${host.stateOf("x")}/state.db`;
  assertEquals(
    await refusal(host.run(["nicks", "--data", state])),
    `cannot open '${state}': it holds the data of a client, not of a server, choose another file`,
  );
});

Deno.test("a nick that nobody has cannot be released", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  await host.beenThere("x");
  await stop(server);
  const before = await nicks(host);
  const data = `${host.folder}/server.db`;
  assertEquals(
    await refusal(host.run(["nicks", "--data", data, "--release", "y"])),
    "cannot release 'y': nobody has it",
  );
  assertEquals(await nicks(host), before);
});

Deno.test("after a release a waiting letter fails at its sender, and never reaches the new owner", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  await host.beenThere("y");
  const x = await host.online("x");
  await x.say("send y for the old one only");
  await x.sees(STORED);
  await stop(server);
  assertEquals(await nicks(host, "--release", "Y"), ["'y' is free, 1 letter to it has failed"]);
  assertEquals((await nicks(host)).map((line) => line.split(" ")[0]), ["x"]);

  await host.startServer();
  // Who has nothing to say notices the restart only with his next keep-alive.
  await x.say("send_all are you there?");
  await x.sees("[Message to y failed: the nickname was given up.]");
  const y = await another(host, "y");
  await x.sees(
    "[y has another key than the pinned one: somebody else may have the nick. Nothing is sent to y until you say 'trust y'.]",
  );
  // What comes later shows that the letter does not come.
  await x.say("trust y");
  await x.sees(/^\[The key that y has now is trusted: [0-9a-f]{64}\. It is not verified: 'verify y'\.\]\n/m);
  await x.say("send y for the new one");
  await y.sees("x: for the new one");
  await x.sees("[Message received by y.]");
  assertFalse(/^x: .*old/m.test(y.output.text));
  await stop(y);
  const again = host.client("y", ["--state", `${host.folder}/another`]);
  await x.say("send_all and now");
  await again.sees(/x: (.* )?and now\]\n/);
  assertFalse(again.output.text.includes("old"));
});

Deno.test("while the server runs a nick is released at once, but not under the hands of who is there", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  const data = `${host.folder}/server.db`;
  const y = await host.online("y");
  assertEquals(
    await refusal(host.run(["nicks", "--data", data, "--release", "y"])),
    "cannot release 'y': its owner is online, and would register it again",
  );
  await stop(y);
  await server.error.sees(/ y is offline: left\n/);
  const x = await host.online("x");
  await x.say("send y for the old one only");
  await x.sees(STORED);
  assertEquals(
    await refusal(host.run(["nicks", "--data", data, "--release", "z"])),
    "cannot release 'z': nobody has it",
  );
  assertEquals(await nicks(host, "--release", "Y"), ["'y' is free, 1 letter to it has failed"]);
  await server.error.sees(/ y is free: the operator has released it, 1 letter to it failed\n/);
  await x.sees("[Message to y failed: the nickname was given up.]");
  await another(host, "y");
  // What was answered is on the disk, whatever becomes of the server.
  server.kill("SIGKILL");
  await server.status;
  await host.startServer();
  const old = host.client("y");
  assertEquals(await old.status, 1);
  await old.sees("[Nickname 'y' belongs to another key.]");
});

Deno.test("nicks that nobody has used for long are released together, those in use are not", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  await host.beenThere("x");
  await host.beenThere("y");
  const nobody = ["no nick was unused for 5 days"];
  assertEquals(await nicks(host, "--expire", "5"), nobody);
  await stop(server);
  assertEquals(await nicks(host, "--expire", "5"), nobody);
  // Six days later, in one of which y comes back.
  const later = withClock(6 * 24 * 3_600_000);
  const again = await host.startServer([], later);
  await host.beenThere("y");
  assertEquals(await nicks(host, "--expire", "5"), ["'x' is free, 0 letters to it have failed"]);
  assertEquals(await nicks(host, "--expire", "5"), nobody);
  await stop(again);
  assertEquals((await nicks(host)).map((line) => line.split(" ")[0]), ["y"]);
});

Deno.test("a sender who was away hears of it at his next start, and the old owner is told that the nick is gone", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  await host.beenThere("y");
  const x = await host.online("x");
  for (const text of ["one", "two"]) {
    await x.say(`send y ${text}`);
    await x.sees(STORED);
  }
  await stop(x);
  await stop(server);
  assertEquals(await nicks(host, "--release", "y"), ["'y' is free, 2 letters to it have failed"]);
  await host.startServer();
  const y = await another(host, "y");
  const old = host.client("y");
  assertEquals(await old.status, 1);
  await old.sees("[Nickname 'y' belongs to another key.]");
  const again = host.client("x");
  for (let count = 0; count < 2; count++) {
    await again.sees("[Message to y failed: the nickname was given up.]");
  }
  await again.endInput();
  assertEquals(await again.status, 1, "a script is told as well");
  const once = await host.online("x", ["y"]);
  await once.say("send x over");
  await once.sees("x: over");
  assertFalse(once.output.text.includes("given up"), "it is told once");
  assert(!y.output.text.includes("x: "));
});

Deno.test("a nick that looks like another is told to who is there, and marked", async () => {
  await using host = await Host.withServer();
  const anna = await host.online("anna");
  const fake = host.client("\u0430nna");
  await anna.sees(
    /^\[The new nickname '\u0430nna' looks like 'anna', and is somebody else's\. .*[0-9a-f]{64}/m,
  );
  await anna.sees(/^\u0430nna @ 127\.0\.0\.1:\d+ is ONLINE \(looks like anna\)\n/m);
  await fake.say("send anna hi");
  await anna.sees("\u0430nna (looks like anna): hi");
});
