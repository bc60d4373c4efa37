/** What must survive: `kill -9` of a server or a client, and a disk that is full. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { environment } from "../kit/program.ts";
import { Host, isOnline, type Run } from "./host.ts";

const STORED = "SERVER: [Message received by the server and saved]";

Deno.test("mail survives kill -9 of the server between 'saved' and collection", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  await host.beenThere("y");
  const x = await host.online("x");
  for (const text of ["one", "two", "three"]) {
    await x.say(`send y ${text}`);
    await x.sees(STORED);
  }
  server.kill("SIGKILL");
  await server.status;
  await host.startServer();

  const y = await host.online("y");
  await y.sees("SERVER: [You have messages]");
  await y.sees(/x: .* three\n/);
  await x.sees("[y has collected 3 messages.]");
  // What comes later shows that nothing comes twice.
  await x.say("send y four");
  await y.sees(/x: (.* )?four\n/);
  assertEquals(messagesFrom(y, "x"), ["one", "two", "three", "four"]);
});

Deno.test("a script's hundred messages survive kill -9 of the server in the middle", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  await host.beenThere("y");
  const texts = Array.from({ length: 100 }, (_, index) => `number ${index + 1}`);
  const x = host.client("x", ["--attempts", "0"]);
  await x.type(texts.map((text) => `send y ${text}\n`).join(""));
  for (let count = 0; count < 30; count++) await x.sees(STORED);
  server.kill("SIGKILL");
  await server.status;
  await host.startServer();
  await x.endInput();
  assertEquals(await x.status, 0);

  const y = await host.online("y");
  await y.sees(/x: .* number 100\n/);
  await y.endInput();
  assertEquals(await y.status, 0);
  assertEquals(messagesFrom(y, "x"), texts);
});

Deno.test("a client killed with -9 takes its place again at once, and misses nothing", async () => {
  await using host = await Host.withServer();
  const x = await host.online("x");
  const y = await host.online("y", ["x"]);
  await x.sees(isOnline("y"));
  await x.say("send y before");
  await y.sees("x: before");
  await x.sees("[Message received by y.]");
  y.kill("SIGKILL");
  await y.status;

  await x.say("send y meanwhile");
  await x.sees("[No ACK from y, message sent to server.]");
  await x.sees(STORED);
  const again = await host.online("y", ["x"]);
  await again.sees(/x: (.* )?meanwhile\n/);
  await x.sees(isOnline("y"));
  await x.say("send y after");
  await again.sees(/x: (.* )?after\n/);
  // What was shown in the last 50 ms before the kill may be shown once more, and nothing else.
  assertEquals(messagesFrom(again, "x").filter((text) => text !== "before"), ["meanwhile", "after"]);
});

Deno.test("a client on a terminal killed with -9 leaves its outbox for the next start", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  await host.beenThere("y");
  const x = await host.onTerminal("x", [], {});
  server.kill("SIGKILL");
  await server.status;
  await x.say("send y kept");
  await x.sees(/>>> send y kept\n/);
  // A command that comes later has been done: so has the one before.
  await x.say("send nobody hi");
  await x.sees("[Unknown peer: nobody]");
  x.kill("SIGKILL");
  await x.status;

  await host.startServer();
  const again = await host.online("x");
  await again.sees(STORED);
  const y = await host.online("y");
  await y.sees(/x: .* kept\n/);
  assertEquals(messagesFrom(y, "x"), ["kept"]);
});

Deno.test("a nick belongs to the identity that registered it, online or not, and whoever stops the server", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  const holder = await host.online("x");
  const isRefused = async () => {
    const other = host.client("X", ["--state", ":memory:"]);
    assertEquals(await other.status, 1);
    await other.sees("[Nickname 'X' belongs to another key.]");
    assertEquals(other.error.text, "");
  };
  await isRefused();
  await holder.say("send x still here");
  await holder.sees("x: still here");
  await holder.endInput();
  assertEquals(await holder.status, 0);
  await isRefused();
  server.kill("SIGKILL");
  await server.status;
  await host.startServer();
  await isRefused();
  await host.online("x");
});

Deno.test("a full disk ends the server with one sentence, and nothing acknowledged is missing", async () => {
  await using host = await Host.create();
  // The signal that comes with the limit is ignored, so that writing fails as it does on a full disk.
  const shell = `trap "" XFSZ; ulimit -f 300; exec "$@"`;
  const server = await host.startServer([], { shell });
  await host.beenThere("y");
  const x = await host.online("x");
  const padding = "x".repeat(900);
  const texts: string[] = [];
  for (let isStored = true; isStored;) {
    texts.push(`${texts.length} ${padding}`);
    await x.say(`send y ${texts.at(-1)}`);
    const [line] = await x.sees(/ saved\]\n|\[Exiting\.\]\n/);
    isStored = line.includes("saved");
    assert(texts.length < 1000, "the limit was never reached");
  }
  assertEquals(await server.status, 1);
  assertMatch(
    server.error.lines.at(-1)!,
    /^cannot save to '.*server\.db': the disk .*, nothing was acknowledged, /,
  );
  assertEquals(server.error.lines.filter((line) => !/^\S+Z INFO /.test(line)).length, 1);
  assertEquals(await x.status, 1);
  await x.sees(/$/);
  assert(x.output.lines.includes("[1 message waits and leaves at the next start.]"));

  await host.startServer();
  const again = await host.online("x");
  await again.sees(STORED);
  const y = await host.online("y");
  await y.sees(new RegExp(`x: .* ${texts.length - 1} x+\n`));
  await y.endInput();
  await y.status;
  assertEquals(messagesFrom(y, "x"), texts);
});

/** The texts of the messages that somebody showed, without their dates. */
function messagesFrom(session: Run, nick: string): string[] {
  return session.output.lines.filter((line) => line.startsWith(`${nick}: `)).map((line) =>
    line.slice(`${nick}: `.length).replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} /, "")
  );
}

Deno.test("what could not be printed is not taken for shown", async () => {
  await using host = await Host.withServer();
  const y = await host.online("y");
  await y.type("quit\n");
  assertEquals(await y.status, 0);
  const x = await host.online("x");
  await x.type("send y are you there?\n");
  await x.sees("[Message received by SERVER.]");
  const client = [Deno.execPath(), "run", "-A", "main.ts", "client", "-n", "y", "-p", `${host.port}`];
  const full = new Deno.Command("bash", {
    args: ["-c", '"$@" </dev/null >/dev/full', "bash", ...client],
    cwd: new URL("../..", import.meta.url),
    env: environment(host.folder),
    stderr: "piped",
  });
  const { code, stderr } = await full.output();
  assertEquals(code, 1);
  assertEquals(
    new TextDecoder().decode(stderr),
    "cannot write to standard output: nobody reads it, or it has no room\n",
  );
  const again = await host.online("y");
  await again.sees(/x: .* are you there\?\n/);
});
