/** Which server a client talks to: the key that it met first, or was told. */
import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import { Host, type Run, SERVER_NAME } from "./host.ts";

const MET = /^\[New server '(.*)', its key is ([0-9a-f]{64})\]$/;
const WELCOME = "SERVER: [Welcome, you are registered.]";
const OTHER_KEY = "0123456789abcdef".repeat(4);

const fileOf = (host: Host) => `${host.folder}/state/parley/known_servers`;

/** What the server says at its start. */
async function keyOf(server: Run): Promise<string> {
  const [, key] = await server.error.sees(/ its key is ([0-9a-f]{64})\n/);
  return key!;
}

/** A server at the port of the one that has gone, with a key of its own. */
function startOther(host: Host): Promise<Run> {
  return host.startServer(["--data", `${host.folder}/other.db`, "--name", "other"]);
}

async function stop(server: Run): Promise<void> {
  server.kill("SIGTERM");
  assertEquals(await server.status, 0);
}

/** Registers and leaves; the lines that said which server it has met. */
async function visit(host: Host, nick: string, ...args: string[]): Promise<string[]> {
  const client = host.client(nick, args);
  await client.sees(WELCOME);
  await client.endInput();
  assertEquals(await client.status, 0, client.error.text);
  assertEquals(client.error.text, "");
  return client.output.lines.filter((line) => MET.test(line));
}

/** That a client ends at once, and with which sentence. */
async function refusal(host: Host, nick: string, ...args: string[]): Promise<string> {
  const client = host.client(nick, args);
  assertEquals(await client.status, 1, client.output.text);
  assertFalse(client.output.text.includes(WELCOME));
  assertEquals(client.error.lines.length, 1, client.error.text);
  return client.error.lines[0]!;
}

function changed(server: string, known: string): string {
  return `the server at ${server} has another key than '${known}', which is known of it: somebody may be in its ` +
    "place. Ask its operator for its key: if it has a new one, start with '--server-key' and the key that you were told";
}

Deno.test("the first contact is said and written down, the second is not", async () => {
  await using host = await Host.create();
  const key = await keyOf(await host.startServer());
  const said = [`[New server '${SERVER_NAME}', its key is ${key}]`];
  assertEquals(await visit(host, "x"), said);
  const line = `127.0.0.1:${host.port} ${key} ${SERVER_NAME}\n`;
  assertEquals(await Deno.readTextFile(fileOf(host)), line);
  const mode = async (path: string) => (await Deno.stat(path)).mode! & 0o777;
  assertEquals([await mode(fileOf(host).replace(/\/[^/]*$/, "")), await mode(fileOf(host))], [
    0o700,
    0o600,
  ]);

  assertEquals(await visit(host, "x"), []);
  assertEquals(await visit(host, "y"), []);
  assertEquals(await Deno.readTextFile(fileOf(host)), line);
});

Deno.test("the line comes before the welcome, on a terminal as well", async () => {
  await using host = await Host.withServer();
  const x = await host.onTerminal("x");
  const screen = x.screen;
  const met = screen.findIndex((row) => MET.test(row));
  assertEquals([met, screen.indexOf(WELCOME)], [2, 4]);
});

Deno.test("a server is known by its key, under whatever name the user writes, in whatever letters", async () => {
  await using host = await Host.create();
  const key = await keyOf(await host.startServer());
  assertEquals((await visit(host, "x")).length, 1);
  const named = host.run(["client", "-n", "y", "-i", "localhost", "-p", `${host.port}`]);
  await named.sees(`[This is the server you know as 127.0.0.1:${host.port}.]`);
  await named.sees(WELCOME);
  await named.endInput();
  assertEquals(await named.status, 0);
  const lines = ["127.0.0.1", "localhost"].map((name) => `${name}:${host.port} ${key} ${SERVER_NAME}\n`);
  assertEquals(await Deno.readTextFile(fileOf(host)), lines.join(""));

  // Capital letters and a final dot make no other name, in a file that somebody has written or as an option.
  await Deno.writeTextFile(fileOf(host), `LocalHost:${host.port} ${key} ${SERVER_NAME}\n`);
  const again = host.run(["client", "-n", "y", "-i", "LOCALHOST.", "-p", `${host.port}`]);
  await again.sees(WELCOME);
  await again.say("invite");
  await again.sees(new RegExp(`^\\[Nobody else reaches LOCALHOST\\.:${host.port}: `, "m"));
  await again.endInput();
  assertEquals(await again.status, 0);
  assertFalse(/This is the server|New server/.test(again.output.text), again.output.text);
});

Deno.test("a state folder has known servers of its own; who keeps nothing meets the server each time", async () => {
  await using host = await Host.create();
  const key = await keyOf(await host.startServer());
  const state = `${host.folder}/mine`;
  assertEquals((await visit(host, "x", "--state", state)).length, 1);
  assertEquals((await visit(host, "x", "--state", state)).length, 0);
  assertEquals(
    await Deno.readTextFile(`${state}/known_servers`),
    `127.0.0.1:${host.port} ${key} ${SERVER_NAME}\n`,
  );
  for (const nick of ["y", "z"]) assertEquals((await visit(host, nick, "--state", ":memory:")).length, 1);
  assertEquals((await visit(host, "w", "--state", ":memory:", "--server-key", key)).length, 0);
  // Who makes an identity says so, a script as well.
  const passing = (nick: string) =>
    `[New identity for ${nick}, for this process alone: nothing outlives it.]`;
  const prompt = host.client("v", ["--state", ":memory:"]);
  await prompt.sees(passing("v"));
  const place = ["-n", "u", "-p", `${host.port}`, "--state", ":memory:"];
  const script = host.run(["send", ...place, "v", "hello"]);
  await prompt.sees("u: hello");
  await script.status;
  assert(script.error.text.includes(passing("u")), script.error.text);
  await prompt.endInput();
  await prompt.status;
  await Deno.lstat(fileOf(host)).then(() => assert(false, "there is a file"), () => {});
});

Deno.test("a server with another key is refused until the user says otherwise", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  const key = await keyOf(server);
  await visit(host, "x");
  await stop(server);
  const other = await startOther(host);
  const otherKey = await keyOf(other);
  const place = `127.0.0.1:${host.port}`;
  const file = await Deno.readTextFile(fileOf(host));

  assertEquals(await refusal(host, "x"), changed(place, key));
  assertEquals(await refusal(host, "y"), changed(place, key));
  // Nobody has registered with it, and it is not written down.
  assertFalse(other.error.text.includes("registered"));
  assertEquals(await Deno.readTextFile(fileOf(host)), file);

  // As the sentence advises: by the option, for good.
  assertEquals(await visit(host, "x", "--server-key", otherKey.toUpperCase()), []);
  assertEquals(await visit(host, "x"), []);
  assertEquals(await Deno.readTextFile(fileOf(host)), `${place} ${otherKey}\n`);

  // And by taking the line out, when the first one is back.
  await stop(other);
  await host.startServer();
  assertEquals(await refusal(host, "x"), changed(place, otherKey));
  await Deno.writeTextFile(fileOf(host), "");
  assertEquals((await visit(host, "x")).length, 1);
});

Deno.test("a terminal is given back when the server is refused", async () => {
  await using host = await Host.withServer();
  await Deno.mkdir(`${host.folder}/state/parley`, { recursive: true });
  await Deno.writeTextFile(fileOf(host), `127.0.0.1:${host.port} ${OTHER_KEY}\n`);
  const x = host.client("x", [], { terminal: true });
  assertEquals(await x.status, 1);
  assertMatch(x.screen.join(""), new RegExp(`the server at 127\\.0\\.0\\.1:${host.port} has another key`));
  assertEquals(x.settings.after, x.settings.before);
});

Deno.test("--server-key: the right one is pinned beforehand, a wrong one is refused", async () => {
  await using host = await Host.create();
  const key = await keyOf(await host.startServer());
  const place = `127.0.0.1:${host.port}`;
  assertEquals(await visit(host, "x", "--server-key", key), []);
  assertEquals(await Deno.readTextFile(fileOf(host)), `${place} ${key}\n`);
  assertEquals(await visit(host, "x"), []);

  assertEquals(await refusal(host, "x", "--server-key", OTHER_KEY), changed(place, OTHER_KEY));
  // It was not the server's, so it takes nobody's place.
  assertEquals(await Deno.readTextFile(fileOf(host)), `${place} ${key}\n`);
  assertEquals(
    await refusal(host, "y", "--state", ":memory:", "--server-key", OTHER_KEY),
    changed(place, OTHER_KEY),
  );
  assertEquals(await visit(host, "x", "--server-key", key), []);
  assertEquals(await visit(host, "x"), []);
});

Deno.test("a --server-key that is none is wrong usage, and nothing is written", async (test) => {
  await using host = await Host.create();
  const malformed = [
    "abc",
    OTHER_KEY.slice(1),
    `${OTHER_KEY}0`,
    OTHER_KEY.replace("0", "g"),
    `0x${OTHER_KEY}`,
  ];
  for (const text of malformed) {
    await test.step(`'${text}'`, async () => {
      const client = host.run(["client", "-n", "x", "--server-key", text]);
      assertEquals(await client.status, 2);
      assertEquals(client.output.text, "");
      assertEquals(client.error.lines, [
        `'${text}' is not a public key: 64 hexadecimal digits, as the server says at its start, change '--server-key'`,
      ]);
    });
  }
  assertEquals((await Array.fromAsync(Deno.readDir(host.folder))).length, 0);
});

Deno.test("a file of known servers that cannot be used is said, and left as it is", async (test) => {
  await using host = await Host.withServer();
  const file = fileOf(host);
  await Deno.mkdir(`${host.folder}/state/parley`, { recursive: true });
  await test.step("a line that means nothing", async () => {
    const text = `# my servers\nexample.org:9999 ${OTHER_KEY} theirs\n127.0.0.1:${host.port} ${
      OTHER_KEY.slice(1)
    }\n`;
    await Deno.writeTextFile(file, text);
    assertEquals(
      await refusal(host, "x"),
      `cannot use '${file}': line 3 is not 'HOST:PORT KEY', correct it or take it out`,
    );
    assertEquals(await Deno.readTextFile(file), text);
  });
  await test.step("a folder", async () => {
    await Deno.remove(file);
    await Deno.mkdir(file);
    const sentence = await refusal(host, "x");
    assert(sentence.startsWith(`cannot read '${file}': `), sentence);
  });
});

Deno.test("another key while a client runs is told once; nothing goes there, all goes to the right one", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  const key = await keyOf(server);
  await host.beenThere("y");
  const x = host.client("x", ["--attempts", "0"]);
  await x.sees(WELCOME);
  server.kill("SIGKILL");
  await server.status;

  const other = await startOther(host);
  await x.say("send y one");
  await x.say("send y two");
  const sentence = `[${changed(`127.0.0.1:${host.port}`, key)}]`;
  await x.sees(sentence);
  await stop(other);
  assertFalse(other.error.text.includes("registered"));

  await host.startServer();
  for (let count = 0; count < 2; count++) await x.sees("SERVER: [Message received by the server and saved]");
  await x.endInput();
  assertEquals(await x.status, 0);
  assertEquals(x.output.lines.filter((line) => line === sentence).length, 1);
  const y = await host.online("y");
  await y.sees(/x: .* one\n/);
  await y.sees(/x: .* two\n/);
});
