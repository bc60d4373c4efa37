/**
 * Makes the pictures of the README (`deno task pictures`): a real server and real clients, one of them on a
 * pseudo-terminal, whose screen an emulator shows.
 */
import { environment, PERMISSIONS, PROJECT } from "../kit/program.ts";
import { Host, isOnline, type Run } from "../system/host.ts";
import { LiveTerminal } from "./live_terminal.ts";
import { pictureOf } from "./svg.ts";

const WINDOW = { columns: 84, rows: 20 };

async function open(host: Host, ...options: readonly string[]): Promise<LiveTerminal> {
  const program = [Deno.execPath(), "run", "--quiet", ...PERMISSIONS, `${PROJECT}/main.ts`];
  const client = ["client", "-n", "alice", "-i", "127.0.0.1", "-p", `${host.port}`, ...options];
  const env = { ...environment(host.folder), NO_COLOR: "" };
  return await LiveTerminal.run(`exec ${[...program, ...client].join(" ")}`, { ...WINDOW, env });
}

/** What people say to each other. */
async function converse(alice: LiveTerminal, bob: Run, carol: Run): Promise<void> {
  await alice.type("/talk bob\r");
  await alice.sees(/^bob>$/);
  await bob.say("send alice good morning, is the backup done?");
  await alice.sees(/bob: good morning/);
  await alice.type("it is: 漢字 in file names, too 👍\r");
  await alice.sees(/[✓] .*in file names/);
  await bob.say("send alice then I restart the machine at noon");
  await alice.sees(/at noon/);
  await carol.say("send_all lunch at half past twelve?");
  await carol.say("send alice can you bring the cable?");
  await carol.say("quit");
  await carol.status;
}

async function withEverybody(
  options: readonly string[],
  last: RegExp,
  file: string,
  title: string,
): Promise<void> {
  await using host = await Host.withServer();
  const bob = await host.online("bob");
  const carol = await host.online("carol", ["bob"]);
  await using alice = await open(host, ...options);
  for (const other of [bob, carol]) await other.sees(isOnline("alice"));
  await converse(alice, bob, carol);
  await alice.sees(last);
  await alice.type("trust me, nothing is los");
  await alice.sees(/nothing is los$/);
  Deno.writeTextFileSync(`${PROJECT}/docs/${file}`, pictureOf(alice.referee, title));
}

await withEverybody([], /carol is offline/, "line-mode.svg", "A conversation in the line mode");
await withEverybody(["--tui"], /bob: direct/, "full-screen.svg", "The same conversation on a full screen");
