/** Settings in the environment and in config.json, as real processes read them. */
import { assertArrayIncludes, assertEquals, assertMatch } from "@std/assert";
import { PROJECT } from "../kit/program.ts";
import { Host } from "./host.ts";

const NEEDS_ROOT = Deno.build.os === "windows" || Deno.uid() !== 0;

/** Writes the value as config.json, or the text as it is. */
async function writeConfig(host: Host, value: unknown): Promise<string> {
  const folder = `${host.folder}/config/parley`;
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 1);
  await Deno.writeTextFile(`${folder}/config.json`, text, { mode: 0o600 });
  return `${folder}/config.json`;
}

Deno.test("a client with nothing but a name finds the server of config.json, under the nick that stands there", async () => {
  await using host = await Host.withServer();
  await writeConfig(host, {
    nick: "nobody",
    servers: { lab: { server: "127.0.0.1", "server-port": host.port, nick: "x" } },
  });
  const x = host.run(["client", "-s", "lab"]);
  await x.sees(/^x @ 127\.0\.0\.1:\d+ is ONLINE\n/m);
  const y = host.run(["client"], { env: { PARLEY_AT: "lab", PARLEY_NICK: "y" } });
  await y.sees(/^y @ 127\.0\.0\.1:\d+ is ONLINE\n/m);
  const config = host.run(["config", "client", "-s", "lab"], { env: { PARLEY_NICK: "y" } });
  assertEquals(await config.status, 0);
  assertMatch(config.output.text, /^nick +x +\/.*\/config\/parley\/config\.json:7\n/m);
  assertMatch(config.output.text, /^at +lab +--at\n/m);
});

Deno.test("a config.json with a mistake stops whoever asks for settings, with one sentence, and nobody else", async () => {
  await using host = await Host.create();
  const path = await writeConfig(host, { nik: "x" });
  for (const words of [["client"], ["server"], ["config"]]) {
    const run = host.run(words);
    assertEquals(await run.status, 2);
    assertEquals(run.output.text, "");
    assertEquals(run.error.lines.length, 1);
    assertEquals(run.error.text.startsWith(`${path}:2: unknown key "nik", `), true, run.error.text);
  }
  for (const words of [["help"], ["help", "client"], ["version"]]) {
    const run = host.run(words);
    assertEquals(await run.status, 0);
    assertEquals(run.error.text, "");
  }
});

Deno.test("where a file is in the way of config.json there are no settings", async () => {
  await using host = await Host.create();
  await Deno.writeTextFile(`${host.folder}/config`, "");
  const run = host.run(["config"]);
  assertEquals(await run.status, 0);
  assertEquals(run.error.text, "");
  assertMatch(run.output.text, /config\/parley\/config\.json: nothing is set there\n/);
});

Deno.test("the demo is the same, whatever the user has set", async () => {
  await using host = await Host.create();
  await writeConfig(host, { identity: "/none", at: "none", "server-key": "0".repeat(64), servers: {} });
  const demo = host.run(["demo"], { env: { PARLEY_CHANNEL_KEY: "/none", PARLEY_DURABILITY: "none" } });
  assertEquals(await demo.status, 0, demo.error.text);
});

Deno.test("a config.json that others can change is not used", async (test) => {
  await using host = await Host.create();
  const path = await writeConfig(host, { nick: "x" });
  const folder = path.slice(0, path.lastIndexOf("/"));
  const refused = async (sentence: string) => {
    const run = host.run(["config"]);
    assertEquals(await run.status, 1);
    assertEquals(run.error.text, `${sentence}\n`);
  };
  await test.step("the file", async () => {
    await Deno.chmod(path, 0o666);
    await refused(`cannot use '${path}': others may change it, 'chmod o-w ${path}'`);
    await Deno.chmod(path, 0o664);
    assertEquals(await host.run(["config"]).status, 0);
  });
  await test.step("its folder", async () => {
    await Deno.chmod(folder, 0o777);
    await refused(`cannot use '${folder}': others may change it, 'chmod o-w ${folder}'`);
    await Deno.chmod(folder, 0o700);
  });
  await test.step({
    name: "it is another user's",
    ignore: NEEDS_ROOT,
    fn: async () => {
      await Deno.chown(path, 12_345, null);
      await refused(`cannot use '${path}': it belongs to another user, make it your own`);
    },
  });
});

Deno.test("the example of the README is what the program shows", async () => {
  await using host = await Host.create();
  const readme = await Deno.readTextFile(`${PROJECT}/README.md`);
  const [, text = ""] = /```json\n(\{\n {2}"nick".*?\n)```/s.exec(readme) ?? [];
  const [, shown = ""] = /task parley config client -s lab\n(.*?)\n {4}\.\.\.\n/s.exec(readme) ?? [];
  const path = await writeConfig(host, text);
  const run = host.run(["config", "client", "-s", "lab"], { env: { PARLEY_ATTEMPTS: "0" } });
  assertEquals(await run.status, 0);
  const rows = run.output.lines.map((line) => line.replaceAll(path, "FILE").split(/ {2,}/));
  const expected = shown.replaceAll("/home/x/.config/parley/config.json", "FILE").split("\n");
  assertEquals(expected.length, 6);
  for (const line of expected) assertArrayIncludes(rows, [line.trim().split(/ {2,}/)]);
});
