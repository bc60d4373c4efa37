/** Adding a command is adding one file. */
import { assertEquals, assertMatch } from "@std/assert";
import { PROJECT } from "../kit/program.ts";
import { Host } from "./host.ts";

const SHOUT = `
import type { Commands } from "./_registry.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "shout",
    usage: "<nick> <message>",
    help: "send a message in capitals",
    arity: { least: 2, most: 2 },
    place: "prompt",
    run: ([to = "", text = ""]) => ({
      type: "actions",
      actions: [{ type: "sendDirect", to, text: text.toUpperCase() }],
    }),
  });
}
`;

Deno.test("a file dropped into commands/ is a command", async () => {
  await using host = await Host.withServer();
  const project = await copyProject(host.folder);
  await Deno.writeTextFile(`${project}/commands/shout.ts`, SHOUT);

  const help = host.run(["help"], { project });
  assertEquals(await help.status, 0);
  await help.sees(/^ {2}shout <nick> <message> +send a message in capitals\n/m);

  const x = await host.onTerminal("x", [], { project });
  await x.say("help shout");
  await x.sees("usage: shout <nick> <message>");
  await x.say("shout x  how  are you? ");
  await x.sees("x: HOW  ARE YOU?");
  await x.say("shout x");
  await x.sees("usage: shout <nick> <message>");
  await x.say("shuot x hi");
  await x.sees("unknown command 'shuot', did you mean 'shout'?");
});

const REFUSED: readonly [what: string, file: string, source: string, sentence: RegExp][] = [
  ["a module without register()", "broken.ts", "export const name = 1;\n", /'commands\/broken\.ts'/],
  ["a register() that adds nothing", "empty.ts", "export function register() {}\n", /'commands\/empty\.ts'/],
  [
    "a name taken twice",
    "tell.ts",
    SHOUT.replace('"shout"', '"send"'),
    /'commands\/tell\.ts'.*'commands\/send\.ts'/,
  ],
  ["a file name that is no command's", "Not-A-Command.ts", SHOUT, /'commands\/Not-A-Command\.ts'/],
];

Deno.test("what is no command is refused at the start, with its file named", async (test) => {
  await using host = await Host.create();
  const project = await copyProject(host.folder);
  for (const [what, file, source, sentence] of REFUSED) {
    await test.step(what, async () => {
      await Deno.writeTextFile(`${project}/commands/${file}`, source);
      const session = host.run(["help"], { project });
      assertEquals(await session.status, 1);
      assertEquals(session.output.text, "");
      assertEquals(session.error.lines.length, 1);
      assertMatch(
        session.error.lines.join("\n").replace(/(.*'commands\/send\.ts')(.*'commands\/tell\.ts'.*)/, "$2 $1"),
        sentence,
      );
      await Deno.remove(`${project}/commands/${file}`);
    });
  }
  await Deno.writeTextFile(`${project}/commands/_helper.ts`, "export const helper = 1;\n");
  assertEquals(await host.run(["help"], { project }).status, 0);
});

async function copyProject(folder: string): Promise<string> {
  const copy = `${folder}/project`;
  for (const name of ["main.ts", "deno.json", "deno.lock"]) {
    await Deno.mkdir(copy, { recursive: true });
    await Deno.copyFile(`${PROJECT}/${name}`, `${copy}/${name}`);
  }
  for (const name of ["commands", "core", "programs", "std", "storage", "terminal", "transport"]) {
    await copyFolder(`${PROJECT}/${name}`, `${copy}/${name}`);
  }
  return copy;
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}
