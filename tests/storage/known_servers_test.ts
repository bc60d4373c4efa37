import { assertEquals, assertThrows } from "@std/assert";
import { KnownServers } from "../../storage/known_servers.ts";
import { StoreError } from "../../storage/store_error.ts";

const posix = Deno.build.os !== "windows";
const A = "a1".repeat(32);
const B = "b2".repeat(32);

/** Runs with the path of a file that does not exist, in a folder that does not. */
function withFile(work: (path: string) => void | Promise<void>): () => Promise<void> {
  return async () => {
    const folder = await Deno.makeTempDir();
    try {
      await work(`${folder}/parley/known_servers`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  };
}

function write(path: string, text: string): void {
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  Deno.writeTextFileSync(path, text);
}

Deno.test(
  "without a file no server is known, and asking makes none",
  withFile((path) => {
    assertEquals(new KnownServers(path).keyOf("example.org:9999"), undefined);
    assertThrows(() => Deno.lstatSync(path), Deno.errors.NotFound);
  }),
);

Deno.test(
  "what was pinned is known, to the next process as well; others are not",
  withFile((path) => {
    const servers = new KnownServers(path);
    servers.pin("example.org:9999", A, "the example");
    servers.pin("::1:9999", B, "");
    for (const reader of [servers, new KnownServers(path)]) {
      assertEquals(reader.keyOf("example.org:9999"), A);
      assertEquals(reader.keyOf("::1:9999"), B);
      for (
        const other of ["example.org:999", "example.org:99990", "xample.org:9999", "exampleXorg:9999", ""]
      ) {
        assertEquals(reader.keyOf(other), undefined);
      }
    }
    assertEquals(Deno.readTextFileSync(path), `example.org:9999 ${A} the example\n::1:9999 ${B}\n`);
  }),
);

Deno.test(
  "the name of a host counts without capitals and without a dot at its end, and a key without capitals",
  withFile((path) => {
    write(path, `Chat.Example.:9999 ${A.toUpperCase()} by hand\n`);
    const servers = new KnownServers(path);
    for (const name of ["chat.example:9999", "CHAT.EXAMPLE:9999", "chat.example.:9999"]) {
      assertEquals(servers.keyOf(name), A, name);
    }
    assertEquals([servers.keyOf("chatexample:9999"), servers.serverWith(A)], [
      undefined,
      "Chat.Example.:9999",
    ]);
    servers.pin("chat.example:9999", B, "");
    assertEquals(Deno.readTextFileSync(path), `chat.example:9999 ${B}\n`);
  }),
);

Deno.test(
  "a server has one line; the lines of others and remarks stay",
  withFile((path) => {
    write(path, `# mine\na:1 ${A} first\n\nb:1 ${A} second\n`);
    const servers = new KnownServers(path);
    servers.pin("a:1", B, "renamed");
    assertEquals(Deno.readTextFileSync(path), `# mine\nb:1 ${A} second\na:1 ${B} renamed\n`);
    assertEquals([servers.keyOf("a:1"), servers.keyOf("b:1")], [B, A]);
  }),
);

Deno.test(
  "an editor may leave other line ends, blank lines, blanks behind a line, and no line end at last",
  withFile((path) => {
    write(path, `# mine\r\n\r\na:1 ${A}\r\nb:1 ${B} with a name  `);
    const servers = new KnownServers(path);
    assertEquals([servers.keyOf("a:1"), servers.keyOf("b:1")], [A, B]);
    servers.pin("c:1", A, "");
    assertEquals(["a:1", "b:1", "c:1"].map((server) => servers.keyOf(server)), [A, B, A]);
  }),
);

const BROKEN: readonly [what: string, line: string][] = [
  ["words", "this is my file"],
  ["a key that is too short", `a:1 ${A.slice(1)}`],
  ["a key that is too long", `a:1 ${A}0`],
  ["a key that is none", `a:1 ${"g".repeat(64)}`],
  ["a server without a key", "a:1"],
  ["a key without a server", A],
];

for (const [what, line] of BROKEN) {
  Deno.test(
    `a line that means nothing is named and not passed over: ${what}`,
    withFile((path) => {
      const text = `# mine\nb:1 ${B}\n${line}\na:1 ${A}\n`;
      write(path, text);
      assertEquals(
        assertThrows(() => new KnownServers(path).keyOf("a:1"), StoreError).message,
        `cannot use '${path}': line 3 is not 'HOST:PORT KEY', correct it or take it out`,
      );
      assertEquals(Deno.readTextFileSync(path), text);
    }),
  );
}

Deno.test({
  name: "nobody else may read the file or enter the folder that is made",
  ignore: !posix,
  fn: withFile((path) => {
    const mode = (name: string) => Deno.statSync(name).mode! & 0o777;
    const umask = Deno.umask(0);
    const servers = new KnownServers(path);
    servers.pin("a:1", A, "");
    servers.pin("a:1", B, "");
    Deno.umask(umask);
    const folder = path.slice(0, path.lastIndexOf("/"));
    assertEquals([mode(folder), mode(path)], [0o700, 0o600]);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["known_servers"]);
  }),
});

Deno.test(
  "what keeps the file from being read or written is a sentence",
  withFile((path) => {
    Deno.mkdirSync(path, { recursive: true });
    const servers = new KnownServers(path);
    const message = assertThrows(() => servers.keyOf("a:1"), StoreError).message;
    assertEquals(message.startsWith(`cannot read '${path}': `), true, message);
    assertThrows(() => servers.pin("a:1", A, ""), StoreError);
    const inFile = new KnownServers(`${path}/../file/known_servers`);
    write(`${path}/../file`, "");
    assertEquals(
      assertThrows(() => inFile.pin("a:1", A, ""), StoreError).message.includes("a file is in the way"),
      true,
    );
  }),
);

const MODULE = new URL("../../storage/known_servers.ts", import.meta.url).href;

/** A process that says when it is ready, and pins these servers once its input ends. */
function startPinner(path: string, servers: readonly string[]): Deno.ChildProcess {
  const source = `import { KnownServers } from "${MODULE}";
    const servers = new KnownServers(${JSON.stringify(path)});
    console.log("ready");
    await Deno.stdin.read(new Uint8Array(1));
    for (const server of ${JSON.stringify(servers)}) servers.pin(server, "${A}", "");`;
  const args = ["eval", "--ext=ts", source];
  return new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped", stderr: "piped" })
    .spawn();
}

/** Pins all of these at the same time, each row in a process of its own; what they complained of. */
async function pinAtOnce(path: string, rows: readonly (readonly string[])[]): Promise<string> {
  const processes = rows.map((servers) => startPinner(path, servers));
  for (const { stdout } of processes) {
    const reader = stdout.getReader();
    await reader.read();
    await reader.cancel();
  }
  const complaints = processes.map(({ stderr }) => new Response(stderr).text());
  await Promise.all(processes.map(({ stdin }) => stdin.close()));
  await Promise.all(processes.map(({ status }) => status));
  return (await Promise.all(complaints)).join("");
}

const HOSTS = ["a", "b", "c", "d"];
const NUMBERS = Array.from({ length: 25 }, (_, index) => index + 1);

Deno.test(
  "clients of the same server that start at the same time do not disturb each other",
  withFile(async (path) => {
    assertEquals(await pinAtOnce(path, HOSTS.map(() => NUMBERS.map(() => "a:1"))), "");
    assertEquals(Deno.readTextFileSync(path), `a:1 ${A}\n`);
    assertEquals([...Deno.readDirSync(path.slice(0, path.lastIndexOf("/")))].map(({ name }) => name), [
      "known_servers",
    ]);
  }),
);

Deno.test(
  "clients of different servers that start at the same time keep each other's lines",
  withFile(async (path) => {
    const rows = HOSTS.map((host) => NUMBERS.map((number) => `${host}:${number}`));
    assertEquals(await pinAtOnce(path, rows), "");
    const known = new KnownServers(path);
    assertEquals(rows.flat().filter((server) => known.keyOf(server) !== A), []);
  }),
);
