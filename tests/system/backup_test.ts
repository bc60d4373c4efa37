/** `parley backup`, and the way back. */
import { assertEquals, assertMatch } from "@std/assert";
import { Host, isOnline, type Run } from "./host.ts";

const STORED = "SERVER: [Message received by the server and saved]";

async function backup(host: Host, file: string, ...place: string[]): Promise<void> {
  const run = host.run(["backup", file, ...place]);
  assertEquals(await run.status, 0, run.error.text);
  assertMatch(run.output.text, /^'.*' is made, \d+ bytes; it holds the server's key, keep it to yourself\n$/);
  assertEquals((await Deno.stat(`${host.folder}/${file}`)).mode! & 0o777, 0o600);
}

async function refusal(run: Run): Promise<string> {
  assertEquals(await run.status, 1);
  assertEquals(run.output.text, "");
  return run.error.lines.join("\n");
}

/** As docs/operations.md says. */
async function restore(host: Host, file: string): Promise<void> {
  const data = `${host.folder}/server.db`;
  await Deno.remove(`${data}-wal`).catch(() => {});
  await Deno.copyFile(`${host.folder}/${file}`, data);
}

async function keyOf(server: Run): Promise<string> {
  const [, key] = await server.error.sees(/its key is ([0-9a-f]{64})/);
  return key!;
}

for (const runs of [true, false]) {
  Deno.test(`a copy made while the server ${runs ? "runs" : "is stopped"} is restored: mail is there, clients go on`, async () => {
    await using host = await Host.create();
    const server = await host.startServer();
    const key = await keyOf(server);
    const data = ["--data", `${host.folder}/server.db`];
    await host.beenThere("y");
    const x = await host.online("x");
    await x.say("send y before the copy");
    await x.sees(STORED);
    if (!runs) {
      server.kill("SIGTERM");
      assertEquals(await server.status, 0);
    }
    await backup(host, "copy.db", ...data);
    const present = [...Deno.readDirSync(host.folder)].map(({ name }) => name);
    assertEquals(present.filter((name) => name.startsWith("copy.db")), ["copy.db"]);
    const second = runs ? server : await host.startServer();
    await x.say("send_all after the copy");
    await x.sees("[Message received by Server.]");
    second.kill("SIGKILL");
    await second.status;
    await restore(host, "copy.db");

    const restored = await host.startServer();
    assertEquals(await keyOf(restored), key);
    // Who has nothing to say notices the restart only with his next keep-alive.
    await x.say("send_all are you there?");
    await x.sees("[Message received by Server.]");
    const y = host.client("y");
    await y.sees(isOnline("x"));
    await y.sees(/^x: .*before the copy\n/m);
    await x.sees(/^\[y has collected 1 message\.\]\n/m);
    await y.say("send x the answer");
    await x.sees("y: the answer");
    await x.say("send_all to everybody");
    await y.sees("[Channel_Message x: to everybody]");
  });
}

Deno.test("a copy never takes the place of a file, and one that cannot be made leaves none", async () => {
  await using host = await Host.withServer();
  const data = ["--data", `${host.folder}/server.db`];
  const copy = `${host.folder}/copy.db`;
  await Deno.writeTextFile(copy, "precious");
  await Deno.symlink(`${host.folder}/elsewhere`, `${host.folder}/link`);
  const inTheWay = (file: string) => `cannot make '${file}': a file is in the way, choose another place`;
  assertEquals(await refusal(host.run(["backup", "copy.db", ...data])), inTheWay(copy));
  assertEquals(await refusal(host.run(["backup", "link", ...data])), inTheWay(`${host.folder}/link`));
  assertEquals(
    await refusal(host.run(["backup", "server.db", ...data])),
    inTheWay(`${host.folder}/server.db`),
  );
  assertEquals(await Deno.readTextFile(copy), "precious");
  assertMatch(await refusal(host.run(["backup", "no/such/folder", ...data])), /^cannot make '.*': /);
  // It serves its clients as before.
  await host.online("x");
});

Deno.test("a server that keeps nothing has nothing to copy", async () => {
  await using host = await Host.create();
  await host.startServer(["--data", ":memory:"]);
  assertEquals(
    await refusal(host.run(["backup", "copy.db", "-p", `${host.port}`, "--data", ":memory:"])),
    "cannot copy the server's data: it keeps nothing",
  );
});
