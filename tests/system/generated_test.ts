/**
 * What is made from the registry for other programs: the man page, and the completions of three shells. A
 * test runs the program that is to read it, and is left out, by a line that says so, where that is missing.
 */
import { assert, assertArrayIncludes, assertEquals } from "@std/assert";
import { completionsFor, type Shell, SHELLS } from "../../commands/_completions.ts";
import { EXAMPLES, manPage } from "../../commands/_man_page.ts";
import { loadCommands } from "../../commands/_load.ts";
import { Commands } from "../../commands/_registry.ts";
import { NO_SETTINGS } from "../../commands/_settings.ts";
import { Host } from "./host.ts";

const OURS = await loadCommands(() => NO_SETTINGS);

/** Texts that mean something to those who read them. */
const ODD = `.Dd 'tis "quoted" \\fB $(reboot) \`reboot\` [a] {b} c: %s; $HOME | 'x' -- * & end.`;

/** A registry of such texts. */
function oddCommands(): Commands {
  const commands = new Commands();
  commands.addModule("odd.ts", {
    register: (all) =>
      all.add({
        name: "odd-one",
        usage: "<to> [-x 'y'] .Pp TEXT... | -",
        help: ODD,
        details: [ODD, ".Sh BAD", "'", ".", "\\", ""],
        options: [
          {
            name: "odd",
            short: "o",
            value: "A.",
            help: ODD,
            otherwise: ODD,
            setting: "odd",
            completes: "files",
          },
          { name: "flag", help: ODD },
          { name: "dir", value: "DIR", help: ODD, completes: "folders" },
          { name: "word", short: "w", value: "WORD", help: ODD, completes: ["one", "two"] },
        ],
        arity: { least: 0, most: 9 },
        completes: "commands",
        place: "both",
        run: () => ({ type: "lines", lines: [] }),
      }),
  });
  return commands;
}

function isInstalled(program: string): boolean {
  try {
    return new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync()
      .code >= 0;
  } catch {
    console.log(`${program} is not installed, so what is made for it is not tried`);
    return false;
  }
}

const INSTALLED = new Map(["mandoc", ...SHELLS].map((program) => [program, isInstalled(program)]));

/** Runs a program in the folder with this on its standard input; returns all that it writes. */
async function feed(program: string, args: readonly string[], input: string, cwd?: string): Promise<string> {
  const child = new Deno.Command(program, {
    args: [...args],
    ...cwd === undefined ? {} : { cwd },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { stdout, stderr } = await child.output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

const WHOSE: readonly [whose: string, commands: Commands][] = [["ours", OURS], ["odd ones", oddCommands()]];

for (const [whose, commands] of WHOSE) {
  Deno.test({
    name: `mandoc finds nothing to say of the man page of ${whose}`,
    ignore: !INSTALLED.get("mandoc"),
    fn: async () => {
      const page = manPage(commands, "1.2.3").join("\n") + "\n";
      assertEquals(await feed("mandoc", ["-Tlint"], page), "");
      const seen = (await feed("mandoc", ["-Tascii"], page)).replace(/.[\b]/g, "").replace(/\s+/g, " ");
      for (const { help, options = [] } of commands.at("shell")) {
        for (const line of [help, ...options.map((option) => option.help)]) {
          assert(seen.includes(line.replace(/\s+/g, " ")), line);
        }
      }
    },
  });

  for (const shell of SHELLS) {
    Deno.test({
      name: `${shell} can read the completions of ${whose}`,
      ignore: !INSTALLED.get(shell),
      fn: async () => {
        const folder = await Deno.makeTempDir({ prefix: "parley-test-" });
        await Deno.writeTextFile(`${folder}/script`, completionsFor(shell, commands).join("\n") + "\n");
        assertEquals(await feed(shell, ["-n", `${folder}/script`], ""), "");
        await Deno.remove(folder, { recursive: true });
      },
    });
  }
}

/** How each shell is asked what it would offer for a line that ends with the last word. */
const ASK: Readonly<Record<Shell, (words: readonly string[]) => string>> = {
  bash: (words) =>
    `compopt() { printf '%s\\n' "<$2>"; }
     COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}
     _parley; printf '%s\\n' "\${COMPREPLY[@]}"`,
  // These two stand in for the line editor, and say what it would be told.
  zsh: (words) =>
    `_arguments() { print -rl -- "$@" }; _describe() { print -rl -- $commands }
     words=(${words.map((word) => `'${word}'`).join(" ")}); CURRENT=${words.length}; _parley`,
  fish: (words) => `complete -C '${words.join(" ")}'`,
};

/** What a shell offers, in a folder where there are the file 'file' and the folder 'folder'. */
async function offers(shell: Shell, commands: Commands, ...words: string[]): Promise<string[]> {
  const cwd = await Deno.makeTempDir({ prefix: "parley-test-" });
  await Deno.mkdir(`${cwd}/folder`);
  await Deno.writeTextFile(`${cwd}/file`, "");
  const before = shell === "zsh" ? ["compdef() { }"] : [];
  const script = [...before, ...completionsFor(shell, commands), ASK[shell](["parley", ...words])].join("\n");
  const args = { bash: ["--norc"], zsh: ["-f"], fish: ["--no-config"] }[shell];
  const lines = (await feed(shell, args, `${script}\n`, cwd)).trim().split("\n");
  await Deno.remove(cwd, { recursive: true });
  return shell === "fish" ? lines.map((line) => line.split("\t")[0]!) : lines;
}

const NAMES = OURS.at("shell").map(({ name }) => name);

Deno.test({
  name: "bash offers commands, options, and the values of options",
  ignore: !INSTALLED.get("bash"),
  fn: async () => {
    const bash = (...words: string[]) => offers("bash", OURS, ...words);
    assertEquals(await bash(""), NAMES);
    assertEquals(await bash("cl"), ["client"]);
    assertEquals(await bash("client", "--dur"), ["--durability"]);
    assertEquals(await bash("client", "--durability", ""), ["full", "normal"]);
    assertEquals(await bash("client", "--durability", "=", "n"), ["normal"]);
    assertEquals(await bash("client", "-n", ""), [""]);
    assertEquals(await bash("client", "--log", ""), ["<default>"]);
    assertEquals(await bash("client", "--state", ""), ["<dirnames>"]);
    assertEquals(await bash("revoke", ""), ["<default>"]);
    assertEquals(await bash("completions", ""), [...SHELLS]);
    assertEquals(await bash("help", ""), NAMES);
    // What is no command offers nothing.
    assertEquals(await bash("frob", ""), [""]);
    assertEquals(await offers("bash", oddCommands(), "odd-one", "-"), [
      "--odd",
      "-o",
      "--flag",
      "--dir",
      "--word",
      "-w",
    ]);
  },
});

Deno.test({
  name: "zsh is told of commands, options, and the values of options",
  ignore: !INSTALLED.get("zsh"),
  fn: async () => {
    const zsh = (...words: string[]) => offers("zsh", OURS, ...words);
    assertEquals((await zsh("")).map((line) => line.split(":")[0]), NAMES);
    assertArrayIncludes(await zsh("client", ""), [
      "(-n --nick)-n+[your nick]:NICK:",
      "(-n --nick)--nick=[your nick]:NICK:",
      "--passphrase[protect keys that have no passphrase yet by one]",
      "--log=[write a log, without message texts]:FILE:_files",
    ]);
    assertArrayIncludes(await zsh("revoke", ""), ["*:argument:_files"]);
    assertEquals(await zsh("frob", ""), [""]);
    const odd = await offers("zsh", oddCommands(), "odd-one", "");
    assertArrayIncludes(odd, [
      `--flag[${ODD.replace(/[[\]\\]/g, "\\$&")}]`,
      `(-w --word)-w+[${ODD.replace(/[[\]\\]/g, "\\$&")}]:WORD:(one two)`,
      "*:argument:(odd-one)",
    ]);
  },
});

Deno.test({
  name: "fish offers commands, options, and the values of options",
  ignore: !INSTALLED.get("fish"),
  fn: async () => {
    const fish = (...words: string[]) => offers("fish", OURS, ...words);
    assertEquals(await fish(""), NAMES);
    assertEquals(await fish("client", "--dur"), ["--durability"]);
    assertEquals(await fish("client", "--durability", ""), ["full", "normal"]);
    assertEquals(await fish("client", "-n", ""), [""]);
    assertEquals(await fish("client", "--log", "f"), ["file", "folder/"]);
    assertEquals(await fish("client", "--state", "f"), ["folder/"]);
    assertEquals(await fish("revoke", "f"), ["file", "folder/"]);
    assertEquals(await fish("help", "s"), NAMES.filter((name) => name.startsWith("s")));
    assertEquals(await offers("fish", oddCommands(), "odd-one", "--word", ""), ["one", "two"]);
  },
});

Deno.test("the examples of the man page are not wrong", async () => {
  await using host = await Host.create();
  for (const [, words] of EXAMPLES) {
    // Those that do not end by themselves are only read.
    if (OURS.runShell(words).type === "lines") assertEquals(await host.run(words).status, 0);
    assert(OURS.runShell(words).type !== "wrong", words.join(" "));
  }
});

Deno.test("man and completions print what there is, and no other shell is known", async () => {
  await using host = await Host.create();
  const man = host.run(["man"]);
  assertEquals(await man.status, 0);
  assertEquals(man.output.lines[1], ".Dt PARLEY 1");
  for (const shell of SHELLS) {
    const run = host.run(["completions", shell]);
    assertEquals(await run.status, 0);
    assertEquals(run.output.lines.join("\n"), completionsFor(shell, OURS).join("\n"));
  }
  const run = host.run(["completions", "tcsh"]);
  assertEquals(await run.status, 2);
  assertEquals(run.error.text, "'tcsh' is not one of bash, zsh, fish\n");
});
