/** The identity of a client: its file, and that nobody has a nick without it. */
import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import { exists } from "../../storage/folders.ts";
import { Host, isOnline, type Run } from "./host.ts";

const WELCOME = "SERVER: [Welcome, you are registered.]";

/** Where a nick's state is, when nobody says otherwise. */
const stateOf = (host: Host, nick: string) => host.stateOf(nick);

/** Registers and leaves. */
async function visit(host: Host, nick: string, ...args: string[]): Promise<void> {
  const client = host.client(nick, args);
  await client.sees(WELCOME);
  await client.endInput();
  assertEquals(await client.status, 0, client.error.text);
}

/** That a client ends at once, and with which sentence. */
async function refusal(client: Run): Promise<string> {
  assertEquals(await client.status, 1, client.output.text);
  assertFalse(client.output.text.includes(WELCOME));
  assertEquals(client.error.lines.length, 1, client.error.text);
  return client.error.lines[0]!;
}

async function stop(session: Run): Promise<void> {
  session.kill("SIGTERM");
  assertEquals(await session.status, 0);
}

Deno.test("another key does not get a nick: online, offline, after a restart of the server", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  const isRefused = async (nick: string) => {
    const other = host.client(nick, ["--state", `${host.folder}/other-${nick}`]);
    assertEquals(await other.status, 1);
    await other.sees(`[Nickname '${nick}' belongs to another key.]`);
    assertFalse(other.output.text.includes(WELCOME));
  };
  const owner = await host.online("Zoë");
  await isRefused("Zoë");
  await isRefused("ZOË");
  await owner.say("send Zoë still here");
  await owner.sees("Zoë: still here");
  await stop(owner);
  await isRefused("zoë");
  await stop(server);
  await host.startServer();
  await isRefused("zoë");
  await host.online("Zoë");
});

Deno.test("--identity brings the owner back from a new state folder, with the mail that waited", async () => {
  await using host = await Host.withServer();
  await visit(host, "y");
  const x = await host.online("x");
  await x.say("send y kept for you");
  await x.sees("SERVER: [Message received by the server and saved]");

  // All but the identity is lost.
  const backup = `${host.folder}/backup`;
  await Deno.copyFile(`${stateOf(host, "y")}/identity`, backup);
  await Deno.remove(stateOf(host, "y"), { recursive: true });
  const args = ["--state", `${host.folder}/new`, "--identity", backup];
  const y = host.client("y", args);
  await y.sees(WELCOME);
  // It was sealed for a prekey that is gone.
  await y.sees("[A message from x cannot be opened, it will be sealed again.]");
  await y.sees(/^x: (.* )?kept for you$/m);
  await y.say("send x it is me");
  await x.sees("y: it is me");
  assertFalse(x.output.text.includes("another key"));
  assertFalse(exists(`${host.folder}/new/identity`));
  await stop(y);

  // The new state without the identity is nobody's.
  const sentence = await refusal(host.client("y", args.slice(0, 2)));
  assertEquals(
    sentence,
    `cannot read the identity '${host.folder}/new/identity': there is no such file, put it back from a copy`,
  );
});

Deno.test("an identity that is lost is not made anew, and one from a copy is as good as before", async () => {
  await using host = await Host.withServer();
  await visit(host, "x");
  const file = `${stateOf(host, "x")}/identity`;
  await Deno.rename(file, `${host.folder}/copy`);
  for (let time = 0; time < 2; time++) {
    assertEquals(
      await refusal(host.client("x")),
      `cannot read the identity '${file}': there is no such file, put it back from a copy`,
    );
    assertFalse(exists(file));
  }
  await Deno.rename(`${host.folder}/copy`, file);
  await visit(host, "x");
});

Deno.test("files that others may read, and those that are damaged, end the client at its start", async () => {
  await using host = await Host.withServer();
  await visit(host, "x");
  const file = `${stateOf(host, "x")}/identity`;
  const mode = async (path: string) => (await Deno.stat(path)).mode! & 0o777;
  assertEquals([await mode(stateOf(host, "x")), await mode(file)], [0o700, 0o600]);
  await Deno.chmod(file, 0o644);
  assertEquals(
    await refusal(host.client("x")),
    `cannot use '${file}': others may read or change it, 'chmod 600 ${file}'`,
  );
  await Deno.chmod(file, 0o600);
  const database = `${stateOf(host, "x")}/state.db`;
  await Deno.chmod(database, 0o640);
  assertEquals(
    await refusal(host.client("x")),
    `cannot use '${database}': others may read or change it, 'chmod 600 ${database}'`,
  );
  await Deno.chmod(database, 0o600);
  const text = await Deno.readTextFile(file);
  await Deno.writeTextFile(file, text.slice(0, 50));
  assertEquals(
    await refusal(host.client("x")),
    `cannot use the identity '${file}': it is damaged, put it back from a copy`,
  );
  await Deno.writeTextFile(file, text);
  await visit(host, "x");
});

Deno.test("one identity is in one place at a time", async () => {
  await using host = await Host.withServer();
  const x = await host.online("x");
  const file = `${stateOf(host, "x")}/identity`;
  assertEquals(
    await refusal(host.client("x", ["--state", `${host.folder}/other`, "--identity", file])),
    `cannot use the identity '${file}': it is in use by another process, stop that one`,
  );
  // A copy is not held, and takes the place over.
  await Deno.copyFile(file, `${host.folder}/copy`);
  const again = host.client("x", [
    "--state",
    `${host.folder}/other`,
    "--identity",
    `${host.folder}/copy`,
  ]);
  await again.sees(WELCOME);
  // The old place hears of it with the next that it has to say.
  await x.say("send_all who am I?");
  await x.sees("[You were registered as 'x' from another place, this one is offline now.]");
});

/**
 * Starts a client and kills it as soon as so many things have happened in the folder. Things of one kind that
 * happen to one file may be told as one, when nobody has looked meanwhile: then the client is killed when it
 * has started.
 */
async function startAndKill(host: Host, nick: string, state: string, events: number): Promise<void> {
  await Deno.mkdir(state, { recursive: true, mode: 0o700 });
  using watcher = Deno.watchFs(state);
  const client = host.client(nick, ["--state", state]);
  const ended = client.status;
  const startedOrEnded = client.sees(WELCOME).catch(() => {}).then(() => watcher.close());
  let left = events;
  for await (const { kind } of watcher) {
    if (kind !== "access" && --left <= 0) break;
  }
  client.kill("SIGKILL");
  await Promise.all([ended, startedOrEnded]);
}

Deno.test("a client killed while it starts has its identity as before, or none yet; never a damaged one", async () => {
  await using host = await Host.create();
  await host.startServer(["--max-new-nicks", "1000"]);
  let found = 0;
  // The database is made with the first fourteen, then the identity; with the twentieth it is there.
  for (const events of [1, 6, 10, 12, 13, 14, 15, 16, 17, 18, 20, 24]) {
    const state = `${host.folder}/state-${events}`;
    await startAndKill(host, `x${events}`, state, events);
    const before = exists(`${state}/identity`) ? await Deno.readTextFile(`${state}/identity`) : undefined;
    if (before !== undefined) found++;
    await visit(host, `x${events}`, "--state", state);
    const after = await Deno.readTextFile(`${state}/identity`);
    assertMatch(after, /^parley identity\n[0-9a-f]{128}\n$/);
    assertEquals(after, before ?? after, `after ${events} events`);
  }
  assert(found > 0, "they were killed after it was made as well");
});

// ---- passphrases -----------------------------------------------------------------------------------------

async function answer(client: Run, question: string, passphrase: string): Promise<void> {
  await client.output.asks(question);
  await client.say(passphrase);
}

Deno.test("--passphrase: asked twice, then once at each start; nothing of it is seen", async () => {
  await using host = await Host.withServer();
  const maker = host.client("x", ["--passphrase"], { terminal: true });
  await answer(maker, "New passphrase: ", "correct horse");
  await answer(maker, "The same again: ", "correct horse");
  await maker.sees(WELCOME);
  await maker.say("quit");
  assertEquals(await maker.status, 0);
  assertEquals(maker.settings.after, maker.settings.before);
  const file = `${stateOf(host, "x")}/identity`;
  assertMatch(await Deno.readTextFile(file), /^parley identity, scrypt [0-9a-f]{32}\n[0-9a-f]{160}\n$/);

  const wrong = host.client("x", [], { terminal: true });
  await answer(wrong, `Passphrase of '${file}': `, "battery staple");
  assertEquals(await wrong.status, 1);
  await wrong.sees(`cannot open the identity '${file}': the passphrase is wrong`);
  assertEquals(wrong.settings.after, wrong.settings.before);

  const owner = host.client("x", [], { terminal: true });
  await answer(owner, `Passphrase of '${file}': `, "correct horse");
  await owner.sees(WELCOME);
  await owner.sees(isOnline("x"));
  // The terminal is the line editor's from here on.
  await owner.say("send x hi");
  await owner.sees("x: hi");
  for (const session of [maker, wrong, owner]) {
    for (const word of ["horse", "staple"]) assertFalse(session.output.raw.includes(word));
  }
});

Deno.test("a passphrase that nobody can be asked for, or that nobody gives, ends the client", async () => {
  await using host = await Host.withServer();
  await visit(host, "x");
  const text = await Deno.readTextFile(`${stateOf(host, "x")}/identity`);
  const protects = host.client("x", ["--passphrase"], { terminal: true });
  await answer(protects, "New passphrase: ", "a");
  await protects.output.asks("The same again: ");
  await protects.type("\x03");
  assertEquals(await protects.status, 1);
  await protects.sees("no passphrase was given");
  assertEquals(protects.settings.after, protects.settings.before);
  const sentence = "cannot ask for the passphrase: standard input is not a terminal";
  assertEquals(await refusal(host.client("x", ["--passphrase"])), sentence);
  assertEquals(await Deno.readTextFile(`${stateOf(host, "x")}/identity`), text);
  await visit(host, "x");
});
