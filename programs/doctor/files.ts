/** Checks of the user's files: what they are, whose, and who else may read them. They change nothing. */
import { dirname } from "node:path";
import { statfsSync } from "node:fs";
import { OUTBOX_BYTES } from "../../core/base/limits.ts";
import type { Key } from "../../core/base/units.ts";
import { examineSqlite } from "../../storage/examine.ts";
import { statOf } from "../../storage/folders.ts";
import { protectionOf } from "../../storage/identity_file.ts";
import { openKnownServers } from "../../storage/known_servers.ts";
import type { Kind } from "../../storage/sqlite.ts";
import { explain, StoreError } from "../../storage/store_error.ts";
import { type Finding, ill, well } from "./finding.ts";

/** Bits of a mode that must not be set: nobody else may do anything, or nobody else may write. */
export const PRIVATE = 0o077;
const PUBLIC = 0o022;

/** Bits of a mode that must be set: the owner may read, or read and write. */
const READ = 0o400;
const WRITE = 0o600;

const MIB = 1024 * 1024;

/** So much a client's messages that wait may take. */
const LEAST_FREE_BYTES = OUTBOX_BYTES;

interface Expected {
  readonly isFolder?: boolean;
  readonly refused: number;
  readonly needed?: number;
}

/** Makes a finding of an error that keeps us from looking at what is at a path. */
function looking(check: string, path: string, look: () => Finding): Finding {
  try {
    return look();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return ill(check, explain("look at", path, error).message, `see whose '${path}' and its folders are`);
  }
}

/** The fault in the kind, the owner or the mode of the file or folder at a path, which is there. */
export function checkEntry(check: string, path: string, expected: Expected): Finding {
  return looking(check, path, () => lookAtEntry(check, path, expected));
}

function lookAtEntry(
  check: string,
  path: string,
  { isFolder = false, refused, needed = isFolder ? 0o700 : WRITE }: Expected,
): Finding {
  if (Deno.lstatSync(path).isSymlink && statOf(path) === undefined) {
    return ill(
      check,
      `'${path}' is a symbolic link to nothing`,
      "remove the link, or put back what it leads to",
    );
  }
  const { isDirectory, mode, uid } = Deno.statSync(path);
  if (isDirectory !== isFolder) {
    const [is, wanted] = isFolder ? ["no folder", "folder"] : ["a folder", "file"];
    return ill(check, `'${path}' is ${is}`, `move it away, so that a ${wanted} has room there`);
  }
  if (uid !== null && Deno.uid() !== null && uid !== Deno.uid()) {
    return ill(
      check,
      `'${path}' belongs to the user with the number ${uid}, and you are ${Deno.uid()}`,
      `'chown ${Deno.uid()} ${path}', as root`,
    );
  }
  if (mode !== null && (mode & refused) !== 0) {
    const right = isFolder ? 0o700 : 0o600;
    return ill(
      check,
      `'${path}' has mode ${octal(mode)}: others may ${refused === PUBLIC ? "change" : "read or change"} it`,
      `'chmod ${right.toString(8)} ${path}'`,
    );
  }
  if (mode !== null && (mode & needed) !== needed) {
    return ill(
      check,
      `'${path}' has mode ${octal(mode)}: you may not use it`,
      `'chmod u+rw${isFolder ? "x" : ""} ${path}'`,
    );
  }
  return well(check, `'${path}'`);
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}

/** The list of known servers, and which key it has for this one. */
export function checkKnownServers(
  folder: string | undefined,
  server: string,
): { finding: Finding; pinned: Key | undefined } {
  const check = "known-servers";
  const known = openKnownServers(folder);
  const { path } = known;
  if (!hasEntry(path)) return { finding: well(check, "no server was met yet"), pinned: undefined };
  const finding = checkEntry(check, path, { refused: PUBLIC });
  try {
    const pinned = known.keyOf(server);
    const found = `'${path}' has ${pinned === undefined ? "no key" : "the key"} of ${server}`;
    return { finding: finding.ok ? well(check, found) : finding, pinned };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const advice = "take the line out, and compare the server's key at the next start";
    return { finding: finding.ok ? ill(check, error.message, advice) : finding, pinned: undefined };
  }
}

/** The folder of a nick's state, those that it stands in, and the database in it. */
export function* checkState(folder: string, outer: readonly string[]): Generator<Finding> {
  const check = "state-folder";
  for (const path of outer) if (hasEntry(path)) yield* troubleOf(checkFolder(check, path, PUBLIC));
  if (!hasEntry(folder)) return yield well(check, `'${folder}' will be made at the first start`);
  yield checkFolder(check, folder, PRIVATE);
  const database = databaseIn(folder);
  if (isListable(folder) && hasEntry(database)) yield checkDatabase("state-db", database, "client");
}

function databaseIn(folder: string): string {
  return `${folder}/state.db`;
}

/** The identity at this place, or in a state folder. */
export function* checkIdentity(brought: string | undefined, folder: string | undefined): Generator<Finding> {
  const check = "identity";
  const isInFolder = brought === undefined && folder !== undefined && isListable(folder);
  const path = brought ?? (isInFolder ? `${folder}/identity` : undefined);
  if (path === undefined) return;
  if (hasEntry(path)) {
    const finding = checkEntry(check, path, { refused: PRIVATE, needed: READ });
    yield finding.ok ? looking(check, path, () => lookAtIdentity(path)) : finding;
  } else if (!isInFolder || hasEntry(databaseIn(folder))) {
    yield ill(
      check,
      `there is no '${path}'`,
      "put it back from a copy: without it the nick is lost, and only the operator of the server can release it",
    );
  }
}

/** The data of a server of this machine at that port, if there is any. */
export function* checkServerData(path: string): Generator<Finding> {
  const check = "server-data";
  if (!hasEntry(path)) return;
  yield* troubleOf(checkFolder(check, dirname(path), PUBLIC));
  yield checkDatabase(check, path, "server");
}

export function checkFolder(check: string, path: string, refused: number): Finding {
  return checkEntry(check, path, { isFolder: true, refused });
}

function isListable(folder: string): boolean {
  try {
    return Deno.readDirSync(folder) !== undefined;
  } catch {
    return false;
  }
}

function* troubleOf(finding: Finding): Generator<Finding> {
  if (!finding.ok) yield finding;
}

export function hasEntry(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    // A file that cannot be looked at is there, and its check says why it cannot.
    return !(error instanceof Deno.errors.NotFound);
  }
}

function lookAtIdentity(path: string): Finding {
  using file = Deno.openSync(path, { read: true });
  // A shared lock for a moment: a client that starts just now tries again.
  const use = file.tryLockSync(false) ? "" : ", in use by a client that runs";
  const protection = protectionOf(Deno.readTextFileSync(path));
  if (protection === undefined) {
    return ill("identity", `'${path}' is damaged`, "put it back from a copy");
  }
  const sealed = protection === "sealed" ? "with a passphrase" : "without a passphrase";
  return well("identity", `'${path}' ${sealed}${use}`);
}

function checkDatabase(check: string, path: string, kind: Kind): Finding {
  const finding = checkEntry(check, path, { refused: PRIVATE });
  if (!finding.ok) return finding;
  try {
    const condition = examineSqlite(path, kind);
    if (condition === "empty" && kind === "server") {
      return ill(check, `'${path}' is empty`, "put it back from a copy, or begin a new server with '--new'");
    }
    const how = { sound: "sound", empty: "empty", unknown: "too long, or too busy, to be looked into" };
    return well(check, `'${path}' is ${how[condition]}`);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const advice = kind === "client"
      ? "put it back from a copy; without one move it away and keep 'identity', and messages that waited are lost"
      : "put it back from a copy";
    return ill(check, error.message, advice);
  }
}

/** The room that is left where these files are, or will be. */
export function checkSpace(path: string): Finding {
  return looking("disk-space", path, () => lookAtSpace("disk-space", path));
}

function lookAtSpace(check: string, path: string): Finding {
  let place = path;
  while (statOf(place) === undefined) place = dirname(place);
  const { bavail, bsize, ffree, files } = statfsSync(place);
  const free = bavail * bsize;
  const found = `${Math.floor(free / MIB)} MiB are free at '${place}'`;
  const advice = "free some space: what cannot be saved is not acknowledged, and ends the program";
  if (free < LEAST_FREE_BYTES) return ill(check, found, advice);
  // Some file systems do not count their files.
  if (files > 0 && ffree === 0) return ill(check, `no more files have room at '${place}'`, advice);
  return well(check, found);
}

/** When the newest of the files in a folder was changed. */
export function newestChange(folder: string): { readonly path: string; readonly at: number } | undefined {
  if (!isListable(folder)) return undefined;
  const paths = [...Deno.readDirSync(folder)].map(({ name }) => `${folder}/${name}`);
  const changes = paths.map((path) => ({ path, at: statOf(path)?.mtime?.getTime() ?? 0 }));
  return changes.sort((a, b) => b.at - a.at)[0];
}
