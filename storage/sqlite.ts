/** The records that outlive the process, in one SQLite file (docs/protocol.md section 8). */
import { dirname } from "node:path";
import { backup, DatabaseSync, type StatementSync } from "node:sqlite";
import { fromVersion3 } from "../core/durable/from_version_3.ts";
import { IDENTITY } from "../core/durable/records.ts";
import type { Change, Durability, Records, Store } from "../core/machine.ts";
import { exists, refuseReadable } from "./folders.ts";
import { isSealedName, SECRET_BYTES, StateSeal, unwrapSecret, wrapSecret } from "./state_seal.ts";
import { explain, StoreError } from "./store_error.ts";

/** A file holds the data of a server, or of a client. */
export type Kind = "server" | "client";

/** The application id in the header of the SQLite file tells the kind: "ParS" or "ParC". */
const APPLICATION_IDS: Readonly<Record<Kind, number>> = { server: 0x50617253, client: 0x50617243 };

/** The version of the records in a file: it grows with every change that an older release could not read. */
export const FORMAT = 4;

/** The format of version 3 of the protocol, from which files are brought up to date. */
const FORMAT_3 = 3;

/** The pages of a new file. With the usual 4,096 bytes a message took four times as many to save. */
const PAGE_BYTES = 1024;

/** The write-ahead log goes into the file when it has this length: a message that comes then waits longer. */
const LOG_BYTES = 4 * 1024 * 1024;

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

/** The secret of a file whose records are sealed, sealed under each identity that may open it. */
const SEALS = "CREATE TABLE IF NOT EXISTS seals(identity TEXT PRIMARY KEY, wrapped BLOB NOT NULL) STRICT";

/** The identity under which a state is sealed. */
export interface SealingIdentity {
  /** Its public key. */
  readonly publicKey: string;
  readonly secrets: Uint8Array;
}

/** A store in a SQLite file that this process holds alone. */
export class SqliteStore implements Store {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #begin: StatementSync;
  readonly #save: StatementSync;
  readonly #forget: StatementSync;
  readonly #commit: StatementSync;
  readonly #truncateLog: StatementSync;
  /** Set once a file that is sealed is open. */
  #seal: StateSeal | undefined;

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
   * Returns all records, sorted by key. If the file is sealed, and not open yet, it returns the owner's
   * record alone.
   */
  read(): Records {
    try {
      const records = [...readRecords(this.#database)].flatMap(([name, value]) => {
        if (!isSealedName(name)) return [[name, value] as const];
        const opened = this.#seal?.open(name, value);
        return opened === undefined ? [] : [opened];
      });
      return this.#seal === undefined ? records : records.sort(([a], [b]) => a < b ? -1 : 1);
    } catch (error) {
      throw explain("read", this.#path, error);
    }
  }

  /** True if the records are sealed, under the identity's passphrase. */
  get isSealed(): boolean {
    return this.#database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'seals'").get() !== undefined;
  }

  /**
   * Opens a file that is sealed, or seals it under this identity. Throws a `StoreError` if it is sealed under
   * another one.
   */
  unlock({ publicKey, secrets }: SealingIdentity): void {
    if (!this.isSealed) return this.#sealAll({ publicKey, secrets });
    const row = this.#database.prepare("SELECT wrapped FROM seals WHERE identity = ?").get(publicKey);
    const wrapped = row?.["wrapped"];
    const secret = wrapped instanceof Uint8Array ? unwrapSecret(publicKey, secrets, wrapped) : undefined;
    if (secret === undefined) throw this.#sealedForOther();
    this.#seal = new StateSeal(secret);
  }

  /** The seal of a file that is sealed and open. */
  get seal(): StateSeal | undefined {
    return this.#seal;
  }

  /** Throws a `StoreError` if the file is sealed, and an identity without a passphrase is to use it. */
  refuseSealed(): void {
    if (this.isSealed) throw this.#sealedForOther();
  }

  /** Lets a successor of the identity open the file as well. The file is open. */
  admit(identity: SealingIdentity, successor: SealingIdentity): void {
    const { publicKey, secrets } = identity;
    const row = this.#database.prepare("SELECT wrapped FROM seals WHERE identity = ?").get(publicKey);
    const secret = unwrapSecret(publicKey, secrets, row?.["wrapped"] as Uint8Array);
    if (secret === undefined) throw this.#sealedForOther();
    const wrapped = wrapSecret(successor.publicKey, successor.secrets, secret);
    this.#database.prepare("INSERT OR REPLACE INTO seals VALUES(?, ?)").run(successor.publicKey, wrapped);
  }

  #sealedForOther(): StoreError {
    return new StoreError(
      `cannot open '${this.#path}': it is sealed under the passphrase of another identity, give that one with '--identity'`,
    );
  }

  /**
   * Seals all records in one transaction. Nothing of them is left in clear in the files, and the copy that
   * was kept of version 3 is removed.
   */
  #sealAll({ publicKey, secrets }: SealingIdentity): void {
    const secret = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
    const records = this.read();
    this.#seal = new StateSeal(secret);
    const run = (sql: string) => this.#database.prepare(sql).run();
    try {
      run("BEGIN IMMEDIATE");
      run(SEALS);
      this.#database.prepare("INSERT INTO seals VALUES(?, ?)").run(
        publicKey,
        wrapSecret(publicKey, secrets, secret),
      );
      // A table that is dropped is overwritten page by page.
      run("DROP TABLE records");
      run(TABLE);
      const save = this.#database.prepare("INSERT INTO records(key, value) VALUES(?, ?)");
      for (const [key, value] of records) save.run(...this.#stored(key, value));
      run("COMMIT");
      this.#truncateLog.get();
      if (exists(`${this.#path}.v3`)) wipeFile(`${this.#path}.v3`);
    } catch (error) {
      this.#seal = undefined;
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw explain("seal", this.#path, error);
    }
  }

  /** The row of a record. The owner's record stays in clear: it is read before anybody gives a passphrase. */
  #stored(key: string, value: Uint8Array): [name: string, value: Uint8Array] {
    if (this.#seal === undefined || IDENTITY.matches(key)) return [key, value];
    const name = this.#seal.nameOf(key);
    return [name, this.#seal.seal(name, key, value)];
  }

  #nameOf(key: string): string {
    return this.#seal === undefined || IDENTITY.matches(key) ? key : this.#seal.nameOf(key);
  }

  /** Every commit from now on counts as this says; without it `full` holds. */
  setDurability(durability: Durability): void {
    this.#database.prepare(`PRAGMA synchronous = ${durability.toUpperCase()}`).run();
  }

  /** When this returns, the changes are durable (`Durability`). When it throws, none was made. */
  commit(changes: readonly Change[]): void {
    try {
      this.#begin.run();
      for (const change of changes) {
        if (change.type === "save") this.#save.run(...this.#stored(change.key, change.value));
        else this.#forget.run(this.#nameOf(change.key));
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

  /**
   * Copies everything, as it is now, into a new file that its owner alone may read. Nothing else runs
   * meanwhile: Deno copies in one go. Returns the length of the copy. Throws a `StoreError` if there is such
   * a file, or it cannot be written; then it is not there afterwards.
   */
  async backup(path: string): Promise<number> {
    try {
      Deno.openSync(path, { createNew: true, write: true, mode: 0o600 }).close();
    } catch (error) {
      throw explain("make", path, error);
    }
    try {
      await backup(this.#database, path);
      return Deno.statSync(path).size;
    } catch (error) {
      Deno.removeSync(path);
      throw explain("make", path, error);
    }
  }

  /** Lets go of the file and of its lock. */
  close(): void {
    this.#database.close();
  }
}

/**
 * Opens the file at `path`, or makes it (":memory:" keeps all in memory). A file that is there and empty is
 * filled only where it `mayBeEmpty`: otherwise its data are lost, and that is not to go unnoticed. Throws a
 * `StoreError` if another process holds it, if it holds something else, if others may read it, or if it
 * cannot be written.
 */
export function openSqlite(path: string, kind: Kind, mayBeEmpty = true): SqliteStore {
  const isMade = path === ":memory:" || makeFile(path);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    prepareDatabase(database, path, kind, isMade || mayBeEmpty);
    return new SqliteStore(database, path);
  } catch (error) {
    database?.close();
    throw explain("open", path, error);
  }
}

/**
 * Makes the file, if there is none, so that nobody else can read it; a file that SQLite makes may be readable
 * by others. Its -wal file gets the mode of this one. Returns false if there is one already. That must not be
 * opened here, for closing it would drop the locks that this process may already hold on it (fcntl(2)).
 */
export function makeFile(path: string): boolean {
  const folder = dirname(path);
  try {
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw explain("make the folder", folder, error);
  }
  try {
    Deno.openSync(path, { createNew: true, write: true, mode: 0o600 }).close();
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw explain("make", path, error);
    if (Deno.lstatSync(path).isDirectory) {
      throw new StoreError(`cannot open '${path}': it is a folder, choose a file`);
    }
    // SQLite would make the file to which a link leads, so that others may read it.
    exists(path);
    return false;
  }
}

function prepareDatabase(database: DatabaseSync, path: string, kind: Kind, mayBeEmpty: boolean): void {
  // Every statement goes through prepare(): the errors of exec() carry no SQLite code.
  const run = (sql: string) => database.prepare(sql).run();
  const get = (sql: string) => Object.values(database.prepare(sql).get() ?? {})[0];

  // A lock on the file keeps a second process out. The kernel releases it however this process ends.
  run("PRAGMA locking_mode = EXCLUSIVE");
  // A commit writes whole pages, and most records are short. It counts for a new file only.
  run(`PRAGMA page_size = ${PAGE_BYTES}`);
  // Nothing is written before we know that the file is ours.
  const owner = get("PRAGMA application_id");
  const isNew = owner === 0 && get("SELECT count(*) FROM sqlite_schema") === 0;
  const format = Number(get("PRAGMA user_version"));
  if (!isNew) refuseForeign(owner, format, path, kind);
  if (path !== ":memory:") refuseReadable(path);
  if (isNew && !mayBeEmpty) {
    throw new StoreError(
      `cannot use '${path}': it is empty, put it back from a copy, or make a new server there with '--new'`,
    );
  }

  run("PRAGMA journal_mode = WAL");
  // Each commit waits for the disk, so an acknowledged message survives a power cut (`Durability`).
  run("PRAGMA synchronous = FULL");
  run(`PRAGMA wal_autocheckpoint = ${LOG_BYTES / PAGE_BYTES}`);
  // Deleted rows are overwritten with zeros, for some of them are secret keys.
  run("PRAGMA secure_delete = ON");
  if (isNew) fillFile(database, kind, FORMAT, []);
  if (!isNew && format === FORMAT_3) bringUpToDate(database, path, kind);
}

/** Makes the table with these records, in one transaction. It takes the place of the one that is there. */
function fillFile(database: DatabaseSync, kind: Kind, format: number, records: Records): void {
  const run = (sql: string) => database.prepare(sql).run();
  run("BEGIN IMMEDIATE");
  run("DROP TABLE IF EXISTS records");
  run(TABLE);
  const save = database.prepare("INSERT INTO records(key, value) VALUES(?, ?)");
  for (const [key, value] of records) save.run(key, value);
  run(`PRAGMA application_id = ${APPLICATION_IDS[kind]}`);
  run(`PRAGMA user_version = ${format}`);
  run("COMMIT");
}

/**
 * SQLite sorts by UTF-8 byte, JavaScript by UTF-16 code unit; the order is the same, since keys are ASCII.
 * All rows are read at once, because iterate() in Deno 2.9.6 ends quietly where a damaged file makes all()
 * throw.
 */
function readRecords(database: DatabaseSync): Records {
  const rows = database.prepare("SELECT key, value FROM records ORDER BY key").all();
  return rows.map((row) => [row.key as string, row.value as Uint8Array]);
}

/**
 * Makes a file of version 4 of one of version 3, which stays beside it as FILE.v3. If the process is killed
 * in between, the next start finds the file as it was, and does the same again.
 */
function bringUpToDate(database: DatabaseSync, path: string, kind: Kind): void {
  const records = readRecords(database);
  const kept = `${path}.v3`;
  for (const rest of [kept, `${kept}-journal`]) if (exists(rest)) Deno.removeSync(rest);
  // Its rows are copied: whoever reads the file itself drops our lock on it when he closes it (fcntl(2)).
  makeFile(kept);
  const copy = new DatabaseSync(kept);
  try {
    fillFile(copy, kind, FORMAT_3, records);
  } finally {
    copy.close();
  }
  fillFile(database, kind, FORMAT, fromVersion3(records));
}

/** Removes a file, and overwrites its blocks before that. */
function wipeFile(path: string): void {
  using file = Deno.openSync(path, { write: true });
  for (let left = file.statSync().size; left > 0;) {
    left -= file.writeSync(new Uint8Array(Math.min(left, 65536)));
  }
  file.syncSync();
  Deno.removeSync(path);
}

/** Throws a `StoreError` unless the file holds data of this kind, in the format of this release. */
export function refuseForeign(owner: unknown, format: number, path: string, kind: Kind): void {
  const other = kind === "server" ? "client" : "server";
  if (owner === APPLICATION_IDS[other]) {
    throw new StoreError(
      `cannot open '${path}': it holds the data of a ${other}, not of a ${kind}, choose another file`,
    );
  }
  if (owner !== APPLICATION_IDS[kind]) {
    throw new StoreError(`cannot open '${path}': it is not a Parley data file, choose another file`);
  }
  if (format !== FORMAT && format !== FORMAT_3) {
    const age = format > FORMAT ? "a newer" : "an older";
    throw new StoreError(
      `cannot open '${path}': it was written by ${age} release of Parley, use that one or another file`,
    );
  }
}
