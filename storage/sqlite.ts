/** What must outlive the process, in one SQLite file: a table of keys and values. */
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Change, Records, Store } from "../core/machine.ts";
import { explain, StoreError } from "./store_error.ts";

/** Whose data a file holds. */
export type Kind = "server" | "client";

/** Stands in the file's header as SQLite's application id: "ParS" and "ParC". */
const APPLICATION_IDS: Readonly<Record<Kind, number>> = { server: 0x50617253, client: 0x50617243 };

/** Counts up with every change that another release could not read. */
const FORMAT = 3;

const COLUMNS = "(key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID";
const TABLE = `CREATE TABLE records${COLUMNS}`;

/**
 * Takes away all that is left of rows that are gone: secure_delete overwrites a row where it stands, but not the copies
 * that stay behind where pages are split or joined. A table that is dropped is overwritten page by page. (VACUUM would
 * do, but needs more permissions than ours.)
 */
const REBUILD = [
  `CREATE TABLE rebuilt${COLUMNS}`,
  "INSERT INTO rebuilt SELECT key, value FROM records ORDER BY key",
  "DROP TABLE records",
  "ALTER TABLE rebuilt RENAME TO records",
];

/** A store in a SQLite file that this process holds alone. */
export class SqliteStore implements Store {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #begin: StatementSync;
  readonly #save: StatementSync;
  readonly #forget: StatementSync;
  readonly #commit: StatementSync;
  readonly #truncateLog: StatementSync;

  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
    this.#begin = database.prepare("BEGIN IMMEDIATE");
    this.#save = database.prepare("INSERT OR REPLACE INTO records(key, value) VALUES(?, ?)");
    this.#forget = database.prepare("DELETE FROM records WHERE key = ?");
    this.#commit = database.prepare("COMMIT");
    this.#truncateLog = database.prepare("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  /**
   * SQLite sorts by UTF-8 byte, JavaScript by UTF-16 code unit: the same order, as keys are ASCII. All rows at
   * once, because the iterate() of Deno 2.9.6 ends quietly where a damaged file makes all() throw.
   */
  read(): Records {
    try {
      const rows = this.#database.prepare("SELECT key, value FROM records ORDER BY key").all();
      return rows.map((row) => [row.key as string, row.value as Uint8Array]);
    } catch (error) {
      throw explain("read", this.#path, error);
    }
  }

  /** When this returns, the changes survive a crash and a power cut; when it throws, none was made. */
  commit(changes: readonly Change[]): void {
    try {
      this.#begin.run();
      for (const change of changes) {
        if (change.type === "save") this.#save.run(change.key, change.value);
        else this.#forget.run(change.key);
      }
      const destroys = changes.some(({ type }) => type === "destroy");
      if (destroys) { for (const sql of REBUILD) this.#database.prepare(sql).run(); }
      this.#commit.run();
      // The log has all that it had been given.
      if (destroys) this.#truncateLog.get();
    } catch (error) {
      // On a full disk SQLite has rolled back already.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw explain("save to", this.#path, error);
    }
  }

  /** Lets go of the file. */
  close(): void {
    this.#database.close();
  }
}

/**
 * Opens the file at `path`, or makes it (":memory:" keeps all in memory). Throws a `StoreError` when it is held
 * by another process, holds something else or cannot be written.
 */
export function openSqlite(path: string, kind: Kind): SqliteStore {
  if (path !== ":memory:") makeFile(path);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    prepareDatabase(database, path, kind);
    return new SqliteStore(database, path);
  } catch (error) {
    database?.close();
    throw explain("open", path, error);
  }
}

/**
 * The file is made here and not by SQLite so that nobody else can ever read it; SQLite gives its -wal file the
 * same mode. One that exists must not be opened here: closing it would drop the locks that this process may
 * already hold on it (fcntl(2)).
 */
function makeFile(path: string): void {
  const folder = dirname(path);
  try {
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw explain("make the folder", folder, error);
  }
  try {
    Deno.openSync(path, { createNew: true, write: true, mode: 0o600 }).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw explain("make", path, error);
    if (Deno.lstatSync(path).isDirectory) {
      throw new StoreError(`cannot open '${path}': it is a folder, choose a file`);
    }
  }
}

function prepareDatabase(database: DatabaseSync, path: string, kind: Kind): void {
  // Every statement goes through prepare(): the errors of exec() carry no SQLite code.
  const run = (sql: string) => database.prepare(sql).run();
  const get = (sql: string) => Object.values(database.prepare(sql).get() ?? {})[0];

  // The lock on the file keeps a second process out. The kernel lets go of it however this one dies.
  run("PRAGMA locking_mode = EXCLUSIVE");
  // Nothing is written before we know that the file is ours.
  const owner = get("PRAGMA application_id");
  const isNew = owner === 0 && get("SELECT count(*) FROM sqlite_schema") === 0;
  if (!isNew) refuseForeign(owner, Number(get("PRAGMA user_version")), path, kind);

  run("PRAGMA journal_mode = WAL");
  // Each commit waits for the disk: what is acknowledged survives a power cut.
  run("PRAGMA synchronous = FULL");
  // What is deleted is overwritten with zeros: keys are among it.
  run("PRAGMA secure_delete = ON");
  if (!isNew) return;
  run("BEGIN IMMEDIATE");
  run(TABLE);
  run(`PRAGMA application_id = ${APPLICATION_IDS[kind]}`);
  run(`PRAGMA user_version = ${FORMAT}`);
  run("COMMIT");
}

function refuseForeign(owner: unknown, format: number, path: string, kind: Kind): void {
  const other = kind === "server" ? "client" : "server";
  if (owner === APPLICATION_IDS[other]) {
    throw new StoreError(
      `cannot open '${path}': it holds the data of a ${other}, not of a ${kind}, choose another file`,
    );
  }
  if (owner !== APPLICATION_IDS[kind]) {
    throw new StoreError(`cannot open '${path}': it is not a Parley data file, choose another file`);
  }
  if (format !== FORMAT) {
    const age = format > FORMAT ? "a newer" : "an older";
    throw new StoreError(
      `cannot open '${path}': it was written by ${age} release of Parley, use that one or another file`,
    );
  }
}
