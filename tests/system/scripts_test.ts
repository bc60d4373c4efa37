/** Commands in a shell: what they do, and that their statuses are the truth. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { SCHEMA } from "../../programs/schema.ts";
import { violations } from "../kit/json_schema.ts";
import { freePort, Host, isOnline, type Run } from "./host.ts";

interface Ended {
  readonly status: number;
  readonly lines: readonly string[];
  readonly error: string;
  /** The objects of a run with `--json`. */
  readonly events: readonly Record<string, unknown>[];
}

/** Runs a command under a nick, until it ends. */
async function script(host: Host, nick: string, args: readonly string[], input?: string): Promise<Ended> {
  return await ended(started(host, nick, args), input);
}

function started(host: Host, nick: string, args: readonly string[]): Run {
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const place = ["-n", nick, "-i", "127.0.0.1", "-p", `${host.port}`];
  return host.run([...args.slice(0, end), ...place, ...args.slice(end)]);
}

async function ended(run: Run, input?: string): Promise<Ended> {
  if (input !== undefined) await run.type(input);
  await run.endInput().catch(() => {});
  const status = await run.status;
  const lines = run.output.raw.split("\n").filter((line) => line !== "");
  const events = lines.filter((line) => line.startsWith('{"type":')).map((line) => JSON.parse(line));
  // Every line that any of these tests sees is as `parley schema` says.
  for (const event of events) assertEquals(violations(event, SCHEMA, SCHEMA), [], JSON.stringify(event));
  return { status, lines, error: run.error.text, events };
}

async function daemon(host: Host, nick: string): Promise<Run> {
  const run = started(host, nick, ["daemon"]);
  await run.sees(isOnline(nick)).catch((error) => {
    throw new Error(`${error}\n${run.error.text}`);
  });
  return run;
}

async function stop(run: Run): Promise<void> {
  run.kill("SIGTERM");
  await run.status;
}

const idOf = ({ events }: Ended) => String(events.find(({ type }) => type === "state")?.["id"]);

Deno.test("send: 0 is the truth, whatever was asked for", async () => {
  await using host = await Host.withServer();
  const bob = await daemon(host, "bob");
  for (const state of ["sent", "stored", "delivered"]) {
    assertEquals((await script(host, "alice", ["send", "bob", `${state}!`, "--wait", state])).status, 0);
  }
  const inbox = await script(host, "bob", ["inbox", "--json"]);
  assertEquals(inbox.events.map(({ type, text }) => text ?? type), [
    "hello",
    "sent!",
    "stored!",
    "delivered!",
  ]);
  await stop(bob);
});

Deno.test("send: 3 is stored and not delivered, and wait tells of it later", async () => {
  await using host = await Host.withServer();
  await host.beenThere("bob");
  const send = ["send", "bob", "hi", "--once", "key", "--json"];
  const sent = await script(host, "alice", [...send, "--wait", "stored"]);
  assertEquals([sent.status, sent.events[1]!["state"]], [0, "stored"]);
  // Its time is over at once. The message is stored by then, however busy the machine is.
  const again = await script(host, "alice", [...send, "--wait", "delivered", "--timeout", "0"]);
  assertEquals([again.status, again.events[1]!["state"], idOf(again)], [3, "stored", idOf(sent)]);
  assertEquals((await script(host, "alice", ["wait", idOf(sent), "--timeout", "0"])).status, 3);
  const bob = await daemon(host, "bob");
  assertEquals((await script(host, "alice", ["wait", idOf(sent)])).status, 0);
  await stop(bob);
  const unknown = await script(host, "alice", ["wait", "0".repeat(32)]);
  assertEquals(unknown.status, 1);
  assertStringIncludes(unknown.error, "nothing is known of the message");
});

Deno.test("send: 1, 2, 4, 5 and 7 say why not", async () => {
  await using host = await Host.withServer();
  await host.beenThere("bob");
  assertEquals((await script(host, "alice", ["send", "bob", "hi"])).status, 0);
  for (const wrong of [["bob"], ["bob", "hi", "more"], ["--all", "hi", "--wait", "delivered"], ["bob", ""]]) {
    const { status, lines } = await script(host, "alice", ["send", ...wrong]);
    assertEquals([status, lines], [2, []], wrong.join(" "));
  }
  const unknown = await script(host, "alice", ["send", "nobody", "hi"]);
  assertEquals(unknown.status, 7);
  assertStringIncludes(unknown.error, "the server does not know the recipient");
  // Somebody else has alice's nick where nothing of her state is known.
  const other = ["send", "bob", "hi", "--state", `${host.folder}/other`, "--json"];
  const stranger = await script(host, "alice", other);
  const { id, retryable, state, why } = stranger.events[1]!;
  assertEquals([stranger.status, id, state, retryable], [4, null, "failed", false]);
  for (const text of [stranger.error, String(why)]) {
    assertStringIncludes(text, "[Nickname 'alice' belongs to another key.]");
  }
  const knownOnly = ["send", "bob", "hi", "--known-only", "--state", `${host.folder}/third`];
  assertEquals((await script(host, "alice", knownOnly)).status, 4);
  const file = await script(host, "alice", [
    "send",
    "bob",
    "hi",
    "--passphrase-file",
    "nothing",
  ]);
  assertEquals(file.status, 0, file.error);
  const port = freePort();
  const first = host.run(["send", "bob", "hi", "-n", "alice", "-i", "127.0.0.1", "-p", `${port}`, "--json"]);
  assertEquals(await first.status, 5);
  const told = JSON.parse(first.output.text);
  assertEquals([told.state, told.retryable], ["failed", true]);
  assertStringIncludes(told.why, "nothing is queued before the first contact");
  assertStringIncludes(first.error.text, `no server at 127.0.0.1:${port}`);
});

Deno.test("send: without its server a message is in the outbox, and leaves with the next engine", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  await host.beenThere("bob");
  assertEquals((await script(host, "alice", ["send", "bob", "one"])).status, 0);
  await stop(server);
  const late = await script(host, "alice", ["send", "bob", "two", "--json"]);
  assertEquals([late.status, late.events[1]!["retryable"]], [5, true]);
  await host.startServer();
  assertEquals((await script(host, "alice", ["send", "bob", "three"])).status, 0);
  const { events } = await script(host, "bob", ["inbox", "--json"]);
  assertEquals(events.slice(1).map(({ text }) => text), ["one", "two", "three"]);
});

Deno.test("send: standard input is one message, and a repeated send is the same one", async () => {
  await using host = await Host.withServer();
  await host.beenThere("bob");
  const text = "one\n  two\n\nthree";
  assertEquals((await script(host, "alice", ["send", "bob", "-"], `${text}\n`)).status, 0);
  const once = ["send", "bob", "again", "--once", "backup-7", "--json"];
  const ids = [idOf(await script(host, "alice", once)), idOf(await script(host, "alice", once))];
  assertEquals(ids[0], ids[1]);
  assertEquals((await script(host, "alice", ["send", "--all", "to all", "--quiet"])).lines, []);
  const { events } = await script(host, "bob", ["inbox", "--json"]);
  assertEquals(events.slice(1).map(({ text }) => text), [text, "again", "to all"]);
  const huge = await script(host, "alice", ["send", "bob", "-"], "x".repeat(65_537));
  assertEquals([huge.status, huge.error], [2, "[Message too long: 65537 bytes, at most 65536.]\n"]);
});

Deno.test("inbox and ack share one place with the screen", async () => {
  await using host = await Host.withServer();
  const bob = await daemon(host, "bob");
  for (const text of ["one", "two", "three"]) await script(host, "alice", ["send", "bob", text]);
  const first = await script(host, "bob", ["inbox", "--json"]);
  assertEquals(first.events.slice(1).map(({ text }) => text), ["one", "two", "three"]);
  assertEquals((await script(host, "bob", ["ack", String(first.events[2]!["id"])])).status, 0);
  assertMatch((await script(host, "bob", ["inbox"])).lines.join("\n"), /^[0-9a-f]{32} alice: \S+ \S+ three$/);
  const attached = host.client("bob", [], { terminal: true });
  await attached.sees("[While you were away]");
  await attached.sees(/alice: \S+ \S+ three/);
  await attached.say("quit");
  assertEquals(await attached.status, 0);
  assertEquals((await script(host, "bob", ["inbox", "--json"])).events.length, 1);
  await stop(bob);
});

Deno.test("a daemon, its screen and two scripts use one nick at once", async () => {
  await using host = await Host.withServer();
  const bob = await daemon(host, "bob");
  const alice = await daemon(host, "alice");
  const screen = host.client("alice", [], { terminal: true });
  await screen.sees("[This is a screen of the daemon of alice: 'quit' leaves that running.]");
  const scripts = ["1", "2"].map((text) =>
    script(host, "alice", ["send", "bob", text, "--wait", "delivered"])
  );
  await screen.say("send bob from the screen");
  await screen.sees("[Message received by bob.]");
  assertEquals((await Promise.all(scripts)).map(({ error, status }) => [status, error]), [[0, ""], [0, ""]]);
  await script(host, "bob", ["send", "alice", "hello"]);
  await screen.sees("bob: hello");
  await screen.say("quit");
  assertEquals(await screen.status, 0);
  assertEquals((await script(host, "alice", ["peers", "--json"])).status, 0);
  assertEquals((await script(host, "alice", ["known-nicks"])).lines, ["bob", "alice"]);
  assertEquals((await script(host, "nobody", ["known-nicks"])).lines, []);
  await Promise.all([stop(alice), stop(bob)]);
});

Deno.test("a screen of a daemon that is killed before it has shown a message gets it again", async () => {
  await using host = await Host.withServer();
  const bob = await daemon(host, "bob");
  const screen = host.client("bob");
  await script(host, "alice", ["send", "bob", "one"]);
  // It may have come before the screen did, and then has its date.
  await screen.sees(/^alice: (\S+ \S+ )?one$/m);
  // What comes now is in its socket.
  screen.kill("SIGSTOP");
  assertEquals((await script(host, "alice", ["send", "bob", "two", "--wait", "delivered"])).status, 0);
  screen.kill("SIGKILL");
  await screen.status;
  const again = host.client("bob");
  await again.sees("[While you were away]");
  await again.sees(/^alice: \S+ \S+ two$/m);
  await again.say("quit");
  assertEquals(await again.status, 0);
  assertEquals((await script(host, "bob", ["inbox", "--json"])).events.length, 1);
  await stop(bob);
});

Deno.test("a listener with a name goes on where it stopped, killed or not", async () => {
  await using host = await Host.withServer();
  const bob = await daemon(host, "bob");
  const listen = ["listen", "--as", "bot", "--json"];
  const first = started(host, "bob", listen);
  await first.sees(/"type":"hello"/);
  const second = await script(host, "bob", listen);
  assertEquals(second.status, 1);
  assertStringIncludes(second.error, "'bot' reads already");
  await script(host, "alice", ["send", "bob", "one"]);
  await first.sees(/"text":"one"/);
  first.kill("SIGKILL");
  await first.status;
  await script(host, "alice", ["send", "bob", "two"]);
  const again = started(host, "bob", listen);
  await again.sees(/"text":"two"/);
  again.kill("SIGTERM");
  const { events } = await ended(again);
  assert(events.filter(({ text }) => text === "one").length <= 1);
  assertEquals(events.filter(({ text }) => text === "two").length, 1);
  await stop(bob);
});

Deno.test("a command gets each message until it takes it, and what others wrote is no part of a command", async () => {
  await using host = await Host.withServer();
  await host.beenThere("bob");
  const text = "$(touch broken) `touch broken` ; touch broken";
  await script(host, "alice", ["send", "bob", text]);
  await script(host, "alice", ["send", "bob", "second"]);
  const failing = 'cat >/dev/null; printf "%s\\n" "$EVENT_TEXT" >>got; test -e ready';
  const listen = host.run([
    ...["listen", "--as", "bot", "--since", "0", "--exec", failing, "--give-up", "1", "--json"],
    ...["-n", "bob", "-i", "127.0.0.1", "-p", `${host.port}`],
  ]);
  await listen.sees(/"type":"blocked".*"givenUp":true/);
  await listen.sees(/"type":"blocked"/);
  listen.kill("SIGTERM");
  await listen.status;
  const got = Deno.readTextFileSync(`${host.folder}/got`).split("\n");
  assertEquals(got.slice(0, 2), [text, "second"]);
  assertEquals([...Deno.readDirSync(host.folder)].filter(({ name }) => name === "broken"), []);
});

Deno.test("a client and a daemon take over from a listener, which goes on through them", async () => {
  await using host = await Host.withServer();
  await host.beenThere("alice");
  const listen = started(host, "bob", ["listen", "--json"]);
  await listen.sees(/"name":"registered"/);
  const bob = await daemon(host, "bob");
  await script(host, "alice", ["send", "bob", "by the daemon"]);
  await listen.sees(/"text":"by the daemon"/);
  await stop(bob);
  await listen.sees(/"name":"registered"/);
  const client = await host.onTerminal("bob");
  const refused = await ended(host.client("bob"));
  assertEquals(refused.status, 1);
  assertStringIncludes(refused.error, "in use by another process");
  await script(host, "alice", ["send", "bob", "by the client"]);
  await listen.sees(/"text":"by the client"/);
  await client.say("quit");
  await client.sees("[1 other program uses this client: it ends with them.]");
  listen.kill("SIGTERM");
  assertEquals(await client.status, 0);
});

Deno.test("what two engines tell a listener is dealt with once, and '--since' is for those without a place", async () => {
  await using host = await Host.withServer();
  const bob = await daemon(host, "bob");
  const command = 'printf "%s\\n" "$EVENT_TEXT"; until test -e ready; do sleep 0.05; done';
  for (const text of ["one", "two", "three"]) await script(host, "alice", ["send", "bob", text]);
  const listen = started(host, "bob", ["listen", "--as", "bot", "--since", "0", "--exec", command]);
  await listen.sees("one");
  // The listener has the others already, and is told them once more.
  await stop(bob);
  await Deno.writeTextFile(`${host.folder}/ready`, "");
  await script(host, "alice", ["send", "bob", "four"]);
  await listen.sees("four");
  listen.kill("SIGTERM");
  assertEquals((await ended(listen)).lines, ["one", "two", "three", "four"]);
  for (const text of ["five", "six"]) await script(host, "alice", ["send", "bob", text]);
  const again = started(host, "bob", ["listen", "--as", "bot", "--since", "6"]);
  await again.sees(/ six$/m);
  again.kill("SIGTERM");
  const texts = (await ended(again)).lines.map((line) => line.split(" ").at(-1));
  assertEquals(texts.slice(-2), ["five", "six"]);
});

Deno.test("what the commands of the prompt print as JSON is in the schema as well", async () => {
  await using host = await Host.withServer();
  await host.beenThere("bob");
  assertEquals((await script(host, "alice", ["send", "bob", "hi"])).status, 0);
  const typesOf = async (...words: string[]) => {
    const { events, status } = await script(host, "alice", [...words, "--json"]);
    return [status, ...events.map(({ type }) => type)];
  };
  assertEquals(await typesOf("peers"), [0, "hello", "peers"]);
  assertEquals(await typesOf("verify", "bob"), [0, "hello", "safetyNumber"]);
  assertEquals(await typesOf("invite"), [0, "hello", "invitation", "news"]);
  assertEquals(await typesOf("trust", "bob"), [0, "hello", "news"]);
  assertEquals(await typesOf("trust", "nobody"), [7, "hello", "news"]);
});

Deno.test("run tells how a command ended, and ends as it did", async () => {
  await using host = await Host.withServer();
  const bob = await daemon(host, "bob");
  const command = "echo one; echo two >&2; exit 3";
  const run = started(host, "alice", ["run", "bob", "--", "sh", "-c", command]);
  const { status, lines, error } = await ended(run);
  assertEquals([status, lines.join(), error.includes("two")], [3, "one", true]);
  const { events } = await script(host, "bob", ["inbox", "--json"]);
  assertMatch(String(events[1]!["text"]), /^'sh' has failed with status 3 after \d+ s\n/);
  assertStringIncludes(String(events[1]!["text"]), "one");
  await stop(bob);
});

Deno.test("without the permission to run commands a sentence says so, and Deno does not ask", async () => {
  await using host = await Host.withServer();
  await host.beenThere("bob");
  const place = ["-n", "alice", "-i", "127.0.0.1", "-p", `${host.port}`];
  const commands = [
    ["listen", "--exec", "true", ...place],
    ["run", "bob", ...place, "--", "true"],
    ["demo"],
  ];
  for (const words of commands) {
    for (const terminal of [false, true]) {
      const run = host.run(words, { mayNotRun: true, terminal });
      assertEquals(await run.status, 1);
      const said = terminal ? run.programOutput : run.error.text;
      assertEquals(
        said.trimEnd(),
        "cannot run a command: it needs the permission '--allow-run', 'deno task parley' has it",
      );
    }
  }
  assertEquals((await script(host, "bob", ["inbox", "--json"])).events.length, 1);
});

Deno.test("rpc speaks JSON-RPC 2.0 on standard input and output", async () => {
  await using host = await Host.withServer();
  const bob = await daemon(host, "bob");
  const rpc = started(host, "bob", ["rpc"]);
  await rpc.type('{"jsonrpc":"2.0","id":1,"method":"hello"}\n{"jsonrpc":"2.0","id":2,"method":"no"}\n');
  await rpc.sees(/"id":2,"error":\{"code":-32601/);
  await rpc.sees(/"id":1,"result":\{"version":\d+,"kind":"daemon","nick":"bob"/);
  await stop(bob);
  assertEquals(await rpc.status, 0);
});

Deno.test("an agent sends and reads by the Model Context Protocol, and is told the same states", async () => {
  await using host = await Host.withServer();
  await host.beenThere("bob");
  const mcp = started(host, "alice", ["mcp"]);
  let id = 0;
  const ask = async (method: string, params: unknown = {}) => {
    await mcp.type(`${JSON.stringify({ jsonrpc: "2.0", id: ++id, method, params })}\n`);
    const [line] = await mcp.sees(new RegExp(`^.*"id":${id},.*$`, "m"));
    return JSON.parse(line)["result"] ?? JSON.parse(line)["error"];
  };
  const call = async (name: string, args: unknown = {}) => {
    const { content, isError } = await ask("tools/call", { name, arguments: args });
    return { isError, texts: content.map(({ text }: { text: string }) => text) };
  };
  const about = await ask("initialize", { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: {} });
  assertEquals([about.protocolVersion, about.serverInfo.name], ["2025-06-18", "parley"]);
  await mcp.type('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
  const { tools } = await ask("tools/list");
  assertEquals(tools.map(({ name }: { name: string }) => name), ["send", "inbox", "ack", "wait", "peers"]);
  const sent = await call("send", { to: "bob", text: "from an agent" });
  assertEquals([sent.isError, JSON.parse(sent.texts[0]).state], [false, "stored"]);
  assertEquals((await call("wait", { id: JSON.parse(sent.texts[0]).id, timeout: 0 })).isError, true);
  assertEquals((await call("send", { to: "nobody", text: "hi" })).isError, true);
  for (const name of ["send", "frob"]) {
    assertEquals((await ask("tools/call", { name, arguments: {} })).code, -32602);
  }
  assertEquals((await script(host, "bob", ["send", "alice", "an answer"])).status, 0);
  const inbox = await call("inbox");
  assertEquals(inbox.texts.map((text: string) => JSON.parse(text).text), ["an answer"]);
  assertEquals((await call("ack", { id: JSON.parse(inbox.texts[0]).id })).isError, false);
  assertEquals((await call("inbox")).texts, []);
  assertEquals(JSON.parse((await call("peers")).texts[0]).type, "peers");
  await mcp.endInput();
  assertEquals(await mcp.status, 0);
});

Deno.test("what does something to a terminal comes escaped, and is the same again", async () => {
  await using host = await Host.withServer();
  await host.beenThere("bob");
  const text = "a\u001b[31m\u0007 \u009b \u202e \u2028 \u007f b";
  await script(host, "alice", ["send", "bob", "-"], text);
  const { events, lines } = await script(host, "bob", ["inbox", "--json"]);
  assertEquals(events[1]!["text"], text);
  // deno-lint-ignore no-control-regex -- that is what it looks for
  assertEquals(lines.filter((line) => /[\x00-\x1f\x7f-\x9f\u2028\u202e]/.test(line)), []);
});
