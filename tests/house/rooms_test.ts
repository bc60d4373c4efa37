import { dirname, join, relative } from "node:path";
import { assert, assertEquals } from "@std/assert";
import plugin from "../lint_plugin.ts";
import { ROOT } from "./imports.ts";

/** What the rule says of this text as a file of the project. */
function lint(file: string, source: string): string[] {
  const diagnostics = Deno.lint.runPlugin(plugin, join(ROOT, file), source);
  return diagnostics.filter(({ id }) => id === "parley/rooms").map(({ message }) => message);
}

/** An import of one file of the project by another. */
function importing(file: string, imported: string): string {
  const path = relative(dirname(file), imported);
  return `import { a } from "${path.startsWith(".") ? path : `./${path}`}";`;
}

type Way = readonly [from: string, to: string];

const REFUSED: readonly Way[] = [
  // Against an arrow.
  ["programs/client.ts", "main.ts"],
  ["commands/client.ts", "main.ts"],
  ["core/client/sender.ts", "commands/send.ts"],
  ["core/durable/start.ts", "core/client/client.ts"],
  ["core/machine.ts", "core/durable/effects.ts"],
  ["core/machine.ts", "core/link/links.ts"],
  ["core/messages/nick.ts", "core/machine.ts"],
  ["core/base/address.ts", "core/messages/field.ts"],
  ["core/link/links.ts", "core/client/client.ts"],
  ["core/link/links.ts", "core/machine.ts"],
  ["core/wire/frame.ts", "core/link/links.ts"],
  ["std/log.ts", "core/base/bytes.ts"],
  ["core/base/bytes.ts", "tests/kit/seed.ts"],
  ["transport/udp.ts", "bench/bare.ts"],
  // Where there is no arrow.
  ["main.ts", "core/machine.ts"],
  ["main.ts", "core/client/client.ts"],
  ["main.ts", "storage/sqlite.ts"],
  ["programs/server.ts", "core/wire/packet.ts"],
  ["commands/server.ts", "core/link/links.ts"],
  ["commands/server.ts", "storage/folders.ts"],
  ["core/client/client.ts", "core/server/server.ts"],
  ["core/server/server.ts", "core/client/client.ts"],
  ["core/server/server.ts", "core/wire/packet.ts"],
  ["core/link/links.ts", "core/durable/effects.ts"],
  ["core/wire/frame.ts", "core/messages/verb.ts"],
  ["core/base/text.ts", "std/fmt/colors.ts"],
  ["transport/driver.ts", "core/messages/nick.ts"],
  ["transport/driver.ts", "storage/sqlite.ts"],
  ["storage/state.ts", "core/server/server.ts"],
  ["storage/state.ts", "terminal/output.ts"],
  ["terminal/screen.ts", "core/messages/nick.ts"],
  ["terminal/screen.ts", "commands/_registry.ts"],
  ["bench/loss.ts", "tests/simulator/world.ts"],
  // Past a door.
  ["programs/client.ts", "core/client/membership.ts"],
  ["programs/nicks.ts", "core/server/roster.ts"],
  ["programs/demo.ts", "core/link/link.ts"],
  ["commands/invite.ts", "core/client/trust.ts"],
  ["core/client/client.ts", "core/link/session.ts"],
  ["core/server/server.ts", "core/link/link.ts"],
  // From or to what is no room.
  ["core/deep/example.ts", "core/base/bytes.ts"],
  ["core/client/client.ts", "core/deep/example.ts"],
  ["example.ts", "core/machine.ts"],
  ["programs/client.ts", "../elsewhere/example.ts"],
];

const ALLOWED: readonly Way[] = [
  ["main.ts", "programs/world.ts"],
  ["main.ts", "commands/_load.ts"],
  ["main.ts", "core/base/text.ts"],
  ["programs/client.ts", "commands/_registry.ts"],
  ["programs/client.ts", "core/client/client.ts"],
  ["programs/server.ts", "core/server/server.ts"],
  ["programs/nicks.ts", "core/server/nick_admin.ts"],
  ["programs/server.ts", "transport/driver.ts"],
  ["programs/server.ts", "storage/sqlite.ts"],
  ["programs/client.ts", "terminal/terminal.ts"],
  ["commands/demo.ts", "programs/demo.ts"],
  ["commands/send.ts", "core/action.ts"],
  ["commands/server.ts", "core/server/server.ts"],
  ["commands/client.ts", "core/messages/nick.ts"],
  ["commands/client.ts", "std/cli/parse_args.ts"],
  ["commands/version.ts", "deno.json"],
  ["core/client/client.ts", "core/client/sender.ts"],
  ["core/client/client.ts", "core/link/links.ts"],
  ["core/server/roster.ts", "core/durable/records.ts"],
  ["core/server/roster.ts", "core/machine.ts"],
  ["core/durable/effects.ts", "core/notice.ts"],
  ["core/notice.ts", "core/messages/table.ts"],
  ["core/messages/nick.ts", "core/base/text.ts"],
  ["core/link/session.ts", "core/wire/noise.ts"],
  ["core/link/link.ts", "core/messages/verb.ts"],
  ["core/wire/frame.ts", "core/base/bytes.ts"],
  ["transport/driver.ts", "core/machine.ts"],
  ["terminal/screen.ts", "core/base/limits.ts"],
  ["storage/state.ts", "core/durable/start.ts"],
  ["std/log.ts", "std/log/setup.ts"],
  ["bench/links.ts", "core/wire/packet.ts"],
  ["bench/links.ts", "core/link/link.ts"],
  ["bench/main.ts", "tests/kit/seed.ts"],
  ["tests/core/link/link_states_test.ts", "core/link/link.ts"],
  ["tests/kit/scene.ts", "tests/simulator/random.ts"],
  ["tests/core/lint_plugin_test.ts", "bench/bare.ts"],
];

for (const [from, to] of REFUSED) {
  Deno.test(`refused: ${from} imports ${to}`, () => assertEquals(lint(from, importing(from, to)).length, 1));
}

for (const [from, to] of ALLOWED) {
  Deno.test(`allowed: ${from} imports ${to}`, () => assertEquals(lint(from, importing(from, to)), []));
}

Deno.test("every form of import counts", () => {
  for (
    const source of [
      'import "../storage/a.ts";',
      'import type { A } from "../storage/a.ts";',
      'export { a } from "../storage/a.ts";',
      'export type { A } from "../storage/a.ts";',
      'export * from "../storage/a.ts";',
      'let a: import("../storage/a.ts").A;',
      'let a: typeof import("../storage/a.ts");',
      'const a = await import("../storage/a.ts");',
      "const a = await import(`../storage/${name}.ts`);",
      'import { red } from "@std/fmt/colors";',
    ]
  ) assertEquals(lint("transport/udp.ts", source).length, 1, source);
});

Deno.test("a module from outside of the project is in no room", () => {
  for (const source of ['import { a } from "node:net";', 'import a from "string-width";']) {
    assertEquals(lint("transport/udp.ts", source), [], source);
  }
});

Deno.test("the rule says what is wrong", () => {
  const [arrow] = lint("core/wire/frame.ts", 'import { a } from "../link/links.ts";');
  assertEquals(arrow, "'core/wire' may not import 'core/link': see tests/house/rooms.ts");
  const [door] = lint("programs/nicks.ts", 'import { a } from "../core/server/roster.ts";');
  assert(door?.startsWith("'core/server' is entered by server.ts or nick_admin.ts, not by "), door);
});
