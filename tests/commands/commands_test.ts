/** The commands that come with the program: where they may be given, and what they ask for. */
import { assert, assertArrayIncludes, assertEquals } from "@std/assert";
import { Commands, type PromptResult, type ShellResult, usageOf } from "../../commands/_registry.ts";
import * as ack from "../../commands/ack.ts";
import * as daemon from "../../commands/daemon.ts";
import * as inbox from "../../commands/inbox.ts";
import * as ignore from "../../commands/ignore.ts";
import * as show from "../../commands/show.ts";
import * as leave from "../../commands/leave.ts";
import * as knownNicks from "../../commands/known_nicks.ts";
import * as listen from "../../commands/listen.ts";
import * as rpc from "../../commands/rpc.ts";
import * as run from "../../commands/run.ts";
import * as wait from "../../commands/wait.ts";
import * as backup from "../../commands/backup.ts";
import * as client from "../../commands/client.ts";
import * as completions from "../../commands/completions.ts";
import * as configCommand from "../../commands/config.ts";
import * as demo from "../../commands/demo.ts";
import * as dereg from "../../commands/dereg.ts";
import * as doctor from "../../commands/doctor.ts";
import * as exportCommand from "../../commands/export.ts";
import * as help from "../../commands/help.ts";
import * as history from "../../commands/history.ts";
import * as invite from "../../commands/invite.ts";
import * as man from "../../commands/man.ts";
import * as mcp from "../../commands/mcp.ts";
import * as nicks from "../../commands/nicks.ts";
import * as peers from "../../commands/peers.ts";
import * as quit from "../../commands/quit.ts";
import * as reg from "../../commands/reg.ts";
import * as revoke from "../../commands/revoke.ts";
import * as schema from "../../commands/schema.ts";
import * as search from "../../commands/search.ts";
import * as send from "../../commands/send.ts";
import * as sendAll from "../../commands/send_all.ts";
import * as server from "../../commands/server.ts";
import * as status from "../../commands/status.ts";
import * as succeed from "../../commands/succeed.ts";
import * as talk from "../../commands/talk.ts";
import * as trust from "../../commands/trust.ts";
import * as trustCommand from "../../commands/trust_command.ts";
import * as verify from "../../commands/verify.ts";
import * as version from "../../commands/version.ts";
import { VERSION } from "../../core/base/version.ts";
import config from "../../deno.json" with { type: "json" };
import { onlySends } from "../../programs/reading.ts";

const MODULES = {
  knownNicks,
  ignore,
  show,
  leave,
  talk,
  wait,
  run,
  rpc,
  listen,
  inbox,
  daemon,
  ack,
  backup,
  client,
  completions,
  configCommand,
  demo,
  dereg,
  doctor,
  exportCommand,
  help,
  history,
  invite,
  man,
  mcp,
  nicks,
  peers,
  quit,
  reg,
  revoke,
  schema,
  search,
  send,
  sendAll,
  server,
  status,
  succeed,
  trust,
  trustCommand,
  verify,
  version,
};
const commands = new Commands();
for (const [name, module] of Object.entries(MODULES)) commands.addModule(`commands/${name}.ts`, module);

const actions = (line: string) => {
  const outcome = commands.runLine(line);
  return outcome.type === "actions" ? outcome.actions : outcome;
};

function linesOf(outcome: PromptResult | ShellResult): readonly string[] {
  assert(outcome.type === "lines");
  return outcome.lines;
}

Deno.test("which commands are for a shell, and which for the prompt", () => {
  const names = (place: "shell" | "prompt") => commands.at(place).map(({ name }) => name);
  assertEquals(names("shell"), [
    "ack",
    "backup",
    "client",
    "completions",
    "config",
    "daemon",
    "demo",
    "dereg",
    "doctor",
    "export",
    "help",
    "history",
    "inbox",
    "invite",
    "known-nicks",
    "listen",
    "man",
    "mcp",
    "nicks",
    "peers",
    "reg",
    "revoke",
    "rpc",
    "run",
    "schema",
    "search",
    "send",
    "server",
    "status",
    "succeed",
    "trust",
    "trust-command",
    "verify",
    "version",
    "wait",
  ]);
  assertEquals(names("prompt"), [
    "dereg",
    "help",
    "history",
    "ignore",
    "invite",
    "leave",
    "peers",
    "quit",
    "reg",
    "search",
    "send",
    "send_all",
    "show",
    "talk",
    "trust",
    "verify",
    "version",
  ]);
});

Deno.test("at the prompt each asks for one action", () => {
  assertEquals(actions("reg x"), [{ type: "register", nick: "x" }]);
  assertEquals(actions("dereg x"), [{ type: "deregister", nick: "x" }]);
  assertEquals(actions("send bob  a  b"), [{ type: "sendDirect", to: "bob", text: "a  b" }]);
  assertEquals(actions("send_all a  b"), [{ type: "sendChannel", text: "a  b" }]);
  assertEquals(actions("peers"), [{ type: "listPeers" }]);
  assertEquals(actions("quit"), [{ type: "quit" }]);
  assertEquals(actions("invite"), [{ type: "invite" }]);
  assertEquals(actions("trust bob"), [{ type: "trust", nick: "bob" }]);
  assertEquals(actions("verify bob"), [{ type: "verify", nick: "bob", digits: undefined }]);
  assertEquals(actions("verify bob 01234 56789"), [{ type: "verify", nick: "bob", digits: "0123456789" }]);
});

Deno.test("demo starts the demo", () => {
  assertEquals(commands.runShell(["demo"]).type, "program");
});

Deno.test("the version is that of the program and of the protocol, asked for as a command or an option", () => {
  const lines = [`parley ${config.version}, protocol version ${VERSION}`];
  for (const words of [["version"], ["--version"]]) {
    assertEquals(commands.runShell(words), { type: "lines", lines });
  }
});

Deno.test("help lists every command with one line", () => {
  const lines = linesOf(commands.runLine("help"));
  for (const command of [...commands.at("shell"), ...commands.at("prompt")]) {
    assert(
      lines.some((line) => line.trim().startsWith(command.name) && line.endsWith(command.help)),
      command.name,
    );
  }
  assertEquals(linesOf(commands.runShell([])), lines);
});

Deno.test("help explains one command, wherever that may be given", () => {
  for (const name of ["send", "server"]) {
    const lines = linesOf(commands.runLine(`help ${name}`));
    assertEquals(lines[0], usageOf(commands.get(name)!));
    assertArrayIncludes(lines, [`  ${commands.get(name)!.help}`]);
  }
  assertEquals(commands.runLine("help frob"), {
    type: "wrong",
    reason: "unknown command 'frob', try 'help'",
  });
});

/** What `help NAME` has to name: how it is used, and all that one may give. */
const EXPLAINED: Readonly<Record<string, { usage: string; names: string[] }>> = {
  backup: {
    usage: "backup FILE [options]",
    names: ["-p, --port PORT", "--data FILE", "must not be there", "docs/operations.md"],
  },
  client: {
    usage: "client [INVITE] [options]",
    names: [
      "-n, --nick NICK",
      "-s, --at NAME",
      "-i, --server ADDRESS",
      "-p, --server-port PORT",
      "--server-key KEY",
      "PARLEY_SERVER_PORT ",
      "-c, --port PORT",
      "--host ADDRESS",
      "--state DIR",
      "--identity FILE",
      "--passphrase ",
      "--channel-key FILE",
      "--attempts N",
      "--durability HOW",
      "--no-history ",
      "--history-days DAYS",
      "--history-size MB",
      "--history-lines N",
      "--log FILE",
      "--plain ",
      "--times ",
      "--presence HOW",
      "--notify OSC",
      "INVITE is what 'invite' shows",
    ],
  },
  completions: { usage: "completions SHELL", names: ["bash", "zsh", "fish"] },
  config: { usage: "config [--json] [command] [its options]", names: ["--json", "PARLEY_", "servers"] },
  demo: { usage: "demo", names: [] },
  dereg: { usage: "dereg <nick>", names: ["'reg <nick>'"] },
  doctor: { usage: "doctor [options]", names: ["--nick NICK", "--json", "changes nothing"] },
  export: { usage: "export [options]", names: ["--json", "--state DIR"] },
  help: { usage: "help [command]", names: [] },
  history: { usage: "history [nick] [-n N] [--before TIME] [--all]", names: ["in a shell:", "--json"] },
  invite: { usage: "invite", names: ["this server and you"] },
  man: { usage: "man", names: ["man ./parley.1"] },
  mcp: { usage: "mcp [options]", names: ["send, inbox, ack, wait and peers"] },
  nicks: {
    usage: "nicks [options]",
    names: ["-p, --port PORT", "--data FILE", "--release NICK", "--expire DAYS", "was there last"],
  },
  ignore: { usage: "ignore <nick>", names: ["'show'"] },
  show: { usage: "show [nick]", names: [] },
  leave: { usage: "leave", names: [] },
  peers: { usage: "peers", names: [] },
  talk: { usage: "talk [nick]", names: ["'//'"] },
  quit: { usage: "quit", names: [] },
  reg: { usage: "reg <nick>", names: [] },
  revoke: {
    usage: "revoke FILE [options]",
    names: ["-i, --server ADDRESS", "-p, --server-port PORT", "--server-key KEY", "Nobody can undo it"],
  },
  schema: { usage: "schema", names: [] },
  search: { usage: "search <words> [--from NICK] [-n N]", names: ["in a shell:", "accents"] },
  send: { usage: "send <nick> <message>", names: ["in a shell:", "--once KEY", "--wait STATE"] },
  send_all: { usage: "send_all <message>", names: [] },
  server: {
    usage: "server [options]",
    names: [
      "-p, --port PORT",
      "--host ADDRESS",
      "--data FILE",
      "--name NAME",
      "--max-nicks N ",
      "--max-new-nicks N ",
      "--max-mail MIB ",
      "--nick-days N ",
      "PARLEY_LISTEN_PORT ",
      "(90)",
      "(100000)",
      "(20)",
      "(256)",
      "--durability HOW",
      "--log-level LEVEL",
    ],
  },
  status: {
    usage: "status [options]",
    names: ["-p, --port PORT", "--data FILE", "--json", "docs/operations.md"],
  },
  succeed: {
    usage: "succeed -n NICK [options]",
    names: [
      "-n, --nick NICK",
      "-i, --server ADDRESS",
      "-p, --server-port PORT",
      "--state DIR",
      "--identity FILE",
      "--passphrase ",
      "Start the client then",
    ],
  },
  ack: { usage: "ack <id> [options]", names: ["--nick NICK", "--json"] },
  daemon: { usage: "daemon [options]", names: ["--nick NICK", "--state DIR"] },
  inbox: { usage: "inbox [options]", names: ["--json", "until 'ack'"] },
  "known-nicks": { usage: "known-nicks [options]", names: ["--nick NICK"] },
  listen: {
    usage: "listen [options]",
    names: ["--as NAME", "--since CURSOR", "--exec COMMAND", "--give-up N"],
  },
  rpc: { usage: "rpc [options]", names: ["--nick NICK", "docs/scripts.md"] },
  run: {
    usage: "run <nick> [options] -- <command> [arguments]",
    names: ["--wait STATE", "--timeout SECONDS"],
  },
  wait: { usage: "wait <id> [options]", names: ["--wait STATE", "(delivered)"] },
  trust: { usage: "trust <nick>", names: ["key has changed", "the mark of 'verify'"] },
  "trust-command": { usage: "trust-command FILE", names: ["beside config.json", "has changed"] },
  version: { usage: "version", names: [] },
  verify: { usage: "verify <nick> [DIGITS]", names: ["60 digits", "the last five"] },
};

Deno.test("help explains each command with all that one may give", () => {
  const all = new Set([...commands.at("shell"), ...commands.at("prompt")].map(({ name }) => name));
  assertEquals([...all].sort(), Object.keys(EXPLAINED).sort());
  for (const [name, { usage, names }] of Object.entries(EXPLAINED)) {
    const { help, place } = commands.get(name)!;
    const lines = linesOf(commands.runShell(["help", name]));
    assertEquals(lines.slice(0, 2), [`usage: ${usage}`, `  ${help}`]);
    for (const what of names) assert(lines.slice(2).some((line) => line.includes(what)), `${name}: ${what}`);
    assertEquals(linesOf(commands.runLine(`help ${name}`)), lines);
    if (place !== "prompt") assertEquals(linesOf(commands.runShell([name, "--help"])), lines);
  }
});

Deno.test("help names no option that is not known", () => {
  for (
    const name of [
      "backup",
      "client",
      "daemon",
      "listen",
      "nicks",
      "revoke",
      "send",
      "server",
      "status",
      "succeed",
    ]
  ) {
    for (const line of linesOf(commands.runShell(["help", name])).filter((line) => /^ +-/.test(line))) {
      const [, long = "", value] = /(--[a-z-]+)(?: ([A-Z]+))? /.exec(line) ?? [];
      // The value is wrong for most of them, but each is known.
      const outcome = commands.runShell([name, long, ...value === undefined ? [] : ["?"]]);
      assert(outcome.type !== "wrong" || !outcome.reason.startsWith("unknown"), `${name} ${long}`);
    }
  }
});

Deno.test("every command says in one line what it does, and how it is used", () => {
  for (const command of [...commands.at("shell"), ...commands.at("prompt")]) {
    assert(command.help !== "" && !command.help.includes("\n"), command.name);
    assert(command.arity.least <= command.arity.most, command.name);
    assertEquals(
      command.usage === "",
      command.arity.most === 0 && command.options === undefined,
      command.name,
    );
  }
});

for (
  const [input, expected] of [
    ["send y hi\n", true],
    ["send y hi", true],
    ["\n  \nsend y one\r\nsend_all two\nquit\n", true],
    // Whoever sends nothing wants something else, such as the mail.
    ["", false],
    ["\n", false],
    ["quit\n", false],
    ["peers\nsend y hi\n", false],
    ["send y hi\ndereg x\n", false],
    ["send y hi\nhelp\n", false],
    // What is wrong may have been meant for anything.
    ["send y hi\nsned y hi\n", false],
    ["send y\n", false],
  ] as const
) {
  Deno.test(`${JSON.stringify(input)} does ${expected ? "nothing but send" : "not only send"}`, () => {
    const bytes = new TextEncoder().encode(input);
    assertEquals(onlySends(commands, [bytes.slice(0, 5), bytes.slice(5)]), expected);
  });
}

Deno.test("history, search: what is asked of the history at the prompt", () => {
  const asked = (line: string) => {
    const outcome = commands.runLine(line);
    assert(outcome.type === "actions", line);
    const [action] = outcome.actions;
    assert(action?.type === "readHistory");
    return Object.fromEntries(Object.entries(action.query).filter(([, value]) => value !== undefined));
  };
  const usual = { count: 50, shownOnly: false };
  assertEquals(asked("history"), { ...usual, peer: null });
  assertEquals(asked("history bob"), { ...usual, peer: "bob" });
  assertEquals(asked("history --all -n 7"), { ...usual, count: 7 });
  const before = new Date("2026-11-27T09:30").getTime();
  assertEquals(asked("history bob --before 2026-11-27T09:30"), { ...usual, peer: "bob", before });
  assertEquals(asked("search two words --from bob -n 5"), {
    ...usual,
    count: 5,
    words: "two words",
    from: "bob",
  });
  const wrong = (line: string) => {
    const outcome = commands.runLine(line);
    return outcome.type === "wrong" ? outcome.reason : outcome.type;
  };
  assertEquals(wrong("history bob --all"), "'bob' and '--all' are both given, leave one out");
  assertEquals(wrong("history -n 0"), "'0' is not a number from 1 to 100000");
  assertEquals(wrong("history --before soon"), "'soon' is not a date, such as 2026-11-27T09:30");
  assertEquals(wrong("history --bad"), "unknown option '--bad'");
  assertEquals(wrong("search"), "usage: search <words> [--from NICK] [-n N]");
});

Deno.test("no command has two options of one name or letter", () => {
  for (const place of ["shell", "prompt"] as const) {
    for (const { name, options = [] } of commands.at(place)) {
      const names = options.flatMap((option) => [option.name, option.short ?? []].flat());
      assertEquals(names, [...new Set(names)], name);
    }
  }
});
