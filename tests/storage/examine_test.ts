/** Looking at data files without a trace: beside a program that writes, and after a power cut. */
import { assertEquals, assertGreater, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { examineSqlite, inMemory } from "../../storage/examine.ts";
import { openSqlite } from "../../storage/sqlite.ts";
import { StoreError } from "../../storage/store_error.ts";
import { withLog } from "../../storage/write_ahead_log.ts";
import { seededDice } from "../kit/dice.ts";

const FRAME_BYTES = 1024 + 24;

class Folder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "parley-test-" });
  readonly database = `${this.path}/state.db`;
  readonly log = `${this.database}-wal`;

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

function rows(database: DatabaseSync): unknown[] {
  return database.prepare("SELECT key, hex(value) FROM records ORDER BY key").all();
}

/** What SQLite itself reads from these two files. */
function readBySqlite(file: Uint8Array, log: Uint8Array): unknown[] {
  using folder = new Folder();
  Deno.writeFileSync(folder.database, file);
  Deno.writeFileSync(folder.log, log);
  using database = new DatabaseSync(folder.database);
  return rows(database);
}

function readInMemory(file: Uint8Array, log: Uint8Array): unknown[] {
  using database = inMemory(withLog(file, log));
  return rows(database);
}

/** The files of a store after so many commits, as a process that is killed leaves them. */
function filesAfter(commits: number, { destroys }: { readonly destroys: boolean }) {
  using folder = new Folder();
  const store = openSqlite(folder.database, "client");
  store.setDurability("normal");
  const dice = seededDice();
  for (let count = 0; count < commits; count++) {
    const key = `k${dice.below(200)}`;
    if (dice.happens(0.2)) store.commit([{ type: "forget", key }]);
    else if (destroys && dice.happens(0.02)) store.commit([{ type: "destroy", key }]);
    else store.commit([{ type: "save", key, value: dice.bytes(dice.below(5000)) }]);
  }
  const files = { file: Deno.readFileSync(folder.database), log: Deno.readFileSync(folder.log) };
  store.close();
  return files;
}

Deno.test("file and log together are what SQLite reads, however many commits there were", () => {
  for (const commits of [0, 1, 10, 300, 2000]) {
    const { file, log } = filesAfter(commits, { destroys: true });
    assertEquals(readInMemory(file, log), readBySqlite(file, log), `${commits} commits`);
  }
});

Deno.test("of a log that was cut, or written in part, the commits before that count", () => {
  const { file, log } = filesAfter(100, { destroys: false });
  const dice = seededDice();
  const frames = Math.floor((log.length - 32) / FRAME_BYTES);
  assertGreater(frames, 100);
  for (let count = 0; count < 20; count++) {
    const cut = log.subarray(0, dice.below(log.length));
    const broken = log.slice();
    broken[32 + dice.below(log.length - 32)]! ^= 1 << dice.below(8);
    for (const other of [cut, broken]) {
      // Before the first commit there is no table.
      const isEmpty = other.length < 10 * FRAME_BYTES || withLog(file, other).length <= file.length;
      if (!isEmpty) assertEquals(readInMemory(file, other), readBySqlite(file, other));
    }
  }
});

Deno.test("beside the program that has it, and when it has gone, a file is sound; nothing is made", () => {
  using folder = new Folder();
  const names = () => [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort();
  Deno.writeTextFileSync(folder.database, "", { mode: 0o600 });
  assertEquals(examineSqlite(folder.database, "client"), "empty");
  const store = openSqlite(folder.database, "client");
  const before = names();
  assertEquals(examineSqlite(folder.database, "client"), "sound");
  store.commit([{ type: "save", key: "k", value: new Uint8Array(3000) }]);
  assertEquals(examineSqlite(folder.database, "client"), "sound");
  Deno.mkdirSync(`${folder.path}/linked`);
  Deno.symlinkSync(folder.database, `${folder.path}/linked/state.db`);
  assertEquals(examineSqlite(`${folder.path}/linked/state.db`, "client"), "sound");
  Deno.removeSync(`${folder.path}/linked`, { recursive: true });
  assertEquals(names(), before);
  store.close();
  assertEquals(examineSqlite(folder.database, "client"), "sound");
  assertEquals(names(), ["state.db"]);
});

Deno.test("a damaged file, one of another kind and one of something else are refused, and left as they are", () => {
  using folder = new Folder();
  const refused = (sentence: string) => {
    const before = Deno.readFileSync(folder.database);
    assertThrows(() => examineSqlite(folder.database, "client"), StoreError, sentence);
    assertEquals(Deno.readFileSync(folder.database), before);
  };
  const store = openSqlite(folder.database, "client");
  store.commit([{ type: "save", key: "k", value: new Uint8Array(100_000) }]);
  store.close();
  const whole = Deno.readFileSync(folder.database);
  Deno.writeFileSync(folder.database, whole.slice().fill(0xff, 1024, 4096));
  refused("the file is damaged");
  Deno.writeFileSync(folder.database, whole.subarray(0, 50_000));
  refused("the file is damaged");
  Deno.writeTextFileSync(folder.database, "hello ".repeat(1000));
  refused("it is not a Parley data file");
  Deno.removeSync(folder.database);
  openSqlite(folder.database, "server").close();
  refused("it holds the data of a server, not of a client");
});
