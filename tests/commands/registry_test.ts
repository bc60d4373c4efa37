import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  type Command,
  type CommandModule,
  Commands,
  RegistryError,
  usageOf,
} from "../../commands/_registry.ts";

/** A command that says what it was given. */
function echo(name: string, least: number, most: number, place: Command["place"] = "prompt"): Command {
  return {
    name,
    usage: "<some> <thing>",
    help: `echo ${name}`,
    arity: { least, most },
    place,
    run: (args) => ({ type: "lines", lines: args }),
  };
}

function registry(...commands: Command[]): Commands {
  const registry = new Commands();
  for (const command of commands) {
    registry.addModule(`commands/${command.name}.ts`, { register: (all) => all.add(command) });
  }
  return registry;
}

const SEND = echo("send", 2, 2);
const lines = (...given: string[]) => ({ type: "lines" as const, lines: given });

Deno.test("a line is a name and its arguments", () => {
  const commands = registry(SEND, echo("peers", 0, 0));
  assertEquals(commands.runLine("send bob hi"), lines("bob", "hi"));
  assertEquals(commands.runLine("  peers  "), lines());
});

Deno.test("the last argument keeps the spaces inside it, those at both ends are dropped", () => {
  const commands = registry(SEND, echo("send_all", 1, 1));
  assertEquals(commands.runLine("send  bob   a  b   c  "), lines("bob", "a  b   c"));
  assertEquals(commands.runLine("send_all  a  b "), lines("a  b"));
  assertEquals(commands.runLine("send bob a\tb"), lines("bob", "a\tb"));
});

Deno.test("a pasted message keeps its line breaks", () => {
  assertEquals(registry(SEND).runLine("send bob one\n  two\r\nthree\n"), lines("bob", "one\n  two\r\nthree"));
});

Deno.test("too few arguments, or too many, print the usage", () => {
  const commands = registry(SEND, echo("peers", 0, 0), echo("reg", 1, 1));
  const usage = (name: string) => ({ type: "wrong" as const, reason: `usage: ${name} <some> <thing>` });
  assertEquals(commands.runLine("send"), usage("send"));
  assertEquals(commands.runLine("send bob"), usage("send"));
  assertEquals(commands.runLine("send bob   "), usage("send"));
  assertEquals(commands.runLine("peers now"), usage("peers"));
  assertEquals(commands.runLine("reg"), usage("reg"));
  assertEquals(usageOf({ ...SEND, usage: "" }), "usage: send");
});

Deno.test("in a shell the words are the arguments, as the shell has split them", () => {
  const commands = registry(echo("pair", 1, 2, "shell"), echo("help", 0, 1, "both"));
  assertEquals(commands.runShell(["pair", "a  b", " c "]), lines("a  b", " c "));
  assertEquals(commands.runShell(["pair", "a", "b", "c"]), {
    type: "wrong",
    reason: "usage: pair <some> <thing>",
  });
  assertEquals(commands.runShell([]), lines());
});

Deno.test("in a shell options are told from arguments, and all behind '--' is an argument", () => {
  const options = [{ name: "to", short: "t", value: "NICK", help: "whom" }, { name: "loud", help: "shout" }];
  const say: Command = {
    ...echo("say", 0, 2, "shell"),
    options,
    run: (args, _, given) => ({ type: "lines", lines: [...args, given.to ?? "-", given.loud ?? "-"] }),
  };
  const commands = registry(say, echo("help", 0, 1, "both"));
  assertEquals(commands.runShell(["say", "hi", "-t", "bob", "--loud"]), lines("hi", "bob", "true"));
  assertEquals(commands.runShell(["say", "--to=bob", ""]), lines("", "bob", "-"));
  assertEquals(commands.runShell(["say", "--", "-t", "--help"]), lines("-t", "--help", "-", "-"));
  assertEquals(commands.runShell(["say", "hi", "--help"]), lines("say"));
  const wrong = (...words: string[]) => commands.runShell(["say", ...words]);
  assertEquals(wrong("-x"), { type: "wrong", reason: "unknown option '-x'" });
  assertEquals(wrong("a", "b", "c"), { type: "wrong", reason: "unexpected argument 'c'" });
  assertEquals(wrong("-t", ""), { type: "wrong", reason: "option '-t' has no value, give one" });
  assertEquals(wrong("--loud=yes"), { type: "wrong", reason: "option '--loud' takes no value" });
});

Deno.test("a command is found only where it may be given", () => {
  const commands = registry(
    echo("here", 0, 0, "prompt"),
    echo("there", 0, 0, "shell"),
    echo("both", 0, 0, "both"),
  );
  assertEquals(commands.at("prompt").map(({ name }) => name), ["both", "here"]);
  assertEquals(commands.at("shell").map(({ name }) => name), ["both", "there"]);
  assertEquals(commands.runLine("there").type, "wrong");
  assertEquals(commands.runShell(["here"]).type, "wrong");
  assertEquals(commands.get("there")?.name, "there");
});

Deno.test("an unknown command suggests the nearest one, or help", () => {
  const commands = registry(SEND, echo("send_all", 1, 1), echo("dereg", 1, 1), echo("reg", 1, 1));
  const advice = (line: string) => {
    const outcome = commands.runLine(line);
    return outcome.type === "wrong" ? outcome.reason : outcome;
  };
  assertEquals(advice("sned bob hi"), "unknown command 'sned', did you mean 'send'?");
  assertEquals(advice("send_al hi"), "unknown command 'send_al', did you mean 'send_all'?");
  assertEquals(advice("rge x"), "unknown command 'rge', did you mean 'reg'?");
  assertEquals(advice("SEND"), "unknown command 'SEND', try 'help'");
  assertEquals(advice("frobnicate"), "unknown command 'frobnicate', try 'help'");
  // Nothing that everything inherits is a command.
  assertEquals(advice("constructor"), "unknown command 'constructor', try 'help'");
});

Deno.test("a name taken twice is refused with both files named", () => {
  const commands = registry(SEND);
  const error = assertThrows(
    () => commands.addModule("commands/again.ts", { register: (all) => all.add(SEND) }),
    RegistryError,
    "'send'",
  );
  assertStringIncludes(error.message, "commands/again.ts");
  assertStringIncludes(error.message, "commands/send.ts");
});

Deno.test("a name that a shell would not take for one word is refused", () => {
  for (const name of ["", "a b", "-a", "A", "a;b", "$(a)", "ä", "a\n", "1"]) {
    assertThrows(() => registry(echo(name, 0, 0)), RegistryError, "a name is small letters");
  }
  assertEquals(registry(echo("a-b_9", 0, 0)).get("a-b_9")?.name, "a-b_9");
});

Deno.test("a module that registers nothing is refused with its file named", () => {
  const modules: unknown[] = [{}, { register: 5 }, { register: () => {} }, { default: SEND }];
  for (const module of modules) {
    const add = () => new Commands().addModule("commands/empty.ts", module as Partial<CommandModule>);
    assertThrows(add, RegistryError, "commands/empty.ts");
  }
});

/** A command that gives actions, or starts a program, wherever it is said to have its place. */
function misplaced(place: Command["place"], type: "actions" | "program"): unknown {
  const result = type === "actions" ? { type, actions: [{ type: "quit" }] } : { type, run: () => 0 };
  return { ...echo("away", 1, 1, place), run: () => result };
}

Deno.test("a command in a shell that gives actions is refused at its registration: nobody would carry them out", () => {
  for (const place of ["shell", "both"] as const) {
    assertThrows(
      () => registry(misplaced(place, "actions") as Command),
      RegistryError,
      "cannot use 'away' of 'commands/away.ts' in a shell: its actions need a client, register it with place 'prompt'",
    );
  }
});

Deno.test("a command at the prompt that starts a program is refused at its registration", () => {
  for (const place of ["prompt", "both"] as const) {
    assertThrows(
      () => registry(misplaced(place, "program") as Command),
      RegistryError,
      "cannot use 'away' of 'commands/away.ts' at the prompt: it starts a program, register it with place 'shell'",
    );
  }
});
