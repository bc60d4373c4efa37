/** How a client leaves, and that it gives the terminal back as it was. */
import { assertEquals } from "@std/assert";
import { freePort, Host, type Run } from "./host.ts";

/** Where we are, the server's key, the new identity, the welcome and the table. */
const LINES_OF_START = 8;

const WAYS: readonly [
  name: string,
  leave: (client: Run) => Promise<void>,
  lines: string[],
  log: string,
][] = [
  ["ctrl-c on an empty line", (client) => client.type("\x03"), ["[Exiting]"], "left"],
  [
    "ctrl-c on a line, which clears it, and again",
    async (client) => {
      await client.type("send nobody hi");
      await client.sees(/>>> send nobody hi/);
      await client.type("\x03\x03");
    },
    ["[Exiting]"],
    "left",
  ],
  ["ctrl-d", (client) => client.type("\x04"), ["[Exiting]"], "left"],
  ["SIGINT", (client) => Promise.resolve(client.kill("SIGINT")), ["[Exiting]"], "left"],
  ["SIGTERM", (client) => Promise.resolve(client.kill("SIGTERM")), ["[Exiting]"], "left"],
  ["SIGHUP", (client) => Promise.resolve(client.kill("SIGHUP")), ["[Exiting]"], "left"],
  [
    "quit",
    (client) => client.say("quit"),
    [">>> quit", "[You are Offline. Bye.]", "[Exiting]"],
    "deregistered",
  ],
];

for (const [name, leave, lines, log] of WAYS) {
  Deno.test(`leaving by ${name}`, async () => {
    await using host = await Host.create();
    const server = await host.startServer();
    const x = await host.onTerminal("x");
    await leave(x);
    assertEquals(await x.status, 0);
    assertEquals(x.screen.slice(LINES_OF_START), lines);
    assertEquals(x.settings.after, x.settings.before);
    await server.error.sees(new RegExp(` INFO x is offline: ${log}\n`));
  });
}

Deno.test("ctrl-c on a line clears it and stays", async () => {
  await using host = await Host.withServer();
  const x = await host.onTerminal("x");
  await x.type("send x not this");
  await x.sees(/>>> send x not this/);
  await x.type("\x03");
  await x.say("send x but this");
  await x.sees("x: but this");
  assertEquals(x.screen.some((row) => row.includes("not this")), false);
});

Deno.test("a client whose terminal is gone leaves", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  const x = await host.onTerminal("x");
  x.hangUp();
  await server.error.sees(/ INFO x is offline: left\n/);
});

Deno.test("dereg stays, quit from there leaves at once", async () => {
  await using host = await Host.withServer();
  const x = await host.onTerminal("x");
  await x.say("dereg x");
  await x.sees("[You are Offline. Bye.]");
  await x.say("send x hi");
  await x.sees("[You are offline, 'reg x' first.]");
  await x.say("quit");
  assertEquals(await x.status, 0);
  assertEquals(x.screen.at(-1), "[Exiting]");
});

for (const terminal of [false, true]) {
  Deno.test(`without a server, ${terminal ? "on a terminal" : "with pipes"}`, async () => {
    await using host = await Host.create();
    host.port = freePort();
    const x = host.client("x", [], { terminal });
    assertEquals(await x.status, 1);
    const sentence = `no server at 127.0.0.1:${host.port}, start one with 'deno task server'`;
    if (terminal) assertEquals(x.screen.at(-1), sentence);
    else assertEquals(x.error.text, `${sentence}\n`);
    assertEquals(x.settings.after, x.settings.before);
  });
}

Deno.test("the server ends with status 0 on SIGTERM and SIGINT", async () => {
  await using host = await Host.create();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const server = await host.startServer();
    server.kill(signal);
    assertEquals(await server.status, 0);
    assertEquals(server.output.text, "");
  }
});
