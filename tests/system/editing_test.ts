/** What a terminal's user finds again in the next run, and the editor that may be called. */
import { assert, assertEquals } from "@std/assert";
import { Host } from "./host.ts";

const SEARCH = "\x12";
const EDIT = "\x18\x05";
/** A terminal's answer to the question whether it is there. */
const IS_THERE = "\x1b[0n";

Deno.test("ctrl-r finds what was typed in the run before, in a file for nobody else", async () => {
  await using host = await Host.withServer();
  const first = await host.onTerminal("x");
  await first.say("send x hello from the first run");
  await first.sees("x: hello from the first run");
  await first.say("quit");
  assertEquals(await first.status, 0);
  if (Deno.build.os !== "windows") {
    assertEquals(Deno.statSync(`${host.stateOf("x")}/typed`).mode! & 0o777, 0o600);
  }
  const second = await host.onTerminal("x");
  await second.type(`${SEARCH}first`);
  await second.sees(/\(search\) 'first': send x hello from the first run/);
  await second.type("\r");
  await second.sees("x: hello from the first run");
});

Deno.test("ctrl-x ctrl-e: the editor needs the user's leave, and gives a text back", async () => {
  await using host = await Host.withServer();
  const editor = `${host.folder}/editor.sh`;
  await Deno.writeTextFile(editor, `#!/bin/sh\nprintf '%s, edited\\n' "$(cat "$1")" >"$1"\n`, {
    mode: 0o755,
  });
  const x = await host.onTerminal("x", [], { env: { EDITOR: editor }, flags: ["--no-prompt"] });
  await x.type(`draft${EDIT}`);
  await x.type(IS_THERE);
  await x.sees(/^\[The editor '.*editor\.sh' may not be run: /m);
  await x.say("");
  await x.sees(/^unknown command 'draft'/m);
  await x.say("quit");
  assertEquals(await x.status, 0);
  assertEquals(x.settings.after, x.settings.before);

  const y = await host.onTerminal("y", [], { env: { EDITOR: editor }, flags: ["--allow-run"] });
  await y.type(`send y hello${EDIT}`);
  await y.type(IS_THERE);
  await y.sees(/>>> send y hello, edited/);
  await y.type("\r");
  await y.sees("y: hello, edited");
  await y.say("quit");
  assertEquals(await y.status, 0);
  const left = [...Deno.readDirSync(host.folder)].filter(({ name }) => name.endsWith(".txt"));
  assert(left.length === 0, "the text is nowhere any more");
});
