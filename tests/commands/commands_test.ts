/** The commands that come with the program: where they may be given, and what they ask for. */
import { assert, assertArrayIncludes, assertEquals } from "@std/assert";
import * as client from "../../commands/client.ts";
import * as demo from "../../commands/demo.ts";
import * as dereg from "../../commands/dereg.ts";
import * as help from "../../commands/help.ts";
import * as peers from "../../commands/peers.ts";
import * as quit from "../../commands/quit.ts";
import * as reg from "../../commands/reg.ts";
import * as send from "../../commands/send.ts";
import * as sendAll from "../../commands/send_all.ts";
import * as server from "../../commands/server.ts";
import { Commands, usageOf } from "../../commands/_registry.ts";

const MODULES = { client, demo, dereg, help, peers, quit, reg, send, sendAll, server };
const commands = new Commands();
for (const [name, module] of Object.entries(MODULES)) commands.addModule(`commands/${name}.ts`, module);

const actions = (line: string) => {
  const outcome = commands.runLine(line);
  return outcome.type === "actions" ? outcome.actions : outcome;
};

function linesOf(outcome: ReturnType<Commands["runLine"]>): readonly string[] {
  assert(outcome.type === "lines");
  return outcome.lines;
}

Deno.test("server, client, demo and help are for the shell, the others for the prompt", () => {
  const names = (place: "shell" | "prompt") => commands.at(place).map(({ name }) => name);
  assertEquals(names("shell"), ["client", "demo", "help", "server"]);
  assertEquals(names("prompt"), ["dereg", "help", "peers", "quit", "reg", "send", "send_all"]);
});

Deno.test("at the prompt each asks for one action", () => {
  assertEquals(actions("reg x"), [{ type: "register", nick: "x" }]);
  assertEquals(actions("dereg x"), [{ type: "deregister", nick: "x" }]);
  assertEquals(actions("send bob  a  b"), [{ type: "sendDirect", to: "bob", text: "a  b" }]);
  assertEquals(actions("send_all a  b"), [{ type: "sendChannel", text: "a  b" }]);
  assertEquals(actions("peers"), [{ type: "listPeers" }]);
  assertEquals(actions("quit"), [{ type: "quit" }]);
});

Deno.test("demo starts the demo", () => {
  assertEquals(commands.runShell(["demo"]), { type: "start", program: { type: "demo" } });
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

Deno.test("every command says in one line what it does, and how it is used", () => {
  for (const command of [...commands.at("shell"), ...commands.at("prompt")]) {
    assert(command.help !== "" && !command.help.includes("\n"), command.name);
    assert(command.arity.least <= command.arity.most, command.name);
    assertEquals(command.usage === "", command.arity.most === 0, command.name);
  }
});
