import { ExpectedError } from "../core/base/expected_error.ts";

/** Data of the user or of the server cannot be used. The message is a sentence for the user. */
export class StoreError extends ExpectedError {
  override readonly name = "StoreError";

  /** True if another process holds the data. */
  get isInUse(): boolean {
    const { cause } = this;
    return cause instanceof Error && "errcode" in cause && (Number(cause.errcode) & 0xff) === SQLITE_BUSY;
  }
}

const SQLITE_BUSY = 5;

/** The end of a sentence: the state of things, and the advice what to do about it. */
type Trouble = readonly [state: string, advice: string];

const READ_ONLY: Trouble = ["it cannot be written", "check the permissions of the file and its folder"];
const FULL: Trouble = ["the disk is full", "free some space and start again"];

/** Troubles by SQLite's primary result code (https://www.sqlite.org/rescode.html). */
const SQLITE_TROUBLES: ReadonlyMap<number, Trouble> = new Map([
  [5, ["it is in use by another process", "stop that one or choose another file"]],
  [8, READ_ONLY],
  [10, ["the disk reports an error", "check it and start again"]],
  [11, ["the file is damaged", "restore it from a copy or choose another file"]],
  [13, FULL],
  [14, READ_ONLY],
  [26, ["it is not a Parley data file", "choose another file"]],
]);

/** SQLITE_IOERR_LOCK: a file that could be opened for reading only cannot be locked for writing. */
const CANNOT_LOCK = 3850;

/** Troubles by the system's error code, for files that SQLite does not open. */
const SYSTEM_TROUBLES: ReadonlyMap<string, Trouble> = new Map([
  ["EACCES", ["permission denied", "choose another place"]],
  ["EPERM", ["permission denied", "choose another place"]],
  ["EROFS", ["the disk is read-only", "choose another place"]],
  ["ENOTDIR", ["a file is in the way", "choose another place"]],
  ["EEXIST", ["a file is in the way", "choose another place"]],
  ["ENOENT", ["there is no such file", "check its name"]],
  ["EISDIR", ["it is a folder", "choose a file"]],
  ["ELOOP", ["its links lead back to it", "remove them"]],
  ["ENOSPC", FULL],
]);

/** The sentence for an error that kept us from doing `what` ("open", "save to") with the file at `path`. */
export function explain(what: string, path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const [state, ...advice] = troubleOf(error) ?? [error instanceof Error ? error.message : String(error)];
  const unharmed = what === "save to" ? ["nothing was acknowledged"] : [];
  return new StoreError(`cannot ${what} '${path}': ${[state, ...unharmed, ...advice].join(", ")}`, {
    cause: error,
  });
}

function troubleOf(error: unknown): Trouble | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("errcode" in error && typeof error.errcode === "number") {
    // The low byte of a result code is the primary code.
    return error.errcode === CANNOT_LOCK ? READ_ONLY : SQLITE_TROUBLES.get(error.errcode & 0xff);
  }
  if (!("code" in error)) return undefined;
  // A database that cannot be opened at all is an error without a SQLite code.
  return error.code === "ERR_SQLITE_ERROR" ? READ_ONLY : SYSTEM_TROUBLES.get(String(error.code));
}
