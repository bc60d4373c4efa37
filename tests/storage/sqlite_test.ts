import { DatabaseSync } from "node:sqlite";
import { assert, assertEquals, assertLess, assertRejects, assertThrows } from "@std/assert";
import { type Change, DURABILITIES } from "../../core/machine.ts";
import { exists } from "../../storage/folders.ts";
import { type Kind, openSqlite } from "../../storage/sqlite.ts";
import { StoreError } from "../../storage/store_error.ts";

const WRITER = `${import.meta.dirname}/writer.ts`;
const posix = Deno.build.os !== "windows";

const save = (key: string, ...bytes: number[]): Change => ({
  type: "save",
  key,
  value: new Uint8Array(bytes),
});
const forget = (key: string): Change => ({ type: "forget", key });
const destroy = (key: string): Change => ({ type: "destroy", key });

function inFolder(work: (folder: string) => void | Promise<void>): () => Promise<void> {
  return async () => {
    const folder = await Deno.makeTempDir();
    try {
      await work(folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  };
}

function recordsIn(path: string, kind: Kind = "server"): [string, number[]][] {
  const store = openSqlite(path, kind);
  const records = [...store.read()].map(([key, value]): [string, number[]] => [key, [...value]]);
  store.close();
  return records;
}

function refusal(path: string, kind: Kind = "server"): string {
  return assertThrows(() => openSqlite(path, kind), StoreError).message;
}

function makeDatabase(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

function startWriter(path: string): Deno.ChildProcess {
  const args = ["run", "--allow-read", "--allow-write", WRITER, path];
  return new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
}

/** What a shell prints; `$WRITER FILE BYTES` starts a writer. */
async function outputOf(script: string, folder: string, ...command: string[]): Promise<string[]> {
  const env = { WRITER: `${Deno.execPath()} run --allow-read --allow-write ${WRITER}` };
  const [program = "", ...args] = [...command, script];
  const { stdout } = await new Deno.Command(program, { args, env, cwd: folder }).output();
  return new TextDecoder().decode(stdout).trimEnd().split("\n");
}

Deno.test(
  "what was committed is there after a restart, sorted by key",
  inFolder((folder) => {
    const path = `${folder}/server.db`;
    const store = openSqlite(path, "server");
    assertEquals([...store.read()], []);
    store.commit([save("b", 2), save("a", 1), save("B", 3)]);
    store.commit([save("a", 4, 5), forget("b"), forget("never there")]);
    store.close();
    assertEquals(recordsIn(path), [["B", [3]], ["a", [4, 5]]]);
  }),
);

Deno.test("the changes of a commit are made in list order", () => {
  const store = openSqlite(":memory:", "client");
  store.commit([save("a", 1), forget("a"), save("a", 2), save("b", 1), forget("b")]);
  assertEquals([...store.read()], [["a", new Uint8Array([2])]]);
  store.close();
});

Deno.test("a value may be empty, or part of a larger buffer", () => {
  const store = openSqlite(":memory:", "client");
  store.commit([save("empty"), {
    type: "save",
    key: "part",
    value: new Uint8Array([1, 2, 3, 4]).subarray(1, 3),
  }]);
  assertEquals([...store.read()], [["empty", new Uint8Array()], ["part", new Uint8Array([2, 3])]]);
  store.close();
});

Deno.test("a commit that fails makes no change, and the next one works", () => {
  const store = openSqlite(":memory:", "client");
  store.commit([save("a", 1)]);
  const impossible = { type: "save", key: "b", value: undefined } as unknown as Change;
  const error = assertThrows(() => store.commit([save("a", 2), forget("a"), impossible]), StoreError);
  assert(error.message.startsWith("cannot save to ':memory:': "), error.message);
  assertEquals([...store.read()], [["a", new Uint8Array([1])]]);
  store.commit([save("b", 2)]);
  assertEquals([...store.read()], [["a", new Uint8Array([1])], ["b", new Uint8Array([2])]]);
  store.close();
});

Deno.test(
  "what is destroyed is gone, in list order, and nothing else is",
  inFolder((folder) => {
    const path = `${folder}/client.db`;
    const store = openSqlite(path, "client");
    store.commit([save("a", 1), save("b", 2), save("c", 3)]);
    store.commit([destroy("a"), save("b", 4), destroy("c"), save("c", 5), save("d", 6), destroy("d")]);
    store.commit([destroy("never there")]);
    assertEquals([...store.read()], [["b", new Uint8Array([4])], ["c", new Uint8Array([5])]]);
    const impossible = { type: "save", key: "b", value: undefined } as unknown as Change;
    assertThrows(() => store.commit([destroy("b"), impossible]), StoreError);
    store.close();
    assertEquals(recordsIn(path, "client"), [["b", [4]], ["c", [5]]]);
  }),
);

Deno.test({
  name: "nobody else may read the files or enter the folders that are made",
  ignore: !posix,
  fn: inFolder((folder) => {
    const mode = (name: string) => Deno.statSync(`${folder}${name}`).mode! & 0o777;
    const umask = Deno.umask(0);
    const store = openSqlite(`${folder}/made/deep/client.db`, "client");
    Deno.umask(umask);
    store.commit([save("a", 1)]);
    assertEquals([mode("/made"), mode("/made/deep")], [0o700, 0o700]);
    const names = [...Deno.readDirSync(`${folder}/made/deep`)].map((entry) => entry.name).sort();
    assertEquals(names, ["client.db", "client.db-wal"]);
    for (const name of names) assertEquals(mode(`/made/deep/${name}`), 0o600, name);
    store.close();
  }),
});

Deno.test({
  name: "a file that others may read or change is refused",
  ignore: !posix,
  fn: inFolder((folder) => {
    const path = `${folder}/server.db`;
    assertEquals(recordsIn(path), []);
    for (const mode of [0o640, 0o604, 0o620, 0o602, 0o644, 0o666]) {
      Deno.chmodSync(path, mode);
      assertEquals(
        refusal(path),
        `cannot use '${path}': others may read or change it, 'chmod 600 ${path}'`,
      );
    }
    Deno.chmodSync(path, 0o600);
    assertEquals(recordsIn(path), []);
  }),
});

Deno.test(
  "a file that is there and empty is filled only where that was asked for; a missing one is made",
  inFolder((folder) => {
    const path = `${folder}/server.db`;
    Deno.writeTextFileSync(path, "", { mode: 0o600 });
    const error = assertThrows(() => openSqlite(path, "server", false), StoreError);
    assertEquals(
      error.message,
      `cannot use '${path}': it is empty, put it back from a copy, or make a new server there with '--new'`,
    );
    assertEquals(Deno.statSync(path).size, 0);
    openSqlite(path, "server", true).close();
    openSqlite(path, "server", false).close();
    openSqlite(`${folder}/another.db`, "server", false).close();
  }),
);

Deno.test(
  "a file that is not Parley's is refused and left as it is",
  inFolder((folder) => {
    const path = `${folder}/notes`;
    const refused = `cannot open '${path}': it is not a Parley data file, choose another file`;
    for (const text of ["hi\n", "my notes\n".repeat(2000)]) {
      Deno.writeTextFileSync(path, text);
      assertEquals(refusal(path), refused);
      assertEquals(Deno.readTextFileSync(path), text);
    }
    Deno.removeSync(path);
    makeDatabase(path, "CREATE TABLE records(key, value)");
    const bytes = Deno.readFileSync(path);
    assertEquals(refusal(path), refused);
    assertEquals(Deno.readFileSync(path), bytes);
  }),
);

Deno.test(
  "the data of a client is not a server's, nor the other way round",
  inFolder((folder) => {
    for (const [kind, other] of [["server", "client"], ["client", "server"]] as const) {
      const path = `${folder}/${kind}.db`;
      assertEquals(recordsIn(path, kind), []);
      assertEquals(
        refusal(path, other),
        `cannot open '${path}': it holds the data of a ${kind}, not of a ${other}, choose another file`,
      );
    }
  }),
);

Deno.test(
  "a file of another format is refused, be it newer or older",
  inFolder((folder) => {
    const path = `${folder}/server.db`;
    assertEquals(recordsIn(path), []);
    for (const [format, age] of [[2, "an older"], [5, "a newer"], [0, "an older"]] as const) {
      makeDatabase(path, `PRAGMA user_version = ${format}`);
      assertEquals(
        refusal(path),
        `cannot open '${path}': it was written by ${age} release of Parley, use that one or another file`,
      );
    }
    makeDatabase(path, "PRAGMA user_version = 4");
    assertEquals(recordsIn(path), []);
  }),
);

for (const durability of DURABILITIES) {
  Deno.test(
    `what was committed is there again, with durability ${durability}, and little more was written`,
    inFolder((folder) => {
      const path = `${folder}/server.db`;
      const store = openSqlite(path, "server");
      store.setDurability(durability);
      for (let count = 0; count < 100; count++) store.commit([save(`a${count}`, count)]);
      assertLess(Deno.statSync(`${path}-wal`).size, 4 * 100 * 1024);
      store.close();
      assertEquals(recordsIn(path).length, 100);
    }),
  );
}

Deno.test(
  "a damaged file is said to be damaged, not empty",
  inFolder((folder) => {
    const path = `${folder}/server.db`;
    const store = openSqlite(path, "server");
    store.commit([save("a", 1)]);
    store.close();
    // The second page is the root of the table.
    Deno.writeFileSync(path, Deno.readFileSync(path).fill(0xa5, 1024));
    const damaged = openSqlite(path, "server");
    const error = assertThrows(() => damaged.read(), StoreError);
    const advice = "restore it from a copy or choose another file";
    assertEquals(error.message, `cannot read '${path}': the file is damaged, ${advice}`);
    damaged.close();
  }),
);

Deno.test(
  "a folder in place of the file, a file in place of a folder",
  inFolder((folder) => {
    Deno.mkdirSync(`${folder}/folder`);
    Deno.writeTextFileSync(`${folder}/file`, "");
    assertEquals(
      refusal(`${folder}/folder`),
      `cannot open '${folder}/folder': it is a folder, choose a file`,
    );
    for (const made of [`${folder}/file`, `${folder}/file/deeper`]) {
      assertEquals(
        refusal(`${made}/server.db`),
        `cannot make the folder '${made}': a file is in the way, choose another place`,
      );
    }
  }),
);

Deno.test(
  "one process at a time; a killed one lets go, and all it acknowledged is there",
  inFolder(async (folder) => {
    const path = `${folder}/server.db`;
    const inUse =
      `cannot open '${path}': it is in use by another process, stop that one or choose another file`;
    let count = 0;
    // Each round finds the -wal file that the one before left behind.
    for (const most of [1, 40, 200, 300]) {
      const writer = startWriter(path);
      const found = count;
      let text = "";
      let killed = false;
      for await (const chunk of writer.stdout.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        if (killed || text.split("\n").length <= most) continue;
        assertEquals(refusal(path), inUse);
        writer.kill("SIGKILL");
        killed = true;
      }
      await writer.status;

      const [first, ...acknowledged] = text.trimEnd().split("\n");
      assertEquals(first, `found ${found}`);
      const integrity = new DatabaseSync(path);
      assertEquals({ ...integrity.prepare("PRAGMA integrity_check").get() }, { integrity_check: "ok" });
      integrity.close();
      const keys = recordsIn(path).map(([key]) => Number(key));
      assertEquals(keys, keys.map((_, index) => index));
      // The last one may have been committed and not printed.
      const unprinted = keys.length - found - acknowledged.length;
      assert(unprinted === 0 || unprinted === 1, `${keys.length} of ${found + acknowledged.length}`);
      count = keys.length;
    }
  }),
);

Deno.test(
  "a second store in the same process is refused, and the first keeps its lock",
  inFolder(async (folder) => {
    const path = `${folder}/server.db`;
    const store = openSqlite(path, "server");
    const inUse =
      `cannot open '${path}': it is in use by another process, stop that one or choose another file`;
    assertEquals(refusal(path), inUse);
    const writer = await startWriter(path).output();
    assertEquals(new TextDecoder().decode(writer.stdout), `${inUse}\n`);
    store.commit([save("a", 1)]);
    store.close();
  }),
);

/** The sentence a writer ended with, after what it had acknowledged was found again by the next one. */
function sentenceAfterLoss(lines: string[]): string | undefined {
  const next = lines.findLastIndex((line) => line.startsWith("found "));
  const [sentence, ...acknowledged] = lines.slice(1, next).reverse();
  assert(acknowledged.length > 0);
  assertEquals(lines[next], `found ${acknowledged.length}`);
  return sentence;
}

const canMount = Deno.build.os === "linux" &&
  new Deno.Command("unshare", { args: ["-rm", "mount", "-t", "tmpfs", "none", "/mnt"] }).outputSync().success;

Deno.test({
  name: "a full disk: the commit fails, what was acknowledged stays (needs leave to mount)",
  ignore: !canMount,
  fn: inFolder(async (folder) => {
    const mount = 'mount -t tmpfs -o size=128k none "$PWD" && cd "$PWD"';
    const script = `${mount} && $WRITER server.db 1000; $WRITER server.db 1000`;
    const sentence = sentenceAfterLoss(await outputOf(script, folder, "unshare", "-rm", "sh", "-c"));
    const state = "the disk is full, nothing was acknowledged, free some space and start again";
    assertEquals(sentence, `cannot save to 'server.db': ${state}`);
  }),
});

Deno.test({
  name: "a disk that fails: the commit fails, what was acknowledged stays",
  ignore: !posix,
  fn: inFolder(async (folder) => {
    // Without its signal the limit on a file's length is an error of write(2), as a broken disk would be.
    const script =
      "trap '' XFSZ; (ulimit -f 256; $WRITER server.db 1000 | cat); $WRITER server.db 1000000 | head -1";
    const sentence = sentenceAfterLoss(await outputOf(script, folder, "bash", "-c"));
    const state = "the disk reports an error, nothing was acknowledged, check it and start again";
    assertEquals(sentence, `cannot save to 'server.db': ${state}`);
  }),
});

Deno.test(
  "a copy has what was committed, is its owner's alone, and changes nothing of the file that is in use",
  inFolder(async (folder) => {
    const [path, copy] = [`${folder}/server.db`, `${folder}/copy.db`];
    const store = openSqlite(path, "server");
    store.commit([save("a", 1), save("b", 2), save("secret", 3)]);
    store.commit([destroy("secret")]);
    assertEquals(await store.backup(copy), Deno.statSync(copy).size);
    store.commit([save("a", 9), forget("b")]);
    assertEquals(recordsIn(copy), [["a", [1]], ["b", [2]]]);
    if (posix) assertEquals(Deno.statSync(copy).mode! & 0o777, 0o600);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
      "copy.db",
      "server.db",
      "server.db-wal",
    ]);
    assertEquals(
      refusal(path),
      `cannot open '${path}': it is in use by another process, stop that one or choose another file`,
    );
    store.close();
    assertEquals(recordsIn(path), [["a", [9]]]);
  }),
);

Deno.test(
  "a copy is made beside no file, and none is left of one that could not be made",
  inFolder(async (folder) => {
    const store = openSqlite(`${folder}/server.db`, "server");
    await assertRejects(() => store.backup(`${folder}/server.db`), StoreError, "a file is in the way");
    await assertRejects(() => store.backup(`${folder}/none/copy.db`), StoreError, "cannot make");
    // What SQLite would read as its journal is a folder.
    Deno.mkdirSync(`${folder}/copy.db-journal`);
    await assertRejects(() => store.backup(`${folder}/copy.db`), StoreError, "cannot make");
    assertEquals(exists(`${folder}/copy.db`), false);
    store.commit([save("a", 1)]);
    store.close();
    assertEquals(recordsIn(`${folder}/server.db`), [["a", [1]]]);
  }),
);
