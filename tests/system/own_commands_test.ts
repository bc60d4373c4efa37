/** A user's own commands: which of them join the registry, and what is said of the others. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { PROJECT } from "../kit/program.ts";
import { Host } from "./host.ts";

const NEEDS_ROOT = Deno.build.os === "windows" || Deno.uid() !== 0;

/** The example of the README. */
async function readRoll(): Promise<string> {
  const readme = await Deno.readTextFile(`${PROJECT}/README.md`);
  const [, source] = /roll\.ts`:\n\n```ts\n(.*?)```/s.exec(readme) ?? [];
  assert(source !== undefined);
  return source;
}

const folderOf = (host: Host) => `${host.folder}/config/parley/commands`;

async function put(host: Host, name: string, source: string | Uint8Array): Promise<string> {
  const path = `${folderOf(host)}/${name}`;
  await Deno.mkdir(folderOf(host), { recursive: true, mode: 0o700 });
  await Deno.writeFile(path, typeof source === "string" ? new TextEncoder().encode(source) : source);
  await Deno.chmod(path, 0o644);
  return path;
}

interface Outcome {
  readonly status: number;
  readonly output: string;
  readonly error: string;
}

async function run(host: Host, ...args: string[]): Promise<Outcome> {
  const session = host.run(args);
  const status = await session.status;
  return { status, output: session.output.text, error: session.error.text };
}

Deno.test("a file of the user's own is a command once it is trusted, and not when it has changed", async () => {
  await using host = await Host.withServer();
  const roll = await readRoll();
  const path = await put(host, "roll.ts", roll);
  const advice = `read it and say 'trust-command roll.ts'\n`;

  const before = await run(host, "help");
  assertEquals(before.error, `'${path}' is not trusted and is left out, ${advice}`);
  assertEquals(before.status, 0);
  assert(!before.output.includes("roll"));

  const trusting = await run(host, "trust-command", "roll.ts");
  assertEquals([trusting.status, trusting.error], [0, ""]);
  assertMatch(trusting.output, /roll\.ts' is trusted as it is now, SHA-256 [0-9a-f]{64}\n$/);
  const { mode } = await Deno.stat(`${folderOf(host)}/trusted`);
  assertEquals(mode! & 0o777, 0o600);

  const after = await run(host, "help");
  assertEquals(after.error, "");
  assertMatch(after.output, /^ {2}roll \[SIDES\] +roll a die, and tell everybody\n/m);

  const a = await host.online("a");
  const x = await host.onTerminal("x", ["a"]);
  await x.say("roll 1");
  await a.sees("[Channel_Message x: rolls 1 of 1]");
  await x.say("roll");
  await a.sees(/^\[Channel_Message x: rolls [1-6] of 6\]\n/m);
  await x.say("roll none");
  await x.sees("'none' is no number of sides");

  // One byte is enough, and the old bytes are trusted again.
  await put(host, "roll.ts", `${roll}\n`);
  const changed = await run(host, "help", "roll");
  assertEquals(changed.status, 2);
  assertEquals(
    changed.error,
    `'${path}' has changed since it was trusted and is left out, ${advice}unknown command 'roll', try 'help'\n`,
  );
  await put(host, "roll.ts", roll);
  assertEquals((await run(host, "help", "roll")).error, "");
  await put(host, "roll.ts", `${roll}\n`);
  assertEquals((await run(host, "trust-command", path)).status, 0);
  assertEquals((await run(host, "help", "roll")).error, "");
});

/** What a file is, and what `trust-command` and, once it is trusted all the same, the start says of it. */
const REFUSED: readonly [what: string, source: string | Uint8Array, says: string][] = [
  [
    "imports a module",
    `import { homedir } from "node:os";\nexport function register() {}\n`,
    "line 1 may load",
  ],
  ["imports a file beside it", `\nexport * from "./other.ts";\n`, "line 2 may load"],
  ["imports while it runs", `export const register = () => import("node:os");\n`, "line 1 may load"],
  ["is in an encoding of its own", new Uint8Array([0xff, 0xfe, 0x2f, 0, 0x2f, 0]), "it is not in UTF-8"],
  ["is no TypeScript", "export const = 1;\n", "Unexpected token"],
  ["throws", `throw new Error("boo");\n`, "as a command: boo"],
  [
    "registers nothing",
    "export function register() {}\n",
    "it does not export 'register(commands)' that adds",
  ],
  ["has the name of another", named("send"), "cannot register 'send' of"],
  ["has a name that is none", named("a b"), "a name is small letters"],
  ["lacks its help", named("shout").replace("help:", "halp:"), "name, usage, help and details are texts"],
  ["lacks its arity", named("shout").replace("arity:", "parity:"), "arity is { least, most }"],
  ["has no place", named("shout").replace(`"prompt"`, `"here"`), "place is 'shell', 'prompt' or 'both'"],
  [
    "adds one, and then what cannot be",
    named("shout").replace(
      "commands.add",
      "commands.add({ ...commands.get('help'), name: 'one' });commands.add",
    )
      .replace("help:", "halp:"),
    "name, usage, help and details are texts",
  ],
];

function named(name: string): string {
  return `export function register(commands) {
    commands.add({
      name: "${name}", usage: "", help: "a test", arity: { least: 0, most: 0 }, place: "prompt",
      run: () => ({ type: "lines", lines: ["a"] }),
    });
  }\n`;
}

Deno.test("a file that is no command is not trusted, and left out if it is", async (test) => {
  await using host = await Host.create();
  for (const [what, source, says] of REFUSED) {
    await test.step(`it ${what}`, async () => {
      const path = await put(host, "broken.ts", source);
      const refused = await run(host, "trust-command", "broken.ts");
      assertEquals([refused.status, refused.output], [1, ""]);
      assertStringIncludes(refused.error, says);
      assertStringIncludes(refused.error, path);
      assertEquals(refused.error.trimEnd().split("\n").length, 1, refused.error);

      const hash = new Uint8Array(
        await crypto.subtle.digest("SHA-256", await Deno.readFile(path)),
      ).toHex();
      await Deno.writeTextFile(`${folderOf(host)}/trusted`, `${hash}  broken.ts\n`, { mode: 0o600 });
      const start = await run(host, "help");
      assertEquals(start.status, 0);
      assertEquals(start.error, refused.error);
      assert(!/^ {2}(broken|shout|one) /m.test(start.output), start.output);
    });
  }
});

Deno.test("a command of the user's own that fails ends neither the prompt nor the program", async () => {
  await using host = await Host.withServer();
  await put(host, "fall.ts", named("fall").replace(`({ type: "lines", lines: ["a"] })`, "undefined.length"));
  await put(host, "odd.ts", named("odd").replace(`({ type: "lines", lines: ["a"] })`, `({ type: "odd" })`));
  for (const name of ["fall.ts", "odd.ts"]) assertEquals((await run(host, "trust-command", name)).status, 0);
  const x = await host.onTerminal("x", [], { columns: 300 });
  await x.say("fall");
  await x.sees(/'fall' of '.*fall\.ts' has failed: Cannot read properties of undefined/);
  await x.say("odd");
  await x.sees(/'odd' of '.*odd\.ts' has failed: its result has the type 'odd'/);
  await x.say("send x still here");
  await x.sees("x: still here");
});

Deno.test("what is not in the folder, is not there or has no name is not trusted", async () => {
  await using host = await Host.create();
  const outside = `${host.folder}/roll.ts`;
  await put(host, "Roll.ts", named("roll"));
  await Deno.writeTextFile(outside, named("roll"));
  const says = async (file: string) => (await run(host, "trust-command", file)).error;
  const folder = folderOf(host);
  assertEquals(
    await says(outside),
    `cannot trust '${outside}': it is not in '${folder}', put it there first\n`,
  );
  assertStringIncludes(await says(`${folder}/../../../roll.ts`), "it is not in");
  assertEquals(await says("roll.ts"), `cannot use '${folder}/roll.ts': there is no such file\n`);
  assertStringIncludes(await says("Roll.ts"), "its name is not like 'roll.ts', rename it");
  assertEquals(await Array.fromAsync(Deno.readDir(folder), ({ name }) => name), ["Roll.ts"]);
});

Deno.test("what others may change is left out, and what they may read of trust is not believed", async (test) => {
  await using host = await Host.create();
  const path = await put(host, "mine.ts", named("mine"));
  assertEquals((await run(host, "trust-command", "mine.ts")).status, 0);
  const says = async () => {
    const { status, output, error } = await run(host, "help");
    assertEquals(status, 0);
    return output.includes("  mine ") ? "mine" : error.trimEnd();
  };
  assertEquals(await says(), "mine");
  await test.step("the file", async () => {
    await Deno.chmod(path, 0o646);
    assertEquals(await says(), `cannot use '${path}': others may change it, 'chmod o-w ${path}'`);
    await Deno.chmod(path, 0o644);
  });
  await test.step("the folder", async () => {
    await Deno.chmod(folderOf(host), 0o757);
    assertStringIncludes(await says(), `${folderOf(host)}': others may change it`);
    await Deno.chmod(folderOf(host), 0o700);
  });
  await test.step("the file of trust", async () => {
    await Deno.chmod(`${folderOf(host)}/trusted`, 0o644);
    assertStringIncludes(await says(), `trusted': others may read or change it`);
    await Deno.chmod(`${folderOf(host)}/trusted`, 0o600);
    assertEquals(await says(), "mine");
  });
  await test.step({
    name: "it is another user's",
    ignore: NEEDS_ROOT,
    fn: async () => {
      await Deno.chown(path, 12_345, null);
      assertEquals(await says(), `cannot use '${path}': it belongs to another user, make it your own`);
    },
  });
});
