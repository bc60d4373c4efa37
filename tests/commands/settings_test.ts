/** Which of command line, environment and config.json is in force, and what config.json may say. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { readConfig } from "../../commands/_config_file.ts";
import { type Option, OptionError, readWords } from "../../commands/_options.ts";
import { type Command, Commands, RegistryError, type ShellResult } from "../../commands/_registry.ts";
import { inForce, NO_SETTINGS, readEnvironment, type Settings } from "../../commands/_settings.ts";
import * as client from "../../commands/client.ts";
import * as configCommand from "../../commands/config.ts";
import * as nicks from "../../commands/nicks.ts";
import * as revoke from "../../commands/revoke.ts";
import * as server from "../../commands/server.ts";
import * as succeed from "../../commands/succeed.ts";

const FILE = "/etc/c.json";
const KEY = "0123456789abcdef".repeat(4);

interface Given {
  readonly environment?: Record<string, string>;
  readonly file?: unknown;
}

/** The registry of a user who has set this. */
function commandsWith({ environment = {}, file = {} }: Given): Commands {
  const text = typeof file === "string" ? file : JSON.stringify(file, null, 1);
  const commands = new Commands((all) => {
    const options = all.at("shell").flatMap(({ options = [] }) => options);
    return { path: FILE, ...readEnvironment(environment, options), ...readConfig(FILE, text, options) };
  });
  for (const module of [client, configCommand, nicks, revoke, server, succeed]) {
    commands.addModule("commands/x.ts", module);
  }
  return commands;
}

/** What is in force of a client's address and nick, and where it stands. */
function clientWith(given: Given, ...words: string[]): string {
  const commands = commandsWith(given);
  const stated = commands.inForce(commands.get("client")!, words);
  return ["at", "server", "server-port", "server-key", "nick"].flatMap((name) => {
    const { value, where } = stated.get(name) ?? {};
    return value === undefined ? [] : [`${name}=${value.slice(0, 8)} ${where}`];
  }).join("; ");
}

function reasonOf(result: ShellResult): string {
  assert(result.type === "wrong", JSON.stringify(result));
  return result.reason;
}

Deno.test("the command line comes before the environment, that before config.json", () => {
  const file = { nick: "f" };
  const environment = { PARLEY_NICK: "e" };
  assertEquals(clientWith({ environment, file }, "-n", "l"), "nick=l --nick");
  assertEquals(clientWith({ environment, file }), "nick=e PARLEY_NICK");
  assertEquals(clientWith({ file }), `nick=f ${FILE}:2`);
  assertEquals(clientWith({}), "");
});

Deno.test("an empty variable counts as absent", () => {
  assertEquals(clientWith({ environment: { PARLEY_NICK: "" }, file: { nick: "f" } }), `nick=f ${FILE}:2`);
});

const SERVERS = {
  "nick": "f",
  "server": "usual",
  "server-port": 7000,
  "servers": {
    "lab": { server: "lab.example", "server-key": KEY, nick: "l" },
    "bare": { server: "bare.example" },
  },
};

Deno.test("a server that is named gives its address, its key and its nick, and what it does not say is no other's", () => {
  const lab = `at=lab --at; server=lab.exam ${FILE}:7; server-key=01234567 ${FILE}:8; nick=l ${FILE}:9`;
  assertEquals(clientWith({ file: SERVERS }, "-s", "lab"), lab);
  assertEquals(clientWith({ file: SERVERS }, "--at", "lab"), lab);
  assertEquals(
    clientWith({ file: SERVERS }, "-s", "bare"),
    `at=bare --at; server=bare.exa ${FILE}:12; nick=f ${FILE}:2`,
  );
});

Deno.test("a server that the command line names comes before the environment; options beside it come before it", () => {
  const environment = { PARLEY_SERVER: "e", PARLEY_SERVER_PORT: "5", PARLEY_NICK: "e" };
  assertEquals(
    clientWith({ environment, file: SERVERS }, "-s", "lab", "-n", "x", "-p", "6"),
    `at=lab --at; server=lab.exam ${FILE}:7; server-port=6 --server-port; server-key=01234567 ${FILE}:8; nick=x --nick`,
  );
});

Deno.test("a server that the environment names comes behind the environment, and before the rest of config.json", () => {
  assertEquals(
    clientWith({ environment: { PARLEY_AT: "lab", PARLEY_NICK: "e" }, file: SERVERS }),
    `at=lab PARLEY_AT; server=lab.exam ${FILE}:7; server-key=01234567 ${FILE}:8; nick=e PARLEY_NICK`,
  );
  assertEquals(
    clientWith({ file: { at: "bare", ...SERVERS } }),
    `at=bare ${FILE}:2; server=bare.exa ${FILE}:13; nick=f ${FILE}:3`,
  );
});

Deno.test("a port or a key does not go with another address than the one beside which it stands", () => {
  const file = { server: "f", "server-port": 7000, "server-key": KEY };
  assertEquals(clientWith({ file }, "-i", "there"), "server=there --server");
  assertEquals(
    clientWith({ file, environment: { PARLEY_SERVER: "e", PARLEY_SERVER_PORT: "5" } }),
    "server=e PARLEY_SERVER; server-port=5 PARLEY_SERVER_PORT",
  );
  // One that stands beside none goes with any.
  assertEquals(
    clientWith({ environment: { PARLEY_SERVER_PORT: "5" }, file }, "-i", "there"),
    "server=there --server; server-port=5 PARLEY_SERVER_PORT",
  );
  assertEquals(
    clientWith({ environment: { PARLEY_SERVER: "e" }, file: { "server-port": 7 } }),
    `server=e PARLEY_SERVER; server-port=7 ${FILE}:2`,
  );
  // Nor does the nick of a named server.
  assertEquals(
    clientWith({ file: { at: "lab", ...SERVERS } }, "-i", "there"),
    `server=there --server; nick=f ${FILE}:3`,
  );
  // Without another address they do.
  assertEquals(
    clientWith({ file }, "-p", "6"),
    `server=f ${FILE}:2; server-port=6 --server-port; server-key=01234567 ${FILE}:4`,
  );
});

Deno.test("an invitation takes the place of all that is set of servers, and of no nick that is set for all", () => {
  const options = commandsWith({}).get("client")!.options!;
  const settings: Settings = commandsWith({ file: { at: "lab", ...SERVERS } }).settings;
  const stated = inForce(options, {}, settings, true);
  assertEquals([...stated].map(([name, { value }]) => [name, value]), [["nick", "f"]]);
  for (const flag of ["-s", "-i", "-p", "--server-key"]) {
    const { flags } = readWords([flag, flag === "-p" ? "1" : KEY], options);
    assertThrows(
      () => inForce(options, flags, settings, true),
      OptionError,
      "an invitation names the server",
    );
  }
});

Deno.test("what cannot be is told with the place where it stands", () => {
  const wrong = (given: Given, ...words: string[]) =>
    reasonOf(commandsWith(given).runShell(["client", ...words]));
  const port = "is not a number from 1 to 65535";
  assertEquals(wrong({}, "-p", "0"), `'0' ${port}, change '--server-port'`);
  assertEquals(
    wrong({ environment: { PARLEY_SERVER_PORT: "0" } }),
    `'0' ${port}, change 'PARLEY_SERVER_PORT'`,
  );
  assertEquals(wrong({ file: { "server-port": 0 } }), `${FILE}:2: "server-port": '0' ${port}`);
  const none = (where: string, names: string) =>
    `no server is called 'lob' in '${FILE}': it names ${names}, change '${where}'`;
  assertEquals(wrong({ file: SERVERS }, "-s", "lob"), none("--at", "lab, bare"));
  assertEquals(wrong({}, "-s", "lob"), none("--at", "none"));
  assertEquals(wrong({ environment: { PARLEY_AT: "lob" } }), none("PARLEY_AT", "none"));
  assertEquals(wrong({ file: { at: "lob" } }), none(`${FILE}:2`, "none"));
  assertEquals(
    wrong({ file: SERVERS }, "-s", "lab", "-i", "there"),
    "'--at lab' names the server, leave out '--server'",
  );
});

const REFUSED: readonly [what: string, text: string, says: string][] = [
  ["nothing", "", "1: it has to be an object, {...}"],
  ["a list", "[]", "1: it has to be an object, {...}"],
  ["a text", `"nick"`, "1: it has to be an object, {...}"],
  ["half an object", `{\n"nick": "x",\n`, `2: it is not JSON: the end stands where a key, "...", should`],
  ["a comma too many", `{\n"nick": "x",\n}`, `3: it is not JSON: '}' stands where a key, "...", should`],
  ["no comma", `{\n"nick": "x"\n"log": "/x"\n}`, `3: it is not JSON: '"log"' stands where ',' or '}' should`],
  ["no colon", `{\n"nick" "x"\n}\n`, `2: it is not JSON: '"x"' stands where ':' should`],
  ["no value", `{\n"nick":\n}\n`, `3: it is not JSON: '}' stands where a value should`],
  ["a key without quotes", `{\n\nnick: "x"}`, `3: it is not JSON: 'nick' stands where a key, "...", should`],
  ["a value without quotes", `{"nick":\nx\n\n}`, `2: it is not JSON: x is neither a text in quotes nor`],
  ["single quotes", `{"nick": 'x'}`, `1: it is not JSON: 'x' is neither a text in quotes nor a number`],
  ["a text without its end", `{"nick": "x\n}`, `1: it is not JSON: " is neither a text in quotes nor`],
  ["a wrong escape", `{"nick": "\\x"}`, `1: it is not JSON: "\\x" is neither a text in quotes nor a number`],
  ["a number that is none", `{"server-port": 0x10}`, `1: it is not JSON: 0x10 is neither a text in quotes`],
  ["more behind it", `{}\n{}`, `2: it is not JSON: '{' stands where the end should`],
  ["a comment", `{\n// x\n}`, `2: it is not JSON: '//' stands where a key, "...", should`],
  ["an unknown key", `{\n\n"nik": "x"}`, `3: unknown key "nik", known are nick, `],
  ["a key of everything", `{"__proto__": {"nick": "x"}}`, `1: unknown key "__proto__"`],
  ["a secret", `{"passphrase": "x"}`, `1: unknown key "passphrase"`],
  ["a key twice", `{"nick": "x",\n"nick": "y"}`, `2: "nick" stands there twice`],
  ["a key twice, once escaped", `{"nick": "x",\n"n\\u0069ck": "y"}`, `2: "nick" stands there twice`],
  ["no text and no number", `{"nick": true}`, `1: "nick": true is neither text nor a number`],
  ["null", `{"nick": null}`, `1: "nick": null is neither text nor a number`],
  ["a list for a value", `{"nick":\n["x"]}`, `2: "nick": a list is neither text nor a number`],
  ["an object for a value", `{"nick": {}}`, `1: "nick": an object, {...}, is neither text nor a number`],
  ["an empty text", `{"nick": ""}`, `1: "nick": it has no value`],
  ["no nick", `{"nick": "a b"}`, `1: "nick": 'a b' cannot be a nick`],
  ["half a port", `{"server-port": 1.5}`, `1: "server-port": '1.5' is not a number`],
  ["a path from here", `{"log": "x.log"}`, `1: "log": 'x.log' does not begin at the root`],
  ["a path from home", `{"state": "~/x"}`, `1: "state": '~/x' does not begin at the root`],
  ["servers that are none", `{"servers": 5}`, `1: "servers" has to be an object, {...}`],
  ["a server that is none", `{"servers": {\n"lab": "x"}}`, `2: "lab" has to be an object, {...}`],
  ["a list of servers", `{"servers": ["lab"]}`, `1: "servers": a list is neither text nor a number`],
  ["a server without address", `{"servers": {\n"lab": {"nick": "x"}}}`, `2: "lab" has no "server"`],
  ["a server twice", `{"servers": {"lab": {"server": "x"},\n"lab": {"server": "y"}}}`, `2: "lab" stands`],
  ["an unknown key of a server", `{"servers": {"lab": {\n"log": "/x"}}}`, `2: unknown key "log"`],
  ["a wrong value of a server", `{"servers": {"lab": {\n"nick": "a b"}}}`, `2: "nick": 'a b' cannot`],
  ["servers of a server", `{"servers": {"lab": {"servers": {"x": {}}}}}`, `1: unknown key "servers"`],
];

for (const [what, text, says] of REFUSED) {
  Deno.test(`config.json, ${what}: refused with its line`, () => {
    const reason = reasonOf(commandsWith({ file: text }).runShell(["server"]));
    assert(reason.startsWith(`${FILE}:${says}`), reason);
    assertEquals(reason.split("\n").length, 1);
  });
}

Deno.test("a number may stand as a text, and a text may hold brackets, quotes and line breaks", () => {
  assertEquals(clientWith({ file: `{"server-port":"9998"}` }), `server-port=9998 ${FILE}:1`);
  const text = `{"server": "a\\"{}[]:,",\n "nick"\n:\n"x"}`;
  assertEquals(clientWith({ file: text }), `server=a"{}[]:, ${FILE}:1; nick=x ${FILE}:2`);
});

Deno.test("a command takes only its own settings, and a revocation goes to the server of its file", () => {
  const file = { ...SERVERS, "listen-port": 1, port: 3000 };
  const of = (name: string) => {
    const commands = commandsWith({ file });
    const stated = commands.inForce(commands.get(name)!, []);
    return [...stated].map(([option, { value }]) => `${option}=${value}`);
  };
  assertEquals(of("server"), ["port=1"]);
  assertEquals(of("nicks"), ["port=1"]);
  assertEquals(of("succeed"), ["nick=f", "server=usual", "server-port=7000"]);
  assertEquals(of("revoke"), []);
});

Deno.test("settings are read once, when all commands are there, and by no command that has none", () => {
  let reads = 0;
  const commands = new Commands((all) => {
    reads++;
    const options = all.at("shell").flatMap(({ options = [] }) => options);
    return { ...NO_SETTINGS, ...readEnvironment({ PARLEY_LISTEN_PORT: "1" }, options) };
  });
  for (const module of [client, configCommand, server]) commands.addModule("commands/x.ts", module);
  const misplaced: Command = {
    name: "misplaced",
    usage: "",
    help: "a program that is said to be for the prompt",
    arity: { least: 0, most: 0 },
    place: "shell",
    run: () => ({ type: "program", run: () => Promise.resolve(0) }),
  };
  const module = { register: (all: Commands) => all.add({ ...misplaced, place: "prompt" } as Command) };
  assertThrows(() => commands.addModule("commands/y.ts", module), RegistryError);
  assertEquals(reads, 0);
  assertEquals(commands.inForce(commands.get("server")!, []).get("port")?.value, "1");
  assertEquals(commands.runShell(["config"]).type, "lines");
  assertEquals(reads, 1);
});

Deno.test("one setting is checked in one way, whichever command has it", () => {
  const checks = new Map<string, Option["check"]>();
  for (const { options = [] } of commandsWith({}).at("shell")) {
    for (const { setting, check } of options) {
      if (setting === undefined) continue;
      if (checks.has(setting)) assertEquals(checks.get(setting), check, setting);
      checks.set(setting, check);
    }
  }
});

function configOf(given: Given, ...words: string[]): readonly string[] {
  const result = commandsWith(given).runShell(["config", ...words]);
  assert(result.type === "lines", JSON.stringify(result));
  return result.lines;
}

Deno.test("config shows each setting once, with its place; with a command all that holds for it", () => {
  const given = { file: SERVERS, environment: { PARLEY_ATTEMPTS: "0", PARLEY_NIK: "typo" } };
  const all = configOf(given);
  assertEquals(all[0], `${FILE}: servers: lab, bare`);
  const row = (lines: readonly string[], name: string) =>
    lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.split(/ {2,}/));
  assertEquals(row(all, "server"), [["server", "usual", `${FILE}:3`]]);
  assertEquals(row(all, "listen-port"), [["listen-port", "9999", "default"]]);
  assertEquals(row(all, "PARLEY_NIK"), [["PARLEY_NIK", "no option reads it", "environment"]]);
  const one = configOf(given, "client", "-s", "lab", "-c", "3000", "--passphrase");
  assertEquals(row(one, "server"), [["server", "lab.example", `${FILE}:7`]]);
  assertEquals(row(one, "server-port"), [["server-port", "9999", "default"]]);
  assertEquals(row(one, "port"), [["port", "3000", "--port"]]);
  assertEquals(row(one, "attempts"), [["attempts", "0", "PARLEY_ATTEMPTS"]]);
  assertEquals(row(one, "passphrase"), [["passphrase", "true", "--passphrase"]]);
  assertEquals(configOf({})[0], `${FILE}: nothing is set there`);
});

Deno.test("config --json: one object, in which nothing can move a terminal", () => {
  const [line = "", ...more] = configOf(
    { file: { server: "\u202ea\u001b\u009b\u2028😀" } },
    "--json",
    "client",
    "-n",
    "x",
  );
  assertEquals(more, []);
  assert(/^[ -~]*$/.test(line), line);
  const { file, servers, settings, unread } = JSON.parse(line);
  assertEquals({ file, servers, unread }, { file: FILE, servers: [], unread: [] });
  const of = (name: string) => settings.find((row: { name: string }) => row.name === name);
  assertEquals(of("nick"), { name: "nick", value: "x", from: "flag", where: "--nick" });
  assertEquals(of("server").value, "\u202ea\u001b\u009b\u2028😀");
  assertEquals(of("port"), {
    name: "port",
    value: null,
    from: "default",
    where: null,
    default: "any free one",
  });
  const shown = configOf({ file: { server: "\u202ea\u001b" } }).join();
  assert(!shown.includes("\u202e") && !shown.includes("\u001b"), JSON.stringify(shown));
});

Deno.test("config refuses what is no command, what is no option and what is no option of the command", () => {
  const reason = (...words: string[]) => reasonOf(commandsWith({}).runShell(["config", ...words]));
  assertEquals(reason("frob"), "unknown command 'frob', try 'help'");
  assertEquals(reason("-x"), "unknown option '-x'");
  assertEquals(reason("client", "-x"), "unknown option '-x'");
  assertEquals(reason("client", "alice"), "unexpected argument 'alice', only options count here");
});
