/** The records that outlive the process, in one SQLite file (docs/protocol.md section 8). */
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Change, Records, Store } from "../core/machine.ts";
import { explain, StoreError } from "./store_error.ts";

/** A file holds the data of a server, or of a client. */
export type Kind = "server" | "client";

/** The application id in the header of the SQLite file tells the kind: "ParS" or "ParC". */
const APPLICATION_IDS: Readonly<Record<Kind, number>> = { server: 0x50617253, client: 0x50617243 };

/** The version of the records in a file: it grows with every change that an older release could not read. */
export const FORMAT = 4;

const COLUMNS = "(key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID";
const TABLE = `CREATE TABLE records${COLUMNS}`;

/**
 * These statements remove all traces of deleted rows. secure_delete overwrites a row where it stands, but not
 * the copies that stay behind where pages are split or joined. A table that is dropped is overwritten page by
 * page. (VACUUM would do as well, but needs permissions that the program does not have.)
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
   * Returns all records, sorted by key. SQLite sorts by UTF-8 byte, JavaScript by UTF-16 code unit; the order
   * is the same, since keys are ASCII. All rows are read at once, because iterate() in Deno 2.9.6 ends
   * quietly where a damaged file makes all() throw.
   */
  read(): Records {
    try {
      const rows = this.#database.prepare("SELECT key, value FROM records ORDER BY key").all();
      return rows.map((row) => [row.key as string, row.value as Uint8Array]);
    } catch (error) {
      throw explain("read", this.#path, error);
    }
  }

  /** When this returns, the changes survive a crash and a power cut. When it throws, none was made. */
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
      // The write-ahead log still holds the rows as they were saved, until it is truncated.
      if (destroys) this.#truncateLog.get();
    } catch (error) {
      // On a full disk SQLite has rolled back by itself already.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw explain("save to", this.#path, error);
    }
  }

  /** Lets go of the file and of its lock. */
  close(): void {
    this.#database.close();
  }
}

/**
 * Opens the file at `path`, or makes it (":memory:" keeps all in memory). Throws a `StoreError` if another
 * process holds it, if it holds something else, or if it cannot be written.
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
 * Makes the file, if there is none, so that nobody else can read it; a file that SQLite makes may be readable
 * by others. Its -wal file gets the mode of this one. A file that exists must not be opened here, for closing
 * it would drop the locks that this process may already hold on it (fcntl(2)).
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

  // A lock on the file keeps a second process out. The kernel releases it however this process ends.
  run("PRAGMA locking_mode = EXCLUSIVE");
  // Nothing is written before we know that the file is ours.
  const owner = get("PRAGMA application_id");
  const isNew = owner === 0 && get("SELECT count(*) FROM sqlite_schema") === 0;
  if (!isNew) refuseForeign(owner, Number(get("PRAGMA user_version")), path, kind);

  run("PRAGMA journal_mode = WAL");
  // Each commit waits for the disk, so an acknowledged message survives a power cut.
  run("PRAGMA synchronous = FULL");
  // Deleted rows are overwritten with zeros, for some of them are secret keys.
  run("PRAGMA secure_delete = ON");
  if (!isNew) return;
  run("BEGIN IMMEDIATE");
  run(TABLE);
  run(`PRAGMA application_id = ${APPLICATION_IDS[kind]}`);
  run(`PRAGMA user_version = ${FORMAT}`);
  run("COMMIT");
}

/** Throws a `StoreError` unless the file holds data of this kind, in the format of this release. */
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
