/** The history of real processes: what is in it, whoever has collected it, and what is in it after a kill. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { SCHEMA } from "../../programs/schema.ts";
import { violations } from "../kit/json_schema.ts";
import { Host, isOnline, type Run } from "./host.ts";

interface Ended {
  readonly status: number;
  readonly lines: readonly string[];
  readonly error: string;
}

function started(host: Host, nick: string, [name = "", ...args]: readonly string[]): Run {
  return host.run([name, ...args, "--nick", nick, "-i", "127.0.0.1", "-p", `${host.port}`]);
}

async function script(host: Host, nick: string, ...args: readonly string[]): Promise<Ended> {
  const run = started(host, nick, args);
  await run.endInput().catch(() => {});
  const status = await run.status;
  const lines = run.output.raw.split("\n").filter((line) => line !== "").map((line) =>
    line.replace("\r", "")
  );
  return { status, lines, error: run.error.text };
}

async function daemon(host: Host, nick: string, ...args: readonly string[]): Promise<Run> {
  const run = started(host, nick, ["daemon", ...args]);
  await run.sees(isOnline(nick));
  return run;
}

async function stop(run: Run, signal: Deno.Signal = "SIGTERM"): Promise<void> {
  run.kill(signal);
  await run.status;
}

/** The lines without their dates. */
async function historyOf(host: Host, nick: string, ...args: readonly string[]): Promise<readonly string[]> {
  const { lines } = await script(host, nick, "history", ...args);
  return lines.map((line) => line.replace(/\d{4}-.{21} /, ""));
}

Deno.test("what scripts have sent and a daemon has taken is found, while it runs and when it does not", async () => {
  await using host = await Host.withServer();
  const bob = await daemon(host, "bob");
  assertEquals((await script(host, "alice", "send", "bob", "hello", "--wait", "delivered")).status, 0);
  assertEquals((await script(host, "alice", "send", "--all", "to everybody")).status, 0);
  assertEquals((await script(host, "bob", "send", "alice", "an answer")).status, 0);
  const expected = ["alice: hello", "bob [stored]: an answer"];
  assertEquals(await historyOf(host, "bob", "alice"), expected);
  // Nobody says when a channel message has come to everybody.
  while ((await historyOf(host, "bob")).includes("[The history has nothing of that.]"));
  const all = await script(host, "bob", "export", "--json");
  const events = all.lines.map((line) => JSON.parse(line));
  for (const event of events) assertEquals(violations(event, SCHEMA, SCHEMA), [], JSON.stringify(event));
  assertEquals(events.map(({ type, text }) => text ?? type).toSorted(), [
    "an answer",
    "hello",
    "hello",
    "to everybody",
  ]);
  await stop(bob);
  assertEquals(await historyOf(host, "bob", "alice"), expected);
  assertEquals(await historyOf(host, "bob"), ["[Channel_Message alice: to everybody]"]);
  assertEquals(await historyOf(host, "alice", "bob"), ["alice: hello"]);
  const found = await script(host, "bob", "search", "HELLO", "--from", "alice");
  assertMatch(found.lines.join(), /^alice: \S+ \S+ hello$/);
  const nothing = await script(host, "bob", "search", "goodbye");
  assertEquals([nothing.status, nothing.lines, nothing.error.trim()], [0, [], "[Nothing was found.]"]);
  assertEquals((await script(host, "zoe", "history")).status, 1);
});

Deno.test("a daemon that is killed has everything once, and so has the next one", async () => {
  await using host = await Host.withServer();
  const first = await daemon(host, "bob");
  for (const text of ["one", "two", "three"]) {
    assertEquals((await script(host, "alice", "send", "bob", text, "--wait", "delivered")).status, 0);
  }
  await stop(first, "SIGKILL");
  const second = await daemon(host, "bob");
  assertEquals(await historyOf(host, "bob", "alice"), ["alice: one", "alice: two", "alice: three"]);
  await stop(second, "SIGKILL");
  assertEquals(await historyOf(host, "bob", "alice"), ["alice: one", "alice: two", "alice: three"]);
});

Deno.test("at the prompt, and the last lines at the start", async () => {
  await using host = await Host.withServer();
  const bob = await host.online("bob");
  await bob.say("send bob note to self");
  await bob.sees("[Message received by bob.]");
  await bob.say("history bob");
  await bob.sees(/bob: \d{4}-\S+ \S+ note to self/);
  await bob.say("search note --from bob");
  await bob.say("search nothing");
  await bob.sees("[Nothing was found.]");
  await bob.endInput();
  assertEquals(await bob.status, 0);
  const again = started(host, "bob", ["client", "--history-lines", "1"]);
  await again.sees(/bob: \d{4}-\S+ \S+ note to self/);
  await again.end();
});

Deno.test("without a history none is made, and what is missing later is said", async () => {
  await using host = await Host.withServer();
  const before = await daemon(host, "bob");
  const tell = (text: string) => script(host, "alice", "send", "bob", text, "--wait", "delivered");
  assertEquals((await tell("one")).status, 0);
  await stop(before);
  const without = await daemon(host, "bob", "--no-history");
  assertEquals((await tell("two")).status, 0);
  const none = await script(host, "bob", "history", "alice");
  assertEquals([none.status, none.error.trim()], [1, "[No history is kept.]"]);
  // Whoever has read it does not leave it to be remembered later.
  assertEquals((await script(host, "bob", "inbox", "--json")).status, 0);
  const [, , last] = (await script(host, "bob", "inbox", "--json")).lines;
  assertEquals((await script(host, "bob", "ack", JSON.parse(last!).id)).status, 0);
  await stop(without);
  const after = await daemon(host, "bob");
  assertEquals((await tell("three")).status, 0);
  assertEquals(await historyOf(host, "bob", "alice"), [
    "alice: one",
    "[1 message that came before the next one: no history was kept.]",
    "alice: three",
  ]);
  await stop(after);
});

Deno.test("with a passphrase nothing stands in the file, and it is found all the same", async () => {
  await using host = await Host.withServer();
  const file = `${host.folder}/passphrase`;
  await Deno.writeTextFile(file, "correct horse\n", { mode: 0o600 });
  const sealed = ["--passphrase-file", file];
  const bob = await daemon(host, "bob", "--passphrase", ...sealed);
  const sent = await script(host, "alice", "send", "bob", "a very secret word", "--wait", "delivered");
  assertEquals(sent.status, 0);
  assertEquals(await historyOf(host, "bob", "alice"), ["alice: a very secret word"]);
  await stop(bob);
  assertEquals((await script(host, "bob", "search", "secret", ...sealed)).lines.length, 1);
  const files = [...walk(host.folder)].filter((path) => path.includes("/bob/"));
  assert(files.some((path) => path.endsWith("history.db")));
  const needle = new TextEncoder().encode("secret").toHex();
  for (const path of files) assert(!Deno.readFileSync(path).toHex().includes(needle), path);
});

function* walk(folder: string): Generator<string> {
  for (const { name, isDirectory, isFile } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* walk(path);
    else if (isFile) yield path;
  }
}
