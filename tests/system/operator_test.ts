/** What an operator asks of a server that runs: `parley status`. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { NICKS_PER_ANSWER } from "../../core/base/limits.ts";
import config from "../../deno.json" with { type: "json" };
import type { NicksAnswer } from "../../programs/nicks.ts";
import { Operator } from "../../programs/operator.ts";
import { InvalidParams } from "../../transport/rpc_connection.ts";
import { freePort, Host, type Run } from "./host.ts";

const STORED = "SERVER: [Message received by the server and saved]";

function dataOf(host: Host): string[] {
  return ["--data", `${host.folder}/server.db`];
}

/** What a command prints that does what it is asked. */
async function linesOf(host: Host, ...args: string[]): Promise<string[]> {
  const run = host.run(args);
  assertEquals(await run.status, 0, run.error.text);
  assertEquals(run.error.text, "");
  return run.output.lines;
}

/** That a command does nothing, and with which sentence. */
async function refusal(run: Run): Promise<string> {
  assertEquals(await run.status, 1);
  assertEquals(run.output.text, "");
  assertEquals(run.error.lines.length, 1, run.error.text);
  return run.error.lines[0]!;
}

Deno.test("status says of a running server who is there, what waits, how fast it is and how full", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  await host.beenThere("y");
  const x = await host.online("x");
  await x.say("send y for later");
  await x.sees(STORED);
  const lines = await linesOf(host, "status", ...dataOf(host));
  assertEquals(
    lines[0],
    `parley ${config.version}, protocol version 4, Deno ${Deno.version.deno}, process ${server.pid}`,
  );
  assertMatch(
    lines[1]!,
    new RegExp(`^listening on 127\\.0\\.0\\.1:${host.port}, data in '.*server\\.db', up for `),
  );
  assertMatch(lines[2]!, /^members: 1 online, 2 known; links: [12]$/);
  assertMatch(lines[3]!, /^letters that wait: 1 \(\d+ bytes\), the oldest for .*; receipts: 0$/);
  assertEquals(lines[4], "messages of the channel: 0 (0 bytes)");
  assertMatch(
    lines[5]!,
    /^a second: [\d.]+ messages stored, 0 rejected, [\d.]+ handshakes, [\d.]+ datagrams dropped/,
  );
  assertMatch(
    lines[6]!,
    /^commits: [1-9]\d*, [\d.]+ ms on average, [\d.]+ ms the last, [\d.]+ ms the longest$/,
  );
  assertEquals(lines[7], "  0 % nicks: 2 of 100000");
  assert(lines.includes("  0 % letters of the fullest mailbox: 1 of 1000"), lines.join("\n"));
});

Deno.test("status --json prints one object that has what docs/operations.md says", async () => {
  await using host = await Host.withServer();
  const [line, ...more] = await linesOf(host, "status", "--json", ...dataOf(host));
  assertEquals(more, []);
  const status = JSON.parse(line!);
  const page = await Deno.readTextFile(new URL("../../docs/operations.md", import.meta.url));
  const section = page.slice(page.indexOf("`status --json`"), page.indexOf("## Nicks"));
  const documented = [...section.matchAll(/^\| `([a-zA-Z.]+)` /gm)].map(([, name]) => name);
  assertEquals(fieldsOf(status), documented.sort());
  assertEquals([status.v, status.members], [1, { online: 0, known: 0 }]);
});

/** The names of the fields of an object, those of inner ones behind a dot. Counts by reason are one. */
function fieldsOf(object: Record<string, unknown>, prefix = ""): string[] {
  return Object.entries(object).flatMap(([name, value]) => {
    const path = prefix + name;
    const isGroup = typeof value === "object" && value !== null && !Array.isArray(value);
    return isGroup && !/(dropped|rejected)$/i.test(name)
      ? fieldsOf(value as Record<string, unknown>, `${path}.`)
      : [path];
  }).sort();
}

Deno.test("nicks are handed over in pages, and wrong parameters are refused", () => {
  const all = Array.from({ length: 2 * NICKS_PER_ANSWER + 1 }, (_, at) => ({
    nick: `x${at}`,
    identity: "",
    ordinal: at + 1,
    letters: 0,
    online: false,
    revoked: false,
    idleMs: 0,
  }));
  const { handlers } = new Operator({
    machine: { nicks: (_now, behind, most) => all.slice(behind, behind + most) },
    now: () => 0,
    act: () => {},
    status: () => {
      throw new Error("nobody has asked");
    },
    backup: undefined,
  });
  const { nicks, release } = handlers.methods!;
  const page = (behind: unknown) => {
    const answer = nicks!({ behind }) as NicksAnswer;
    return [answer.nicks.length, answer.nicks[0]?.ordinal, answer.isLast];
  };
  assertEquals(page(0), [NICKS_PER_ANSWER, 1, false]);
  assertEquals(page(NICKS_PER_ANSWER), [NICKS_PER_ANSWER, NICKS_PER_ANSWER + 1, false]);
  assertEquals(page(2 * NICKS_PER_ANSWER), [1, 2 * NICKS_PER_ANSWER + 1, true]);
  for (const behind of [-1, 1.5, "1"]) {
    assertThrows(() => page(behind), InvalidParams, "'behind' is not a whole number");
  }
  for (const nick of ["", "a b", 7, undefined]) {
    assertThrows(() => release!({ nick }), InvalidParams, "'nick' is not a nick");
  }
});

Deno.test("a server that keeps nothing is asked by its port", async () => {
  await using host = await Host.create();
  await host.startServer(["--data", ":memory:"]);
  for (const data of [[], ["--data", ":memory:"]]) {
    const lines = await linesOf(host, "status", "-p", `${host.port}`, ...data);
    assertMatch(lines[1]!, /data in ':memory:'/);
  }
});

Deno.test("where no server runs, status says so", async () => {
  await using host = await Host.create();
  host.port = freePort();
  const nobody = (where: string) =>
    `cannot ask the server ${where}: you run none there, start it, or name another with '-p' or '--data'`;
  const run = host.run(["status", "-p", `${host.port}`]);
  assertEquals(await refusal(run), nobody(`at port ${host.port}`));
  const data = `${host.folder}/server.db`;
  assertEquals(await refusal(host.run(["status", "--data", data])), nobody(`with the data '${data}'`));
  // One that was killed leaves its socket behind.
  const server = await host.startServer();
  server.kill("SIGKILL");
  await server.status;
  assertEquals(await refusal(host.run(["status", "--data", data])), nobody(`with the data '${data}'`));
  await host.startServer();
  await linesOf(host, "status", "--data", data);
});

Deno.test("a server that is stopped is waited for a while, and not for ever", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  server.kill("SIGSTOP");
  assertEquals(
    await refusal(host.run(["status", ...dataOf(host)])),
    "cannot ask the server: it runs and does not answer, see whether it is stopped",
  );
  server.kill("SIGCONT");
  await linesOf(host, "status", ...dataOf(host));
});

Deno.test("a server whose socket cannot be made serves its clients all the same", async () => {
  await using host = await Host.create();
  await Deno.writeTextFile(`${host.folder}/parley-${Deno.uid()}`, "");
  const server = await host.startServer();
  assertMatch(server.error.text, /cannot use the folder .*; nobody can ask this server for its status\n/);
  await host.online("x");
  assertMatch(await refusal(host.run(["status", ...dataOf(host)])), /^cannot use the folder /);
});
