import { assertEquals, assertStringIncludes } from "@std/assert";
import * as client from "../../commands/client.ts";
import * as server from "../../commands/server.ts";
import { Commands } from "../../commands/_registry.ts";

const commands = new Commands();
commands.addModule("commands/client.ts", client);
commands.addModule("commands/server.ts", server);

function started(...words: string[]): unknown {
  const outcome = commands.runShell(words);
  return outcome.type === "start" && outcome.program.type !== "demo" ? outcome.program.options : outcome;
}

const KEY = "0123456789abcdef".repeat(4);
const SERVER = { port: 9999, host: "0.0.0.0", data: undefined, name: undefined, logLevel: "INFO" };
const CLIENT = {
  nick: undefined,
  server: "127.0.0.1",
  serverPort: 9999,
  serverKey: undefined,
  host: "0.0.0.0",
  port: 0,
  state: undefined,
  attempts: 5,
  log: undefined,
};

Deno.test("server: without options, and with all of them", () => {
  assertEquals(started("server"), SERVER);
  const all = [
    "-p",
    "1",
    "--host",
    "10.0.0.1",
    "--data",
    ":memory:",
    "--name",
    "lab",
    "--log-level",
    "debug",
  ];
  assertEquals(started("server", ...all), {
    port: 1,
    host: "10.0.0.1",
    data: ":memory:",
    name: "lab",
    logLevel: "DEBUG",
  });
  assertEquals(started("server", "--port=65535"), { ...SERVER, port: 65535 });
});

Deno.test("client: without options, and as in the original", () => {
  assertEquals(started("client"), CLIENT);
  assertEquals(started("client", "-n", "x", "-i", "10.0.0.1", "-p", "9998", "-c", "3001"), {
    ...CLIENT,
    nick: "x",
    server: "10.0.0.1",
    serverPort: 9998,
    port: 3001,
  });
});

Deno.test("client: the long forms and the rest", () => {
  const long = ["--nick=Zoë", "--server", "chat.example", "--server-port", "1", "--port", "65535"];
  const rest = ["--state", ":memory:", "--attempts", "0", "--host", "10.0.0.7", "--log", "out.log"];
  const key = ["--server-key", KEY.toUpperCase()];
  assertEquals(started("client", ...long, ...rest, ...key), {
    nick: "Zoë",
    server: "chat.example",
    serverPort: 1,
    serverKey: KEY,
    host: "10.0.0.7",
    port: 65535,
    state: ":memory:",
    attempts: 0,
    log: "out.log",
  });
});

/** What is wrong, and what the sentence has to name. */
const WRONG: readonly [words: string[], names: string[]][] = [
  [["server", "-p", "0"], ["'0'", "1 to 65535", "--port"]],
  [["server", "-p", "65536"], ["'65536'", "1 to 65535"]],
  [["server", "-p", "many"], ["'many'", "--port"]],
  [["server", "-p", "1e3"], ["'1e3'"]],
  [["server", "-p", "0x10"], ["'0x10'"]],
  [["server", "-p", " 80"], ["' 80'"]],
  [["server", "-p", "80.5"], ["'80.5'"]],
  [["server", "-p"], ["--port", "no value"]],
  [["server", "--log-level", "loud"], ["'loud'", "DEBUG, INFO, WARN, ERROR", "--log-level"]],
  [["server", "--data="], ["--data", "no value"]],
  [["server", "--frob", "1"], ["--frob"]],
  [["server", "9999"], ["'9999'"]],
  [["client", "-c", "1023"], ["'1023'", "1024 to 65535", "--port"]],
  [["client", "-c", "0"], ["'0'", "1024 to 65535"]],
  [["client", "-c", "65536"], ["'65536'"]],
  [["client", "-p", "0"], ["'0'", "1 to 65535", "--server-port"]],
  [["client", "-p", "99999999999999999999"], ["--server-port"]],
  [["client", "-n", "a b"], ["'a b'", "nick", "32"]],
  [["client", "-n", "server"], ["'server'", "SERVER"]],
  [["client", "-n", "é".repeat(33)], ["nick"]],
  [["client", "-n"], ["--nick", "no value"]],
  [["client", "--server-key", KEY.slice(1)], [`'${KEY.slice(1)}'`, "64", "--server-key"]],
  [["client", "--server-key", KEY + "0"], [`'${KEY}0'`, "64"]],
  [["client", "--server-key", "g" + KEY.slice(1)], [`'g${KEY.slice(1)}'`, "hexadecimal"]],
  [["client", "--server-key"], ["--server-key", "no value"]],
  [["server", "--name="], ["--name", "no value"]],
  [["client", "--attempts", "-1"], ["'-1'"]],
  [["client", "--attempts=-1"], ["'-1'", "--attempts"]],
  [["client", "--attempts", "five"], ["'five'", "--attempts"]],
  [["client", "-x"], ["-x"]],
  [["client", "alice"], ["'alice'"]],
];

for (const [words, names] of WRONG) {
  Deno.test(`one clear sentence: ${words.join(" ")}`, () => {
    const outcome = commands.runShell(words);
    if (outcome.type !== "wrong") throw new Error(`taken: ${JSON.stringify(outcome)}`);
    for (const name of names) assertStringIncludes(outcome.reason, name);
    assertEquals(outcome.reason.split("\n").length, 1);
    assertEquals(outcome.reason.endsWith("."), false);
  });
}
