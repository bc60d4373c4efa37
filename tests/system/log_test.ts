/** A log that cannot be written, and a terminal that is gone, end nobody. */
import { assertEquals } from "@std/assert";
import { StreamHandler } from "../../programs/log.ts";
import { freePort, Host } from "./host.ts";

Deno.test("a log that has no room loses lines, and says how many when there is room again", () => {
  let isFull = false;
  let text = "";
  const handler = new StreamHandler("INFO", {
    // A pipe may take a part only.
    writeSync(bytes) {
      if (isFull) throw new Error("no space left on device");
      text += new TextDecoder().decode(bytes.subarray(0, 7));
      return Math.min(7, bytes.length);
    },
  });
  handler.log("the first");
  isFull = true;
  for (let count = 0; count < 5; count++) handler.log("lost");
  isFull = false;
  handler.log("the last");
  handler.log("and one more");
  assertEquals(
    text.replace(/^\S+Z /gm, ""),
    [
      "the first",
      "WARN 5 lines of this log could not be written",
      "the last",
      "and one more",
      "",
    ].join("\n"),
  );
});

Deno.test("a server whose log is on a full disk goes on", async () => {
  await using host = await Host.create();
  host.port = freePort();
  const server = host.run(["server", "-p", `${host.port}`, "--data", ":memory:"], {
    shell: 'exec "$@" 2>/dev/full',
  });
  // The server does not say when it listens: until then x waits.
  const x = host.client("x", ["--attempts", "0"]);
  await x.say("send x hi");
  await x.endInput();
  assertEquals(await x.status, 0, x.error.text);
  assertEquals(x.output.lines.includes("x: hi"), true);
  server.kill("SIGTERM");
  assertEquals(await server.status, 0);
});

Deno.test("a server outlives its terminal", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  server.kill("SIGHUP");
  await server.error.sees(/ INFO the terminal is gone, the server goes on\n/);
  await host.online("x");
  server.kill("SIGTERM");
  assertEquals(await server.status, 0);
});

Deno.test("a server that is started with a file of others, or with an empty one, says so and ends", async () => {
  await using host = await Host.create();
  const file = `${host.folder}/server.db`;
  await Deno.writeTextFile(file, "", { mode: 0o600 });
  const start = (...args: string[]) =>
    host.run(["server", "-p", `${freePort()}`, "--host", "127.0.0.1", "--data", file, ...args]);
  const refused = start();
  assertEquals(await refused.status, 1);
  assertEquals(refused.error.lines, [
    `cannot use '${file}': it is empty, put it back from a copy, or make a new server there with '--new'`,
  ]);
  const made = start("--new");
  await made.error.sees(/ listening on .*\n/);
  made.kill("SIGTERM");
  assertEquals(await made.status, 0);
  await Deno.chmod(file, 0o644);
  const open = start();
  assertEquals(await open.status, 1);
  assertEquals(open.error.lines, [`cannot use '${file}': others may read or change it, 'chmod 600 ${file}'`]);
});
