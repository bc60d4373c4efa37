/**
 * Wrong command lines: one clear sentence on standard error, and status 2 for their syntax, 1 for the rest.
 */
import { DatabaseSync } from "node:sqlite";
import { assertEquals, assertMatch } from "@std/assert";
import { freePort, Host } from "./host.ts";

/** `@` stands for the host's folder. */
type Row = readonly [args: string, status: number, sentence: RegExp];

const SYNTAX: readonly Row[] = [
  ["server -p 0", 2, /^'0' is not a number from 1 to 65535, change '--port'$/],
  ["server -p 65536", 2, /^'65536' is not a number from 1 to 65535/],
  ["server -p 99x", 2, /^'99x' is not a number/],
  ["server -p", 2, /'--port'/],
  ["server -p 9000 -p 9001", 2, /^option '--port' given twice/],
  ["server --bogus", 2, /^unknown option '--bogus'/],
  ["server -x", 2, /^unknown option '-x'/],
  ["server 9999", 2, /^unexpected argument '9999'/],
  ["server --log-level LOUD", 2, /^'LOUD' is not one of DEBUG, INFO, WARN, ERROR/],
  ["client -c 1023", 2, /^'1023' is not a number from 1024 to 65535/],
  ["client -c 65536", 2, /^'65536' is not a number from 1024 to 65535/],
  ["client -c many", 2, /^'many' is not a number/],
  ["client -p 0", 2, /^'0' is not a number from 1 to 65535/],
  ["client -p -1", 2, /./],
  ["client --attempts few", 2, /^'few' is not a number/],
  ["client --bogus 1", 2, /^unknown option '--bogus'/],
  ["client -n a:b", 2, /^'a:b' cannot be a nick/],
  ["client -n server", 2, /^'server' cannot be a nick/],
  ["client -n S\u0415RVER", 2, /^'S\u0415RVER' cannot be a nick/],
  ["client -n ..", 2, /^'\.\.' cannot be a nick/],
  [`client -n ${"n".repeat(33)}`, 2, /cannot be a nick/],
  [`client -n ${"漢".repeat(22)}`, 2, /cannot be a nick/],
  ["cleint", 2, /^unknown command 'cleint', did you mean 'client'\?$/],
  ["quit now", 2, /^unknown command 'quit'/],
  ["demo now", 2, /^usage: demo$/],
];

const REST: readonly Row[] = [
  [
    "client -n x -i no-such-host.invalid --state :memory:",
    1,
    /^cannot find the address of 'no-such-host\.invalid'/,
  ],
  [
    "server -p USED --data :memory:",
    1,
    /^cannot listen on port \d+: it is in use, choose another with '-p'$/,
  ],
  [
    "client -n x -c USED --state :memory:",
    1,
    /^cannot listen on port \d+: it is in use, choose another with '-c'$/,
  ],
  ["server -p FREE --host 192.0.2.1 --data :memory:", 1, /^cannot listen on '192\.0\.2\.1'/],
  ["server -p FREE --data @/text/server.db", 1, /^cannot make the folder '@\/text': a file is in the way/],
  ["server -p FREE --data @", 1, /^cannot open '@': it is a folder/],
  ["server -p FREE --data /proc/parley/server.db", 1, /^cannot make the folder '\/proc\/parley'/],
  ["server -p FREE --data @/text", 1, /^cannot open '@\/text': it is not a Parley data file/],
  ["server -p FREE --data @/other.db", 1, /^cannot open '@\/other\.db'/],
  ["server -p FREE --data @/state/state.db", 1, /^cannot open '@\/state\/state\.db'/],
  ["server -p FREE --data @/server.db", 1, /^cannot open '@\/server\.db': it is in use by another process/],
  ["client -n y -p PORT --state @/state", 1, /^cannot use '@\/state': it is the state of 'x'/],
  ["client -n holder -p PORT --state @/held", 1, /^cannot open '@\/held\/state\.db': it is in use/],
  ["client -n x -p PORT --state @/text", 1, /^cannot open '@\/text\/known_servers': a file is in the way/],
];

Deno.test("wrong command lines", async (test) => {
  await using host = await Host.create();
  for (const [args, status, sentence] of SYNTAX) {
    await test.step(args, async () => {
      // A USER for whom nothing can go wrong.
      const session = host.run(args.split(" "), { env: { USER: "somebody" } });
      assertEquals(await session.status, status, session.error.text);
      assertEquals(session.output.text, "");
      assertEquals(session.error.lines.length, 1, session.error.text);
      assertMatch(session.error.lines[0]!, sentence);
    });
  }
});

Deno.test("what cannot be had", async (test) => {
  await using host = await Host.withServer();
  const { folder } = host;
  await Deno.writeTextFile(
    `${folder}/text`,
    "This is no database, but it is long enough to look like one.\n".repeat(20),
  );
  const other = new DatabaseSync(`${folder}/other.db`);
  other.exec("CREATE TABLE things(name TEXT)");
  other.close();
  const first = host.client("x", ["--state", `${folder}/state`]);
  await first.endInput();
  await first.status;
  const holder = host.client("holder", ["--state", `${folder}/held`]);
  await holder.sees("SERVER: [Welcome, you are registered.]");
  const taken = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 0 });
  const before = await Promise.all(["text", "other.db"].map((name) => Deno.readFile(`${folder}/${name}`)));

  for (const [pattern, status, sentence] of REST) {
    await test.step(pattern, async () => {
      const args = pattern.replace("USED", portOf(taken)).replace("FREE", `${freePort()}`)
        .replace("PORT", `${host.port}`).replaceAll("@", folder);
      const session = host.run(args.split(" "));
      assertEquals(await session.status, status, session.error.text);
      assertEquals(session.output.text, "");
      assertEquals(session.error.lines.length, 1, session.error.text);
      assertMatch(session.error.lines[0]!.replaceAll(folder, "@"), sentence);
    });
  }
  taken.close();
  const after = await Promise.all(["text", "other.db"].map((name) => Deno.readFile(`${folder}/${name}`)));
  assertEquals(after, before);
});

Deno.test("without a nick it is the login name, and NAME-2 when that is taken on this machine", async () => {
  await using host = await Host.withServer();
  const args = ["client", "-p", `${host.port}`];
  const env = { USER: "ada" };
  const first = host.run(args, { env });
  await first.sees(/^ada @ 127\.0\.0\.1:\d+ is ONLINE\n/m);
  const second = host.run(args, { env });
  await second.sees(/^ada-2 @ 127\.0\.0\.1:\d+ is ONLINE\n/m);
});

function portOf(socket: Deno.DatagramConn): string {
  return `${(socket.addr as Deno.NetAddr).port}`;
}

Deno.test("without the npm packages and a network the client says so in a sentence", async () => {
  await using host = await Host.create();
  // Nothing listens at a port that is bound to datagrams only.
  const env = { DENO_DIR: `${host.folder}/empty`, NPM_CONFIG_REGISTRY: `http://127.0.0.1:${freePort()}` };
  const client = host.run(["client", "-n", "x", "--state", ":memory:"], { env });
  assertEquals(await client.status, 1);
  // Deno itself names what it tries to fetch.
  const lines = client.error.lines.filter((line) => !line.startsWith("Download "));
  assertEquals(lines.length, 1);
  assertMatch(
    lines[0]!,
    /^cannot load the npm package '\S+': it is not in Deno's cache and the registry does not answer, run /,
  );
});
