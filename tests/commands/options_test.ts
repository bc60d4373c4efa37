import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Options, readWords } from "../../commands/_options.ts";
import { Commands } from "../../commands/_registry.ts";
import { readClientSettings } from "../../commands/_client_settings.ts";
import config from "../../deno.json" with { type: "json" };
import * as backup from "../../commands/backup.ts";
import * as client from "../../commands/client.ts";
import * as nicks from "../../commands/nicks.ts";
import * as revoke from "../../commands/revoke.ts";
import * as server from "../../commands/server.ts";
import * as status from "../../commands/status.ts";
import * as succeed from "../../commands/succeed.ts";

const commands = new Commands();
commands.addModule("commands/backup.ts", backup);
commands.addModule("commands/client.ts", client);
commands.addModule("commands/nicks.ts", nicks);
commands.addModule("commands/revoke.ts", revoke);
commands.addModule("commands/server.ts", server);
commands.addModule("commands/status.ts", status);
commands.addModule("commands/succeed.ts", succeed);

const SETTINGS: Readonly<Record<string, (options: Options, argument: string) => unknown>> = {
  client: (options) => readClientSettings(options),
  backup: backup.readSettings,
  nicks: nicks.readSettings,
  revoke: revoke.readSettings,
  server: server.readSettings,
  status: status.readSettings,
  succeed: succeed.readSettings,
};

/** The settings of the program that the words start, or what is said instead. */
function started(name: string, ...words: string[]): unknown {
  const result = commands.runShell([name, ...words]);
  if (result.type !== "program") return result;
  const { args: [argument = ""], flags } = readWords(words, commands.get(name)?.options ?? []);
  return SETTINGS[name]!(flags, argument);
}

const KEY = "0123456789abcdef".repeat(4);
const MIB = 1024 * 1024;
const DAY = 86_400_000;
const SERVER = {
  version: config.version,
  port: 9999,
  host: "0.0.0.0",
  data: undefined,
  isNew: false,
  name: undefined,
  logLevel: "INFO",
  limits: { nicks: 100_000, newNicksPerHour: 20, mailBytes: 256 * MIB, nickDays: 90 },
  durability: "full",
};
const CLIENT = {
  nick: undefined,
  server: "127.0.0.1",
  serverPort: 9999,
  serverKey: undefined,
  host: "0.0.0.0",
  port: 0,
  state: undefined,
  identity: undefined,
  protects: false,
  passphraseFile: undefined,
  channelKey: undefined,
  invited: [],
  attempts: 5,
  durability: "full",
  history: { life: 365 * DAY, bytes: 512 * MIB },
  recalls: 0,
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
    version: SERVER.version,
    port: 1,
    host: "10.0.0.1",
    data: ":memory:",
    isNew: false,
    name: "lab",
    logLevel: "DEBUG",
    limits: SERVER.limits,
    durability: "full",
  });
  assertEquals(started("server", "--durability", "normal"), { ...SERVER, durability: "normal" });
  assertEquals(started("server", "--port=65535"), { ...SERVER, port: 65535 });
  assertEquals(started("server", "--new"), { ...SERVER, isNew: true });
});

Deno.test("server: what it takes at most, from one to what it can hold", () => {
  const limits = (nicks: string, newNicks: string, mail: string, days: string) =>
    started(
      "server",
      "--max-nicks",
      nicks,
      "--max-new-nicks",
      newNicks,
      "--max-mail",
      mail,
      "--nick-days",
      days,
    );
  assertEquals(limits("1", "1", "1", "0"), {
    ...SERVER,
    limits: { nicks: 1, newNicksPerHour: 1, mailBytes: MIB, nickDays: 0 },
  });
  assertEquals(limits("100000", "100000", "4096", "36500"), {
    ...SERVER,
    limits: { nicks: 100_000, newNicksPerHour: 100_000, mailBytes: 4096 * MIB, nickDays: 36_500 },
  });
});

Deno.test("nicks: without options, and with all of them", () => {
  const usual = { port: 9999, data: undefined, release: undefined, expireDays: undefined };
  assertEquals(started("nicks"), usual);
  assertEquals(started("nicks", "-p", "1"), { ...usual, port: 1 });
  assertEquals(started("nicks", "--port", "65535", "--data", "old.db", "--release", "Zoë"), {
    port: 65535,
    data: "old.db",
    release: "Zoë",
    expireDays: undefined,
  });
  assertEquals(started("nicks", "--expire", "365"), { ...usual, expireDays: 365 });
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
    identity: undefined,
    protects: false,
    passphraseFile: undefined,
    channelKey: undefined,
    invited: [],
    attempts: 0,
    durability: "full",
    history: CLIENT.history,
    recalls: 0,
    log: "out.log",
  });
  assertEquals(started("client", "--no-history"), { ...CLIENT, history: undefined });
  const kept = ["--history-days", "7", "--history-size", "1", "--history-lines", "20"];
  assertEquals(started("client", ...kept), {
    ...CLIENT,
    history: { life: 7 * DAY, bytes: MIB },
    recalls: 20,
  });
  for (const durability of ["full", "normal"] as const) {
    assertEquals(started("client", "--durability", durability), { ...CLIENT, durability });
  }
});

Deno.test("client: files with keys, and a passphrase that is never in the command line", () => {
  const files = ["--identity", "mine", "--channel-key", "ours", "--passphrase"];
  const given = { identity: "mine", channelKey: "ours", protects: true };
  assertEquals(started("client", ...files), { ...CLIENT, ...given });
  assertEquals(started("client", "--passphrase", "-n", "x"), { ...CLIENT, protects: true, nick: "x" });
  for (const secret of ["--passphrase=secret", "--passphrase=false", "--passphrase="]) {
    const outcome = commands.runShell(["client", secret]);
    assertEquals(outcome, { type: "wrong", reason: "option '--passphrase' takes no value" });
  }
});

/** What is wrong, and what the sentence has to name. */
Deno.test("backup: with the file alone, and with all options", () => {
  const usual = { port: 9999, data: undefined, file: "copy.db" };
  assertEquals(started("backup", "copy.db"), usual);
  assertEquals(started("backup", "-p", "1", "copy.db", "--data", "old.db"), {
    ...usual,
    port: 1,
    data: "old.db",
  });
});

Deno.test("status: without options, and with all of them", () => {
  const usual = { port: 9999, data: undefined, json: false };
  assertEquals(started("status"), usual);
  assertEquals(started("status", "-p", "1", "--data", "old.db", "--json"), {
    port: 1,
    data: "old.db",
    json: true,
  });
});

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
  [["client", "alice"], ["'alice'", "invitation"]],
  [["client", "--passphrase", "secret"], ["'secret'", "invitation"]],
  [["client", "--no-passphrase"], ["--no-passphrase"]],
  [["client", "--identity"], ["--identity", "no value"]],
  [["client", "--identity", "a", "--identity", "b"], ["--identity", "twice"]],
  [["client", "--channel-key="], ["--channel-key", "no value"]],
  [["server", "--max-nicks", "0"], ["'0'", "1 to 100000", "--max-nicks"]],
  [["server", "--max-nicks", "100001"], ["'100001'"]],
  [["server", "--max-new-nicks", "0"], ["'0'", "1 to 100000", "--max-new-nicks"]],
  [["server", "--durability", "none"], ["'none'", "full, normal", "--durability"]],
  [["client", "--durability", "off"], ["'off'", "--durability"]],
  [["server", "--max-mail", "0"], ["'0'", "1 to 4096", "--max-mail"]],
  [["server", "--max-mail", "4097"], ["'4097'"]],
  [["server", "--max-mail", "1.5"], ["'1.5'"]],
  [["server", "--passphrase"], ["--passphrase"]],
  [["nicks", "--release", "a b"], ["'a b'", "nick"]],
  [["nicks", "--release"], ["--release", "no value"]],
  [["nicks", "--release", "a", "--release", "b"], ["--release", "twice"]],
  [["nicks", "-p", "0"], ["'0'", "1 to 65535", "--port"]],
  [["nicks", "--data="], ["--data", "no value"]],
  [["nicks", "alice"], ["'alice'"]],
  [["nicks", "--expire", "0"], ["'0'", "1 to 36500", "--expire"]],
  [["nicks", "--expire", "9", "--release", "a"], ["--expire", "--release"]],
  [["backup"], ["FILE"]],
  [["backup", "-p", "1"], ["usage: backup FILE"]],
  [["backup", "a", "b"], ["'b'"]],
  [["status", "alice"], ["'alice'"]],
  [["status", "--json=1"], ["--json", "no value"]],
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

Deno.test("revoke: with the file alone, and with all options", () => {
  const unset = { server: undefined, serverPort: undefined, serverKey: undefined };
  assertEquals(started("revoke", "FILE"), { file: "FILE", ...unset });
  assertEquals(started("revoke", "FILE", "-i", "host", "-p", "1", "--server-key", KEY), {
    file: "FILE",
    server: "host",
    serverPort: 1,
    serverKey: KEY,
  });
  const wrong = (...words: string[]) => (started("revoke", ...words) as { reason: string }).reason;
  assertEquals(wrong(), "usage: revoke FILE [options]");
  assertEquals(wrong("-i", "host"), "usage: revoke FILE [options]");
  assertStringIncludes(wrong("FILE", "-p", "0"), "is not a number from 1 to 65535");
  assertStringIncludes(wrong("FILE", "--server-key", "x"), "is not a public key");
});

Deno.test("succeed: with the nick alone, and with all options", () => {
  assertEquals(started("succeed", "-n", "x"), {
    nick: "x",
    server: "127.0.0.1",
    serverPort: 9999,
    state: undefined,
    identity: undefined,
    protects: false,
  });
  const all = ["-n", "x", "-i", "host", "-p", "1", "--state", "DIR", "--identity", "FILE", "--passphrase"];
  assertEquals(started("succeed", ...all), {
    nick: "x",
    server: "host",
    serverPort: 1,
    state: "DIR",
    identity: "FILE",
    protects: true,
  });
  const wrong = (...words: string[]) => (started("succeed", ...words) as { reason: string }).reason;
  assertEquals(wrong("-i", "host"), "there is no nick whose identity gets a successor, give '--nick'");
  assertStringIncludes(wrong("-n", "SERVER"), "cannot be a nick");
  assertStringIncludes(wrong("-n", "x", "--state", ":memory:"), "has to be kept");
});
