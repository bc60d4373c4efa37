/** Looks at a data file and changes nothing, not even by opening it with SQLite, which would make files. */
import { DatabaseSync } from "node:sqlite";
import { statOf } from "./folders.ts";
import { type Kind, refuseForeign } from "./sqlite.ts";
import { explain, StoreError } from "./store_error.ts";
import { withLog } from "./write_ahead_log.ts";

/** A longer file is not looked into: it is read into memory, twice. */
const MOST_BYTES = 512 * 1024 * 1024;

/** So often a file is read that changes meanwhile. */
const MOST_READINGS = 5;

/** "unknown": it is too long, or was written to all the time. */
export type Condition = "sound" | "empty" | "unknown";

/** Throws a `StoreError` if the file is damaged, is no data of this kind, or cannot be read. */
export function examineSqlite(path: string, kind: Kind): Condition {
  try {
    // A log stands beside the file itself, and not beside a link to it.
    const content = read(Deno.realPathSync(path));
    if (content === undefined) return "unknown";
    if (content.length === 0) return "empty";
    using database = inMemory(content);
    return examine(database, path, kind);
  } catch (error) {
    throw explain("use", path, error);
  }
}

/** The database that a file has, read from memory. The types of releases before 2.9 do not know this call. */
export function inMemory(content: Uint8Array): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  (database as DatabaseSync & { deserialize(content: Uint8Array): void }).deserialize(content);
  return database;
}

function examine(database: DatabaseSync, path: string, kind: Kind): Condition {
  const get = (sql: string) => Object.values(database.prepare(sql).get() ?? {})[0];
  const owner = get("PRAGMA application_id");
  if (owner === 0 && get("SELECT count(*) FROM sqlite_schema") === 0) return "empty";
  refuseForeign(owner, Number(get("PRAGMA user_version")), path, kind);
  const answer = get("PRAGMA quick_check");
  if (answer === "ok") return "sound";
  throw new StoreError(`cannot use '${path}': the file is damaged, put it back from a copy`);
}

/** The whole content, with what is in the write-ahead log. */
function read(path: string): Uint8Array | undefined {
  const log = `${path}-wal`;
  for (let readings = 0; readings < MOST_READINGS; readings++) {
    const before = stampOf(path, log);
    if (before.bytes > MOST_BYTES) return undefined;
    const content = withLog(Deno.readFileSync(path), readLog(log));
    if (stampOf(path, log).text === before.text) return content;
  }
  return undefined;
}

/** Without a log, or when its owner has just removed it, there is nothing in it. */
function readLog(path: string): Uint8Array {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Uint8Array();
    throw error;
  }
}

/** A fingerprint that differs once somebody has written to one of the files. */
function stampOf(...paths: string[]): { readonly bytes: number; readonly text: string } {
  const found = paths.map(statOf).filter((it) => it !== undefined);
  const bytes = found.reduce((sum, { size }) => sum + size, 0);
  return { bytes, text: found.map(({ size, mtime, ino }) => `${ino} ${size} ${mtime?.getTime()}`).join() };
}
